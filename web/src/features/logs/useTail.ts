/** A Live Tail session over the event stream: lines into a buffer, a few times a second into React. */
import { useCallback, useEffect, useRef, useState } from "react";
import { awsReply } from "../../api/client";
import { ApiError } from "../../api/errors";
import { json, messages } from "../../api/eventstream";
import type { LiveTailSessionLogEvent, LiveTailSessionUpdate } from "../../api/gen/logs";
import { useGlobals } from "../../app/globals";
import { appended } from "../../lib/lines";

export const MOST_LINES = 100_000;
const FLUSH_MS = 150;

export interface TailLine extends LiveTailSessionLogEvent {
  /** Counted from the session's start. */
  number: number;
}

export interface Tail {
  lines: TailLine[];
  dropped: number;
  sampled: boolean;
  status: "idle" | "connecting" | "running" | "ended";
  error: ApiError | undefined;
  startedAt: number | undefined;
  start: () => void;
  stop: () => void;
  clear: () => void;
}

export function useTail(groups: string[], pattern: string): Tail {
  const { region } = useGlobals();
  const [shown, setShown] = useState<{ lines: TailLine[]; dropped: number; sampled: boolean }>(NOTHING);
  const [status, setStatus] = useState<Tail["status"]>("idle");
  const [error, setError] = useState<ApiError>();
  const [startedAt, setStartedAt] = useState<number>();
  const session = useRef<AbortController>(undefined);

  const stop = useCallback(() => {
    session.current?.abort();
    session.current = undefined;
    setStatus((old) => (old === "idle" ? old : "ended"));
  }, []);

  const start = useCallback(() => {
    session.current?.abort();
    const mine = new AbortController();
    session.current = mine;
    setShown(NOTHING);
    setError(undefined);
    setStatus("connecting");
    setStartedAt(Date.now());
    const input = { logGroupIdentifiers: groups, ...(pattern ? { logEventFilterPattern: pattern } : {}) };
    const read = reader(setShown);
    const timer = setInterval(read.flush, FLUSH_MS);
    (async () => {
      const reply = await awsReply("logs", "StartLiveTail", input as never, { signal: mine.signal, region });
      if (!reply.body) throw new ApiError("NetworkError", "The reply has no body.", 0);
      setStatus("running");
      for await (const message of messages(reply.body)) {
        if (message.type === "exception" || message.type === "error") {
          const { message: words } = json<{ message?: string }>(message);
          throw new ApiError(message.name, words ?? "The session ended.", 0);
        }
        if (message.name === "sessionUpdate") read.take(json<LiveTailSessionUpdate>(message));
      }
    })()
      .catch((cause: unknown) => {
        if (mine.signal.aborted) return;
        setError(cause instanceof ApiError ? cause : new ApiError("NetworkError", String(cause), 0));
      })
      .finally(() => {
        clearInterval(timer);
        read.flush();
        if (session.current === mine) setStatus("ended");
      });
  }, [groups, pattern, region]);

  useEffect(() => () => session.current?.abort(), []);
  const clear = useCallback(() => setShown(NOTHING), []);
  return { ...shown, status, error, startedAt, start, stop, clear };
}

const NOTHING = { lines: [], dropped: 0, sampled: false };

/** Gathers updates between two flushes. */
function reader(
  setShown: React.Dispatch<React.SetStateAction<{ lines: TailLine[]; dropped: number; sampled: boolean }>>,
) {
  let waiting: TailLine[] = [];
  let number = 0;
  let sampled = false;
  return {
    take(update: LiveTailSessionUpdate) {
      sampled = update.sessionMetadata?.sampled ?? false;
      for (const event of update.sessionResults ?? []) {
        waiting.push({ ...event, number });
        number += 1;
      }
    },
    flush() {
      const fresh = waiting;
      waiting = [];
      setShown((old) => {
        if (fresh.length === 0 && old.sampled === sampled) return old;
        const { items, dropped } = appended(old.lines, fresh, MOST_LINES);
        return { lines: items, dropped: old.dropped + dropped, sampled };
      });
    },
  };
}
