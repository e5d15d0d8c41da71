/** The words beside a chart: what its colours mean, and the values under the cursor. */
import type { CSSProperties } from "react";

export interface LegendRow {
  id: string;
  label: string;
  colour: string;
}

export function ChartLegend(props: {
  series: LegendRow[];
  hidden: ReadonlySet<string>;
  onToggle: (id: string) => void;
  onOnly: (id: string) => void;
}) {
  return (
    <ul className="chart-legend" aria-label="Legend">
      {props.series.map((one) => (
        <li key={one.id}>
          <button
            type="button"
            aria-pressed={!props.hidden.has(one.id)}
            title="Show or hide; with Ctrl: this one alone"
            onClick={(event) => (event.ctrlKey || event.metaKey ? props.onOnly : props.onToggle)(one.id)}
          >
            <Swatch colour={one.colour} />
            {one.label}
          </button>
        </li>
      ))}
    </ul>
  );
}

export function ChartTip(props: {
  left: number;
  width: number;
  time: string;
  rows: (LegendRow & { text: string })[];
  notes: string[];
}) {
  const onRight = props.left < props.width / 2;
  const style: CSSProperties = onRight
    ? { insetInlineStart: props.left + 76 }
    : { insetInlineEnd: props.width - props.left - 40 };
  return (
    <div className="chart-tip" style={style} aria-live="polite">
      <strong>{props.time}</strong>
      {props.rows.slice(0, 12).map((one) => (
        <div key={one.id}>
          <Swatch colour={one.colour} /> {one.label} <b>{one.text}</b>
        </div>
      ))}
      {props.rows.length > 12 && <div>… {props.rows.length - 12} more</div>}
      {props.notes.map((note) => (
        <div key={note}>{note}</div>
      ))}
    </div>
  );
}

function Swatch({ colour }: { colour: string }) {
  return <span className="swatch" style={{ background: colour }} aria-hidden="true" />;
}
