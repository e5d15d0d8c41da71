import { describe, expect, it } from "vitest";
import { clusters, density, type LaneItem, type Severity, stepped, zoomOf } from "../../src/lib/lanes";

const item = (t: number, severity: Severity = "info"): LaneItem => ({ id: `i${t}`, t, title: "", severity });
const AXIS = { from: 0, to: 1000 };

describe("clusters", () => {
  it("join what is closer than the least distance, and only that", () => {
    const found = clusters([item(0), item(10), item(20), item(500)], AXIS, 1000, { least: 14 });
    expect(found.map((c) => c.items.map((i) => i.t))).toEqual([[0, 10], [20], [500]]);
  });

  it("does not grow from neighbour to neighbour without end", () => {
    const every = Array.from({ length: 100 }, (_, i) => item(i * 10));
    expect(clusters(every, AXIS, 1000, { least: 14 }).every((c) => c.items.length <= 2)).toBe(true);
  });

  it("lose nothing on the axis and leave out what is not on it", () => {
    const found = clusters([item(-5), item(0), item(1000), item(1001)], AXIS, 100);
    expect(found.flatMap((c) => c.items.map((i) => i.t))).toEqual([0, 1000]);
  });

  it("keep the selected item by itself", () => {
    const found = clusters([item(1), item(2), item(3)], AXIS, 1000, { apart: "i2" });
    expect(found.map((c) => c.items.length)).toEqual([1, 1, 1]);
  });

  it("are as bad as their worst item", () => {
    expect(clusters([item(1), item(2, "error"), item(3, "success")], AXIS, 100)[0]?.severity).toBe("error");
  });

  it("are made of thousands of items at once", () => {
    const every = Array.from({ length: 20_000 }, (_, i) => item(i / 20));
    expect(clusters(every, AXIS, 1000).length).toBeLessThan(80);
  });
});

describe("stepping", () => {
  const items = [item(1), item(2), item(3)];
  it.each([
    [undefined, 1, 1],
    [undefined, -1, 3],
    ["i2", 1, 3],
    ["i2", -1, 1],
    ["i3", 1, 3],
    ["gone", 1, 1],
  ])("from %s by %d", (from, by, to) => expect(stepped(items, from, by as 1 | -1)?.t).toBe(to));
});

it("a click on a cluster shows all of it, never less than two seconds", () => {
  expect(zoomOf({ items: [item(1000), item(1000)] })).toEqual({ from: 0, to: 2000 });
  expect(zoomOf({ items: [item(0), item(100_000)] })).toEqual({ from: -15_000, to: 115_000 });
});

it("density counts each item once", () => {
  expect(density([item(0), item(99), item(100), item(999), item(1000)], AXIS, 10)).toEqual([
    2, 1, 0, 0, 0, 0, 0, 0, 0, 1,
  ]);
});
