import { describe, expect, it } from "vitest";
import {
  added,
  alarmNameOf,
  boardOf,
  bodyOf,
  bodyText,
  logQueryOf,
  logQueryText,
  moved,
  overlap,
  placed,
  rangeOf,
  refusals,
  stepped,
  titleOf,
  withProperties,
} from "../../src/lib/widget";

const BODY = {
  start: "-PT6H",
  periodOverride: "inherit",
  variables: [{ type: "property", property: "InstanceId", inputType: "select", id: "i" }],
  widgets: [
    {
      type: "metric",
      x: 0,
      y: 0,
      width: 12,
      height: 6,
      properties: { metrics: [["App", "Latency"]], region: "us-east-1", novel: { a: [1, null] } },
    },
    {
      type: "explorer",
      x: 12,
      y: 0,
      width: 6,
      height: 6,
      properties: { labels: [{ key: "a" }] },
      note: "kept",
    },
    { type: "from-tomorrow", properties: { anything: true } },
    { type: "text", x: 0, y: 20, width: 24, height: 2, properties: { markdown: "## Notes\ntext" } },
  ],
};
const read = () => boardOf(JSON.stringify(BODY));

describe("a dashboard's body", () => {
  it("comes back the same, with unknown widgets and members", () => {
    expect(bodyOf(read())).toEqual(BODY);
    expect(JSON.parse(bodyText(read()))).toEqual(BODY);
  });

  it("keeps everything else when one widget is edited or moved", () => {
    const board = withProperties(read(), "w3", "text", { markdown: "new" });
    const moved = placed(board, new Map([["w0", { x: 2, y: 30, width: 4, height: 3 }]]));
    const [first, second, third, last] = bodyOf(moved).widgets as Record<string, unknown>[];
    expect(first).toEqual({ ...BODY.widgets[0], x: 2, y: 30, width: 4, height: 3 });
    expect([second, third]).toEqual(BODY.widgets.slice(1, 3));
    expect(last).toEqual({ ...BODY.widgets[3], properties: { markdown: "new" } });
  });

  it("a widget without a place has one, and says it once it is moved", () => {
    const board = read();
    expect(board.widgets[2]).toMatchObject({ x: 18, y: 0, width: 6, height: 6 });
    const moved = stepped(board, "w2", "down", false);
    expect((bodyOf(moved).widgets as object[])[2]).toEqual({ ...BODY.widgets[2], x: 18, y: 1 });
  });

  it("places widgets without a place in rows of 24 columns", () => {
    const three = { widgets: Array.from({ length: 5 }, () => ({ type: "text", properties: {} })) };
    const places = boardOf(JSON.stringify(three)).widgets.map(({ x, y }) => [x, y]);
    expect(places).toEqual([
      [0, 0],
      [6, 0],
      [12, 0],
      [18, 0],
      [0, 6],
    ]);
  });

  it.each(["[]", '{"widgets": 1}', '{"widgets": [7]}'])("%s is no dashboard", (text) =>
    expect(() => boardOf(text)).toThrow(TypeError),
  );
});

describe("editing", () => {
  it("a new widget stands below all others and never takes another's key", () => {
    const board = added(read(), "text", { markdown: "" }, { width: 8, height: 2 });
    expect(board.widgets.at(-1)).toMatchObject({ key: "w4", x: 0, y: 22, width: 8, height: 2 });
    expect(added(board, "text", {}).widgets.at(-1)?.key).toBe("w5");
  });

  it.each([
    ["right", false, { x: 1, y: 0, width: 12, height: 6 }],
    ["left", false, { x: 0, y: 0, width: 12, height: 6 }],
    ["up", false, { x: 0, y: 0, width: 12, height: 6 }],
    ["right", true, { x: 0, y: 0, width: 13, height: 6 }],
    ["up", true, { x: 0, y: 0, width: 12, height: 5 }],
  ] as const)("%s (resize: %s) stays on the grid", (step, resize, place) =>
    expect(stepped(read(), "w0", step, resize).widgets[0]).toMatchObject(place),
  );

  it("what is in the way gives way, and nothing overlaps", () => {
    let board = read();
    for (let i = 0; i < 9; i += 1) board = stepped(board, "w0", "right", false);
    expect(board.widgets[0]).toMatchObject({ x: 9, y: 0 });
    expect(board.widgets[1]).toMatchObject({ x: 12, y: 6 });
    const pairs = board.widgets.flatMap((a, i) => board.widgets.slice(i + 1).map((b) => overlap(a, b)));
    expect(pairs).not.toContain(true);
  });

  it("a widget that is dropped on others pushes them down", () => {
    const board = moved(read(), "w3", { x: 4, y: 1, width: 20, height: 2 });
    expect(board.widgets.map(({ y }) => y)).toEqual([3, 3, 3, 1]);
    expect(moved(board, "w3", { x: 4, y: 1, width: 20, height: 2 })).toBe(board);
  });

  it("nothing changes at an edge", () => {
    const board = read();
    expect(stepped(board, "w0", "left", false)).toBe(board);
    expect(stepped(board, "nobody", "left", false)).toBe(board);
  });

  it("names widgets by title, heading or type", () =>
    expect(read().widgets.map(titleOf)).toEqual(["Graph", "explorer", "from-tomorrow", "Notes"]));
});

describe("what stands in a body", () => {
  it.each([
    [{ start: "-PT3H" }, { from: "now-3h", to: "now" }],
    [{ start: "-P7D" }, { from: "now-7d", to: "now" }],
    [
      { start: "1970-01-01T00:00:01Z", end: "1970-01-01T00:00:02Z" },
      { from: "1000", to: "2000" },
    ],
    [{ start: "yesterday" }, undefined],
    [{}, undefined],
  ])("%j is the range it opens with", (rest, range) => expect(rangeOf(rest)).toEqual(range));

  it("log queries name their groups", () => {
    const text = "SOURCE '/app/a' | SOURCE '/app/b' | filter x = 'a | b'";
    expect(logQueryOf(text)).toEqual({ groups: ["/app/a", "/app/b"], query: "filter x = 'a | b'" });
    expect(logQueryText(["/app/a", "/app/b"], "filter x = 'a | b'")).toBe(text);
    expect(logQueryOf("fields @message")).toEqual({ groups: [], query: "fields @message" });
  });

  it("alarms are named by ARN", () => {
    expect(alarmNameOf("arn:aws:cloudwatch:us-east-1:0:alarm:a:b")).toBe("a:b");
    expect(alarmNameOf("plain")).toBe("plain");
  });

  it("a refusal lists its findings", () => {
    const message =
      'The dashboard body is invalid, there are 1 validation errors:\n[{"dataPath": "/widgets/0", "message": "Should be object"}]';
    expect(refusals(message)).toEqual([{ path: "/widgets/0", message: "Should be object" }]);
    expect(refusals("The field DashboardName is too long")).toEqual([]);
  });
});
