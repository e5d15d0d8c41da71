import { describe, expect, it } from "vitest";
import { ApiError } from "../../src/api/errors";
import { errorText } from "../../src/app/flash";
import { activePath } from "../../src/app/nav";
import { refusal } from "../../src/app/SignIn";
import { fromPicker, toPicker } from "../../src/app/TimeRangePicker";
import { formatBytes, formatNumber, plural } from "../../src/lib/format";

describe("the shell's logic", () => {
  it.each([
    ["/", "/"],
    ["/alarms/cpu/edit", "/alarms"],
    ["/logs/groups/%2Fx/events", "/logs/groups"],
    ["/incident", "/incidents"],
    ["/nowhere", ""],
  ])("%s belongs to %s", (path, entry) => expect(activePath(path)).toBe(entry));

  it.each([[{ from: "now-15m", to: "now" }], [{ from: "1764331200000", to: "1764334800000" }]])(
    "the picker gives back the range it was given: %j",
    (range) => {
      expect(fromPicker(toPicker(range, "utc") as never)).toEqual(range);
      expect(fromPicker(toPicker(range, "local") as never)).toEqual(range);
    },
  );

  it("says how long to wait after too many attempts", () => {
    expect(refusal(new ApiError("ThrottlingException", "Too many attempts.", 429, undefined, 30))).toBe(
      "Too many attempts. Try again in 30 s.",
    );
  });

  it("shows code and request id of an error", () => {
    expect(errorText(new ApiError("AccessDenied", "no", 403, "r-9"))).toBe(
      "AccessDenied: no (request id r-9)",
    );
  });
});

describe("numbers", () => {
  it.each([
    [0, "0"],
    [0.12345, "0.123"],
    [1234, "1,234"],
    [12_345, "12.3 k"],
    [4_560_000, "4.56 M"],
    [Number.NaN, "–"],
  ])("%d", (value, text) => expect(formatNumber(value)).toBe(text));

  it("count bytes in powers of two", () => {
    expect([formatBytes(999), formatBytes(1536), formatBytes(5 * 2 ** 30)]).toEqual([
      "999 B",
      "1.5 KiB",
      "5 GiB",
    ]);
  });

  it("has plurals", () =>
    expect([plural(1, "rule"), plural(2, "entry", "entries")]).toEqual(["1 rule", "2 entries"]));
});
