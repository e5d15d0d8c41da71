/** The audit trail, searched: pages of events, and what all of them have in common. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { consolePost, type EventFilter, type EventsFound } from "../../api/console";
import { consoleKey } from "../../api/keys";
import { useGlobals } from "../../app/globals";
import type { Found } from "../../lib/events";

export interface Wanted {
  from: number;
  to: number;
  filters: EventFilter[];
  join: "and" | "or";
  text: string;
  facets: string[];
  limit: number;
  allRegions?: boolean;
}

const PATH = "events/search";

export function useEvents(wanted: Wanted, enabled = true) {
  const { region } = useGlobals();
  const query = useInfiniteQuery({
    queryKey: consoleKey(PATH, region, wanted),
    queryFn: ({ pageParam, signal }) =>
      consolePost<EventsFound>(
        PATH,
        pageParam === undefined ? wanted : { ...wanted, facets: [], nextToken: pageParam },
        { signal, region },
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextToken,
    placeholderData: keepPreviousData,
    enabled,
  });
  const first = query.data?.pages[0];
  return {
    events: (query.data?.pages.flatMap((page) => page.events) ?? []) as Found[],
    total: first?.total ?? 0,
    facets: first?.facets ?? {},
    histogram: first?.histogram ?? [],
    isPending: query.isPending,
    isFetching: query.isFetching,
    error: query.error,
    hasMore: query.hasNextPage,
    more: () => void query.fetchNextPage(),
    refetch: () => void query.refetch(),
  };
}
