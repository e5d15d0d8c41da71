/** Metric data and the tree of metrics. */
import { keepPreviousData, type UseQueryResult, useQuery } from "@tanstack/react-query";
import { aws } from "../../api/client";
import type { MetricDataQuery, MetricDataResult } from "../../api/gen/cloudwatch";
import { awsKey } from "../../api/keys";
import { useGlobals } from "../../app/globals";
import { useConsole } from "../../app/queries";
import type { Interval } from "../../lib/time";

/** Answers come in pages of 100,800 points; more of them than this is a request nobody can look at. */
const PAGES = 5;

export interface MetricDataOptions {
  enabled?: boolean;
  region?: string | undefined;
  interval?: Interval | undefined;
}

/** All results of GetMetricData over the console's range (or another), ascending; pages joined by id and label. */
export function useMetricData(
  queries: MetricDataQuery[],
  options: MetricDataOptions = {},
): UseQueryResult<MetricDataResult[]> {
  const globals = useGlobals();
  const region = options.region ?? globals.region;
  const { from, to } = options.interval ?? globals.interval;
  const input = {
    MetricDataQueries: queries,
    StartTime: from / 1000,
    EndTime: to / 1000,
    ScanBy: "TimestampAscending" as const,
  };
  return useQuery({
    queryKey: awsKey("cloudwatch", "GetMetricData", region, input),
    queryFn: async ({ signal }) => {
      let found: MetricDataResult[] = [];
      let token: string | undefined;
      for (let page = 0; page < PAGES; page += 1) {
        const asked = token ? { ...input, NextToken: token } : input;
        const answer = await aws("cloudwatch", "GetMetricData", asked, { signal, region });
        found = joined(found, answer.MetricDataResults ?? []);
        token = answer.NextToken;
        if (!token) break;
      }
      return found;
    },
    enabled: (options.enabled ?? true) && queries.some((query) => query.ReturnData !== false),
    placeholderData: keepPreviousData,
  });
}

export function joined(before: MetricDataResult[], next: MetricDataResult[]): MetricDataResult[] {
  const all = [...before];
  for (const result of next) {
    const at = all.findIndex((one) => one.Id === result.Id && one.Label === result.Label);
    const same = all[at];
    if (!same) all.push(result);
    else
      all[at] = {
        ...same,
        Timestamps: [...(same.Timestamps ?? []), ...(result.Timestamps ?? [])],
        Values: [...(same.Values ?? []), ...(result.Values ?? [])],
      };
  }
  return all;
}

/** One level of `GET /console/api/metrics/tree`; `total` counts also what one answer does not hold. */
export interface Tree {
  total: number;
  namespaces?: { namespace: string; metrics: number }[];
  dimensionSets?: { dimensions: string[]; metrics: number }[];
  metrics?: { metricName: string; dimensions: Record<string, string> }[];
}

export interface TreePlace {
  namespace: string;
  /** Names of a set of dimensions; undefined above that level. */
  dimensions: string[] | undefined;
  q: string;
}

export function useTree({ namespace, dimensions, q }: TreePlace): UseQueryResult<Tree> {
  // `dimensions=` with nothing in it is the set without any; a query record leaves empty values out.
  const bare = dimensions?.length === 0;
  const path = bare
    ? `metrics/tree?${new URLSearchParams({ dimensions: "", namespace, q })}`
    : "metrics/tree";
  return useConsole<Tree>(path, bare ? {} : { namespace, q, dimensions: dimensions?.join(",") });
}
