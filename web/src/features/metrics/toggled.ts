import { type Graph, nextId, type Series } from "../../lib/graph";
import { type Chosen, keyOf } from "./BrowseTab";

/** The graph with metrics more or fewer. */
export function toggled(graph: Graph, metrics: Chosen[], on: boolean): Graph {
  const keys = new Set(metrics.map(keyOf));
  if (!on) {
    const stays = (one: Series) =>
      one.expression !== undefined ||
      !keys.has(keyOf({ ...one, namespace: one.namespace ?? "", name: one.name ?? "" }));
    return { ...graph, series: graph.series.filter(stays) };
  }
  const series = [...graph.series];
  for (const metric of metrics) {
    const id = nextId("m", new Set(series.map((one) => one.id)));
    series.push({ ...metric, id, rest: {} });
  }
  return { ...graph, series };
}
