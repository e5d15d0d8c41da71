/** A query's answer as a list of events, a table or a chart. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMemo, useState } from "react";
import { useFormatTime } from "../../app/globals";
import type { Answered } from "../../app/insights";
import { useAws } from "../../app/queries";
import { useHref } from "../../app/url";
import { insightsTime, jsonFields, type Row, seriesOf } from "../../lib/insights";
import { segment } from "../../lib/url";
import { Download } from "../../ui/Download";
import { LaterChart } from "../../ui/LaterChart";
import { Empty, Loadable } from "../../ui/PageStates";
import { ValueActions } from "../../ui/ValueActions";
import { VirtualLog } from "../../ui/VirtualLog";
import type { FieldActions } from "./FieldsPanel";
import { LogLine } from "./LogLine";

type View = "list" | "table" | "chart";

interface Props extends FieldActions {
  answered: Answered;
  view: View | "";
  groups: string[];
  onView: (view: View) => void;
}

export function InsightsResults(props: Props) {
  const { rows, columns } = props.answered;
  const series = useMemo(() => seriesOf(rows, columns), [rows, columns]);
  const ofEvents = rows[0]?.["@ptr"] !== undefined;
  const lines = !ofEvents && series !== undefined && series.length > 0;
  const view = props.view || (ofEvents ? "list" : lines ? "chart" : "table");
  if (rows.length === 0) {
    return (
      <Empty title="Nothing matches in this time range">
        Choose a longer time range, or remove a filter.
      </Empty>
    );
  }
  return (
    <SpaceBetween size="xs">
      <SpaceBetween direction="horizontal" size="xs">
        <SegmentedControl
          label="Results as"
          selectedId={view}
          onChange={({ detail }) => props.onView(detail.selectedId as View)}
          options={[
            { id: "list", text: "List" },
            { id: "table", text: "Table" },
            { id: "chart", text: "Chart", disabled: !lines },
          ]}
        />
        <Download name="insights" columns={columns} rows={() => rows.map(({ "@ptr": _, ...row }) => row)} />
      </SpaceBetween>
      {view === "list" && <List {...props} />}
      {view === "table" && <Cells {...props} />}
      {view === "chart" && series && (
        <LaterChart
          title="Query results"
          kind={series.length > 1 ? "line" : "area"}
          height={360}
          series={series.slice(0, 100)}
        />
      )}
    </SpaceBetween>
  );
}

const keyOf = (row: Keyed) => String(row.index);

interface Keyed {
  index: number;
  row: Row;
}

function useKeyed(rows: Row[]): Keyed[] {
  return useMemo(() => rows.map((row, index) => ({ row, index })), [rows]);
}

function List({ answered, onAdd, onFilter, groups }: Props) {
  const keyed = useKeyed(answered.rows);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const toggle = (index: number) => {
    const next = new Set(open);
    if (!next.delete(index)) next.add(index);
    setOpen(next);
  };
  return (
    <VirtualLog<Keyed>
      key={answered.tookMs}
      label="Results"
      height={560}
      items={keyed}
      keyOf={keyOf}
      row={({ row, index }) => (
        <LogLine
          time={row["@timestamp"] ?? ""}
          message={lineOf(row)}
          open={open.has(index)}
          onToggle={() => toggle(index)}
        >
          <Record row={row} groups={groups} onAdd={onAdd} onFilter={onFilter} />
        </LogLine>
      )}
    />
  );
}

function lineOf(row: Row): string {
  const others = Object.entries(row).filter(([name]) => name !== "@timestamp" && name !== "@ptr");
  const only = others.length === 1 ? others[0]?.[1] : undefined;
  return only ?? others.map(([name, value]) => (name === "@message" ? value : `${name}=${value}`)).join("  ");
}

/** All fields of the event behind a row, from GetLogRecord; of the row itself where it is no event. */
function Record({ row, groups, onAdd, onFilter }: FieldActions & { row: Row; groups: string[] }) {
  const pointer = row["@ptr"];
  const record = useAws(
    "logs",
    "GetLogRecord",
    { logRecordPointer: pointer ?? "" },
    { enabled: pointer !== undefined, keep: false },
  );
  if (!pointer) return <Fields row={row} onAdd={onAdd} onFilter={onFilter} />;
  return (
    <Loadable query={record}>
      {({ logRecord = {} }) => (
        <SpaceBetween size="xs">
          <Around row={{ ...logRecord, ...row }} groups={groups} />
          <Fields
            row={{ ...jsonFields(logRecord["@message"]), ...logRecord, ...row }}
            onAdd={onAdd}
            onFilter={onFilter}
          />
        </SpaceBetween>
      )}
    </Loadable>
  );
}

function Around({ row, groups }: { row: Row; groups: string[] }) {
  const href = useHref();
  const group = row["@log"]?.split(":").at(-1) ?? (groups.length === 1 ? groups[0] : undefined);
  const written = row["@timestamp"] ?? "";
  const at = /^\d+$/.test(written) ? Number(written) : insightsTime(written);
  const stream = row["@logStream"];
  if (!group || !stream || at === undefined) return null;
  return (
    <Button
      variant="inline-link"
      href={href(`/logs/groups/${segment(group)}/streams/${segment(stream)}`, { at })}
    >
      What stands around it in {stream}
    </Button>
  );
}

function Fields({ row, onAdd, onFilter }: FieldActions & { row: Row }) {
  const formatTime = useFormatTime();
  const shown = Object.entries(row).filter(([name]) => name !== "@ptr");
  return (
    <dl className="record">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt className="mono">{name}</dt>
          <dd className="mono breaks">
            {/^@(timestamp|ingestionTime)$/.test(name) && /^\d{13}$/.test(value)
              ? formatTime(Number(value), { ms: true })
              : value}
          </dd>
          <span>
            <Button
              variant="inline-icon"
              iconName="add-plus"
              ariaLabel={`Add ${name} to the query's fields`}
              onClick={() => onAdd(name)}
            />
            <ValueActions name={name} value={value} onFilter={onFilter} />
          </span>
        </div>
      ))}
    </dl>
  );
}

/** Rows and columns; only what is in view is in the page. */
function Cells({ answered }: Props) {
  const keyed = useKeyed(answered.rows);
  const { columns } = answered;
  const template = columns
    .map((name) => (name === "@message" ? "minmax(320px, 4fr)" : "minmax(120px, 1fr)"))
    .join(" ");
  const style = { gridTemplateColumns: template };
  return (
    <div className="cells-box">
      <div className="cells cells-head" style={style}>
        {columns.map((name) => (
          <Box key={name} variant="strong">
            {name}
          </Box>
        ))}
      </div>
      <VirtualLog<Keyed>
        key={answered.tookMs}
        label="Results as a table"
        height={520}
        items={keyed}
        keyOf={keyOf}
        row={({ row }) => (
          <div className="cells mono" style={style}>
            {columns.map((name) => (
              <span key={name} title={row[name]}>
                {row[name] ?? "–"}
              </span>
            ))}
          </div>
        )}
      />
    </div>
  );
}
