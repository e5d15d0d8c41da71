/** Items on lanes: which are drawn as one, and which comes next. No React here. */
import type { Interval } from "./time";

export type Severity = "error" | "warning" | "info" | "success";

export interface LaneItem {
  id: string;
  /** Epoch milliseconds; `tEnd` for what lasted. */
  t: number;
  tEnd?: number | null;
  title: string;
  severity: Severity;
}

/** Neighbours too close to be told apart, drawn as one mark. */
export interface Cluster<T extends LaneItem> {
  items: T[];
  /** Where it is drawn: the middle of its items. */
  t: number;
  severity: Severity;
}

const RANK: Record<Severity, number> = { error: 3, warning: 2, success: 1, info: 0 };

/** How far along an instant is, 0 to 1 (outside of it: less or more). */
export function fraction(t: number, interval: Interval): number {
  return (t - interval.from) / (interval.to - interval.from);
}

/**
 * Items (by time) as marks at least `least` pixels apart on a lane of `width` pixels. `apart` is never joined: the
 * selected item keeps its own mark.
 */
export function clusters<T extends LaneItem>(
  items: readonly T[],
  interval: Interval,
  width: number,
  options: { least?: number; apart?: string | undefined } = {},
): Cluster<T>[] {
  const pixels = width / (interval.to - interval.from);
  const least = options.least ?? 14;
  const found: { items: T[]; first: number; last: number; alone: boolean }[] = [];
  for (const item of items) {
    if (item.t < interval.from || item.t > interval.to) continue;
    const x = (item.t - interval.from) * pixels;
    const before = found.at(-1);
    const alone = item.id === options.apart;
    if (before && !alone && !before.alone && x - before.first < least) {
      before.items.push(item);
      before.last = item.t;
    } else found.push({ items: [item], first: x, last: item.t, alone });
  }
  return found.map((group) => ({
    items: group.items,
    t: ((group.items[0]?.t ?? 0) + group.last) / 2,
    severity: worst(group.items),
  }));
}

function worst(items: readonly LaneItem[]): Severity {
  return items.reduce<Severity>(
    (most, item) => (RANK[item.severity] > RANK[most] ? item.severity : most),
    "info",
  );
}

/** The item `by` places after (or before) the selected one, in time order; the first or last without a selection. */
export function stepped<T extends LaneItem>(
  items: readonly T[],
  selected: string | undefined,
  by: 1 | -1,
): T | undefined {
  const at = items.findIndex((item) => item.id === selected);
  if (at < 0) return by > 0 ? items[0] : items.at(-1);
  return items[Math.min(Math.max(at + by, 0), items.length - 1)];
}

/** A little more than what a cluster covers, at least `leastMs` long: what a click on it zooms to. */
export function zoomOf(cluster: { items: readonly LaneItem[] }, leastMs = 2000): Interval {
  const from = cluster.items[0]?.t ?? 0;
  const to = cluster.items.at(-1)?.t ?? from;
  const margin = Math.max((to - from) * 0.15, (leastMs - (to - from)) / 2, 0);
  return { from: Math.floor(from - margin), to: Math.ceil(to + margin) };
}

/** Counts of items in `count` equal parts of an interval, for an overview. */
export function density(items: readonly LaneItem[], interval: Interval, count: number): number[] {
  const parts = new Array<number>(count).fill(0);
  for (const item of items) {
    const part = Math.floor(fraction(item.t, interval) * count);
    if (part >= 0 && part < count) parts[part] = (parts[part] ?? 0) + 1;
  }
  return parts;
}
