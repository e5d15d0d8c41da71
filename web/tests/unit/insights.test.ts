import { describe, expect, it } from "vitest";
import {
  binSeconds,
  commands,
  compileError,
  fieldShares,
  histogramQuery,
  insightsTime,
  jsonFields,
  mergedFields,
  type Row,
  rowsOf,
  seriesOf,
  topValues,
  withField,
  withFilter,
} from "../../src/lib/insights";

describe("commands", () => {
  const texts = (query: string) => commands(query).map((command) => command.text);

  it("are cut at pipes", () => {
    expect(texts("fields a | filter b = 1\n| limit 5")).toEqual(["fields a", "filter b = 1", "limit 5"]);
  });

  it("do not end at pipes in texts, fields, regular expressions and comments", () => {
    expect(texts('filter a = "x|y" | sort a')).toEqual(['filter a = "x|y"', "sort a"]);
    expect(texts("fields `a|b` | limit 1")).toEqual(["fields `a|b`", "limit 1"]);
    expect(texts("filter @message like /a|b/ | limit 1")).toEqual(["filter @message like /a|b/", "limit 1"]);
    expect(texts("fields a # one | two\n| limit 1")).toEqual(["fields a # one | two", "limit 1"]);
    expect(texts('filter a = "say \\"|\\"" | limit 1')).toEqual(['filter a = "say \\"|\\""', "limit 1"]);
  });

  it("know where they stand", () => {
    const query = "  fields a |  limit 5 ";
    for (const { text, from, to } of commands(query)) expect(query.slice(from, to)).toBe(text);
  });

  it("take a slash between values for a division", () => {
    expect(texts("stats sum(a)/count(*) as m | filter m/2 > 1")).toEqual([
      "stats sum(a)/count(*) as m",
      "filter m/2 > 1",
    ]);
  });
});

describe("withField", () => {
  it("adds to the first fields command, once", () => {
    expect(withField("fields @timestamp | limit 5", "level")).toBe("fields @timestamp, level | limit 5");
    expect(withField("fields @timestamp, level", "level")).toBe("fields @timestamp, level");
  });

  it("makes one where there is none, and quotes what is no plain name", () => {
    expect(withField("limit 5", "a-b")).toBe("fields @timestamp, `a-b`\n| limit 5");
    expect(withField("", "level")).toBe("fields @timestamp, level");
  });
});

describe("withFilter", () => {
  it("stands before what gathers, orders or cuts", () => {
    expect(withFilter("fields a\n| sort a desc\n| limit 5", "level", "ERROR")).toBe(
      'fields a\n| filter level = "ERROR"\n| sort a desc\n| limit 5',
    );
    expect(withFilter("stats count(*) by level", "status", "500")).toBe(
      "filter status = 500\n| stats count(*) by level",
    );
  });

  it("excludes, escapes and ends a query without such commands", () => {
    expect(withFilter("fields a", "m", 'say "no"', true)).toBe('fields a\n| filter m != "say \\"no\\""');
    expect(withFilter("", "m", "x")).toBe('filter m = "x"\n');
  });
});

it("counts what the filters let through", () => {
  expect(histogramQuery('fields a | filter b = "1" | sort c | filter d = 2', 60)).toBe(
    'fields a\n| filter b = "1"\n| stats count(*) as matched by bin(60s) as t\n| sort t asc\n| limit 10000',
  );
});

it("chooses bins of about sixty bars", () => {
  expect(binSeconds(0, 3 * 3_600_000)).toBe(300);
  expect(binSeconds(0, 60_000)).toBe(1);
  expect(binSeconds(0, 400 * 86_400_000)).toBe(86_400);
});

it("reads where a query is wrong", () => {
  const body = { queryCompileError: { location: { startCharOffset: 4, endCharOffset: 9 }, message: "no" } };
  expect(compileError(body, "other")).toEqual({ from: 4, to: 9, message: "no" });
  expect(compileError({}, "other")).toEqual({ from: 0, to: 1, message: "other" });
});

describe("results", () => {
  const bins = [
    { "bin(5m)": "2026-11-28 04:05:00.000", level: "INFO", n: "3" },
    { "bin(5m)": "2026-11-28 04:00:00.000", level: "INFO", n: "2" },
    { "bin(5m)": "2026-11-28 04:05:00.000", level: "WARN", n: "1" },
  ];

  it("become records; the pointer is no column", () => {
    const found = rowsOf([
      [
        { field: "a", value: "1" },
        { field: "@ptr", value: "x" },
      ],
      [{ field: "b", value: "2" }],
    ]);
    expect(found.columns).toEqual(["a", "b"]);
    expect(found.rows[0]).toEqual({ a: "1", "@ptr": "x" });
  });

  it("have UTC times", () => {
    expect(insightsTime("2026-11-28 04:05:00.250")).toBe(Date.UTC(2026, 10, 28, 4, 5, 0, 250));
    expect(insightsTime("4:05")).toBeUndefined();
  });

  it("become a line for each group, in the order of time", () => {
    const lines = seriesOf(bins, ["bin(5m)", "level", "n"]);
    expect(lines?.map(({ id, v }) => [id, v])).toEqual([
      ["INFO", [2, 3]],
      ["WARN", [1]],
    ]);
    expect(seriesOf([{ level: "INFO", n: "3" }], ["level", "n"])).toBeUndefined();
  });

  it("are in the order of time; raw events are no lines", () => {
    const bins = [1, 0].map((minute) => ({ t: `2026-11-28 04:0${minute}:00.000`, n: String(minute) }));
    const t = Date.UTC(2026, 10, 28, 4);
    expect(seriesOf(bins, ["t", "n"])).toEqual([{ id: "n", label: "n", t: [t, t + 60_000], v: [0, 1] }]);
    expect(seriesOf([{ t: "2026-11-28 04:00:00.000", text: "a" }], ["t", "text"])).toEqual([]);
    expect(seriesOf([], ["t", "n"])).toBeUndefined();
  });
});

describe("fields of events", () => {
  const rows: Row[] = [
    { "@message": '{"level":"INFO","user":{"id":1}}', "@ptr": "p" },
    { "@message": 'INFO {"level":"WARN"}' },
    { "@message": "no json" },
  ];

  it("are those of their JSON, flattened", () => {
    expect(jsonFields('{"a":{"b":[1,2]},"c":null}')).toEqual({ "a.b.0": "1", "a.b.1": "2", c: "null" });
    expect(jsonFields("{broken}")).toBeUndefined();
  });

  it("have shares and values", () => {
    expect(fieldShares(rows).find((each) => each.name === "level")?.percent).toBe(67);
    expect(fieldShares(rows).some((each) => each.name === "@ptr")).toBe(false);
    expect(topValues(rows, "level")).toEqual([
      { value: "INFO", count: 1 },
      { value: "WARN", count: 1 },
    ]);
  });

  it("are merged with the larger share, the system's last", () => {
    const merged = mergedFields(
      [
        { name: "@message", percent: 100 },
        { name: "a", percent: 5 },
      ],
      [
        { name: "a", percent: 50 },
        { name: "@ptr", percent: 100 },
      ],
    );
    expect(merged).toEqual([
      { name: "a", percent: 50 },
      { name: "@message", percent: 100 },
    ]);
  });
});
