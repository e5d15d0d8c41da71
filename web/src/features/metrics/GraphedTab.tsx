/** The series of the graph: what each is, how it is computed and drawn. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Checkbox from "@cloudscape-design/components/checkbox";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { type Graph, nextId, type Series, seriesName, trimmed } from "../../lib/graph";
import type { MathError } from "../../lib/math-lang";
import { Empty } from "../../ui/PageStates";
import { seriesColour } from "../../ui/tokens";
import { useSettled } from "./BrowseTab";
import { PERIODS, periodLabel, STATISTICS } from "./state";

const MathEditor = lazy(() => import("../../ui/MathEditor"));

export interface GraphedProps {
  graph: Graph;
  /** What the server says of an expression. */
  error: MathError | undefined;
  onChange: (graph: Graph, typing?: boolean) => void;
  /** Offered per series where it makes sense. */
  onAlarm?: ((id: string) => void) | undefined;
  /** Only what a series is: its period and its looks are somebody else's. */
  plain?: boolean;
}

/** Columns that are about looks. */
const LOOKS = new Set(["period", "axis"]);

export function GraphedTab({ graph, error, onChange, onAlarm, plain }: GraphedProps) {
  const { series } = graph;
  const change = (id: string, part: Partial<Series>, typing?: boolean) =>
    onChange(
      { ...graph, series: series.map((one) => (one.id === id ? trimmed({ ...one, ...part }) : one)) },
      typing,
    );
  const remove = (id: string) => onChange({ ...graph, series: series.filter((one) => one.id !== id) });
  const copy = (one: Series) => {
    const taken = new Set(series.map(({ id }) => id));
    onChange({
      ...graph,
      series: [...series, { ...one, id: nextId(one.expression === undefined ? "m" : "e", taken) }],
    });
  };
  return (
    <SpaceBetween size="s">
      <Table
        variant="borderless"
        contentDensity="compact"
        wrapLines
        items={series}
        trackBy="id"
        ariaLabels={{ tableLabel: "Graphed metrics" }}
        columnDefinitions={columns({ graph, error, change, remove, copy, onAlarm }).filter(
          ({ id }) => !plain || !LOOKS.has(id ?? ""),
        )}
        empty={
          <Empty title="Nothing is graphed yet">Choose metrics under Browse, or add an expression.</Empty>
        }
      />
      <SpaceBetween direction="horizontal" size="xs">
        <Button iconName="add-plus" onClick={() => onChange(withExpression(graph))}>
          Add expression
        </Button>
        {!plain && <Whole graph={graph} onChange={onChange} />}
      </SpaceBetween>
    </SpaceBetween>
  );
}

/** A first expression over what is there, so that it can be read what one looks like. */
export function withExpression(graph: Graph): Graph {
  const id = nextId("e", new Set(graph.series.map((one) => one.id)));
  const metrics = graph.series.filter((one) => one.expression === undefined).map((one) => one.id);
  const expression = metrics.length > 1 ? `SUM([${metrics.join(", ")}])` : `RATE(${metrics[0] ?? "m1"})`;
  return { ...graph, series: [...graph.series, { id, expression, dimensions: [], rest: {} }] };
}

interface Editing {
  graph: Graph;
  error: MathError | undefined;
  change: (id: string, part: Partial<Series>, typing?: boolean) => void;
  remove: (id: string) => void;
  copy: (one: Series) => void;
  onAlarm: ((id: string) => void) | undefined;
}

