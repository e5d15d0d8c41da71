/** The editor of one widget, in the split panel; the dashboard above it is the preview. */
import FormField from "@cloudscape-design/components/form-field";
import Multiselect from "@cloudscape-design/components/multiselect";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import Textarea from "@cloudscape-design/components/textarea";
import { lazy, Suspense, useMemo, useState } from "react";
import { useGlobals } from "../../app/globals";
import { usePages } from "../../app/queries";
import { DetailPanel } from "../../app/splitPanel";
import { type Graph, graphOf, propertiesOf } from "../../lib/graph";
import { syntaxError } from "../../lib/json-path";
import { mathError } from "../../lib/math-lang";
import {
  alarmNameOf,
  type Board,
  logQueryOf,
  logQueryText,
  titleOf,
  type Widget,
  withProperties,
} from "../../lib/widget";
import { Loading } from "../../ui/PageStates";
import { useAlarms } from "../alarms/queries";
import { BrowseTab } from "../metrics/BrowseTab";
import { GraphedTab, Typed } from "../metrics/GraphedTab";
import { useDrawn } from "../metrics/GraphView";
import { OptionsTab } from "../metrics/OptionsTab";
import { toggled } from "../metrics/toggled";

const JsonEditor = lazy(() => import("../../ui/JsonEditor"));

type Properties = Record<string, unknown>;

export interface WidgetEditorProps {
  widget: Widget;
  board: Board;
  onChange: (board: Board) => void;
  onClose: () => void;
}

export function WidgetEditor({ widget, board, onChange, onClose }: WidgetEditorProps) {
  const change = (properties: Properties, type = widget.type) =>
    onChange(withProperties(board, widget.key, type, properties));
  return (
    <DetailPanel header={`Edit ${titleOf(widget)}`} onClose={onClose}>
      <Form widget={widget} change={change} />
    </DetailPanel>
  );
}

interface FormProps {
  widget: Widget;
  change: (properties: Properties, type?: string) => void;
}

function Form(props: FormProps) {
  switch (props.widget.type) {
    case "metric":
      return <MetricForm {...props} />;
    case "text":
      return <TextForm {...props} />;
    case "log":
      return <LogForm {...props} />;
    case "alarm":
      return <AlarmForm {...props} />;
    default:
      return <SourceForm {...props} />;
  }
}

function MetricForm({ widget, change }: FormProps) {
  const graph = useMemo(() => graphOf(widget.properties), [widget.properties]);
  const { query } = useDrawn(graph);
  const error = useMemo(() => (query.error ? mathError(query.error.message) : undefined), [query.error]);
  const [place, setPlace] = useState({ q: "", namespace: "", dims: [] as string[] });
  const { region } = useGlobals();
  const setGraph = (next: Graph) => change(propertiesOf({ ...next, region: next.region ?? region }));
  const [tab, setTab] = useState(graph.series.length ? "graphed" : "browse");
  return (
    <Tabs
      activeTabId={tab}
      onChange={({ detail }) => setTab(detail.activeTabId)}
      tabs={[
        {
          id: "browse",
          label: "Browse",
          content: (
            <BrowseTab
              {...place}
              series={graph.series}
              onPlace={(next) => setPlace((old) => ({ ...old, ...next }))}
              onToggle={(metrics, on) => setGraph(toggled(graph, metrics, on))}
            />
          ),
        },
        {
          id: "graphed",
          label: `Graphed metrics (${graph.series.length})`,
          content: <GraphedTab graph={graph} error={error} onChange={setGraph} />,
        },
        { id: "options", label: "Options", content: <OptionsTab graph={graph} onChange={setGraph} /> },
        { id: "source", label: "Source", content: <SourceForm widget={widget} change={change} /> },
      ]}
    />
  );
}

function TextForm({ widget, change }: FormProps) {
  return (
    <FormField
      label="Markdown"
      description="Headings, lists, tables, links, code; HTML is shown as text"
      stretch
    >
      <Textarea
        value={String(widget.properties.markdown ?? "")}
        rows={10}
        onChange={({ detail }) => change({ ...widget.properties, markdown: detail.value })}
      />
    </FormField>
  );
}

