/** What is asked of the timeline, and its answer made ready for drawing. No React here. */

import type { Change } from "../../lib/diff";
import { withGaps } from "../../lib/series";
import type { LaneSpec, Shape } from "../../ui/Lanes";
import type { Threshold, TimeBand } from "../../ui/plot";
import type { ChartSeries } from "../../ui/TimeSeriesChart";
import type { Item, Lane, LaneKind, Metric, Timeline } from "./types";

const LABELS: Record<LaneKind, string> = {
  metrics: "Metrics",
  alarm: "Alarm state",
  logs: "Log errors",
  api: "API calls",
  configuration: "Configuration",
  compliance: "Compliance",
  remediation: "Remediation",
  automation: "Automation",
};

const SHAPES: Record<LaneKind, Shape> = {
  metrics: "circle",
  alarm: "circle",
  logs: "circle",
  api: "circle",
  configuration: "square",
  compliance: "diamond",
  remediation: "triangle",
  automation: "hexagon",
};

export const laneLabel = (kind: LaneKind): string => LABELS[kind];

export interface Filter {
  /** Each word must be in the title, actor, address, status or a resource. */
  text: string;
  relatedOnly: boolean;
}

export function fits(item: Item, filter: Filter): boolean {
  if (filter.relatedOnly && !item.related && item.score == null) return false;
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const all = [item.title, item.actor, item.sourceIp, item.status, item.resource?.type, item.resource?.id];
  const said = all.join(" ").toLowerCase();
  return words.every((word) => said.includes(word));
}

/** The lanes that are drawn, filtered. `onLogs` opens the log errors of a bucket. */
export function specs(
  timeline: Timeline,
  filter: Filter,
  onLogs: (bucket: { t: number; tEnd: number }) => void,
): LaneSpec<Item>[] {
  return timeline.lanes.map((lane) => {
    const items = lane.items.filter((item) => fits(item, filter));
    return {
      id: lane.id,
      label: LABELS[lane.kind],
      shape: SHAPES[lane.kind],
      items,
      note: noteOf(lane, items.length),
      ...(lane.kind === "alarm" ? { spans: alarmSpan(lane.items) } : {}),
      ...(lane.bucketed ? { buckets: bucketsOf(lane) } : {}),
      ...(lane.kind === "logs"
        ? { onBucket: onLogs, empty: lane.groups?.length ? "no errors" : "no log group known" }
        : {}),
    };
  });
}

function bucketsOf(lane: Lane) {
  return lane.buckets.map(({ t, tEnd, count, errors }) => ({
    t,
    tEnd,
    count,
    tone: errors > 0 && lane.kind === "logs" ? ("error" as const) : ("neutral" as const),
  }));
}

function noteOf(lane: Lane, shown: number): string {
  if (lane.kind === "logs") return lane.total ? `${lane.total.toLocaleString("en-US")} lines` : "";
  if (lane.bucketed) return `${shown} of ${lane.total.toLocaleString("en-US")}`;
  return shown === lane.items.length ? String(shown) : `${shown} of ${lane.items.length}`;
}

const WORDS: Record<string, string> = { ALARM: "In alarm", OK: "OK", INSUFFICIENT_DATA: "Insufficient data" };

/** States of one alarm as bands; of several they would cover each other, and marks have to do. */
function alarmSpan(items: Item[]): (item: Item) => string | undefined {
  const names = new Set(items.map((item) => item.resource?.id));
  return (item) => (names.size === 1 ? (WORDS[item.status ?? ""] ?? item.status ?? "") : undefined);
}

/** Every item shown, by time. */
export function ordered(lanes: LaneSpec<Item>[]): Item[] {
  return lanes.flatMap((lane) => lane.items).sort((a, b) => a.t - b.t);
}

export interface Graph {
  alarm: string;
  title: string;
  series: ChartSeries[];
  thresholds: Threshold[];
  bands: TimeBand[];
  errors: string[];
}

