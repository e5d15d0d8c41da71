/** What an alarm watches, with its threshold and its states over time. */
import { useMemo } from "react";
import { useGlobals } from "../../app/globals";
import {
  type AnyAlarm,
  breachingSide,
  conditionOf,
  periodOf,
  queriesOfAlarm,
  signOf,
  stateSpans,
  watchedQuery,
} from "../../lib/alarm";
import { type Graph, graphOfQueries } from "../../lib/graph";
import { periodFor } from "../../lib/time";
import type { Threshold, TimeBand } from "../../ui/TimeSeriesChart";
import type { Tone } from "../../ui/tokens";
import { GraphView } from "../metrics/GraphView";
import { useHistory } from "./queries";

const TONES: Record<string, Tone> = { ALARM: "error", INSUFFICIENT_DATA: "neutral", OK: "success" };
const WORDS: Record<string, string> = { ALARM: "In alarm", INSUFFICIENT_DATA: "Insufficient data", OK: "OK" };

/** The alarm's queries as a graph; over long ranges with longer periods than its own, never with shorter ones. */
export function alarmGraph(alarm: AnyAlarm, least: number): Graph {
  const queries = queriesOfAlarm(alarm);
  const shown = [watchedQuery(queries, alarm.ThresholdMetricId)?.Id, alarm.ThresholdMetricId];
  const graph = graphOfQueries(queries);
  const longer = Math.max(periodOf(alarm), least);
  return {
    ...graph,
    series: graph.series.map((one) => ({
      ...one,
      period: Math.max(one.period ?? 0, longer),
      ...(shown.includes(one.id) ? {} : { hidden: true }),
    })),
  };
}

export function thresholdOf(alarm: AnyAlarm): Threshold[] {
  if (alarm.Threshold === undefined || Number.isNaN(alarm.Threshold)) return [];
  const fill = breachingSide(alarm.ComparisonOperator);
  return [
    {
      value: alarm.Threshold,
      label: `${signOf(alarm.ComparisonOperator)} ${alarm.Threshold}`,
      tone: "error",
      ...(fill ? { fill } : {}),
    },
  ];
}

export function useStateBands(alarm: AnyAlarm): TimeBand[] {
  const { interval } = useGlobals();
  const { from, to } = interval;
  const history = useHistory(alarm.AlarmName ?? "", { from, to }, 500);
  const { StateValue: state = "OK", StateTransitionedTimestamp: since = 0 } = alarm;
  const { items } = history;
  return useMemo(
    () =>
      stateSpans(items, { state, since: since * 1000 }, { from, to })
        .filter((span) => span.state !== "OK")
        .map((span) => ({
          ...span,
          tone: TONES[span.state] ?? "neutral",
          label: WORDS[span.state] ?? span.state,
        })),
    [items, state, since, from, to],
  );
}

export function AlarmGraph({
  alarm,
  height = 300,
  bare,
}: {
  alarm: AnyAlarm;
  height?: number;
  bare?: boolean;
}) {
  const { interval } = useGlobals();
  const least = periodFor(interval, 1000);
  const graph = useMemo(() => alarmGraph(alarm, least), [alarm, least]);
  const thresholds = useMemo(() => thresholdOf(alarm), [alarm]);
  const bands = useStateBands(alarm);
  return (
    <GraphView
      title={conditionOf(alarm)}
      graph={graph}
      height={height}
      thresholds={thresholds}
      bands={bands}
      {...(bare ? { bare: true, legend: false } : {})}
    />
  );
}
