/**
 * A graph of metrics: the properties of a CloudWatch metric widget as a value to edit, the GetMetricData call that
 * fills it, and back. Properties nobody here knows stay as they are. The Metrics page keeps one in its URL, dashboards
 * keep them in their bodies, so a graph goes from one to the other unchanged.
 */
import type { Dimension, MetricDataQuery, MetricDataResult } from "../api/gen/cloudwatch";
import { csv } from "./export";
import type { Points } from "./series";
import { withGaps } from "./series";

export type View = "timeSeries" | "singleValue" | "bar" | "pie" | "gauge" | "table";
export const VIEWS: readonly View[] = ["timeSeries", "singleValue", "bar", "pie", "gauge", "table"];

/** One line of a graph: a metric (namespace, name, dimensions) or an expression over the others. */
export interface Series {
  /** Unique in the graph, as GetMetricData wants it: a lower case letter, then letters, digits and underscores. */
  id: string;
  expression?: string;
  namespace?: string;
  name?: string;
  dimensions: [string, string][];
  stat?: string;
  period?: number;
  label?: string;
  colour?: string;
  right?: boolean;
  hidden?: boolean;
  /** Options of the metric that are not edited here. */
  rest: Record<string, unknown>;
}

export interface Axis {
  min?: number;
  max?: number;
  label?: string;
}

export interface Line {
  value: number;
  label?: string;
  fill?: string;
}

export interface Graph {
  series: Series[];
  view: View;
  stacked: boolean;
  title?: string;
  region?: string;
  /** Seconds; the widget's own period, automatic when absent. */
  period?: number;
  stat?: string;
  left: Axis;
  right: Axis;
  /** Horizontal annotations that are single lines. */
  lines: Line[];
  /** ARNs of alarms the graph shows. */
  alarms: string[];
  rest: Record<string, unknown>;
}

export const EMPTY_GRAPH: Graph = {
  series: [],
  view: "timeSeries",
  stacked: false,
  left: {},
  right: {},
  lines: [],
  alarms: [],
  rest: {},
};

type Json = Record<string, unknown>;
const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown) => (typeof value === "string" ? value : undefined);
const number = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : undefined);
const records = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isRecord) : []);

/** Without the members that are undefined: optional members are absent, not empty. */
export function trimmed<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}

const GRAPH_MEMBERS = new Set([
  "metrics",
  "view",
  "stacked",
  "title",
  "region",
  "period",
  "stat",
  "yAxis",
  "annotations",
]);

export function graphOf(properties: Json): Graph {
  const axis = isRecord(properties.yAxis) ? properties.yAxis : {};
  const annotations = isRecord(properties.annotations) ? properties.annotations : {};
  const { horizontal, alarms, ...others } = annotations;
  const lines = records(horizontal).filter((line) => number(line.value) !== undefined);
  const simple = Array.isArray(horizontal) ? lines.length === horizontal.length : horizontal === undefined;
  const kept = { ...others, ...(simple ? {} : { horizontal }) };
  const rest = Object.fromEntries(Object.entries(properties).filter(([name]) => !GRAPH_MEMBERS.has(name)));
  return trimmed({
    series: seriesOf(properties.metrics),
    view: VIEWS.find((view) => view === properties.view) ?? "timeSeries",
    stacked: properties.stacked === true,
    title: text(properties.title),
    region: text(properties.region),
    period: number(properties.period),
    stat: text(properties.stat),
    left: axisOf(axis.left),
    right: axisOf(axis.right),
    lines: lines.map((line) =>
      trimmed({ ...line, value: line.value as number, label: text(line.label), fill: text(line.fill) }),
    ),
    alarms: Array.isArray(alarms) ? alarms.map(String) : [],
    rest: Object.keys(kept).length ? { ...rest, annotations: kept } : rest,
  }) as Graph;
}

function axisOf(value: unknown): Axis {
  if (!isRecord(value)) return {};
  return trimmed({
    ...value,
    min: number(value.min),
    max: number(value.max),
    label: text(value.label),
  }) as Axis;
}

