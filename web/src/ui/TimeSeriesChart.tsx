/**
 * Lines, areas or bars over time. A drag zooms the console's time range; charts with the same `syncKey` share their
 * cursor. Without a mouse: arrow keys step through the points, and everything is there as a table.
 */
import Button from "@cloudscape-design/components/button";
import { type KeyboardEvent, lazy, Suspense, useLayoutEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { useGlobals } from "../app/globals";
import { useDark } from "../app/preferences";
import { formatNumber } from "../lib/format";
import { aligned, nearest, type Points, stacked, summary } from "../lib/series";
import { formatTime, type Interval } from "../lib/time";
import { ChartLegend, ChartTip } from "./ChartLegend";
import {
  type ChartKind,
  type Marker,
  plotOptions,
  type Threshold,
  type TimeBand,
  type ValueBand,
} from "./plot";
import { seriesColour } from "./tokens";

export type { ChartKind, Marker, Threshold, TimeBand } from "./plot";

const ChartTable = lazy(() => import("./ChartTable"));
const NONE: never[] = [];

export interface ChartSeries extends Points {
  id: string;
  label: string;
  /** A design token or a colour; the palette in order when absent. */
  colour?: string | undefined;
  dashed?: boolean;
  /** On the right axis. */
  right?: boolean;
}

export interface TimeSeriesChartProps {
  /** What the chart shows; its name for those who do not see it. */
  title: string;
  series: ChartSeries[];
  kind?: ChartKind;
  height?: number;
  /** The time axis; the console's time range when absent. */
  interval?: Interval;
  thresholds?: Threshold[];
  bands?: TimeBand[];
  markers?: Marker[];
  /** Expected values: a shaded band on the times of the first series. */
  valueBand?: ValueBand;
  /** A selected instant. */
  at?: number | undefined;
  fixed?: { min?: number; max?: number };
  syncKey?: string;
  /** Width of the left axis, for charts above lanes. */
  gutter?: number;
  legend?: boolean;
  /** No button for the table: where space is scarce and the table is elsewhere. */
  bare?: boolean;
  formatValue?: (value: number) => string;
  /** What a drag does; zooms the console's time range when absent. */
  onZoom?: (interval: Interval) => void;
}

export function TimeSeriesChart(props: TimeSeriesChartProps) {
  const globals = useGlobals();
  const { title, series, kind = "line", height = 240, bare = false, formatValue = formatNumber } = props;
  const { thresholds = NONE, bands = NONE, markers = NONE, valueBand, at } = props;
  const interval = props.interval ?? globals.interval;
  const [asTable, setAsTable] = useState(false);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [cursor, setCursor] = useState<{ index: number; left: number }>();
  const data = useMemo(() => aligned(series), [series]);
  const drawn = useMemo(() => drawnData(data, series, kind, hidden), [data, series, kind, hidden]);
  const name = useMemo(() => summary(title, series, interval), [title, series, interval]);

  const overlay = { thresholds, bands, markers, valueBand, at };
  const onZoom = (to: Interval) =>
    props.onZoom ? props.onZoom(to) : globals.setRange({ from: String(to.from), to: String(to.to) });
  const { box, plot } = usePlot({
    props,
    drawn,
    hidden,
    overlay,
    interval,
    height,
    onZoom,
    setCursor,
    formatValue,
  });

  const step = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (event.key === "Escape") return moveTo(plot.current, undefined, setCursor);
    if (by === undefined || data.t.length === 0) return;
    event.preventDefault();
    const start = cursor?.index ?? (by > 0 ? -1 : data.t.length);
    moveTo(plot.current, Math.min(Math.max(start + by, 0), data.t.length - 1), setCursor);
  };

  const time = cursor && data.t[cursor.index];
  const values = time === undefined ? undefined : data.values.map((row) => row[cursor?.index ?? 0] ?? null);
  return (
    <div className="chart">
      {!bare && (
        <div className="chart-tools">
          <Button
            variant="inline-link"
            ariaLabel={`View as ${asTable ? "chart" : "table"}: ${title}`}
            onClick={() => setAsTable(!asTable)}
          >
            View as {asTable ? "chart" : "table"}
          </Button>
        </div>
      )}
      {asTable && (
        <Suspense>
          <ChartTable
            title={title}
            t={data.t}
            series={series}
            values={data.values}
            formatValue={formatValue}
          />
        </Suspense>
      )}
      <div hidden={asTable} className="chart-body">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys read the values of a chart */}
        <div ref={box} role="img" aria-label={name} tabIndex={0} onKeyDown={step} className="chart-canvas" />
        {time !== undefined && values && (
          <ChartTip
            left={cursor?.left ?? 0}
            width={box.current?.clientWidth ?? 0}
            time={formatTime(time, globals.zone)}
            rows={series
              .map((one, i) => ({ ...row(one, i), value: values[i] ?? null }))
              .filter((one) => !hidden.has(one.id) && one.value !== null)
              .map((one) => ({ ...one, text: formatValue(one.value ?? 0) }))}
            notes={notesAt(time, data.t, markers, bands)}
          />
        )}
      </div>
      {props.legend !== false && series.length > 0 && (
        <ChartLegend
          series={series.map(row)}
          hidden={hidden}
          onToggle={(id) => setHidden(toggled(hidden, id))}
          onOnly={(id) => setHidden(only(hidden, id, series))}
        />
      )}
    </div>
  );
}

