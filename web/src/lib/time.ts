/** Time ranges and how times are written. Instants are epoch milliseconds; nothing here reads the clock. */

export interface TimeRange {
  from: string;
  to: string;
}

/** A range made absolute. */
export interface Interval {
  from: number;
  to: number;
}

export type Zone = "utc" | "local";

const UNIT_MS: Record<string, number> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

export const DEFAULT_RANGE: TimeRange = { from: "now-3h", to: "now" };

/** `now`, `now-15m`, `now-7d` or epoch milliseconds -> an instant; undefined for anything else. */
export function instant(written: string, now: number): number | undefined {
  if (/^\d{10,}$/.test(written)) return Number(written);
  const relative = /^now(?:-(\d{1,6})([smhdw]))?$/.exec(written);
  if (!relative) return undefined;
  const [, amount, unit] = relative;
  return amount && unit ? now - Number(amount) * (UNIT_MS[unit] ?? 0) : now;
}

/** The range as instants; the default range where it is not one (unreadable, or its end before its start). */
export function resolved(range: TimeRange, now: number): Interval {
  const from = instant(range.from, now);
  const to = instant(range.to, now);
  if (from !== undefined && to !== undefined && from < to) return { from, to };
  return { from: now - 3 * 3_600_000, to: now };
}

export function isRelative(range: TimeRange): boolean {
  return range.to.startsWith("now");
}

/** A range around an instant, for "what else happened" links. */
export function around(t: number, minutes = 15): TimeRange {
  return { from: String(Math.round(t - minutes * 60_000)), to: String(Math.round(t + minutes * 60_000)) };
}

const pad = (value: number, width = 2) => String(value).padStart(width, "0");

/** `2026-11-28 04:12:33`; with milliseconds when asked. */
export function formatTime(t: number, zone: Zone, options: { ms?: boolean } = {}): string {
  const shifted = new Date(zone === "utc" ? t : t - new Date(t).getTimezoneOffset() * 60_000);
  const [date, clock] = shifted.toISOString().split("T");
  return `${date} ${clock?.slice(0, options.ms ? 12 : 8)}`;
}

/** `3 h 05 min`, `12 s`: two units at most. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 ? `${minutes} min ${pad(seconds % 60)} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${pad(minutes % 60)} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `12 min ago`, `in 3 h`. */
export function formatAgo(t: number, now: number): string {
  const distance = now - t;
  if (Math.abs(distance) < 5_000) return "just now";
  const length = formatDuration(Math.abs(distance)).split(" ").slice(0, 2).join(" ");
  return distance > 0 ? `${length} ago` : `in ${length}`;
}

/** `Last 3 hours`, or both ends. */
export function formatRange(range: TimeRange, zone: Zone): string {
  const relative = /^now-(\d+)([smhdw])$/.exec(range.from);
  if (relative && range.to === "now") {
    const names: Record<string, string> = { s: "second", m: "minute", h: "hour", d: "day", w: "week" };
    const amount = Number(relative[1]);
    return `Last ${amount === 1 ? "" : `${amount} `}${names[relative[2] ?? "h"]}${amount === 1 ? "" : "s"}`;
  }
  const { from, to } = resolved(range, 0);
  return `${formatTime(from, zone)} – ${formatTime(to, zone)}`;
}

/** A period in seconds that gives about `points` points, as CloudWatch allows: 1, 5, 10, 30 or a multiple of 60. */
export function periodFor(interval: Interval, points = 300): number {
  const wanted = (interval.to - interval.from) / 1000 / points;
  const steps = [60, 300, 900, 3600, 21_600, 86_400];
  return steps.find((step) => step >= wanted) ?? 86_400;
}
