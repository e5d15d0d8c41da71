import { describe, expect, it } from "vitest";
import { csv } from "../../src/lib/export";
import { appended, highlighted, patternTerms } from "../../src/lib/lines";

describe("highlighted", () => {
  it("cuts the text at every term, whatever the case", () => {
    expect(highlighted("An error: Error 5", ["error", "5"])).toEqual([
      { text: "An " },
      { text: "error", term: 0 },
      { text: ": " },
      { text: "Error", term: 0 },
      { text: " " },
      { text: "5", term: 1 },
    ]);
  });

  it("leaves the text alone without terms", () => {
    expect(highlighted("x", [""])).toEqual([{ text: "x" }]);
    expect(highlighted("", ["a"])).toEqual([]);
  });
});

it("keeps the newest lines and counts the others", () => {
  expect(appended([1, 2, 3], [4, 5], 3)).toEqual({ items: [3, 4, 5], dropped: 2 });
  expect(appended([], [1], 3)).toEqual({ items: [1], dropped: 0 });
});

it("finds the words of a pattern", () => {
  expect(patternTerms('?ERROR ?"two words" -INFO warn')).toEqual(["ERROR", "two words", "warn"]);
  expect(patternTerms('{ $.level = "ERROR" && $.a = "x*" }')).toEqual(["ERROR"]);
  expect(patternTerms("[ip, status=5*]")).toEqual([]);
});

describe("csv", () => {
  it("quotes what needs it", () => {
    expect(csv(["a", "b"], [{ a: 'say "hi"', b: "x,y" }, { a: 1 }])).toBe(
      'a,b\r\n"say ""hi""","x,y"\r\n1,\r\n',
    );
  });

  it("leaves the names of columns as they are", () => {
    expect(csv(["@timestamp"], [])).toBe("@timestamp\r\n");
  });

  it("does not let a spreadsheet run a text", () => {
    expect(csv(["a"], [{ a: "=1+1" }, { a: "-5" }, { a: "@x" }])).toBe("a\r\n'=1+1\r\n-5\r\n'@x\r\n");
  });
});
