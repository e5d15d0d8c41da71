/** Series of points for charts: aligned, stacked, summed up in words. No canvas here. */
import { formatNumber } from "./format";
import { formatTime, type Interval, type Zone } from "./time";

/** One line: times (epoch ms, ascending) and as many values; null is a gap. */
export interface Points {
  t: number[];
  v: (number | null)[];
}

/** Several series on one time axis: every instant of any of them once, null where a series has none. */
export function aligned(all: Points[]): { t: number[]; values: (number | null)[][] } {
  const first = all[0];
  if (first && all.every((points) => sameTimes(points.t, first.t))) {
    return { t: first.t, values: all.map((points) => points.v) };
  }
  const t = [...new Set(all.flatMap((points) => points.t))].sort((a, b) => a - b);
  const at = new Map(t.map((instant, index) => [instant, index]));
  const values = all.map((points) => {
    const row = new Array<number | null>(t.length).fill(null);
    points.t.forEach((instant, index) => {
      row[at.get(instant) ?? 0] = points.v[index] ?? null;
    });
    return row;
  });
  return { t, values };
}

function sameTimes(a: number[], b: number[]): boolean {
  return a === b || (a.length === b.length && a.every((instant, index) => instant === b[index]));
}

/** Each series on top of those before it; a gap counts as nothing. */
export function stacked(values: (number | null)[][]): (number | null)[][] {
  const sum = new Array<number>(values[0]?.length ?? 0).fill(0);
  return values.map((row) =>
    row.map((value, index) => {
      sum[index] = (sum[index] ?? 0) + (value ?? 0);
      return value === null ? null : (sum[index] ?? 0);
    }),
  );
}

/** A null between points further apart than `period`, so that a line is not drawn where nothing was measured. */
export function withGaps(points: Points, periodMs: number): Points {
  const t: number[] = [];
  const v: (number | null)[] = [];
  points.t.forEach((instant, index) => {
    const before = points.t[index - 1];
    if (before !== undefined && instant - before > periodMs * 1.5) {
      t.push(before + periodMs);
      v.push(null);
    }
    t.push(instant);
    v.push(points.v[index] ?? null);
  });
  return { t, v };
}

/** What a chart shows, in one sentence for those who do not see it. */
export function summary(
  title: string,
  series: { label: string; v: (number | null)[] }[],
  interval: Interval,
): string {
  const range = `${formatTime(interval.from, "utc")} to ${formatTime(interval.to, "utc")} UTC`;
  if (series.length === 0) return `${title}: no data, ${range}`;
  const parts = series.slice(0, 5).map(({ label, v }) => {
    const known = v.filter((value) => value !== null);
    if (known.length === 0) return `${label} has no data`;
    const [least, most, last] = [leastOf(known), mostOf(known), known.at(-1) ?? 0].map(formatNumber);
    return `${label} between ${least} and ${most}, last ${last}`;
  });
  const more = series.length > 5 ? `; ${series.length - 5} more series` : "";
  return `${title}: ${parts.join("; ")}${more}; ${range}`;
}

// Not Math.min(...values): a long series is more arguments than a call may have.
const leastOf = (values: number[]) => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const mostOf = (values: number[]) => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

/** The y axis' ends: all values, the thresholds, and zero where it is near; some room at the top. */
export function yRange(
  least: number,
  most: number,
  fixed: { min?: number; max?: number } = {},
): [number, number] {
  if (!Number.isFinite(least) || !Number.isFinite(most)) return [fixed.min ?? 0, fixed.max ?? 1];
  const span = most - least || Math.abs(most) || 1;
  const from = fixed.min ?? (least >= 0 && least < span * 3 ? 0 : least - span * 0.05);
  const to = fixed.max ?? (most <= 0 && -most < span * 3 ? 0 : most + span * 0.08);
  return from < to ? [from, to] : [from, from + 1];
}

/** Labels of a time axis: seconds, minutes or days by the distance of the ticks; the date where a day begins. */
export function tickLabels(ticks: number[], distance: number, zone: Zone): string[] {
  let day = "";
  return ticks.map((tick) => {
    const [date = "", clock = ""] = formatTime(tick, zone).split(" ");
    const shortDate = date.slice(5);
    if (distance >= 86_400_000) return shortDate;
    const time = distance < 60_000 ? clock : clock.slice(0, 5);
    const label = date === day || day === "" ? time : `${time}\n${shortDate}`;
    day = date;
    return label;
  });
}

/** Index of the instant next to `at` in ascending `t`; -1 for an empty axis. */
export function nearest(t: number[], at: number): number {
  let low = 0;
  let high = t.length - 1;
  if (high < 0) return -1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((t[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  const before = t[low - 1];
  return before !== undefined && at - before <= (t[low] ?? 0) - at ? low - 1 : low;
}