const LOG_VIEWS = [
  { id: "table", text: "Table" },
  { id: "timeSeries", text: "Line" },
  { id: "bar", text: "Bar" },
];

function LogForm({ widget, change }: FormProps) {
  const { properties } = widget;
  const { groups, query } = logQueryOf(String(properties.query ?? ""));
  const all = usePages("logs", "DescribeLogGroups", {}, (page) => page.logGroups, {
    token: "nextToken",
    upTo: 500,
  });
  const [typed, setTyped] = useState<string>();
  const put = (names: string[], text: string) => change({ ...properties, query: logQueryText(names, text) });
  return (
    <SpaceBetween size="m">
      <TitleField widget={widget} change={change} />
      <FormField label="Log groups" stretch>
        <Multiselect
          selectedOptions={groups.map((value) => ({ value, label: value }))}
          options={all.items.map(({ logGroupName = "" }) => ({ value: logGroupName, label: logGroupName }))}
          filteringType="auto"
          placeholder="Choose log groups"
          onChange={({ detail }) =>
            put(
              detail.selectedOptions.map(({ value = "" }) => value),
              query,
            )
          }
        />
      </FormField>
      <FormField label="Query" description="Runs when you leave the field" stretch>
        <Textarea
          value={typed ?? query}
          rows={4}
          spellcheck={false}
          onChange={({ detail }) => setTyped(detail.value)}
          onBlur={() => {
            if (typed !== undefined && typed !== query) put(groups, typed);
            setTyped(undefined);
          }}
        />
      </FormField>
      <SegmentedControl
        label="Shown as"
        selectedId={LOG_VIEWS.some(({ id }) => id === properties.view) ? String(properties.view) : "table"}
        options={LOG_VIEWS}
        onChange={({ detail }) => change({ ...properties, view: detail.selectedId })}
      />
    </SpaceBetween>
  );
}

function AlarmForm({ widget, change }: FormProps) {
  const alarms = useAlarms();
  const { properties } = widget;
  const chosen = Array.isArray(properties.alarms) ? properties.alarms.map(String) : [];
  return (
    <SpaceBetween size="m">
      <TitleField widget={widget} change={change} />
      <FormField label="Alarms" stretch>
        <Multiselect
          selectedOptions={chosen.map((arn) => ({ value: arn, label: alarmNameOf(arn) }))}
          options={alarms.items.map(({ AlarmArn = "", AlarmName = "" }) => ({
            value: AlarmArn,
            label: AlarmName,
          }))}
          filteringType="auto"
          placeholder="Choose alarms"
          statusType={alarms.isPending ? "loading" : "finished"}
          onChange={({ detail }) =>
            change({ ...properties, alarms: detail.selectedOptions.map(({ value = "" }) => value) })
          }
        />
      </FormField>
    </SpaceBetween>
  );
}

function TitleField({ widget, change }: FormProps) {
  const { title, ...rest } = widget.properties;
  return (
    <FormField label="Title">
      <Typed
        value={typeof title === "string" ? title : ""}
        label="Title"
        placeholder={titleOf({ ...widget, properties: rest })}
        onDone={(value) => change(value ? { ...widget.properties, title: value } : rest)}
      />
    </FormField>
  );
}

/** The properties themselves; they count as soon as they are an object. */
function SourceForm({ widget, change }: FormProps) {
  const written = useMemo(() => JSON.stringify(widget.properties, null, 2), [widget.properties]);
  const [typed, setTyped] = useState<string>();
  const text = typed ?? written;
  const errors = useMemo(() => {
    const error = syntaxError(text);
    return error ? [error] : [];
  }, [text]);
  const edit = (next: string) => {
    setTyped(next);
    try {
      const value: unknown = JSON.parse(next);
      if (typeof value === "object" && value !== null && !Array.isArray(value)) change(value as Properties);
    } catch {
      // Not yet: the editor says where.
    }
  };
  return (
    <Suspense fallback={<Loading />}>
      <JsonEditor
        value={text}
        onChange={edit}
        label="Properties of the widget"
        errors={errors}
        minLines={8}
      />
    </Suspense>
  );
}
