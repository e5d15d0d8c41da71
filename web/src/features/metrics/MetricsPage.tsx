/** Metrics: choose, graph, compute. All of the graph is in the URL. */
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { useMemo, useState } from "react";
import { useGlobals } from "../../app/globals";
import { useGo, useHref, useUrlState } from "../../app/url";
import { csvOf, EMPTY_GRAPH, type Graph } from "../../lib/graph";
import { mathError } from "../../lib/math-lang";
import { CopyAs } from "../../ui/CopyAs";
import { Page } from "../../ui/Page";
import { save } from "../../ui/save";
import { AddToDashboard } from "./AddToDashboard";
import { BrowseTab } from "./BrowseTab";
import { GraphedTab } from "./GraphedTab";
import { GraphView, useDrawn } from "./GraphView";
import { OptionsTab } from "./OptionsTab";
import { QueryTab } from "./QueryTab";
import { SourceTab } from "./SourceTab";
import { graphParam, SHAPE, type Tab } from "./state";
import { toggled } from "./toggled";

export default function MetricsPage() {
  const [state, setState] = useUrlState(SHAPE);
  const { g: graph } = state;
  const go = useGo();
  const href = useHref();
  const { query } = useDrawn(graph);
  const error = useMemo(() => (query.error ? mathError(query.error.message) : undefined), [query.error]);
  const setGraph = (next: Graph, typing = false) => setState({ g: next }, { replace: typing });
  const toAlarm = (id: string) => go(href("/alarms/new", { g: String(graphParam.write(graph)), watch: id }));
  return (
    <Page
      title="Metrics"
      description="Browse, graph and compute; what is graphed stays in the address"
      timed
      actions={<Actions graph={graph} onAlarm={toAlarm} />}
    >
      <SpaceBetween size="l">
        <Container
          header={
            <Header
              variant="h2"
              actions={
                graph.series.length > 0 && (
                  <Button onClick={() => setState({ g: EMPTY_GRAPH })}>Clear graph</Button>
                )
              }
            >
              {graph.title || "Graph"}
            </Header>
          }
        >
          <GraphView title={graph.title || "Graph"} graph={graph} />
        </Container>
        <Tabs
          activeTabId={state.tab}
          onChange={({ detail }) => setState({ tab: detail.activeTabId as Tab })}
          tabs={[
            {
              id: "browse",
              label: "Browse",
              content: (
                <BrowseTab
                  q={state.q}
                  namespace={state.namespace}
                  dims={state.dims}
                  series={graph.series}
                  onPlace={(place, typing) => setState(place, { replace: typing ?? false })}
                  onToggle={(metrics, on) => setGraph(toggled(graph, metrics, on))}
                />
              ),
            },
            {
              id: "graphed",
              label: `Graphed metrics (${graph.series.length})`,
              content: <GraphedTab graph={graph} error={error} onChange={setGraph} onAlarm={toAlarm} />,
            },
            { id: "query", label: "Query", content: <QueryTab graph={graph} onChange={setGraph} /> },
            { id: "options", label: "Options", content: <OptionsTab graph={graph} onChange={setGraph} /> },
            { id: "source", label: "Source", content: <SourceTab graph={graph} onChange={setGraph} /> },
          ]}
        />
      </SpaceBetween>
    </Page>
  );
}

function Actions({ graph, onAlarm }: { graph: Graph; onAlarm: (id: string) => void }) {
  const href = useHref();
  const { interval, region } = useGlobals();
  const { drawn, queries } = useDrawn(graph);
  const [adding, setAdding] = useState(false);
  const none = graph.series.length === 0;
  const first = graph.series.find((one) => !one.hidden)?.id;
  const input = {
    MetricDataQueries: queries,
    StartTime: interval.from / 1000,
    EndTime: interval.to / 1000,
    ScanBy: "TimestampAscending" as const,
  };
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <ButtonDropdown
        disabled={none}
        items={[
          { id: "alarm", text: "Create alarm", iconName: "notification" },
          { id: "dashboard", text: "Add to dashboard", iconName: "grid-view" },
          { id: "csv", text: "Download CSV", iconName: "download" },
          {
            id: "investigate",
            text: "Investigate this range",
            iconName: "zoom-in",
            href: href("/incident", { from: String(interval.from), to: String(interval.to) }),
          },
        ]}
        onItemClick={({ detail }) => {
          if (detail.id === "alarm" && first) onAlarm(first);
          if (detail.id === "dashboard") setAdding(true);
          if (detail.id === "csv") save("metrics.csv", csvOf(drawn), "text/csv");
        }}
      >
        Actions
      </ButtonDropdown>
      {!none && <CopyAs service="cloudwatch" operation="GetMetricData" input={input} />}
      {adding && (
        <AddToDashboard
          graph={{ ...graph, region: graph.region ?? region }}
          onClose={() => setAdding(false)}
        />
      )}
    </SpaceBetween>
  );
}
