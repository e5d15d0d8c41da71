import { describe, expect, it } from "vitest";
import {
  type AnyAlarm,
  bySeverity,
  conditionOf,
  draftErrors,
  draftOf,
  EMPTY_DRAFT,
  putInput,
  queriesOfAlarm,
  stateSpans,
} from "../../src/lib/alarm";

const ALARM: AnyAlarm = {
  AlarmName: "slow",
  MetricName: "Latency",
  Namespace: "App",
  Dimensions: [{ Name: "Host", Value: "a" }],
  ExtendedStatistic: "p99",
  Period: 60,
  EvaluationPeriods: 3,
  DatapointsToAlarm: 2,
  Threshold: 1000,
  ComparisonOperator: "GreaterThanThreshold",
  TreatMissingData: "notBreaching",
};

const change = (t: number, from: string, to: string) => ({
  HistoryItemType: "StateUpdate" as const,
  Timestamp: t / 1000,
  HistoryData: JSON.stringify({ oldState: { stateValue: from }, newState: { stateValue: to } }),
});

describe("an alarm in words", () => {
  it("says its condition", () => {
    expect(conditionOf(ALARM)).toBe("Latency > 1000 for 2 of 3 datapoints within 3 min");
    expect(conditionOf({ AlarmRule: 'ALARM("a") OR ALARM("b")' })).toBe('ALARM("a") OR ALARM("b")');
    const math: AnyAlarm = {
      EvaluationPeriods: 1,
      Threshold: 5,
      ComparisonOperator: "LessThanThreshold",
      Metrics: [
        {
          Id: "m1",
          ReturnData: false,
          MetricStat: { Metric: { MetricName: "A" }, Period: 300, Stat: "Sum" },
        },
        { Id: "e1", Expression: "m1 / 2", Label: "half" },
      ],
    };
    expect(conditionOf(math)).toBe("half < 5 for 1 of 1 datapoints within 5 min");
  });

  it("those that need somebody come first", () => {
    const names = [
      { AlarmName: "z10", StateValue: "OK" },
      { AlarmName: "z9", StateValue: "OK" },
      { AlarmName: "b", StateValue: "INSUFFICIENT_DATA" },
      { AlarmName: "c", StateValue: "ALARM" },
    ] as AnyAlarm[];
    expect(names.sort(bySeverity).map((one) => one.AlarmName)).toEqual(["c", "b", "z9", "z10"]);
  });
});

describe("states over time", () => {
  const interval = { from: 1000_000, to: 2000_000 };

  it("come from the history, with what was before its first item", () =>
    expect(
      stateSpans(
        [change(1500_000, "ALARM", "OK"), change(1200_000, "OK", "ALARM")],
        { state: "OK", since: 1500_000 },
        interval,
      ),
    ).toEqual([
      { from: 1000_000, to: 1200_000, state: "OK" },
      { from: 1200_000, to: 1500_000, state: "ALARM" },
      { from: 1500_000, to: 2000_000, state: "OK" },
    ]));

  it("begin where the alarm was made", () => {
    const made = {
      HistoryItemType: "ConfigurationUpdate" as const,
      Timestamp: 1100,
      HistoryData: JSON.stringify({ type: "Create" }),
    };
    expect(
      stateSpans(
        [made, change(1200_000, "INSUFFICIENT_DATA", "OK")],
        { state: "OK", since: 1200_000 },
        interval,
      ),
    ).toEqual([
      { from: 1100_000, to: 1200_000, state: "INSUFFICIENT_DATA" },
      { from: 1200_000, to: 2000_000, state: "OK" },
    ]);
  });

  it("without history: the present state as far back as it reaches", () => {
    expect(stateSpans([], { state: "ALARM", since: 1 }, interval)).toEqual([{ ...interval, state: "ALARM" }]);
    expect(stateSpans([], { state: "OK", since: 1700_000 }, interval)).toEqual([
      { from: 1700_000, to: 2000_000, state: "OK" },
    ]);
    expect(stateSpans([], { state: "OK", since: 3000_000 }, interval)).toEqual([]);
  });
});

describe("a draft", () => {
  it("of an alarm puts the same alarm", () => {
    const { AlarmName, MetricName, Namespace, Dimensions, ExtendedStatistic, Period, ...condition } = ALARM;
    expect(putInput(draftOf(ALARM))).toEqual({
      AlarmName,
      MetricName,
      Namespace,
      Dimensions,
      ExtendedStatistic,
      Period,
      ...condition,
      ActionsEnabled: true,
    });
  });

  it("with math puts a list of metrics", () => {
    const queries = [
      ...queriesOfAlarm(ALARM).map((q) => ({ ...q, ReturnData: false })),
      { Id: "e1", Expression: "m1*2" },
    ];
    const input = putInput({ ...draftOf(ALARM), queries });
    expect(input.Metrics).toEqual(queries);
    expect(input).not.toHaveProperty("MetricName");
  });

  it("on an anomaly detection model puts the same band, or another one", () => {
    const [m1] = queriesOfAlarm(ALARM);
    const band = { Id: "ad", Expression: "ANOMALY_DETECTION_BAND(m1, 3)", Label: "Expected" };
    const alarm = {
      AlarmName: "odd",
      EvaluationPeriods: 3,
      DatapointsToAlarm: 2,
      ComparisonOperator: "LessThanLowerOrGreaterThanUpperThreshold",
      ThresholdMetricId: "ad",
      Metrics: [m1, band],
    } as AnyAlarm;
    expect(conditionOf(alarm)).toBe("Latency outside what is expected for 2 of 3 datapoints within 3 min");
    const draft = draftOf(alarm);
    expect([draft.threshold, draft.queries]).toEqual(["3", [m1]]);
    expect(draftErrors(draft)).toEqual({});
    expect(draftErrors({ ...draft, threshold: "0" })).toEqual({ threshold: "More than 0." });
    const input = putInput(draft);
    expect(input).toMatchObject({ ThresholdMetricId: "ad", Metrics: [m1, band] });
    expect(input).not.toHaveProperty("Threshold");
    const fresh = putInput({ ...draftOf(ALARM), comparison: "GreaterThanUpperThreshold", threshold: "2" });
    expect(fresh.ThresholdMetricId).toBe("ad1");
    expect(fresh.Metrics?.[1]?.Expression).toBe("ANOMALY_DETECTION_BAND(m1, 2)");
    expect(fresh).not.toHaveProperty("MetricName");
  });

  it("says what is missing, and nothing of a good one", () => {
    expect(Object.keys(draftErrors(EMPTY_DRAFT)).sort()).toEqual(["name", "queries", "threshold"]);
    expect(draftErrors(draftOf(ALARM))).toEqual({});
    expect(draftErrors({ ...draftOf(ALARM), needed: "4" })).toEqual({ needed: "Between 1 and 3." });
    expect(draftErrors({ ...draftOf(ALARM), periods: "1.5" })).toEqual({
      periods: "A whole number, 1 or more.",
    });
  });
});
