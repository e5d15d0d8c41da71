/** The whole axis in one strip: how much happened when, and which part is shown. A drag shows another part. */
import { useMemo, useRef } from "react";
import { density, fraction, type LaneItem } from "../lib/lanes";
import type { Interval } from "../lib/time";
import { useDragZoom } from "./Lanes";
import { RIGHT_PADDING } from "./plot";

const PARTS = 120;

export function Minimap(props: {
  whole: Interval;
  shown: Interval;
  items: LaneItem[];
  gutter: number;
  onZoom: (interval: Interval) => void;
}) {
  const { whole, shown, gutter } = props;
  const box = useRef<HTMLDivElement>(null);
  const drag = useDragZoom(box, gutter, whole, props.onZoom);
  const parts = useMemo(() => density(props.items, whole, PARTS), [props.items, whole]);
  const most = Math.max(1, ...parts);
  const start = Math.max(0, fraction(shown.from, whole));
  const end = Math.min(1, fraction(shown.to, whole));
  const path = parts.map((n, i) => (n ? `M${i} 20v-${Math.max(2, (n / most) * 18)}h.8V20z` : "")).join("");
  return (
    <div ref={box} className="minimap" {...drag.handlers}>
      <div className="lane-label" style={{ inlineSize: gutter - 8 }}>
        All of it
      </div>
      <div className="minimap-plot" style={{ insetInlineStart: gutter, insetInlineEnd: RIGHT_PADDING }}>
        <svg viewBox={`0 0 ${PARTS} 20`} preserveAspectRatio="none" aria-hidden="true">
          <path d={path} fill="currentColor" />
        </svg>
        <div
          className="minimap-window"
          style={{
            insetInlineStart: `${start * 100}%`,
            inlineSize: `${Math.max(0.4, (end - start) * 100)}%`,
          }}
        />
        {drag.shown && <div className="lane-drag" style={drag.shown} />}
      </div>
    </div>
  );
}
