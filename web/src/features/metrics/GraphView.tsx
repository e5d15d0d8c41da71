/** A graph as it is drawn everywhere: on the Metrics page, on dashboards, in the preview of an alarm. */
import Box from "@cloudscape-design/components/box";
import { useEffect, useMemo, useState } from "react";
import { useGlobals } from "../../app/globals";
import { formatNumber } from "../../lib/format";
import { type Drawn, drawnOf, type Graph, queriesOf } from "../../lib/graph";
import { type Interval, periodFor } from "../../lib/time";
import { Failed, Loading } from "../../ui/PageStates";
import { type Threshold, type TimeBand, TimeSeriesChart } from "../../ui/TimeSeriesChart";
import { useMetricData } from "./queries";
import { Bars, Numbers, Values } from "./SummaryViews";

export interface GraphViewProps {
  title: string;
  graph: Graph;
  height?: number;
  interval?: Interval | undefined;
  thresholds?: Threshold[];
  bands?: TimeBand[];
  legend?: boolean;
  bare?: boolean;
  syncKey?: string;
  onZoom?: (interval: Interval) => void;
}

const NO_LINES: Threshold[] = [];

/** The lines of a graph over the console's range. */
export function useDrawn(graph: Graph, interval?: Interval) {
  const globals = useGlobals();
  const period = periodFor(interval ?? globals.interval);
  const queries = useMemo(() => queriesOf(graph, period), [graph, period]);
  const query = useMetricData(queries, { region: graph.region, interval });
  const drawn = useMemo(() => drawnOf(graph, query.data ?? [], period), [graph, query.data, period]);
  return { drawn, query, period, queries };
}

export function GraphView(props: GraphViewProps) {
  const { graph, title } = props;
  const { drawn, query } = useDrawn(graph, props.interval);
  const before = useBefore(drawn, query.data !== undefined);
  if (graph.series.length === 0) {
    return (
      <Box textAlign="center" color="text-body-secondary" padding="l">
        No metrics are selected.
      </Box>
    );
  }
  if (query.isPending) return <Loading />;
  if (query.error) {
    return (
      <>
        <Failed error={query.error} doing="This cannot be drawn" retry={() => void query.refetch()} />
        {before && <Shown {...props} title={`${title}, before the last change`} drawn={before} />}
      </>
    );
  }
  return <Shown {...props} title={title} drawn={drawn} />;
}

/** What was drawn last: a mistake in an expression does not take the graph away. */
function useBefore(drawn: Drawn[], good: boolean): Drawn[] | undefined {
  const [before, setBefore] = useState<Drawn[]>();
  useEffect(() => {
    if (good) setBefore(drawn);
  }, [drawn, good]);
  return before;
}

function Shown({ drawn, ...props }: GraphViewProps & { drawn: Drawn[] }) {
  const { graph, title, thresholds = NO_LINES } = props;
  const lines = useMemo<Threshold[]>(
    () => [
      ...thresholds,
      ...graph.lines.map((line) => ({
        value: line.value,
        label: line.label || formatNumber(line.value),
        tone: "info" as const,
        ...(line.fill === "above" || line.fill === "below" ? { fill: line.fill as "above" | "below" } : {}),
      })),
    ],
    [thresholds, graph.lines],
  );
  if (graph.view === "singleValue" || graph.view === "gauge") {
    return <Numbers drawn={drawn} gauge={graph.view === "gauge" ? graph.left : undefined} />;
  }
  if (graph.view === "bar" || graph.view === "pie") return <Bars title={title} drawn={drawn} />;
  if (graph.view === "table") return <Values title={title} drawn={drawn} />;
  const { min, max } = graph.left;
  return (
    <TimeSeriesChart
      title={title}
      series={drawn}
      kind={graph.stacked ? "stacked" : "line"}
      height={props.height ?? 320}
      thresholds={lines}
      fixed={{ ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }}
      {...(props.interval ? { interval: props.interval } : {})}
      {...(props.bands ? { bands: props.bands } : {})}
      {...(props.legend === undefined ? {} : { legend: props.legend })}
      {...(props.bare ? { bare: true } : {})}
      {...(props.syncKey ? { syncKey: props.syncKey } : {})}
      {...(props.onZoom ? { onZoom: props.onZoom } : {})}
    />
  );
}
