/** A TimeSeriesChart's uPlot: its options, and what is drawn over it. No React here. */
import uPlot from "uplot";
import { tickLabels, yRange } from "../lib/series";
import type { Interval, Zone } from "../lib/time";
import { CHART, resolveToken, TONES, type Tone } from "./tokens";

export type ChartKind = "line" | "area" | "stacked" | "bar";

/** A horizontal line; `fill` shades the side on which it is crossed. */
export interface Threshold {
  value: number;
  label: string;
  tone?: Tone;
  fill?: "above" | "below";
}

/** A span of time shaded over the full height. */
export interface TimeBand extends Interval {
  tone: Tone;
  label: string;
}

/** An instant: a vertical line with a flag. */
export interface Marker {
  id: string;
  t: number;
  label: string;
  tone: Tone;
}

/** A range of values around a series, e.g. what an anomaly detector expects. */
export interface ValueBand {
  upper: (number | null)[];
  lower: (number | null)[];
}

/** What is drawn over the data; it changes without a new plot. */
export interface Overlay {
  thresholds: Threshold[];
  bands: TimeBand[];
  markers: Marker[];
  valueBand?: ValueBand | undefined;
  /** The selected instant, a solid line through the plot. */
  at?: number | undefined;
}

export interface PlotSettings {
  width: number;
  height: number;
  kind: ChartKind;
  series: { label: string; colour: string; hidden: boolean; dashed?: boolean; right?: boolean }[];
  interval: () => Interval;
  overlay: () => Overlay;
  zone: Zone;
  fixed: { min?: number; max?: number };
  formatValue: (value: number) => string;
  gutter: number;
  syncKey?: string | undefined;
  onCursor: (index: number | null, left: number) => void;
  onZoom: (interval: Interval) => void;
}

/** Right of the plot: half a tick label, so that the last one is not cut. */
export const RIGHT_PADDING = 18;
const FONT = '11px "Open Sans", "Helvetica Neue", Roboto, Arial, sans-serif';

export function plotOptions(s: PlotSettings): uPlot.Options {
  const grid = { stroke: resolveToken(CHART.grid), width: 1 };
  const axis = { stroke: resolveToken(CHART.text), font: FONT, grid, ticks: { ...grid, size: 4 } };
  const values = (_: uPlot, ticks: number[]) => ticks.map(s.formatValue);
  const right = s.series.some((one) => one.right);
  return {
    width: s.width,
    height: s.height,
    ms: 1,
    tzDate: (t) => (s.zone === "utc" ? uPlot.tzDate(new Date(t), "Etc/UTC") : new Date(t)),
    legend: { show: false },
    padding: [10, right ? 0 : RIGHT_PADDING, 0, 0],
    cursor: {
      y: false,
      points: { size: 7 },
      drag: { x: true, y: false, setScale: false, dist: 4 },
      ...(s.syncKey ? { sync: synced(s.syncKey) } : {}),
    },
    scales: {
      x: { time: true, range: () => [s.interval().from, s.interval().to] },
      y: { range: (u) => rangeOf(u, "y", s) },
      right: { range: (u) => rangeOf(u, "right", s) },
    },
    axes: [
      {
        ...axis,
        size: 36,
        space: 70,
        values: (_, ticks, __, ___, distance) => tickLabels(ticks, distance, s.zone),
      },
      { ...axis, size: s.gutter, space: 28, values },
      ...(right
        ? [{ ...axis, scale: "right", side: 1 as const, size: 56, grid: { show: false }, values }]
        : []),
    ],
    series: [{}, ...s.series.map((one) => seriesOptions(one, s.kind))],
    hooks: {
      drawAxes: [(u) => drawBehind(u, s.overlay())],
      draw: [(u) => drawOver(u, s.overlay())],
      setCursor: [(u) => s.onCursor(u.cursor.idx ?? null, u.cursor.left ?? -1)],
      setSelect: [(u) => zoomed(u, s.onZoom)],
    },
  };
}

function seriesOptions(one: PlotSettings["series"][number], kind: ChartKind): uPlot.Series {
  const colour = resolveToken(one.colour);
  const filled = kind === "stacked" || kind === "area";
  return {
    label: one.label,
    show: !one.hidden,
    scale: one.right ? "right" : "y",
    stroke: colour,
    width: kind === "bar" ? 0 : 1.75,
    spanGaps: false,
    ...(one.dashed ? { dash: [5, 4] } : {}),
    ...(kind === "bar" ? { fill: colour, paths: uPlot.paths.bars?.({ size: [0.8, 60], align: 1 }) } : {}),
    ...(filled ? { fill: translucent(colour, kind === "area" ? 0.18 : 0.45) } : {}),
    points: { show: (u, index) => kind !== "bar" && lonely(u.data[index] ?? []), size: 5, fill: colour },
  };
}

/** Whether a line would be invisible: few points, or none beside another. */
function lonely(values: ArrayLike<number | null | undefined>): boolean {
  let known = 0;
  for (let i = 0; i < values.length; i += 1) if (values[i] != null) known += 1;
  return known > 0 && known <= 30;
}

function synced(key: string): uPlot.Cursor.Sync {
  // A drag zooms the chart it happens on; the shared time range does the rest.
  const moves = (type: string) => type === "mousemove" || type === "mouseleave";
  return { key, setSeries: false, scales: ["x", null], filters: { pub: moves, sub: moves } };
}

