/** Metric math as a query: written, run, seen, and taken into the graph. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { lazy, Suspense, useMemo, useState } from "react";
import { type Graph, nextId, type Series, seriesName } from "../../lib/graph";
import { FUNCTIONS, mathError } from "../../lib/math-lang";
import { Loading } from "../../ui/PageStates";
import { GraphView, useDrawn } from "./GraphView";

const MathEditor = lazy(() => import("../../ui/MathEditor"));

export function QueryTab({ graph, onChange }: { graph: Graph; onChange: (graph: Graph) => void }) {
  const id = useMemo(() => nextId("e", new Set(graph.series.map((one) => one.id))), [graph.series]);
  const [text, setText] = useState("");
  const [run, setRun] = useState("");
  const asked = useMemo(() => queried(graph, id, run), [graph, id, run]);
  const { query } = useDrawn(asked);
  const ids = useMemo(
    () => graph.series.map((one) => ({ id: one.id, name: seriesName(one, graph.series) })),
    [graph.series],
  );
  const error = query.error && run === text ? mathError(query.error.message) : undefined;
  const series: Series = { id, expression: run, dimensions: [], rest: {} };
  return (
    <SpaceBetween size="s">
      <Suspense fallback={<Loading />}>
        <MathEditor
          value={text}
          onChange={setText}
          onRun={() => setRun(text.trim() ? text : "")}
          label="Metric math query"
          ids={ids}
          error={error}
        />
      </Suspense>
      <SpaceBetween direction="horizontal" size="xs" alignItems="center">
        <Button
          variant="primary"
          disabled={!text.trim()}
          loading={run !== "" && query.isFetching}
          onClick={() => setRun(text)}
        >
          Run
        </Button>
        <Button
          disabled={!run || run !== text || Boolean(query.error)}
          onClick={() => {
            onChange({ ...graph, series: [...graph.series, series] });
            setText("");
            setRun("");
          }}
        >
          Add to graph
        </Button>
        <Box color="text-body-secondary" variant="small">
          Ctrl+Enter runs. Series of the graph are known by their ids.
        </Box>
      </SpaceBetween>
      {run && <GraphView title="Result" graph={asked} height={260} />}
      <ExpandableSection headerText="Functions">
        <dl className="functions">
          {FUNCTIONS.map((one) => (
            <div key={one.name}>
              <dt className="mono">{one.signature}</dt>
              <dd>{one.info}</dd>
            </div>
          ))}
        </dl>
      </ExpandableSection>
    </SpaceBetween>
  );
}

/** The query alone, with the graph's series to compute from. */
function queried(graph: Graph, id: string, expression: string): Graph {
  if (!expression) return { ...graph, series: [] };
  const hidden = graph.series.map((one) => ({ ...one, hidden: true }));
  return {
    ...graph,
    view: "timeSeries",
    series: [...hidden, { id, expression, dimensions: [], rest: {} }],
  };
}