const SIGNS: Record<string, string> = {
  GreaterThanThreshold: ">",
  GreaterThanOrEqualToThreshold: "≥",
  LessThanThreshold: "<",
  LessThanOrEqualToThreshold: "≤",
};

/** One graph an alarm: its lines, its threshold, and when it was in ALARM. */
export function graphs(timeline: Timeline): Graph[] {
  const alarms = [...new Set(timeline.metrics.map((metric) => metric.alarm))];
  const of = (alarm: string) => timeline.metrics.filter((metric) => metric.alarm === alarm);
  return alarms
    .map((alarm) => [alarm, of(alarm)] as const)
    .map(([alarm, metrics]) => ({
      alarm,
      title: alarm,
      series: metrics.filter((metric) => !metric.error).map(line),
      thresholds: thresholdOf(metrics[0]),
      bands: alarmBands(timeline, alarm),
      errors: metrics.flatMap((metric) => (metric.error ? [metric.error] : [])),
    }));
}

function line(metric: Metric): ChartSeries {
  const { t, v } = withGaps({ t: metric.timestamps, v: metric.values }, metric.period * 1000);
  const stat = metric.stat ? ` (${metric.stat})` : "";
  return { id: metric.id, label: `${metric.label}${stat}`, t, v };
}

function thresholdOf(metric: Metric | undefined): Threshold[] {
  if (metric?.threshold == null) return [];
  const sign = SIGNS[metric.comparison ?? ""] ?? "";
  const fill = sign === ">" || sign === "≥" ? "above" : sign ? "below" : undefined;
  const label = `Threshold ${sign} ${metric.threshold}`.replace("  ", " ");
  return [{ value: metric.threshold, label, ...(fill ? { fill } : {}) }];
}

function alarmBands(timeline: Timeline, alarm: string): TimeBand[] {
  const lane = timeline.lanes.find((one) => one.kind === "alarm");
  const states = (lane?.items ?? []).filter((item) => item.status === "ALARM" && item.resource?.id === alarm);
  const bands = states.map((item) => ({ from: item.t, to: item.tEnd ?? timeline.axis.to }));
  const { episode } = timeline;
  // It may have begun before the axis does.
  if (episode?.alarm === alarm && !bands.some((band) => band.from === episode.start)) {
    bands.push({ from: episode.start, to: episode.end ?? timeline.axis.to });
  }
  return bands.map((band) => ({ ...band, tone: "error" as const, label: "In alarm" }));
}

/** Whether the trouble may go on: then new facts are fetched as they happen. */
export function ongoing(timeline: Timeline): boolean {
  return timeline.episode ? timeline.episode.end === null : timeline.subject.alarm?.state === "ALARM";
}

/** The log lines around an instant: Logs Insights over the incident's groups. */
export function logsQuery(timeline: Timeline | undefined): { groups: string[]; q: string } {
  const lane = timeline?.lanes.find((one) => one.kind === "logs");
  const pattern = lane?.pattern ? `\n| filter @message like /${lane.pattern}/` : "";
  return {
    groups: (lane?.groups ?? []).map((group) => group.name),
    q: `fields @timestamp, @message${pattern}\n| sort @timestamp desc\n| limit 200`,
  };
}

/** What an item changed: its own properties, or those of the configuration changes that followed from this call. */
export function changesOf(item: Item, timeline: Timeline): { changes: Change[]; total: number } {
  if (item.changes?.length) return { changes: item.changes, total: item.changesTotal ?? item.changes.length };
  const suspect = timeline.suspects.find((one) => one.id === item.id);
  if (suspect?.changes.length) return { changes: suspect.changes, total: suspect.changes.length };
  const lane = timeline.lanes.find((one) => one.kind === "configuration");
  // The first change of each resource: a later one of the same chain is the repair.
  const first = new Map<string, Item>();
  for (const change of lane?.items ?? []) {
    const key = `${change.resource?.type} ${change.resource?.id}`;
    if (change.origin === item.id && change.id !== item.id && !first.has(key)) first.set(key, change);
  }
  const changes = [...first.values()].flatMap((change) => change.changes ?? []);
  return { changes, total: changes.length };
}
