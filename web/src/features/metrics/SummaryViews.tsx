/** A graph as numbers, bars or a table of its last values: what fits a small widget. */
import Box from "@cloudscape-design/components/box";
import Table from "@cloudscape-design/components/table";
import { formatNumber } from "../../lib/format";
import { type Axis, type Drawn, lastOf } from "../../lib/graph";
import { seriesColour } from "../../ui/tokens";
import "./metrics.css";

export function Numbers({ drawn, gauge }: { drawn: Drawn[]; gauge?: Axis | undefined }) {
  return (
    <div className="numbers">
      {drawn.map((one, index) => {
        const last = lastOf(one);
        return (
          <div key={one.id} className="number">
            <Box fontSize={drawn.length > 1 ? "heading-xl" : "display-l"} fontWeight="light" variant="span">
              {last ? formatNumber(last.value) : "–"}
            </Box>
            {gauge && last && (
              <meter min={gauge.min ?? 0} max={gauge.max ?? 100} value={last.value} aria-label={one.label} />
            )}
            <Box variant="small" display="block">
              <span className="swatch" style={{ background: one.colour ?? seriesColour(index) }} />
              {one.label}
              {last?.before !== undefined && <Change from={last.before} to={last.value} />}
            </Box>
          </div>
        );
      })}
    </div>
  );
}

function Change({ from, to }: { from: number; to: number }) {
  if (from === to || from === 0) return null;
  const percent = ((to - from) / Math.abs(from)) * 100;
  return (
    <span>
      {" "}
      {percent > 0 ? "▲" : "▼"} {formatNumber(Math.abs(percent))} %
    </span>
  );
}

/** Last values as bars, the largest first; shares of the sum beside them. */
export function Bars({ title, drawn }: { title: string; drawn: Drawn[] }) {
  const rows = drawn
    .map((one, index) => ({ ...one, colour: one.colour ?? seriesColour(index), value: lastOf(one)?.value }))
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const most = Math.max(...rows.map((row) => Math.abs(row.value ?? 0)), 0) || 1;
  return (
    <table className="bars">
      <caption className="visually-hidden">{title}</caption>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <th scope="row">{row.label}</th>
            <td className="bar-cell">
              <div
                className="bar"
                style={{
                  background: row.colour,
                  inlineSize: `${(Math.abs(row.value ?? 0) / most) * 100}%`,
                }}
              />
            </td>
            <td>{row.value === undefined ? "–" : formatNumber(row.value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Values({ title, drawn }: { title: string; drawn: Drawn[] }) {
  return (
    <Table
      variant="borderless"
      contentDensity="compact"
      items={drawn}
      trackBy="id"
      ariaLabels={{ tableLabel: title }}
      columnDefinitions={[
        { id: "label", header: "Series", cell: (one) => one.label, isRowHeader: true },
        { id: "last", header: "Last", cell: (one) => shownOf(lastOf(one)?.value) },
        { id: "min", header: "Minimum", cell: (one) => shownOf(edge(one, Math.min)) },
        { id: "max", header: "Maximum", cell: (one) => shownOf(edge(one, Math.max)) },
      ]}
      empty="No data"
    />
  );
}

const shownOf = (value: number | undefined) => (value === undefined ? "–" : formatNumber(value));

function edge(one: Drawn, choose: (a: number, b: number) => number): number | undefined {
  const known = one.v.filter((value) => value !== null);
  return known.length ? known.reduce((a, b) => choose(a, b)) : undefined;
}