const row = (one: ChartSeries, index: number) => ({
  id: one.id,
  label: one.label,
  colour: one.colour ?? seriesColour(index),
});

type Drawn = (number | null)[][];

/** What uPlot gets: stacked series from the top down, so that the lower ones are drawn over the upper ones. */
function drawnData(
  data: { t: number[]; values: Drawn },
  series: ChartSeries[],
  kind: ChartKind,
  hidden: ReadonlySet<string>,
): { data: uPlot.AlignedData; order: number[] } {
  const order = series.map((_, index) => index);
  if (kind !== "stacked") return { data: [data.t, ...data.values] as uPlot.AlignedData, order };
  const shown = data.values.map((values, i) =>
    hidden.has(series[i]?.id ?? "") ? values.map(() => null) : values,
  );
  const sums = stacked(shown).reverse();
  return { data: [data.t, ...sums] as uPlot.AlignedData, order: order.reverse() };
}

interface PlotInput {
  props: TimeSeriesChartProps;
  drawn: { data: uPlot.AlignedData; order: number[] };
  hidden: ReadonlySet<string>;
  overlay: Parameters<typeof plotOptions>[0]["overlay"] extends () => infer O ? O : never;
  interval: Interval;
  height: number;
  onZoom: (interval: Interval) => void;
  setCursor: (cursor: { index: number; left: number } | undefined) => void;
  formatValue: (value: number) => string;
}

/** Keeps one uPlot alive: made anew when its looks change, fed when its data do, redrawn when the overlay does. */
function usePlot(input: PlotInput) {
  const { zone } = useGlobals();
  const dark = useDark();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(input);
  useLayoutEffect(() => {
    latest.current = input;
  });
  const { props, drawn, hidden, height, interval, overlay } = input;
  const looks = JSON.stringify([
    drawn.order.map((index) => [
      looksOf(props.series[index], index),
      hidden.has(props.series[index]?.id ?? ""),
    ]),
    [props.kind, props.syncKey, props.gutter, props.fixed, zone, dark, height],
  ]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `looks` is all of it that matters
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const now = latest.current;
    const options = plotOptions({
      width: element.clientWidth || 600,
      height: now.height,
      kind: now.props.kind ?? "line",
      series: now.drawn.order.map((index) => ({
        ...looksOf(now.props.series[index], index),
        hidden: now.hidden.has(now.props.series[index]?.id ?? ""),
      })),
      interval: () => latest.current.interval,
      overlay: () => latest.current.overlay,
      zone,
      fixed: now.props.fixed ?? {},
      formatValue: (value) => latest.current.formatValue(value),
      gutter: now.props.gutter ?? 56,
      syncKey: now.props.syncKey,
      onCursor: (index, left) =>
        latest.current.setCursor(index === null || left < 0 ? undefined : { index, left }),
      onZoom: (to) => latest.current.onZoom(to),
    });
    const made = new uPlot(options, now.drawn.data, element);
    plot.current = made;
    const resized = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== made.width) {
        made.setSize({ width: element.clientWidth, height: now.height });
      }
    });
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [looks]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the overlay is read through `latest`; its parts tell when
  useLayoutEffect(() => {
    plot.current?.setData(latest.current.drawn.data);
  }, [
    drawn,
    interval.from,
    interval.to,
    overlay.thresholds,
    overlay.bands,
    overlay.markers,
    overlay.valueBand,
    overlay.at,
  ]);
  return { box, plot };
}

function looksOf(one: ChartSeries | undefined, index: number) {
  return {
    label: one?.label ?? "",
    colour: one?.colour ?? seriesColour(index),
    dashed: one?.dashed ?? false,
    right: one?.right ?? false,
  };
}

function moveTo(
  plot: uPlot | undefined,
  index: number | undefined,
  setCursor: (cursor: { index: number; left: number } | undefined) => void,
): void {
  if (!plot) return;
  if (index === undefined) {
    plot.setCursor({ left: -10, top: -10 });
    setCursor(undefined);
    return;
  }
  const left = plot.valToPos(plot.data[0][index] ?? 0, "x");
  plot.setCursor({ left, top: plot.over.clientHeight / 2 });
}

function toggled(hidden: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(hidden);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** One series alone; all again when it was alone already. */
function only(hidden: ReadonlySet<string>, id: string, series: ChartSeries[]): ReadonlySet<string> {
  const alone = series.every((one) => hidden.has(one.id) === (one.id !== id));
  return alone ? new Set() : new Set(series.filter((one) => one.id !== id).map((one) => one.id));
}

/** Names of what lies at an instant besides values: bands it is in, markers next to it. */
function notesAt(time: number, t: number[], markers: Marker[], bands: TimeBand[]): string[] {
  const here = nearest(t, time);
  return [
    ...bands.filter((band) => band.from <= time && time < band.to).map((band) => band.label),
    ...markers.filter((marker) => nearest(t, marker.t) === here).map((marker) => marker.label),
  ].slice(0, 5);
}
