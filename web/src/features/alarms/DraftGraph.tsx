/** The graph of an alarm that is not there yet. */
import { useMemo } from "react";
import { useGlobals } from "../../app/globals";
import { type Draft, isBand, putInput } from "../../lib/alarm";
import { periodFor } from "../../lib/time";
import { GraphView } from "../metrics/GraphView";
import { alarmGraph, thresholdOf } from "./AlarmGraph";

export function DraftGraph({ draft, height = 260 }: { draft: Draft; height?: number }) {
  const { interval } = useGlobals();
  const least = periodFor(interval, 1000);
  const { queries, threshold, comparison } = draft;
  const graph = useMemo(() => alarmGraph(putInput({ ...draft, queries }), least), [draft, queries, least]);
  const thresholds = useMemo(() => {
    if (isBand(comparison) || threshold.trim() === "" || !Number.isFinite(Number(threshold))) return [];
    return thresholdOf({ Threshold: Number(threshold), ComparisonOperator: comparison });
  }, [threshold, comparison]);
  return <GraphView title="The watched metric" graph={graph} height={height} thresholds={thresholds} />;
}
