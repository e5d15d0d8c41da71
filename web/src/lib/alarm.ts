/** Alarms: their conditions in words, what they watch as queries, their states over time, and drafts of new ones. */
import type {
  AlarmHistoryItem,
  ComparisonOperator,
  CompositeAlarm,
  MetricAlarm,
  MetricDataQuery,
  PutMetricAlarmInput,
} from "../api/gen/cloudwatch";
import { trimmed } from "./graph";
import { formatDuration, type Interval } from "./time";

export type AnyAlarm = MetricAlarm & CompositeAlarm;

export const COMPARISONS: { value: ComparisonOperator; sign: string; words: string }[] = [
  { value: "GreaterThanThreshold", sign: ">", words: "greater than" },
  { value: "GreaterThanOrEqualToThreshold", sign: "≥", words: "greater than or equal to" },
  { value: "LessThanOrEqualToThreshold", sign: "≤", words: "less than or equal to" },
  { value: "LessThanThreshold", sign: "<", words: "less than" },
];

/** The comparisons of alarms on anomaly detection models, which have a band and no threshold. */
export const BANDS: { value: ComparisonOperator; words: string }[] = [
  { value: "LessThanLowerOrGreaterThanUpperThreshold", words: "outside what is expected" },
  { value: "GreaterThanUpperThreshold", words: "above what is expected" },
  { value: "LessThanLowerThreshold", words: "below what is expected" },
];

export const isBand = (operator: string | undefined) => BANDS.some((one) => one.value === operator);

export const MISSING: { value: string; label: string; description: string }[] = [
  { value: "missing", label: "Missing", description: "No data at all gives INSUFFICIENT_DATA." },
  { value: "notBreaching", label: "Good", description: "A missing period counts as not breaching." },
  { value: "breaching", label: "Bad", description: "A missing period counts as breaching." },
  { value: "ignore", label: "Ignore", description: "The state stays as it is." },
];

export const isComposite = (alarm: AnyAlarm) => alarm.AlarmRule !== undefined;

export function signOf(operator: string | undefined): string {
  const sign = COMPARISONS.find((one) => one.value === operator)?.sign;
  return sign ?? BANDS.find((one) => one.value === operator)?.words ?? operator ?? "";
}

/** Which side of the threshold is bad, for a chart's shading. */
export function breachingSide(operator: string | undefined): "above" | "below" | undefined {
  if (operator?.startsWith("Greater")) return "above";
  if (operator?.startsWith("Less")) return "below";
  return undefined;
}

/** `Duration > 1000 for 2 of 3 datapoints within 3 min`, or the rule of a composite alarm. */
export function conditionOf(alarm: AnyAlarm): string {
  if (alarm.AlarmRule !== undefined) return alarm.AlarmRule;
  const n = alarm.EvaluationPeriods ?? 1;
  const m = alarm.DatapointsToAlarm ?? n;
  const within = formatDuration(n * periodOf(alarm) * 1000);
  const condition = `${signOf(alarm.ComparisonOperator)} ${alarm.Threshold ?? ""}`.trim();
  return `${watchedName(alarm)} ${condition} for ${m} of ${n} datapoints within ${within}`;
}

/** The metric's name, or the expression the alarm is about. */
export function watchedName(alarm: AnyAlarm): string {
  if (alarm.MetricName) return alarm.MetricName;
  const watched = watchedQuery(alarm.Metrics ?? [], alarm.ThresholdMetricId);
  return (
    watched?.Label || watched?.Expression || watched?.MetricStat?.Metric.MetricName || watched?.Id || "–"
  );
}

/** The query that is compared; `band` is the Id of the one it is compared with, if that is a band. */
export function watchedQuery(queries: MetricDataQuery[], band?: string): MetricDataQuery | undefined {
  const others = queries.filter((query) => query.Id !== band);
  return others.find((query) => query.ReturnData !== false) ?? others.at(-1);
}

/** Seconds of one datapoint. */
export function periodOf(alarm: AnyAlarm): number {
  if (alarm.Period) return alarm.Period;
  const periods = (alarm.Metrics ?? []).map((query) => query.MetricStat?.Period ?? query.Period ?? 0);
  return Math.max(...periods, 0) || 60;
}

export function statOf(alarm: AnyAlarm): string {
  return alarm.ExtendedStatistic ?? alarm.Statistic ?? "Average";
}

/** GetMetricData's queries for what the alarm watches; other members of its math are computed, not shown. */
export function queriesOfAlarm(alarm: AnyAlarm): MetricDataQuery[] {
  if (alarm.Metrics?.length) return alarm.Metrics;
  if (!alarm.MetricName) return [];
  const Metric = trimmed({
    Namespace: alarm.Namespace,
    MetricName: alarm.MetricName,
    Dimensions: alarm.Dimensions ?? [],
  });
  const MetricStat = trimmed({ Metric, Period: periodOf(alarm), Stat: statOf(alarm), Unit: alarm.Unit });
  return [{ Id: "m1", MetricStat, ReturnData: true } as MetricDataQuery];
}

