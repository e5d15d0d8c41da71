import { describe, expect, it } from "vitest";
import {
  csvOf,
  drawnOf,
  EMPTY_GRAPH,
  graphOf,
  propertiesOf,
  queriesOf,
  seriesName,
  seriesOf,
  withIds,
} from "../../src/lib/graph";

const METRICS = [
  ["AWS/Lambda", "Duration", "FunctionName", "checkout", { stat: "p99", id: "m1" }],
  [".", "Errors", ".", ".", { stat: "Sum", yAxis: "right", visible: false, animal: "cat" }],
  ["...", "refund"],
  [{ expression: "m1 * 2", label: "double" }],
];

describe("a widget's metrics", () => {
  it("are read with their abbreviations", () => {
    const series = seriesOf(METRICS);
    expect(series.map((one) => [one.id, one.namespace, one.name, one.dimensions])).toEqual([
      ["m1", "AWS/Lambda", "Duration", [["FunctionName", "checkout"]]],
      ["m2", "AWS/Lambda", "Errors", [["FunctionName", "checkout"]]],
      ["m3", "AWS/Lambda", "Errors", [["FunctionName", "refund"]]],
      ["e1", undefined, undefined, []],
    ]);
    expect(series[1]).toMatchObject({ right: true, hidden: true, rest: { animal: "cat" } });
  });

  it("a graph that was read is written with the same meaning", () => {
    const properties = {
      metrics: METRICS,
      view: "timeSeries",
      stacked: true,
      title: "Latency",
      region: "eu-west-1",
      period: 60,
      yAxis: { left: { min: 0, showUnits: false } },
      annotations: { horizontal: [{ value: 5, label: "SLO", color: "#fe6e73" }], vertical: [{ value: "x" }] },
      legend: { position: "right" },
    };
    const written = propertiesOf(graphOf(properties));
    expect({ ...written, metrics: undefined }).toEqual({ ...properties, metrics: undefined });
    expect(seriesOf(written.metrics)).toEqual(seriesOf(METRICS));
  });

  it("annotations that are bands of two lines stay as they are", () => {
    const annotations = { horizontal: [[{ value: 1 }, { value: 2 }]] };
    const graph = graphOf({ annotations });
    expect(graph.lines).toEqual([]);
    expect(propertiesOf(graph).annotations).toEqual(annotations);
  });

  it("an alarm's widget has no metrics", () =>
    expect(propertiesOf(graphOf({ annotations: { alarms: ["arn:a"] } }))).not.toHaveProperty("metrics"));
});

describe("queries", () => {
  it("use the series' period and statistic, then the graph's, then the defaults", () => {
    const graph = { ...graphOf({ metrics: METRICS, stat: "Maximum" }) };
    const queries = queriesOf(graph, 300);
    expect(queries[0]?.MetricStat).toMatchObject({ Stat: "p99", Period: 300 });
    expect(queries[1]).toMatchObject({ ReturnData: false });
    expect(queries[2]?.MetricStat).toMatchObject({ Stat: "Maximum" });
    expect(queries[3]).toEqual({
      Id: "e1",
      Label: "double",
      ReturnData: true,
      Expression: "m1 * 2",
      Period: 300,
    });
  });

  it("ids are valid and unique", () => {
    const one = { id: "", dimensions: [], rest: {} };
    const ids = withIds([{ ...one, id: "m1" }, { ...one, id: "m1" }, { ...one, id: "Bad" }, one]);
    expect(ids.map(({ id }) => id)).toEqual(["m1", "m2", "m3", "m4"]);
  });
});

describe("what is drawn", () => {
  const graph = graphOf({
    metrics: [["N", "A", { id: "m1" }], [{ expression: "SEARCH('x','Sum')", id: "e1" }]],
  });

  it("several results of one expression are several lines; gaps are gaps", () => {
    const drawn = drawnOf(
      graph,
      [
        { Id: "e1", Label: "x one", Timestamps: [60], Values: [1] },
        { Id: "e1", Label: "x two", Timestamps: [60], Values: [2] },
        { Id: "m1", Label: "A", Timestamps: [60, 240], Values: [1, 2] },
      ],
      60,
    );
    expect(drawn.map(({ id, label }) => [id, label])).toEqual([
      ["m1", "A"],
      ["e1.0", "x one"],
      ["e1.1", "x two"],
    ]);
    expect(drawn[0]).toMatchObject({ t: [60_000, 120_000, 240_000], v: [1, null, 2] });
  });

  it("names tell neighbours apart", () => {
    const all = seriesOf([
      ["N", "A", "Host", "a", "Zone", "z"],
      ["N", "A", "Host", "b", "Zone", "z"],
      ["N", "B"],
    ]);
    expect(all.map((one) => seriesName(one, all))).toEqual(["A a", "A b", "B"]);
    const twice = seriesOf([
      ["N", "A"],
      ["N", "A", { stat: "p99" }],
    ]);
    expect(twice.map((one) => seriesName(one, twice))).toEqual(["A Average", "A p99"]);
  });

  it("goes into a spreadsheet without becoming a formula", () => {
    const line = {
      id: "a",
      source: "a",
      right: false,
      label: '=HYPERLINK("x")',
      t: [0, 60_000],
      v: [1, null],
    };
    expect(csvOf([line, { ...line, label: "b,c", t: [60_000], v: [-2.5] }])).toBe(
      'time,"\'=HYPERLINK(""x"")","b,c"\r\n1970-01-01T00:00:00.000Z,1,\r\n1970-01-01T00:01:00.000Z,,-2.5\r\n',
    );
  });

  it("an empty graph asks for nothing", () => expect(queriesOf(EMPTY_GRAPH, 60)).toEqual([]));
});
