/**
 * Lanes below a chart on the same time axis: marks, spans and histograms. A drag zooms; a click on a mark selects it,
 * on a cluster zooms into it; the arrow keys step from item to item.
 */
import {
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { clusters, fraction, type LaneItem, stepped, zoomOf } from "../lib/lanes";
import type { Interval } from "../lib/time";
import { RIGHT_PADDING } from "./plot";
import { TONES, type Tone } from "./tokens";

export type Shape = "circle" | "square" | "diamond" | "triangle" | "hexagon";

export interface LaneSpec<T extends LaneItem> {
  id: string;
  label: string;
  /** Under the label: a count. */
  note?: string;
  shape: Shape;
  items: T[];
  /** Bars instead of marks, or beside them: {t, tEnd, count}. */
  buckets?: { t: number; tEnd: number; count: number; tone?: Tone }[];
  /** Items as bands from `t` to `tEnd` (the axis' end where it lasts), with their words. */
  spans?: (item: T) => string | undefined;
  onBucket?: (bucket: { t: number; tEnd: number; count: number }) => void;
  empty?: string;
}

export interface LanesProps<T extends LaneItem> {
  lanes: LaneSpec<T>[];
  interval: Interval;
  gutter: number;
  label: string;
  selected?: string | undefined;
  onSelect: (item: T | undefined) => void;
  onZoom: (interval: Interval) => void;
  /** Vertical lines through all lanes. */
  lines: { t: number; label: string; kind: "focus" | "now" | "selected" }[];
  formatTime: (t: number) => string;
  /** Emphasised: a suspect, something related. */
  strong?: (item: T) => boolean;
}

export function Lanes<T extends LaneItem>(props: LanesProps<T>) {
  const { lanes, interval, gutter } = props;
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box) - gutter - RIGHT_PADDING;
  const drag = useDragZoom(box, gutter, interval, props.onZoom);
  const all = useMemo(() => lanes.flatMap((lane) => lane.items).sort((a, b) => a.t - b.t), [lanes]);

  const step = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : undefined;
    if (event.key === "Escape") props.onSelect(undefined);
    if (by === undefined) return;
    event.preventDefault();
    const next = stepped(all, props.selected, by);
    if (next) props.onSelect(next);
  };

  return (
    <div ref={box} className="lanes" {...drag.handlers}>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms */}
      <div role="group" aria-label={props.label} onKeyDown={step}>
        {lanes.map((lane) => (
          <div key={lane.id} className="lane">
            <div className="lane-label" style={{ inlineSize: gutter - 8 }}>
              {lane.label}
              {lane.note && <small>{lane.note}</small>}
            </div>
            <div className="lane-plot" style={{ marginInlineStart: gutter, marginInlineEnd: RIGHT_PADDING }}>
              <LaneMarks lane={lane} width={width} {...props} />
            </div>
          </div>
        ))}
      </div>
      <div
        className="lane-lines"
        style={{ insetInlineStart: gutter, insetInlineEnd: RIGHT_PADDING }}
        aria-hidden="true"
      >
        {props.lines
          .filter((line) => line.t >= interval.from && line.t <= interval.to)
          .map((line) => (
            <div
              key={line.kind}
              className={`lane-line lane-line-${line.kind}`}
              style={{ insetInlineStart: percent(line.t, interval) }}
            />
          ))}
        {drag.shown && <div className="lane-drag" style={drag.shown} />}
      </div>
    </div>
  );
}

function LaneMarks<T extends LaneItem>(
  props: LanesProps<T> & { lane: LaneSpec<T>; width: number },
): ReactNode {
  const { lane, interval, width, selected } = props;
  const marks = useMemo(
    () => (width > 0 ? clusters(lane.items, interval, width, { apart: selected, least: 24 }) : []),
    [lane.items, interval, width, selected],
  );
  const most = Math.max(1, ...(lane.buckets ?? []).map((bucket) => bucket.count));
  const nothing = marks.length === 0 && !lane.buckets?.length && !lane.spans;
  return (
    <>
      {lane.buckets?.map((bucket) => (
        <Bucket key={bucket.t} bucket={bucket} most={most} {...props} />
      ))}
      {lane.spans &&
        lane.items.map((item) => (
          <Span key={item.id} item={item} text={lane.spans?.(item)} interval={interval} />
        ))}
      {marks.map((mark) => {
        const first = mark.items[0];
        if (!first) return null;
        const single = mark.items.length === 1;
        const chosen = single && first.id === selected;
        const strong = mark.items.some((item) => props.strong?.(item));
        return (
          <button
            key={first.id}
            type="button"
            className={`mark ${single ? "" : "mark-many"} ${chosen ? "mark-chosen" : ""} ${strong ? "mark-strong" : ""}`}
            style={{ insetInlineStart: percent(mark.t, interval), color: TONES[mark.severity] }}
            aria-label={
              single
                ? `${lane.label}, ${props.formatTime(first.t)}: ${first.title}`
                : `${lane.label}: ${mark.items.length} items from ${props.formatTime(first.t)}; zoom in`
            }
            aria-pressed={single ? chosen : undefined}
            title={single ? first.title : titles(mark.items)}
            onClick={() => {
              const narrow = zoomOf(mark);
              if (single) props.onSelect(chosen ? undefined : first);
              else if (narrow.to - narrow.from >= interval.to - interval.from) props.onSelect(first);
              else props.onZoom(narrow);
            }}
          >
            {single ? <Sign shape={lane.shape} /> : <span>{mark.items.length}</span>}
          </button>
        );
      })}
      {nothing && <span className="lane-empty">{lane.empty ?? "nothing"}</span>}
    </>
  );
}