export interface StateSpan extends Interval {
  state: string;
}

/** The state over an interval, from its history (any order) and what it is now; none before the alarm was made. */
export function stateSpans(
  items: AlarmHistoryItem[],
  current: { state: string; since: number },
  asked: Interval,
): StateSpan[] {
  const interval = { from: Math.max(asked.from, createdAt(items)), to: asked.to };
  const changes = items
    .filter((item) => item.HistoryItemType === "StateUpdate")
    .flatMap((item) => {
      const change = changeOf(item);
      return change ? [{ t: (item.Timestamp ?? 0) * 1000, ...change }] : [];
    })
    .sort((a, b) => a.t - b.t);
  const within = changes.filter((change) => change.t > interval.from && change.t < interval.to);
  const before = changes.filter((change) => change.t <= interval.from).at(-1)?.to;
  const first = within[0]?.from ?? before ?? (current.since <= interval.from ? current.state : undefined);
  const spans: StateSpan[] = [];
  let state = first;
  let from = interval.from;
  for (const change of within) {
    if (state !== undefined) spans.push({ from, to: change.t, state });
    state = change.to;
    from = change.t;
  }
  if (state === undefined && current.since < interval.to && current.since > interval.from) {
    [state, from] = [current.state, current.since];
  }
  if (state !== undefined) spans.push({ from, to: interval.to, state });
  return spans;
}

/** When the alarm was made (last), as far as the items tell. */
function createdAt(items: AlarmHistoryItem[]): number {
  const made = items.filter(
    (item) => item.HistoryItemType === "ConfigurationUpdate" && historyData(item).type === "Create",
  );
  return Math.max(0, ...made.map((item) => (item.Timestamp ?? 0) * 1000));
}

/** Both states of a StateUpdate, from its HistoryData. */
export function changeOf(item: AlarmHistoryItem): { from: string; to: string; reason: string } | undefined {
  const data = historyData(item);
  const [before, after] = [data.oldState, data.newState] as Record<string, unknown>[];
  if (typeof after?.stateValue !== "string") return undefined;
  return {
    from: typeof before?.stateValue === "string" ? before.stateValue : "INSUFFICIENT_DATA",
    to: after.stateValue,
    reason: typeof after.stateReason === "string" ? after.stateReason : "",
  };
}

