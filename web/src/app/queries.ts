/** AWS calls and the console's own endpoints as queries. Leaving a page cancels what it was waiting for. */
import {
  keepPreviousData,
  type UseQueryResult,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { aws, type Input, type Operation, type Output, type Service } from "../api/client";
import { consoleGet, consolePost, type Query } from "../api/console";
import { awsKey, consoleKey } from "../api/keys";
import { useFlash } from "./flash";
import { useGlobals } from "./globals";

export interface QueryOptions {
  /** False: not yet. */
  enabled?: boolean;
  /** Ask again after so many milliseconds, while the page is visible. */
  everyMs?: number | false;
  /** Show the last answer while the next one is fetched (other input, same place). */
  keep?: boolean;
  region?: string;
}

function settings(options: QueryOptions) {
  return {
    enabled: options.enabled ?? true,
    refetchInterval: options.everyMs ?? (false as const),
    refetchIntervalInBackground: false,
    ...(options.keep === false ? {} : { placeholderData: keepPreviousData }),
  };
}

/** One AWS call: `useAws("cloudwatch", "DescribeAlarms", { StateValue: "ALARM" })`. */
export function useAws<S extends Service, O extends Operation<S>>(
  service: S,
  operation: O,
  input: Input<S, O>,
  options: QueryOptions = {},
): UseQueryResult<Output<S, O>> {
  const globals = useGlobals();
  const region = options.region ?? globals.region;
  return useQuery({
    queryKey: awsKey(service, operation, region, input),
    queryFn: ({ signal }) => aws(service, operation, input, { signal, region }),
    ...settings(options),
  }) as UseQueryResult<Output<S, O>>;
}

export interface Pages<T> {
  items: T[];
  isPending: boolean;
  isFetching: boolean;
  error: Error | null;
  hasMore: boolean;
  /** Fetch the next page; `all` goes on to the end (or the bound). */
  more(): void;
  refetch(): void;
}

export interface PagesOptions extends QueryOptions {
  /** The member that carries the token, in the request and in the answer. */
  token?: string | { request: string; answer: string };
  /** Fetch page after page up to so many items without being asked. */
  upTo?: number;
}

/** A paged listing: `usePages("logs", "DescribeLogGroups", {}, (page) => page.logGroups, { token: "nextToken" })`. */
export function usePages<S extends Service, O extends Operation<S>, T>(
  service: S,
  operation: O,
  input: Input<S, O>,
  itemsOf: (page: Output<S, O>) => T[] | undefined,
  options: PagesOptions = {},
): Pages<T> {
  const globals = useGlobals();
  const region = options.region ?? globals.region;
  const token = options.token ?? "NextToken";
  const [request, answer] = typeof token === "string" ? [token, token] : [token.request, token.answer];
  const query = useInfiniteQuery({
    queryKey: [...awsKey(service, operation, region, input), "pages", options.upTo ?? 0],
    queryFn: async ({ pageParam, signal }) => {
      const pages: Output<S, O>[] = [];
      let next: unknown = pageParam;
      let count = 0;
      do {
        const asked = (next === undefined ? input : { ...(input as object), [request]: next }) as Input<S, O>;
        const page = await aws(service, operation, asked, { signal, region });
        pages.push(page);
        count += itemsOf(page)?.length ?? 0;
        next = (page as Record<string, unknown>)[answer] || undefined;
      } while (next !== undefined && count < (options.upTo ?? 0));
      return { pages, next };
    },
    initialPageParam: undefined as unknown,
    getNextPageParam: (last) => last.next,
    ...settings(options),
  });
  return {
    items: query.data?.pages.flatMap((chunk) => chunk.pages.flatMap((page) => itemsOf(page) ?? [])) ?? [],
    isPending: query.isPending,
    isFetching: query.isFetching,
    error: query.error,
    hasMore: query.hasNextPage,
    more: () => void query.fetchNextPage(),
    refetch: () => void query.refetch(),
  };
}

export interface ChangeOptions<S extends Service, O extends Operation<S>> {
  /** Said when it worked; nothing when absent. */
  done?: string | ((input: Input<S, O>) => string);
  /** The error's heading. */
  doing?: string;
  onSuccess?: (output: Output<S, O>, input: Input<S, O>) => void;
}

/** A changing AWS call; everything shown of the service is fetched again after it. */
export function useAwsChange<S extends Service, O extends Operation<S>>(
  service: S,
  operation: O,
  options: ChangeOptions<S, O> = {},
) {
  const { region } = useGlobals();
  const client = useQueryClient();
  const flash = useFlash();
  return useMutation<Output<S, O>, Error, Input<S, O>>({
    mutationFn: (input) => aws(service, operation, input, { region }),
    onSuccess: (output, input) => {
      const { done } = options;
      if (done) flash.success(typeof done === "string" ? done : done(input));
      void client.invalidateQueries({ queryKey: [service] });
      void client.invalidateQueries({ queryKey: ["console"] });
      options.onSuccess?.(output, input);
    },
    onError: (error) => flash.error(error, options.doing ?? `${operation} failed`),
  });
}

/** `GET /console/api/<path>` */
export function useConsole<T>(
  path: string,
  query: Query = {},
  options: QueryOptions = {},
): UseQueryResult<T> {
  const globals = useGlobals();
  const region = options.region ?? globals.region;
  return useQuery({
    queryKey: consoleKey(path, region, query),
    queryFn: ({ signal }) => consoleGet<T>(path, query, { signal, region }),
    ...settings(options),
  }) as UseQueryResult<T>;
}

/** `POST /console/api/<path>` that only asks (a search, an explanation). */
export function useConsoleAsk<T>(path: string, body: unknown, options: QueryOptions = {}): UseQueryResult<T> {
  const globals = useGlobals();
  const region = options.region ?? globals.region;
  return useQuery({
    queryKey: consoleKey(path, region, body),
    queryFn: ({ signal }) => consolePost<T>(path, body, { signal, region }),
    ...settings(options),
  }) as UseQueryResult<T>;
}
