import { describe, expect, it } from "vitest";
import {
  flag,
  integer,
  json,
  list,
  oneOf,
  pageHref,
  parseSearch,
  readState,
  segment,
  stringifySearch,
  text,
  writeState,
} from "../../src/lib/url";

const SHAPE = {
  q: text(),
  tab: oneOf(["a", "b"], "a"),
  page: integer(1, 1),
  groups: list(),
  edit: flag(),
  sort: json({ by: "name" }, (v): v is { by: string } => typeof v === "object" && v !== null && "by" in v),
};

describe("state in the URL", () => {
  it("comes back as it was written, whatever is in the texts", () => {
    const state = {
      q: "a=b&c #/?%20 ü",
      tab: "b",
      page: 7,
      groups: ["/aws/x", "y z"],
      edit: true,
      sort: { by: "t" },
    } as const;
    const written = stringifySearch(writeState(SHAPE, { ...state, groups: [...state.groups] }));
    expect(readState(SHAPE, parseSearch(written))).toEqual(state);
  });

  it("leaves out what is the default", () => {
    const defaults = readState(SHAPE, {});
    expect(stringifySearch(writeState(SHAPE, defaults))).toBe("");
  });

  it("reads the default where the value does not fit, and drops unknown keys", () => {
    const state = readState(SHAPE, parseSearch("?tab=zzz&page=-3&sort={&edit=yes&other=1"));
    expect(state).toEqual({ q: "", tab: "a", page: 1, groups: [], edit: false, sort: { by: "name" } });
  });

  it("keeps one group a list", () => {
    expect(readState(SHAPE, parseSearch("?groups=a")).groups).toEqual(["a"]);
  });

  it("escapes names in paths", () => {
    expect(pageHref(`/logs/groups/${segment("/aws/lambda/f")}`, { tab: "streams" })).toBe(
      "#/logs/groups/%2Faws%2Flambda%2Ff?tab=streams",
    );
  });
});