function columns(editing: Editing): TableProps.ColumnDefinition<Series>[] {
  const { graph, change } = editing;
  const { series } = graph;
  return [
    {
      id: "shown",
      header: "Shown",
      width: 92,
      cell: (one) => (
        <Checkbox
          checked={!one.hidden}
          ariaLabel={`Show ${one.id}`}
          onChange={({ detail }) =>
            change(one.id, { hidden: detail.checked ? undefined : true } as Partial<Series>)
          }
        >
          <span
            className="swatch"
            style={{ background: one.colour ?? seriesColour(drawnIndex(series, one)) }}
          />
          {one.id}
        </Checkbox>
      ),
    },
    {
      id: "details",
      header: "Metric or expression",
      minWidth: 260,
      isRowHeader: true,
      cell: (one) => <Details one={one} editing={editing} />,
    },
    {
      id: "label",
      header: "Label",
      minWidth: 140,
      cell: (one) => (
        <Typed
          value={one.label ?? ""}
          placeholder={seriesName(one, series)}
          label={`Label of ${one.id}`}
          onDone={(label) => change(one.id, { label: label || undefined } as Partial<Series>)}
        />
      ),
    },
    {
      id: "stat",
      header: "Statistic",
      width: 140,
      cell: (one) =>
        one.expression === undefined ? (
          <Choice
            label={`Statistic of ${one.id}`}
            value={one.stat ?? graph.stat ?? "Average"}
            options={STATISTICS}
            onChange={(stat) => change(one.id, { stat })}
          />
        ) : (
          "–"
        ),
    },
    {
      id: "period",
      header: "Period",
      width: 150,
      cell: (one) => (
        <PeriodChoice
          label={`Period of ${one.id}`}
          value={one.period}
          onChange={(period) => change(one.id, { period } as Partial<Series>)}
        />
      ),
    },
    {
      id: "axis",
      header: "Axis",
      width: 104,
      cell: (one) => (
        <Choice
          label={`Axis of ${one.id}`}
          value={one.right ? "right" : "left"}
          options={["left", "right"]}
          onChange={(axis) =>
            change(one.id, { right: axis === "right" ? true : undefined } as Partial<Series>)
          }
        />
      ),
    },
    { id: "actions", header: "Actions", width: 120, cell: (one) => <Actions one={one} editing={editing} /> },
  ];
}

function drawnIndex(series: Series[], one: Series): number {
  return series.filter((other) => !other.hidden || other === one).indexOf(one);
}

function Details({ one, editing }: { one: Series; editing: Editing }) {
  const { graph, change, error } = editing;
  const ids = useMemo(
    () =>
      graph.series
        .filter((other) => other.id !== one.id)
        .map((other) => ({ id: other.id, name: seriesName(other, graph.series) })),
    [graph.series, one.id],
  );
  if (one.expression !== undefined) {
    return (
      <Expression
        id={one.id}
        value={one.expression}
        ids={ids}
        error={error?.id === one.id ? error : undefined}
        onChange={(expression) => change(one.id, { expression }, true)}
      />
    );
  }
  const where = one.dimensions.map(([name, value]) => `${name}: ${value}`).join(", ");
  return (
    <span>
      {one.name}
      <small className="under">
        {one.namespace}
        {where && ` · ${where}`}
      </small>
    </span>
  );
}

/** An expression is asked for when its writer pauses, not with every key. */
function Expression(props: {
  id: string;
  value: string;
  ids: { id: string; name: string }[];
  error: MathError | undefined;
  onChange: (value: string) => void;
}) {
  const { value, error } = props;
  const [text, setText] = useState(value);
  const given = useRef(value);
  const settled = useSettled(text, 350);
  const onChange = useRef(props.onChange);
  useEffect(() => {
    onChange.current = props.onChange;
  });
  useEffect(() => {
    if (settled === given.current) return;
    given.current = settled;
    onChange.current(settled);
  }, [settled]);
  useEffect(() => {
    // Somebody else changed it: undo, the address, the source.
    if (value !== given.current) setText(value);
    given.current = value;
  }, [value]);
  return (
    <Suspense fallback={<span className="mono">{value}</span>}>
      <MathEditor
        single
        value={text}
        label={`Expression ${props.id}`}
        ids={props.ids}
        error={text === value ? error : undefined}
        onChange={setText}
      />
      {error && text === value && (
        <Box color="text-status-error" variant="small">
          {error.message}
        </Box>
      )}
    </Suspense>
  );
}

