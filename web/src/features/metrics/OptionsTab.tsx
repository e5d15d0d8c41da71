/** How the graph is drawn: kind, axis, horizontal lines. */
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type Axis, type Graph, type Line, trimmed, VIEWS, type View } from "../../lib/graph";
import { PeriodChoice, Typed } from "./GraphedTab";

export const VIEW_NAMES: Record<View, string> = {
  timeSeries: "Line",
  singleValue: "Number",
  bar: "Bar",
  pie: "Shares",
  gauge: "Gauge",
  table: "Table",
};

const SHOWN = [
  { value: "timeSeries", label: VIEW_NAMES.timeSeries },
  { value: "stacked", label: "Stacked area" },
  ...VIEWS.slice(1).map((value) => ({ value, label: VIEW_NAMES[value] })),
];

export interface OptionsProps {
  graph: Graph;
  onChange: (graph: Graph) => void;
}

export function OptionsTab({ graph, onChange }: OptionsProps) {
  const axis = (part: Partial<Axis>) => onChange({ ...graph, left: trimmed({ ...graph.left, ...part }) });
  const shown = graph.view === "timeSeries" && graph.stacked ? "stacked" : graph.view;
  return (
    <SpaceBetween size="l">
      <ColumnLayout columns={3}>
        <FormField label="Shown as">
          <Select
            selectedOption={SHOWN.find(({ value }) => value === shown) ?? null}
            options={SHOWN}
            onChange={({ detail: { selectedOption } }) => {
              const stacked = selectedOption.value === "stacked";
              onChange({ ...graph, stacked, view: stacked ? "timeSeries" : (selectedOption.value as View) });
            }}
          />
        </FormField>
        <FormField label="Title">
          <Typed
            value={graph.title ?? ""}
            label="Title"
            placeholder="Graph"
            onDone={(title) => onChange(trimmed({ ...graph, title: title || undefined }) as Graph)}
          />
        </FormField>
        <FormField label="Period of series without one">
          <PeriodChoice
            label="Period"
            value={graph.period}
            onChange={(period) => onChange(trimmed({ ...graph, period }) as Graph)}
          />
        </FormField>
        <FormField label="Axis from">
          <Typed
            value={String(graph.left.min ?? "")}
            label="Least value of the axis"
            placeholder="Automatic"
            onDone={(value) => axis({ min: numeric(value) } as Partial<Axis>)}
          />
        </FormField>
        <FormField label="Axis to">
          <Typed
            value={String(graph.left.max ?? "")}
            label="Greatest value of the axis"
            placeholder="Automatic"
            onDone={(value) => axis({ max: numeric(value) } as Partial<Axis>)}
          />
        </FormField>
      </ColumnLayout>
      <Lines lines={graph.lines} onChange={(lines) => onChange({ ...graph, lines })} />
    </SpaceBetween>
  );
}

/** A typed number; undefined for anything else. */
export function numeric(value: string): number | undefined {
  const number = Number(value);
  return value.trim() !== "" && Number.isFinite(number) ? number : undefined;
}

function Lines({ lines, onChange }: { lines: Line[]; onChange: (lines: Line[]) => void }) {
  const change = (index: number, part: Partial<Line>) =>
    onChange(lines.map((line, at) => (at === index ? trimmed({ ...line, ...part }) : line)));
  return (
    <FormField label="Horizontal lines" stretch>
      <SpaceBetween size="xs">
        {lines.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no names, and none is inserted between others
          <SpaceBetween key={index} direction="horizontal" size="xs" alignItems="center">
            <Typed
              value={line.label ?? ""}
              label={`Label of line ${index + 1}`}
              placeholder="Label"
              onDone={(label) => change(index, { label })}
            />
            <Typed
              value={String(line.value)}
              label={`Value of line ${index + 1}`}
              onDone={(value) => change(index, { value: numeric(value) ?? line.value })}
            />
            <Checkbox
              checked={line.fill === "above"}
              onChange={({ detail }) =>
                change(index, { fill: detail.checked ? "above" : undefined } as Partial<Line>)
              }
            >
              Shade above
            </Checkbox>
            <Button
              variant="icon"
              iconName="remove"
              ariaLabel={`Remove line ${index + 1}`}
              onClick={() => onChange(lines.filter((_, at) => at !== index))}
            />
          </SpaceBetween>
        ))}
        <Button iconName="add-plus" onClick={() => onChange([...lines, { value: 0, label: "" }])}>
          Add line
        </Button>
      </SpaceBetween>
    </FormField>
  );
}
