import { describe, expect, it } from "vitest";
import { changes, shown, stableJson } from "../../src/lib/diff";
import { diagnostics } from "../../src/ui/QueryEditor";

describe("what differs", () => {
  it("is told member by member, with Config's words", () => {
    const before = {
      Rules: [{ Algorithm: "AES256" }, { Algorithm: "aws:kms" }],
      Owner: "a",
      Same: { x: [1] },
    };
    const after = { Rules: [{ Algorithm: "aws:kms" }], Owner: "a", Same: { x: [1] }, Tags: [] };
    expect(changes(before, after)).toEqual([
      { path: "Rules.[0].Algorithm", changeType: "UPDATE", from: "AES256", to: "aws:kms" },
      { path: "Rules.[1]", changeType: "DELETE", from: { Algorithm: "aws:kms" } },
      { path: "Tags", changeType: "CREATE", to: [] },
    ]);
  });

  it.each([
    [1, 1, []],
    [null, 0, [{ path: "", changeType: "UPDATE", from: null, to: 0 }]],
    [{ a: [] }, { a: {} }, [{ path: "a", changeType: "UPDATE", from: [], to: {} }]],
    [undefined, { a: 1 }, [{ path: "", changeType: "CREATE", to: { a: 1 } }]],
  ])("%j -> %j", (before, after, expected) => expect(changes(before, after)).toEqual(expected));

  it("does not depend on the order of members", () => {
    expect(stableJson({ b: 1, a: { d: 1, c: [{ z: 1, y: 2 }] } })).toBe(
      stableJson({ a: { c: [{ y: 2, z: 1 }], d: 1 }, b: 1 }),
    );
  });

  it("is written on one line in a cell", () => {
    expect(shown({ a: [1, "x"] })).toBe('{ "a": [ 1, "x" ] }');
  });
});

describe("an editor's errors", () => {
  it("underline something, within the text", () => {
    const at = (from: number, to: number) =>
      diagnostics([{ from, to, message: "m" }], 10).map((found) => [found.from, found.to])[0];
    expect([at(2, 4), at(10, 10), at(50, 90), at(-3, 2)]).toEqual([
      [2, 4],
      [9, 10],
      [9, 10],
      [0, 2],
    ]);
  });
});
