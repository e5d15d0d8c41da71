import { describe, expect, it } from "vitest";
import { fits, rowOf } from "../../src/features/alarms/AlarmsPage";
import { outcome } from "../../src/features/alarms/Backtested";
import { formDraft, stepOfError, usedBy } from "../../src/features/alarms/form";
import { bodyErrors } from "../../src/features/dashboards/SourceModal";
import { changed, redone, undone } from "../../src/features/dashboards/useBoard";
import { joined } from "../../src/features/metrics/queries";
import { graphParam } from "../../src/features/metrics/state";
import { toggled } from "../../src/features/metrics/toggled";
import type { AnyAlarm } from "../../src/lib/alarm";
import { draftOf, EMPTY_DRAFT } from "../../src/lib/alarm";
import { graphOf, graphOfQueries, queriesOf } from "../../src/lib/graph";
import { boardOf } from "../../src/lib/widget";

const METRICS = [
  ["N", "A", { id: "m1" }],
  ["N", "B", { id: "m2", visible: false }],
  [{ expression: "m1 / m2", id: "e1" }],
];

describe("the graph", () => {
  it("goes into the address and comes back", () => {
    const graph = graphOf({ metrics: METRICS, view: "bar", title: "T" });
    expect(graphParam.read(graphParam.write(graph))).toEqual(graph);
    expect(graphParam.write(graphOf({}))).toBeUndefined();
    expect(graphParam.read("{broken")).toEqual(graphOf({}));
  });

  it("survives being asked for", () => {
    const graph = graphOf({ metrics: METRICS });
    const back = graphOfQueries(queriesOf(graph, 60));
    expect(queriesOf(back, 300)).toEqual(queriesOf(graph, 60));
  });

  it("takes metrics in and out, whatever the order of their dimensions", () => {
    const one = {
      namespace: "N",
      name: "C",
      dimensions: [
        ["a", "1"],
        ["b", "2"],
      ] as [string, string][],
    };
    const more = toggled(graphOf({ metrics: METRICS }), [one], true);
    expect(more.series.at(-1)).toMatchObject({ id: "m3", name: "C" });
    const less = toggled(more, [{ ...one, dimensions: [...one.dimensions].reverse() }], false);
    expect(less.series).toHaveLength(3);
  });

  it("pages of one result are joined, results of a search are not", () => {
    const page = (Label: string, t: number) => ({ Id: "e1", Label, Timestamps: [t], Values: [t] });
    expect(joined([page("a", 1), page("b", 1)], [page("a", 2)])).toEqual([
      { Id: "e1", Label: "a", Timestamps: [1, 2], Values: [1, 2] },
      page("b", 1),
    ]);
  });
});

describe("the alarm form", () => {
  const graph = graphOf({ metrics: [...METRICS, ["N", "C", { id: "m9" }]] });

  it("sends what the watched series needs, and returns it alone", () => {
    const { queries } = formDraft({ ...EMPTY_DRAFT, graph, watch: "e1", period: 120 });
    expect(queries.map(({ Id, ReturnData }) => [Id, ReturnData])).toEqual([
      ["m1", false],
      ["m2", false],
      ["e1", true],
    ]);
    expect(queries[0]?.MetricStat?.Period).toBe(120);
  });

  it("METRICS() needs all metrics; names in quotes are no ids", () => {
    const all = graphOf({ metrics: [...METRICS.slice(0, 2), [{ expression: "SUM(METRICS())", id: "e1" }]] });
    expect([...usedBy(all, "e1")].sort()).toEqual(["e1", "m1", "m2"]);
    const quoted = graphOf({
      metrics: [...METRICS.slice(0, 2), [{ expression: "SEARCH('m1', 'Sum')", id: "e1" }]],
    });
    expect([...usedBy(quoted, "e1")]).toEqual(["e1"]);
  });

  it("goes to the first step with a mistake", () => {
    expect(stepOfError({ name: "x", threshold: "y" })).toBe(1);
    expect(stepOfError({})).toBeUndefined();
  });
});

describe("the list of alarms", () => {
  const row = rowOf({ AlarmName: "Checkout slow", StateValue: "ALARM", MetricName: "Latency" } as AnyAlarm);
  const token = (propertyKey: string | undefined, operator: string, value: string) => ({
    propertyKey,
    operator,
    value,
  });

  it.each([
    [[token("name", ":", "checkout")], "and", true],
    [[token("name", "^", "slow")], "and", false],
    [[token("state", "!=", "ALARM")], "and", false],
    [[token("state", "=", "OK"), token(undefined, ":", "latency")], "or", true],
    [[token("state", "=", "OK"), token(undefined, ":", "latency")], "and", false],
    [[token(undefined, "!:", "latency")], "and", false],
    [[], "and", true],
  ] as const)("%j %s: %s", (tokens, operation, expected) =>
    expect(fits(row, { tokens: tokens as never, operation })).toBe(expected),
  );
});

describe("a backtest in words", () => {
  const day = 86_400_000;
  const test = {
    from: 0,
    to: 7 * day,
    transitions: [],
    alarmSeconds: 120,
    evaluations: 1,
    stepSeconds: 60,
    intervalSeconds: 60,
  };
  it.each([
    [{ fired: 0, datapoints: 9 }, "Would not have fired in the last 7 days."],
    [{ fired: 1, datapoints: 9 }, "Would have fired once in the last 7 days, 2 min in alarm altogether."],
    [{ fired: 3, datapoints: 9 }, "Would have fired 3 times in the last 7 days, 2 min in alarm altogether."],
    [{ fired: 0, datapoints: 0 }, "There is no data in the last 7 days: nothing could be tested."],
  ])("%j", (result, words) => expect(outcome({ ...test, ...result })).toBe(words));
});

describe("a board's history", () => {
  it("undoes, redoes, and forgets what was undone when something else happens", () => {
    const [a, b, c] = ["[]", '[{"type":"text"}]', '[{"type":"log"}]'].map((w) =>
      boardOf(`{"widgets":${w}}`),
    ) as [ReturnType<typeof boardOf>, ReturnType<typeof boardOf>, ReturnType<typeof boardOf>];
    let history = changed({ past: [], now: a, future: [], saved: a }, b);
    expect(changed(history, b)).toBe(history);
    history = undone(history);
    expect([history.now, redone(history).now]).toEqual([a, b]);
    history = changed(history, c);
    expect(redone(history)).toBe(history);
    expect(undone(undone(history)).now).toBe(a);
  });

  it("a body's mistakes have places", () => {
    const body = '{"widgets": [{"type": "metric", "properties": {}}]}';
    const [found] = bodyErrors(body, [{ path: "/widgets/0/type", message: "odd" }]);
    expect(body.slice(found?.from, found?.to)).toBe('"metric"');
    expect(bodyErrors("{", [])[0]?.severity).toBeUndefined();
    expect(bodyErrors('{"widgets": 1}', [])).toHaveLength(1);
  });
});

it("an alarm without math is a draft of one query", () =>
  expect(draftOf({ MetricName: "A", Namespace: "N", Period: 60 }).queries).toHaveLength(1));
