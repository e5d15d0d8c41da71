/** The Metrics page in the URL: the graph is a metric widget's properties, which a dashboard would take as they are. */
import { EMPTY_GRAPH, type Graph, graphOf, propertiesOf } from "../../lib/graph";
import { json, list, oneOf, type Param, text } from "../../lib/url";

type Json = Record<string, unknown>;
const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const raw = json<Json>({}, isRecord);

/** `g={"metrics":[…]}`; the view's defaults are left out of the URL. */
export const graphParam: Param<Graph> = {
  read: (value) => {
    const properties = raw.read(value);
    return Object.keys(properties).length ? graphOf(properties) : EMPTY_GRAPH;
  },
  write: (graph) => {
    const { view, stacked, ...rest } = propertiesOf(graph);
    return raw.write({
      ...rest,
      ...(view === "timeSeries" ? {} : { view }),
      ...(stacked ? { stacked } : {}),
    });
  },
};

export const SHAPE = {
  g: graphParam,
  tab: oneOf(["browse", "graphed", "query", "options", "source"], "browse"),
  q: text(),
  namespace: text(),
  /** Names of the chosen set of dimensions; `-` is the set without any. */
  dims: list(),
};

export type Tab = "browse" | "graphed" | "query" | "options" | "source";

export const STATISTICS = [
  "Average",
  "Sum",
  "Minimum",
  "Maximum",
  "SampleCount",
  "p50",
  "p90",
  "p95",
  "p99",
  "p99.9",
  "tm99",
  "IQM",
];

export const PERIODS: { value: number; label: string }[] = [
  { value: 1, label: "1 second" },
  { value: 5, label: "5 seconds" },
  { value: 10, label: "10 seconds" },
  { value: 30, label: "30 seconds" },
  { value: 60, label: "1 minute" },
  { value: 300, label: "5 minutes" },
  { value: 900, label: "15 minutes" },
  { value: 3600, label: "1 hour" },
  { value: 21_600, label: "6 hours" },
  { value: 86_400, label: "1 day" },
];

export function periodLabel(seconds: number): string {
  return PERIODS.find((one) => one.value === seconds)?.label ?? `${seconds} seconds`;
}