/** The properties of a metric widget; what was read by `graphOf` comes out as it went in, defaults left out. */
export function propertiesOf(graph: Graph): Json {
  const { annotations: kept, ...rest } = graph.rest;
  const annotations = trimmed({
    ...(isRecord(kept) ? kept : {}),
    ...(graph.lines.length ? { horizontal: graph.lines } : {}),
    ...(graph.alarms.length ? { alarms: graph.alarms } : {}),
  });
  const axes = trimmed({
    left: Object.keys(graph.left).length ? graph.left : undefined,
    right: Object.keys(graph.right).length ? graph.right : undefined,
  });
  return trimmed({
    ...rest,
    metrics: graph.series.length ? metricsOf(graph.series) : undefined,
    view: graph.view,
    stacked: graph.stacked,
    title: graph.title,
    region: graph.region,
    period: graph.period,
    stat: graph.stat,
    yAxis: Object.keys(axes).length ? axes : undefined,
    annotations: Object.keys(annotations).length ? annotations : undefined,
  });
}

/** Reads `[[namespace, name, dimension, value, …, {options}], [".", "..."], [{expression}]]`. */
export function seriesOf(metrics: unknown): Series[] {
  if (!Array.isArray(metrics)) return [];
  const found: Series[] = [];
  let before: string[] = [];
  for (const metric of metrics) {
    if (!Array.isArray(metric)) continue;
    const last: unknown = metric.at(-1);
    const options = isRecord(last) ? last : {};
    const fields = expanded((isRecord(last) ? metric.slice(0, -1) : metric).map(String), before);
    if (fields.length) before = fields;
    found.push(oneSeries(fields, options));
  }
  return withIds(found);
}

/** `.` repeats the field above, `...` all fields from there to the end (but for what follows it). */
function expanded(fields: string[], before: string[]): string[] {
  return fields
    .flatMap((field, index) => {
      if (field !== "...") return [field];
      const after = fields.length - index - 1;
      return before.slice(index, before.length - after);
    })
    .map((field, index) => (field === "." ? (before[index] ?? field) : field));
}

function oneSeries(fields: string[], options: Json): Series {
  const { id, expression, stat, period, label, color, yAxis, visible, ...rest } = options;
  const [namespace, name, ...pairs] = fields;
  const dimensions: [string, string][] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2) dimensions.push([pairs[i] ?? "", pairs[i + 1] ?? ""]);
  return trimmed({
    id: text(id) ?? "",
    expression: text(expression),
    namespace: expression === undefined ? namespace : undefined,
    name: expression === undefined ? name : undefined,
    dimensions,
    stat: text(stat),
    period: number(period),
    label: text(label),
    colour: text(color),
    right: yAxis === "right" ? true : undefined,
    hidden: visible === false ? true : undefined,
    rest,
  }) as Series;
}

const ID = /^[a-z][A-Za-z0-9_]*$/;

/** Every series gets an id that is valid and its own. */
export function withIds(series: Series[]): Series[] {
  const taken = new Set(series.map((one) => one.id).filter((id) => ID.test(id)));
  const given = new Set<string>();
  return series.map((one) => {
    const free = ID.test(one.id) && !given.has(one.id);
    const id = free ? one.id : nextId(one.expression === undefined ? "m" : "e", taken);
    taken.add(id);
    given.add(id);
    return id === one.id ? one : { ...one, id };
  });
}

export function nextId(letter: string, taken: ReadonlySet<string>): string {
  let count = 1;
  while (taken.has(`${letter}${count}`)) count += 1;
  return `${letter}${count}`;
}

export function metricsOf(series: Series[]): unknown[][] {
  return series.map((one) => {
    const options = trimmed({
      ...one.rest,
      id: one.id,
      expression: one.expression,
      stat: one.stat,
      period: one.period,
      label: one.label,
      color: one.colour,
      yAxis: one.right ? "right" : undefined,
      visible: one.hidden ? false : undefined,
    });
    const fields = one.expression === undefined ? [one.namespace, one.name, ...one.dimensions.flat()] : [];
    return [...fields, options];
  });
}

/** What a graph asks GetMetricData for; `period` is used where neither series nor graph has one. */
export function queriesOf(graph: Graph, period: number): MetricDataQuery[] {
  return graph.series.map((one) => {
    const common = { Id: one.id, ...(one.label ? { Label: one.label } : {}), ReturnData: !one.hidden };
    const seconds = one.period ?? graph.period ?? period;
    if (one.expression !== undefined) return { ...common, Expression: one.expression, Period: seconds };
    return {
      ...common,
      MetricStat: {
        Metric: {
          Namespace: one.namespace ?? "",
          MetricName: one.name ?? "",
          Dimensions: dimensionsOf(one.dimensions),
        },
        Period: seconds,
        Stat: one.stat ?? graph.stat ?? "Average",
      },
    };
  });
}