function rangeOf(u: uPlot, scale: string, s: PlotSettings): [number, number] {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  const { from, to } = s.interval();
  const times = u.data[0];
  const see = (value: number | null | undefined) => {
    if (value == null) return;
    if (value < least) least = value;
    if (value > most) most = value;
  };
  u.series.forEach((series, index) => {
    if (index === 0 || series.scale !== scale || series.show === false) return;
    const row = u.data[index] ?? [];
    for (let i = 0; i < row.length; i += 1) if ((times[i] ?? 0) >= from && (times[i] ?? 0) <= to) see(row[i]);
  });
  if (scale === "y") {
    for (const { value } of s.overlay().thresholds) see(value);
    for (const row of [s.overlay().valueBand?.upper, s.overlay().valueBand?.lower]) row?.forEach(see);
    if (s.kind !== "line") see(0);
  }
  return yRange(least, most, s.fixed);
}

function zoomed(u: uPlot, onZoom: (interval: Interval) => void): void {
  const { left, width } = u.select;
  if (width < 4) return;
  const interval = { from: Math.round(u.posToVal(left, "x")), to: Math.round(u.posToVal(left + width, "x")) };
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  if (interval.to - interval.from >= 1000) onZoom(interval);
}

export function translucent(colour: string, opacity: number): string {
  const hex = /^#([0-9a-f]{6})$/i.exec(colour)?.[1];
  if (!hex) return colour;
  return `#${hex}${Math.round(opacity * 255)
    .toString(16)
    .padStart(2, "0")}`;
}

function drawBehind(u: uPlot, overlay: Overlay): void {
  const { ctx, bbox } = u;
  ctx.save();
  clip(u);
  for (const band of overlay.bands) {
    const x = u.valToPos(band.from, "x", true);
    const width = Math.max(u.valToPos(band.to, "x", true) - x, 1);
    ctx.fillStyle = translucent(resolveToken(TONES[band.tone]), 0.13);
    ctx.fillRect(x, bbox.top, width, bbox.height);
  }
  if (overlay.valueBand) drawValueBand(u, overlay.valueBand);
  for (const line of overlay.thresholds) {
    if (!line.fill) continue;
    const y = u.valToPos(line.value, "y", true);
    ctx.fillStyle = translucent(resolveToken(TONES[line.tone ?? "error"]), 0.07);
    if (line.fill === "above") ctx.fillRect(bbox.left, bbox.top, bbox.width, y - bbox.top);
    else ctx.fillRect(bbox.left, y, bbox.width, bbox.top + bbox.height - y);
  }
  ctx.restore();
}

function drawValueBand(u: uPlot, band: ValueBand): void {
  const { ctx } = u;
  const times = u.data[0];
  ctx.fillStyle = translucent(resolveToken(TONES.neutral), 0.25);
  ctx.beginPath();
  const at = (index: number, value: number) =>
    [u.valToPos(times[index] ?? 0, "x", true), u.valToPos(value, "y", true)] as const;
  const known = band.upper.flatMap((upper, i) => (upper === null || band.lower[i] == null ? [] : [i]));
  for (const i of known) ctx.lineTo(...at(i, band.upper[i] ?? 0));
  for (const i of known.reverse()) ctx.lineTo(...at(i, band.lower[i] ?? 0));
  ctx.closePath();
  ctx.fill();
}

function drawOver(u: uPlot, overlay: Overlay): void {
  const { ctx, bbox } = u;
  const ratio = uPlot.pxRatio;
  ctx.save();
  clip(u);
  ctx.font = `${11 * ratio}px "Open Sans", sans-serif`;
  ctx.textAlign = "left"; // uPlot leaves its own alignment behind
  for (const line of overlay.thresholds) {
    const colour = resolveToken(line.tone && line.tone !== "error" ? TONES[line.tone] : CHART.threshold);
    const y = Math.round(u.valToPos(line.value, "y", true)) + 0.5;
    stroke(ctx, colour, ratio, [6 * ratio, 4 * ratio], bbox.left, y, bbox.left + bbox.width, y);
    label(ctx, line.label, bbox.left + 6 * ratio, y > bbox.top + 18 * ratio ? y - 5 * ratio : y + 14 * ratio);
  }
  for (const marker of overlay.markers) {
    const x = Math.round(u.valToPos(marker.t, "x", true)) + 0.5;
    const colour = resolveToken(TONES[marker.tone]);
    stroke(ctx, colour, ratio, [2 * ratio, 3 * ratio], x, bbox.top, x, bbox.top + bbox.height);
    ctx.fillStyle = colour;
    ctx.beginPath();
    ctx.moveTo(x - 5 * ratio, bbox.top);
    ctx.lineTo(x + 5 * ratio, bbox.top);
    ctx.lineTo(x, bbox.top + 7 * ratio);
    ctx.fill();
  }
  if (overlay.at !== undefined) {
    const x = Math.round(u.valToPos(overlay.at, "x", true)) + 0.5;
    stroke(ctx, resolveToken(CHART.strong), ratio, [], x, bbox.top, x, bbox.top + bbox.height);
  }
  ctx.restore();
}

function clip(u: uPlot): void {
  u.ctx.beginPath();
  u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  u.ctx.clip();
}

/** Text on a plate of the background's colour, so that a line behind it does not make it unreadable. */
function label(ctx: CanvasRenderingContext2D, text: string, x: number, y: number): void {
  const { width } = ctx.measureText(text);
  const ratio = uPlot.pxRatio;
  ctx.fillStyle = translucent(resolveToken(CHART.background), 0.85);
  ctx.fillRect(x - 3 * ratio, y - 11 * ratio, width + 6 * ratio, 15 * ratio);
  ctx.fillStyle = resolveToken(CHART.strong);
  ctx.fillText(text, x, y);
}

function stroke(
  ctx: CanvasRenderingContext2D,
  colour: string,
  width: number,
  dash: number[],
  ...[x1, y1, x2, y2]: [number, number, number, number]
): void {
  ctx.strokeStyle = colour;
  ctx.lineWidth = width * 1.5;
  ctx.setLineDash(dash);
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
  ctx.setLineDash([]);
}
