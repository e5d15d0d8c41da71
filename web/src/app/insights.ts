/** A Logs Insights query as a query: started, polled, stopped on the server when nobody waits for it any more. */
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { aws } from "../api/client";
import { ApiError } from "../api/errors";
import type { QueryStatistics } from "../api/gen/logs";
import { type Row, rowsOf } from "../lib/insights";
import { useGlobals } from "./globals";

export interface Asked {
  groups: string[];
  query: string;
  from: number;
  to: number;
  limit?: number;
}

export interface Answered {
  rows: Row[];
  columns: string[];
  statistics: QueryStatistics;
  tookMs: number;
}

const FIRST_MS = 120;
const LONGEST_MS = 1500;

/** Raises ApiError; stops the query when `signal` aborts. `onProgress` is told how much was read so far. */
export async function runInsights(
  asked: Asked,
  region: string,
  signal: AbortSignal,
  onProgress?: (sofar: QueryStatistics) => void,
): Promise<Answered> {
  const began = performance.now();
  const { queryId = "" } = await aws(
    "logs",
    "StartQuery",
    {
      logGroupNames: asked.groups,
      queryString: asked.query,
      startTime: Math.floor(asked.from / 1000),
      endTime: Math.ceil(asked.to / 1000),
      ...(asked.limit ? { limit: asked.limit } : {}),
    },
    { region },
  );
  const stop = () => void stopIfRunning(queryId, region);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop);
  try {
    for (let wait = FIRST_MS; ; wait = Math.min(wait * 1.5, LONGEST_MS)) {
      signal.throwIfAborted();
      const answer = await aws("logs", "GetQueryResults", { queryId }, { region, signal });
      if (answer.status === "Complete") {
        const results = await allResults(queryId, answer, region, signal);
        return { ...rowsOf(results), statistics: answer.statistics ?? {}, tookMs: performance.now() - began };
      }
      if (answer.status !== "Running" && answer.status !== "Scheduled")
        throw new ApiError(`Query${answer.status ?? "Unknown"}`, `The query ended as ${answer.status}.`, 0);
      onProgress?.(answer.statistics ?? {});
      await pause(wait, signal);
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Stopping what has ended is an error, so it is asked first; between the two it may end, which is no harm. */
async function stopIfRunning(queryId: string, region: string): Promise<void> {
  try {
    const { status } = await aws("logs", "GetQueryResults", { queryId }, { region });
    if (status === "Running" || status === "Scheduled")
      await aws("logs", "StopQuery", { queryId }, { region });
  } catch {
    // nobody is waiting for it any more
  }
}

async function allResults(
  queryId: string,
  first: { results?: { field?: string; value?: string }[][]; nextToken?: string },
  region: string,
  signal: AbortSignal,
) {
  const results = [...(first.results ?? [])];
  let token = first.nextToken;
  while (token) {
    const page = await aws("logs", "GetQueryResults", { queryId, nextToken: token }, { region, signal });
    results.push(...(page.results ?? []));
    token = page.nextToken;
  }
  return results;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** `run` counts the times it was asked for: the same question again is another query. */
export function useInsights(asked: Asked, run: number, enabled: boolean) {
  const { region } = useGlobals();
  const client = useQueryClient();
  const [progress, setProgress] = useState<QueryStatistics>({});
  const queryKey = ["insights", region, asked, run];
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => {
      setProgress({});
      return runInsights(asked, region, signal, setProgress);
    },
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    retry: false,
    placeholderData: keepPreviousData,
  });
  return { ...query, progress, cancel: () => void client.cancelQueries({ queryKey }) };
}