function titles(items: readonly LaneItem[]): string {
  const more = items.length > 6 ? `\n… ${items.length - 6} more` : "";
  return (
    items
      .slice(0, 6)
      .map((item) => item.title)
      .join("\n") + more
  );
}

function Bucket<T extends LaneItem>(
  props: LanesProps<T> & {
    lane: LaneSpec<T>;
    bucket: { t: number; tEnd: number; count: number; tone?: Tone };
    most: number;
  },
) {
  const { bucket, interval, lane } = props;
  if (bucket.tEnd < interval.from || bucket.t > interval.to || bucket.count === 0) return null;
  const start = Math.max(0, fraction(bucket.t, interval));
  const end = Math.min(1, fraction(bucket.tEnd, interval));
  const style = {
    insetInlineStart: `${start * 100}%`,
    inlineSize: `max(2px, calc(${(end - start) * 100}% - 1px))`,
    blockSize: `${Math.max(12, (bucket.count / props.most) * 100)}%`,
    background: TONES[bucket.tone ?? "neutral"],
  };
  const text = `${lane.label}, ${props.formatTime(bucket.t)}: ${bucket.count}`;
  if (!lane.onBucket) return <div className="lane-bucket" style={style} title={text} />;
  return (
    <button
      type="button"
      className="lane-bucket"
      style={style}
      title={text}
      aria-label={text}
      onClick={() => lane.onBucket?.(bucket)}
    />
  );
}

function Span({ item, text, interval }: { item: LaneItem; text: string | undefined; interval: Interval }) {
  if (text === undefined) return null;
  const start = Math.max(0, fraction(item.t, interval));
  const end = Math.min(1, fraction(item.tEnd ?? interval.to, interval));
  if (end <= start) return null;
  return (
    <div
      className="lane-span"
      style={{
        insetInlineStart: `${start * 100}%`,
        inlineSize: `${(end - start) * 100}%`,
        borderColor: TONES[item.severity],
      }}
      title={item.title}
    >
      <span className="lane-span-fill" style={{ background: TONES[item.severity] }} />
      <span className="lane-span-text">{text}</span>
    </div>
  );
}

const PATHS: Record<Shape, string> = {
  circle: "M6 1a5 5 0 1 0 0 10a5 5 0 1 0 0-10z",
  square: "M1.5 1.5h9v9h-9z",
  diamond: "M6 .5L11.5 6L6 11.5L.5 6z",
  triangle: "M6 1L11.5 11h-11z",
  hexagon: "M3.2 1.2h5.6L11.6 6L8.8 10.8H3.2L.4 6z",
};

export function Sign({ shape }: { shape: Shape }) {
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      <path d={PATHS[shape]} fill="currentColor" />
    </svg>
  );
}

function percent(t: number, interval: Interval): string {
  return `${Math.min(1, Math.max(0, fraction(t, interval))) * 100}%`;
}

export function useWidth(box: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!box.current) return;
    const element = box.current;
    setWidth(element.clientWidth);
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return width;
}

/** Pointer handlers for choosing a part of the axis; a click without a move is none. */
export function useDragZoom(
  box: { current: HTMLElement | null },
  gutter: number,
  interval: Interval,
  onZoom: (interval: Interval) => void,
) {
  const [span, setSpan] = useState<{ from: number; to: number }>();
  const place = (event: PointerEvent) => {
    const rect = box.current?.getBoundingClientRect();
    const width = (rect?.width ?? 0) - gutter - RIGHT_PADDING;
    return Math.min(1, Math.max(0, (event.clientX - (rect?.left ?? 0) - gutter) / width));
  };
  const at = (part: number) => Math.round(interval.from + part * (interval.to - interval.from));
  const handlers = {
    onPointerDown(event: PointerEvent) {
      if (event.button !== 0 || (event.target as Element).closest("button, .lane-label")) return;
      const part = place(event);
      setSpan({ from: part, to: part });
    },
    onPointerMove(event: PointerEvent) {
      if (!span) return;
      if (event.buttons === 0) return setSpan(undefined);
      event.currentTarget.setPointerCapture(event.pointerId);
      setSpan({ ...span, to: place(event) });
    },
    onPointerUp() {
      if (!span) return;
      setSpan(undefined);
      const [from, to] = [Math.min(span.from, span.to), Math.max(span.from, span.to)];
      if (to - from > 0.005 && at(to) - at(from) >= 1000) onZoom({ from: at(from), to: at(to) });
    },
    onPointerCancel: () => setSpan(undefined),
  };
  const shown = span && {
    insetInlineStart: `${Math.min(span.from, span.to) * 100}%`,
    inlineSize: `${Math.abs(span.to - span.from) * 100}%`,
  };
  return { handlers, shown };
}
