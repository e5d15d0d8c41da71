/** One connection for all of a page's live facts; browsers allow few per host. */
import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useEffect, useMemo, useRef, useState } from "react";
import { type Fact, openStream } from "../api/console";
import { useGlobals } from "./globals";

export const TOPICS = ["alarm", "item", "compliance", "remediation", "automation"] as const;
export type Topic = (typeof TOPICS)[number];
export type Listener = (topic: Topic, fact: Fact) => void;

const Context = createContext<{ add(listener: Listener): () => void } | undefined>(undefined);
const LostContext = createContext(false);

/** Connections are cut and made again in the course of things; only what lasts is worth a word. */
const LOST_MS = 5000;

/** Whether the server has not answered for some seconds. */
export const useConnectionLost = (): boolean => use(LostContext);

export function LiveProvider({ children }: { children: ReactNode }) {
  const listeners = useRef(new Set<Listener>());
  const { region } = useGlobals();
  const client = useQueryClient();
  const [lost, setLost] = useState(false);
  useEffect(() => {
    let since: ReturnType<typeof setTimeout> | undefined;
    const close = openStream(
      [...TOPICS],
      region,
      (topic, fact) => {
        if (fact.region && fact.region !== region) return;
        for (const listener of listeners.current) listener(topic as Topic, fact);
      },
      (open) => {
        if (!open) {
          since ??= setTimeout(() => setLost(true), LOST_MS);
          return;
        }
        if (since === undefined) return;
        clearTimeout(since);
        since = undefined;
        setLost(false);
        // Facts may have been missed, and what was asked meanwhile has failed.
        void client.invalidateQueries();
      },
    );
    return () => {
      clearTimeout(since);
      setLost(false);
      close();
    };
  }, [region, client]);
  const value = useMemo(
    () => ({
      add(listener: Listener) {
        listeners.current.add(listener);
        return () => void listeners.current.delete(listener);
      },
    }),
    [],
  );
  return (
    <Context value={value}>
      <LostContext value={lost}>{children}</LostContext>
    </Context>
  );
}

/** Calls back with every fact while the component is on the page. */
export function useLive(listener: Listener): void {
  const live = use(Context);
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => live?.add((topic, fact) => latest.current(topic, fact)), [live]);
}

/** What lists show is in the lake a moment after the fact is told, and on a busy machine some moments. */
const SETTLED_MS = 3000;

/** Calls back `delayMs` after the first of a burst of facts, and once more when all of them are surely there. */
export function useLiveSoon(onFacts: () => void, enabled = true, delayMs = 700): void {
  const soon = useRef<ReturnType<typeof setTimeout>>(undefined);
  const settled = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(onFacts);
  useEffect(() => {
    latest.current = onFacts;
  });
  useEffect(
    () => () => {
      clearTimeout(soon.current);
      clearTimeout(settled.current);
    },
    [],
  );
  useLive(() => {
    if (!enabled) return;
    const call = () => {
      if (!document.hidden) latest.current();
    };
    soon.current ??= setTimeout(() => {
      soon.current = undefined;
      call();
    }, delayMs);
    clearTimeout(settled.current);
    settled.current = setTimeout(call, delayMs + SETTLED_MS);
  });
}