export function historyData(item: AlarmHistoryItem): Record<string, unknown> {
  try {
    const data: unknown = JSON.parse(item.HistoryData ?? "{}");
    return typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The alarms first that need somebody: in ALARM, then without data, then the rest; by name within. */
export function bySeverity(a: AnyAlarm, b: AnyAlarm): number {
  return (
    severity(a) - severity(b) || (a.AlarmName ?? "").localeCompare(b.AlarmName ?? "", "en", { numeric: true })
  );
}

const severity = (alarm: AnyAlarm) =>
  ({ ALARM: 0, INSUFFICIENT_DATA: 1, OK: 2 })[alarm.StateValue ?? "OK"] ?? 3;

/** What alarms of every kind have: a name, and who is told of which state. */
export interface Outline {
  name: string;
  description: string;
  actionsEnabled: boolean;
  alarmActions: string[];
  okActions: string[];
  insufficientActions: string[];
}

export const EMPTY_OUTLINE: Outline = {
  name: "",
  description: "",
  actionsEnabled: true,
  alarmActions: [],
  okActions: [],
  insufficientActions: [],
};

export function outlineOf(alarm: AnyAlarm): Outline {
  return {
    name: alarm.AlarmName ?? "",
    description: alarm.AlarmDescription ?? "",
    actionsEnabled: alarm.ActionsEnabled ?? true,
    alarmActions: alarm.AlarmActions ?? [],
    okActions: alarm.OKActions ?? [],
    insufficientActions: alarm.InsufficientDataActions ?? [],
  };
}

/** The parameters that PutMetricAlarm and PutCompositeAlarm share. */
export function outlineInput(outline: Outline) {
  return {
    AlarmName: outline.name,
    AlarmDescription: outline.description || undefined,
    ActionsEnabled: outline.actionsEnabled,
    AlarmActions: listed(outline.alarmActions),
    OKActions: listed(outline.okActions),
    InsufficientDataActions: listed(outline.insufficientActions),
  };
}

const listed = (actions: string[]) => (actions.some(Boolean) ? actions.filter(Boolean) : undefined);

export function nameError(name: string): string | undefined {
  if (!name.trim()) return "An alarm needs a name.";
  return name.length > 255 ? "At most 255 characters." : undefined;
}

/** What the wizard edits. Numbers are text while they are typed. */
export interface Draft extends Outline {
  /** Without the band of an anomaly detection model. */
  queries: MetricDataQuery[];
  comparison: ComparisonOperator;
  /** Of a band: its width in standard deviations. */
  threshold: string;
  /** The band's query as it was. */
  band?: MetricDataQuery;
  needed: string;
  periods: string;
  missing: string;
  lowSamples: string;
}

export const EMPTY_DRAFT: Draft = {
  ...EMPTY_OUTLINE,
  queries: [],
  comparison: "GreaterThanThreshold",
  threshold: "",
  needed: "1",
  periods: "1",
  missing: "missing",
  lowSamples: "",
};

export function draftOf(alarm: AnyAlarm): Draft {
  const periods = alarm.EvaluationPeriods ?? 1;
  const queries = queriesOfAlarm(alarm);
  const band = queries.find((query) => query.Id === alarm.ThresholdMetricId);
  const watched = watchedQuery(queries, band?.Id);
  return {
    ...outlineOf(alarm),
    queries: queries
      .filter((query) => query !== band)
      .map((query) => (band && query === watched ? { ...query, ReturnData: true } : query)),
    comparison: alarm.ComparisonOperator ?? "GreaterThanThreshold",
    threshold: band ? widthOf(band) : String(alarm.Threshold ?? ""),
    ...(band ? { band } : {}),
    periods: String(periods),
    needed: String(alarm.DatapointsToAlarm ?? periods),
    missing: alarm.TreatMissingData ?? "missing",
    lowSamples: alarm.EvaluateLowSampleCountPercentile ?? "",
  };
}

function widthOf(band: MetricDataQuery): string {
  return /,\s*([\d.]+)\s*\)\s*$/.exec(band.Expression ?? "")?.[1] ?? "2";
}

/** What a draft with such a comparison is compared with. */
function bandOf({ queries, band, threshold }: Draft): MetricDataQuery {
  const Expression = `ANOMALY_DETECTION_BAND(${watchedQuery(queries)?.Id ?? "m1"}, ${threshold})`;
  const taken = new Set(queries.map((query) => query.Id));
  const Id = band && !taken.has(band.Id) ? band.Id : taken.has("ad1") ? "ad_band" : "ad1";
  return { ReturnData: true, ...band, Id, Expression };
}

const SIMPLE = new Set(["Average", "Sum", "Minimum", "Maximum", "SampleCount"]);

/** PutMetricAlarm's parameters; a single metric is written the short way, as everybody reads it. */
export function putInput(draft: Draft): PutMetricAlarmInput {
  const band = isBand(draft.comparison) ? bandOf(draft) : undefined;
  return trimmed({
    ...outlineInput(draft),
    ...(band
      ? { Metrics: [...draft.queries, band], ThresholdMetricId: band.Id }
      : { ...watched(draft.queries), Threshold: Number(draft.threshold) }),
    ComparisonOperator: draft.comparison,
    EvaluationPeriods: Number(draft.periods),
    DatapointsToAlarm: Number(draft.needed),
    TreatMissingData: draft.missing,
    EvaluateLowSampleCountPercentile: (isPercentile(draft) && draft.lowSamples) || undefined,
  });
}

function watched(queries: MetricDataQuery[]): Partial<PutMetricAlarmInput> {
  const [only] = queries;
  const stat = queries.length === 1 ? only?.MetricStat : undefined;
  if (!stat) return { Metrics: queries };
  return trimmed({
    Namespace: stat.Metric.Namespace,
    MetricName: stat.Metric.MetricName,
    Dimensions: stat.Metric.Dimensions?.length ? stat.Metric.Dimensions : undefined,
    ...(SIMPLE.has(stat.Stat) ? { Statistic: stat.Stat as "Average" } : { ExtendedStatistic: stat.Stat }),
    Period: stat.Period,
    Unit: stat.Unit,
  });
}

export type DraftField = "queries" | "threshold" | "needed" | "periods" | "name";

/** What is wrong with a draft, by field; empty when the server may be asked. */
export function draftErrors(draft: Draft): Partial<Record<DraftField, string>> {
  const errors: Partial<Record<DraftField, string>> = {};
  const shown = draft.queries.filter((query) => query.ReturnData !== false);
  if (draft.queries.length === 0) errors.queries = "Choose a metric.";
  else if (shown.length !== 1) errors.queries = "Exactly one metric or expression is watched.";
  if (draft.threshold.trim() === "" || !Number.isFinite(Number(draft.threshold))) {
    errors.threshold = "A number.";
  } else if (isBand(draft.comparison) && Number(draft.threshold) <= 0) {
    errors.threshold = "More than 0.";
  }
  const [m, n] = [Number(draft.needed), Number(draft.periods)];
  if (!Number.isInteger(n) || n < 1) errors.periods = "A whole number, 1 or more.";
  else if (!Number.isInteger(m) || m < 1 || m > n) errors.needed = `Between 1 and ${n}.`;
  const name = nameError(draft.name);
  if (name) errors.name = name;
  return errors;
}

/** Whether a percentile is watched: only then low sample counts matter. */
export function isPercentile(draft: Draft): boolean {
  return draft.queries.length === 1 && /^p\d/.test(draft.queries[0]?.MetricStat?.Stat ?? "");
}