function Actions({ one, editing }: { one: Series; editing: Editing }) {
  const { onAlarm } = editing;
  return (
    <SpaceBetween direction="horizontal" size="xxs">
      {onAlarm && (
        <Button
          variant="inline-icon"
          iconName="notification"
          ariaLabel={`Create an alarm on ${one.id}`}
          onClick={() => onAlarm(one.id)}
        />
      )}
      <Button
        variant="inline-icon"
        iconName="copy"
        ariaLabel={`Duplicate ${one.id}`}
        onClick={() => editing.copy(one)}
      />
      <Button
        variant="inline-icon"
        iconName="remove"
        ariaLabel={`Remove ${one.id}`}
        onClick={() => editing.remove(one.id)}
      />
    </SpaceBetween>
  );
}

/** Statistic and period of all series at once. */
function Whole({ graph, onChange }: Pick<GraphedProps, "graph" | "onChange">) {
  const metrics = graph.series.filter((one) => one.expression === undefined);
  if (metrics.length < 2) return null;
  const all = (part: (one: Series) => Partial<Series>) =>
    onChange({ ...graph, series: graph.series.map((one) => trimmed({ ...one, ...part(one) })) });
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <ButtonDropdown
        expandToViewport
        items={STATISTICS.map((id) => ({ id, text: id }))}
        onItemClick={({ detail }) => all((one) => (one.expression === undefined ? { stat: detail.id } : {}))}
      >
        Statistic of all
      </ButtonDropdown>
      <ButtonDropdown
        expandToViewport
        items={PERIODS.map(({ value, label }) => ({ id: String(value), text: label }))}
        onItemClick={({ detail }) => all(() => ({ period: Number(detail.id) }))}
      >
        Period of all
      </ButtonDropdown>
    </SpaceBetween>
  );
}

export function Choice(props: {
  label: string;
  value: string;
  options: string[];
  onChange: (value: string) => void;
}) {
  const known = props.options.includes(props.value) ? props.options : [props.value, ...props.options];
  return (
    <Select
      ariaLabel={props.label}
      selectedOption={{ value: props.value }}
      options={known.map((value) => ({ value }))}
      onChange={({ detail }) => props.onChange(detail.selectedOption.value ?? props.value)}
      expandToViewport
    />
  );
}

export function PeriodChoice(props: {
  label: string;
  value: number | undefined;
  onChange: (value: number | undefined) => void;
  least?: number;
  /** Without the automatic period. */
  fixed?: boolean;
}) {
  const options = [
    ...(props.fixed ? [] : [{ value: "", label: "Automatic" }]),
    ...PERIODS.filter(({ value }) => value >= (props.least ?? 0)).map(({ value, label }) => ({
      value: String(value),
      label,
    })),
  ];
  const selected = props.value ? { value: String(props.value), label: periodLabel(props.value) } : options[0];
  return (
    <Select
      ariaLabel={props.label}
      selectedOption={selected ?? null}
      options={options}
      onChange={({ detail }) =>
        props.onChange(detail.selectedOption.value ? Number(detail.selectedOption.value) : undefined)
      }
      expandToViewport
    />
  );
}

/** A text that counts when it is left, not with every key. */
export function Typed(props: {
  value: string;
  placeholder?: string;
  label: string;
  onDone: (value: string) => void;
}) {
  const [typed, setTyped] = useState<string>();
  const done = () => {
    if (typed !== undefined && typed !== props.value) props.onDone(typed);
    setTyped(undefined);
  };
  return (
    <Input
      value={typed ?? props.value}
      placeholder={props.placeholder ?? ""}
      ariaLabel={props.label}
      onChange={({ detail }) => setTyped(detail.value)}
      onBlur={done}
      onKeyDown={({ detail }) => {
        if (detail.key === "Enter") done();
      }}
    />
  );
}
