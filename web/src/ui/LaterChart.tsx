/** A chart that is loaded when there is something to chart: for pages that have much else to load. */
import { lazy, Suspense } from "react";
import type { TimeSeriesChartProps } from "./TimeSeriesChart";

const TimeSeriesChart = lazy(async () => ({ default: (await import("./TimeSeriesChart")).TimeSeriesChart }));

export function LaterChart(props: TimeSeriesChartProps) {
  return (
    <Suspense fallback={<div style={{ minHeight: props.height }} />}>
      <TimeSeriesChart {...props} />
    </Suspense>
  );
}
