import { describe, expect, it } from "vitest";
import { spanOf, syntaxError } from "../../src/lib/json-path";
import { inline, markdown, safeAddress } from "../../src/lib/markdown";
import { errorSpan, mathError, mathToken, suggestions } from "../../src/lib/math-lang";

describe("metric math", () => {
  it("is cut into tokens", () => {
    const kinds: unknown[] = [];
    let rest = "IF(m1 >= 1.5e3, SUM([m1]), FILL(m2, REPEAT)) + 'a";
    while (rest) {
      const { kind, length } = mathToken(rest);
      if (kind) kinds.push(`${kind} ${rest.slice(0, length)}`);
      rest = rest.slice(length);
    }
    expect(kinds).toEqual([
      "function IF",
      "bracket (",
      "variable m1",
      "operator >=",
      "number 1.5e3",
      "bracket ,",
      "function SUM",
      "bracket (",
      "bracket [",
      "variable m1",
      "bracket ]",
      "bracket )",
      "bracket ,",
      "function FILL",
      "bracket (",
      "variable m2",
      "bracket ,",
      "keyword REPEAT",
      "bracket )",
      "bracket )",
      "operator +",
      "invalid 'a",
    ]);
  });

  it("the server's errors are found in the text", () => {
    expect(mathError("Error in expression 'e1': Unexpected ')' [5]")).toEqual({
      id: "e1",
      message: "Unexpected ')'",
      at: 5,
    });
    expect(mathError("something else")).toEqual({ id: "", message: "something else" });
    expect(errorSpan("m1 + SUMM(m2)", 5)).toEqual({ from: 5, to: 9 });
    expect(errorSpan("m1 +", 4)).toEqual({ from: 3, to: 4 });
    expect(errorSpan("m1", undefined)).toEqual({ from: 0, to: 2 });
  });

  it("offers the ids that are there", () =>
    expect(suggestions([{ id: "m7", name: "Latency" }])[0]).toMatchObject({
      label: "m7",
      detail: "Latency",
    }));
});

describe("markdown", () => {
  it("has blocks", () => {
    const blocks = markdown(
      "# Title #\n\ntwo\nlines\n\n- a\n  more\n- b\n\n3. c\n\n> quoted\n\n```\n<b>code</b>\n```\n---\n| h | i |\n|---|:-:|\n| 1 | 2 |",
    );
    expect(blocks.map((block) => block.kind)).toEqual([
      "heading",
      "paragraph",
      "list",
      "list",
      "quote",
      "code",
      "rule",
      "table",
    ]);
    expect(blocks[3]).toMatchObject({ ordered: true, start: 3 });
    expect(blocks[5]).toEqual({ kind: "code", text: "<b>code</b>" });
    expect(blocks[7]).toMatchObject({
      rows: [[[{ kind: "text", text: "1" }], [{ kind: "text", text: "2" }]]],
    });
  });

  it("has emphasis, code and links; snake_case is a word", () => {
    expect(inline("**a *b* c** `d*`")).toEqual([
      {
        kind: "strong",
        children: [
          { kind: "text", text: "a " },
          { kind: "emphasis", children: [{ kind: "text", text: "b" }] },
          { kind: "text", text: " c" },
        ],
      },
      { kind: "text", text: " " },
      { kind: "code", text: "d*" },
    ]);
    expect(inline("see [docs](https://x.example/a) now")).toEqual([
      { kind: "text", text: "see " },
      { kind: "link", href: "https://x.example/a", children: [{ kind: "text", text: "docs" }] },
      { kind: "text", text: " now" },
    ]);
    expect(inline("x_y_z")).toEqual([{ kind: "text", text: "x_y_z" }]);
  });

  it("has no HTML and no address that runs something", () => {
    expect(inline("<img src=x onerror=alert(1)>")).toEqual([
      { kind: "text", text: "<img src=x onerror=alert(1)>" },
    ]);
    expect(inline("[x](javascript:alert)")).toEqual([{ kind: "text", text: "x" }]);
    for (const bad of ["javascript:a", "JAVASCRIPT:a", "data:text/html,x", "//evil.example", " https://x"])
      expect(safeAddress(bad)).toBeUndefined();
    expect(safeAddress("#/alarms")).toBe("#/alarms");
  });

  it("ends on anything", () => {
    for (const text of ["*", "**", "[", "](", "> > > > > > > > > > > > x", "| a\n|-", "```", "- - - x", "\\"])
      expect(() => markdown(text)).not.toThrow();
  });
});

describe("places in JSON", () => {
  const text = JSON.stringify({ a: [{ b: 'x"y' }, { "c/d": 12, e: {} }], z: true }, null, 2);
  const at = (pointer: string) => {
    const { from, to } = spanOf(text, pointer);
    return text.slice(from, to);
  };
  it.each([
    ["/a/0/b", '"x\\"y"'],
    ["/a/1/c~1d", "12"],
    ["/z", "true"],
    ["/a/1/missing", "{"],
    ["/a/9", "["],
    ["", "{"],
  ])("%s", (pointer, found) => expect(at(pointer)).toBe(found));

  it("says where a text stops being JSON", () => {
    expect(syntaxError("{}")).toBeUndefined();
    expect(syntaxError('{"a": }')?.from).toBeGreaterThanOrEqual(5);
  });
});