/** GetMetricData's queries as a graph: what `queriesOf` made of one comes back. */
export function graphOfQueries(queries: MetricDataQuery[]): Graph {
  const series = queries.map((query): Series => {
    const stat = query.MetricStat;
    return trimmed({
      id: query.Id,
      expression: stat ? undefined : (query.Expression ?? ""),
      namespace: stat?.Metric.Namespace,
      name: stat?.Metric.MetricName,
      dimensions: (stat?.Metric.Dimensions ?? []).map(({ Name, Value }): [string, string] => [Name, Value]),
      stat: stat?.Stat,
      period: stat?.Period ?? query.Period,
      label: query.Label,
      hidden: query.ReturnData === false ? true : undefined,
      rest: {},
    }) as Series;
  });
  return { ...EMPTY_GRAPH, series };
}

export function dimensionsOf(pairs: [string, string][]): Dimension[] {
  return pairs.map(([Name, Value]) => ({ Name, Value }));
}

/** The name of a series where it has no label: its metric, and what tells it from its neighbours. */
export function seriesName(one: Series, all: Series[]): string {
  if (one.label) return one.label;
  if (one.expression !== undefined) return shortened(one.expression) || one.id;
  const same = all.filter((other) => other.expression === undefined && other.name === one.name);
  if (same.length < 2) return one.name ?? one.id;
  const values = one.dimensions
    .filter(([name, value]) => same.some((other) => dimensionOf(other, name) !== value))
    .map(([, value]) => value);
  const stats = new Set(same.map((other) => other.stat)).size > 1 ? [one.stat ?? "Average"] : [];
  const parts = [...values, ...stats];
  return parts.length ? `${one.name} ${parts.join(" ")}` : `${one.name} (${one.id})`;
}

function shortened(expression: string): string {
  const line = expression.replace(/\s+/g, " ").trim();
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}

const dimensionOf = (one: Series, name: string) => one.dimensions.find(([key]) => key === name)?.[1];

export interface Drawn extends Points {
  id: string;
  label: string;
  right: boolean;
  colour?: string | undefined;
  /** The series of the graph it comes from; a search gives several. */
  source: string;
}

/** Results as lines of a chart: in the graph's order, gaps where periods are missing, times in milliseconds. */
export function drawnOf(graph: Graph, results: MetricDataResult[], period: number): Drawn[] {
  return graph.series
    .filter((one) => !one.hidden)
    .flatMap((one) => {
      const mine = results.filter((result) => result.Id === one.id);
      const seconds = one.period ?? graph.period ?? period;
      return mine.map((result, index) => ({
        ...withGaps(pointsOf(result), seconds * 1000),
        id: mine.length > 1 ? `${one.id}.${index}` : one.id,
        label: labelOf(one, graph.series, result, mine.length),
        right: one.right === true,
        colour: mine.length > 1 ? undefined : one.colour,
        source: one.id,
      }));
    });
}

function labelOf(one: Series, all: Series[], result: MetricDataResult, siblings: number): string {
  const given = result.Label ?? "";
  if (siblings > 1 || one.label) return given || seriesName(one, all);
  // The server names m1 * 2 as it names m1; beside each other they would be the same.
  return seriesName(one, all);
}

function pointsOf(result: MetricDataResult): Points {
  return { t: (result.Timestamps ?? []).map((t) => t * 1000), v: result.Values ?? [] };
}

/** The last value, and the one before it, of what is drawn. */
export function lastOf(drawn: Points): { value: number; before?: number | undefined } | undefined {
  const known = drawn.v.filter((value) => value !== null);
  const value = known.at(-1);
  return value === undefined ? undefined : { value, before: known.at(-2) };
}

/** Points of a chart as CSV: one row per instant, one column per series (with its id where labels are the same). */
export function csvOf(drawn: Drawn[]): string {
  const times = [...new Set(drawn.flatMap((one) => one.t))].sort((a, b) => a - b);
  const columns = drawn.map((one) => {
    const same = drawn.filter((other) => other.label === one.label).length > 1;
    const name = same || one.label === "time" ? `${one.label} (${one.id})` : one.label;
    return { name, at: new Map(one.t.map((t, index) => [t, one.v[index]])) };
  });
  const rows = times.map((t) => ({
    time: new Date(t).toISOString(),
    ...Object.fromEntries(columns.map(({ name, at }) => [name, at.get(t)])),
  }));
  return csv(["time", ...columns.map(({ name }) => name)], rows);
}
