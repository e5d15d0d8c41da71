/** What the alarm wizard holds: a draft whose queries are edited as a graph with one watched series. */
import type { Draft, DraftField } from "../../lib/alarm";
import { type Graph, queriesOf, trimmed } from "../../lib/graph";

export interface Form extends Draft {
  graph: Graph;
  /** The series that is compared with the threshold. */
  watch: string;
  /** Seconds, of every series. */
  period: number;
}

export interface StepProps {
  form: Form;
  draft: Draft;
  /** Shown errors: empty until somebody wants to go on. */
  errors: Partial<Record<DraftField, string>>;
  change: (part: Partial<Form>) => void;
}

/** The draft with the queries of the graph: all with the same period, one of them returned, none that is not used. */
export function formDraft(form: Form): Draft {
  const { graph, watch, period, ...draft } = form;
  const used = usedBy(graph, watch);
  const series = graph.series
    .filter((one) => used.has(one.id))
    .map((one) => trimmed({ ...one, period, hidden: one.id === watch ? undefined : true }));
  return { ...draft, queries: queriesOf({ ...graph, series: series as Graph["series"] }, period) };
}

/** Ids an expression needs, directly or through others; METRICS() needs all metrics. */
export function usedBy(graph: Graph, watch: string): Set<string> {
  const used = new Set<string>();
  const visit = (id: string) => {
    const one = graph.series.find((series) => series.id === id);
    if (!one || used.has(id)) return;
    used.add(id);
    const text = one.expression ?? "";
    const bare = text.replace(/"[^"]*"|'[^']*'/g, "");
    if (/\bMETRICS\s*\(/.test(text)) {
      for (const other of graph.series) if (other.expression === undefined) visit(other.id);
    }
    for (const [word] of bare.matchAll(/\b[a-z]\w*/g)) visit(word);
  };
  visit(watch);
  return used;
}

const STEPS: [DraftField, number][] = [
  ["queries", 0],
  ["threshold", 1],
  ["needed", 1],
  ["periods", 1],
  ["name", 3],
];

/** The first step with something wrong. */
export function stepOfError(errors: Partial<Record<DraftField, string>>): number | undefined {
  return STEPS.find(([field]) => errors[field])?.[1];
}
