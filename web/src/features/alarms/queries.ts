/** Alarms as queries: one or all, why they are in their state, what they would have done. */
import { type UseQueryResult, useQueryClient } from "@tanstack/react-query";
import type {
  AlarmHistoryItem,
  AlarmType,
  HistoryItemType,
  PutMetricAlarmInput,
} from "../../api/gen/cloudwatch";
import { useLive } from "../../app/live";
import { type Pages, useAws, useConsoleAsk, usePages } from "../../app/queries";
import type { AnyAlarm } from "../../lib/alarm";

export const BOTH: AlarmType[] = ["MetricAlarm", "CompositeAlarm"];
/** DescribeAlarms takes so many names. */
export const NAMES = 100;

export function useAlarms(): Pages<AnyAlarm> {
  useFreshAlarms();
  return usePages(
    "cloudwatch",
    "DescribeAlarms",
    { AlarmTypes: BOTH, MaxRecords: 100 },
    (page) => [...(page.MetricAlarms ?? []), ...(page.CompositeAlarms ?? [])] as AnyAlarm[],
    { upTo: 5000 },
  );
}

/** Alarms by name; those that do not exist are not answered. */
export function useNamedAlarms(names: string[], options: { enabled?: boolean } = {}) {
  useFreshAlarms();
  const query = useAws(
    "cloudwatch",
    "DescribeAlarms",
    { AlarmNames: names.slice(0, NAMES), AlarmTypes: BOTH },
    { enabled: names.length > 0 && (options.enabled ?? true), keep: false },
  );
  const alarms =
    query.data && ([...(query.data.MetricAlarms ?? []), ...(query.data.CompositeAlarms ?? [])] as AnyAlarm[]);
  return { query, alarms };
}

/** What is shown of alarms is fetched again when one changes its state. */
export function useFreshAlarms(): void {
  const client = useQueryClient();
  useLive((topic) => {
    if (topic !== "alarm") return;
    void client.invalidateQueries({ queryKey: ["cloudwatch", "DescribeAlarms"] });
    void client.invalidateQueries({ queryKey: ["cloudwatch", "DescribeAlarmHistory"] });
    void client.invalidateQueries({ queryKey: ["console", "explain/alarm"] });
  });
}

export interface WhyPeriod {
  start: number;
  end: number;
  value?: number;
  samples?: number;
  /** What an anomaly detection model expects. */
  lower?: number;
  upper?: number;
  breaching: boolean;
  /** `counted`, `spare`, `too few samples`, or what a missing datapoint was treated as. */
  treatment: string;
}

export interface Why {
  alarmName: string;
  alarmType: string;
  state: string;
  reason: string;
  since: number;
  evaluatedAt?: number | null;
  /** Newest first. */
  periods: WhyPeriod[];
  m: number;
  n: number;
  breaching: number;
  threshold?: number | null;
  comparison: string;
  missing: string;
  verdict?: string | null;
  sentence: string;
  rule: string;
  holds?: boolean | null;
  children: { alarmName: string; state: string }[];
}

export function useWhy(alarmName: string): UseQueryResult<Why> {
  return useConsoleAsk<Why>("explain/alarm", { alarmName }, { everyMs: 30_000 });
}

export interface Backtest {
  from: number;
  to: number;
  transitions: { t: number; from: string; to: string; reason: string }[];
  fired: number;
  alarmSeconds: number;
  evaluations: number;
  stepSeconds: number;
  intervalSeconds: number;
  datapoints: number;
}

export function useBacktest(alarm: PutMetricAlarmInput, days: number, enabled: boolean) {
  // The words of an alarm do not change what it does; without them, typing a name asks nothing.
  const { AlarmName: _, AlarmDescription: __, AlarmActions: ___, OKActions: ____, ...condition } = alarm;
  return useConsoleAsk<Backtest>("backtest/alarm", { alarm: condition, days }, { enabled });
}

export function useHistory(
  name: string,
  input: { HistoryItemType?: HistoryItemType; from?: number; to?: number },
  upTo: number,
): Pages<AlarmHistoryItem> {
  const { HistoryItemType, from, to } = input;
  return usePages(
    "cloudwatch",
    "DescribeAlarmHistory",
    {
      AlarmName: name,
      AlarmTypes: BOTH,
      ScanBy: "TimestampDescending",
      MaxRecords: 100,
      ...(HistoryItemType ? { HistoryItemType } : {}),
      ...(from === undefined ? {} : { StartDate: from / 1000 }),
      ...(to === undefined ? {} : { EndDate: to / 1000 }),
    },
    (page) => page.AlarmHistoryItems,
    { upTo },
  );
}
