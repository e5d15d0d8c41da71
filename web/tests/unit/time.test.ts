import { describe, expect, it } from "vitest";
import {
  around,
  formatAgo,
  formatDuration,
  formatRange,
  formatTime,
  instant,
  periodFor,
  resolved,
} from "../../src/lib/time";

const NOW = Date.UTC(2026, 10, 28, 12, 0, 0);

describe("time ranges", () => {
  it.each([
    ["now", NOW],
    ["now-15m", NOW - 15 * 60_000],
    ["now-2w", NOW - 14 * 86_400_000],
    ["1764331200000", 1_764_331_200_000],
    ["yesterday", undefined],
    ["now-5y", undefined],
    ["", undefined],
  ])("%s", (written, expected) => expect(instant(written, NOW)).toBe(expected));

  it("falls back to three hours where the end is before the start", () => {
    expect(resolved({ from: "now", to: "now-1h" }, NOW)).toEqual({ from: NOW - 3 * 3_600_000, to: NOW });
  });

  it("is symmetric around an instant", () => {
    expect(resolved(around(NOW, 15), 0)).toEqual({ from: NOW - 900_000, to: NOW + 900_000 });
  });

  it.each([
    [{ from: "now-3h", to: "now" }, "Last 3 hours"],
    [{ from: "now-1d", to: "now" }, "Last day"],
    [{ from: String(NOW), to: String(NOW + 60_000) }, "2026-11-28 12:00:00 – 2026-11-28 12:01:00"],
  ])("reads %j as %s", (range, text) => expect(formatRange(range, "utc")).toBe(text));
});

describe("how times are written", () => {
  it("has milliseconds when asked", () => {
    expect(formatTime(NOW + 7, "utc", { ms: true })).toBe("2026-11-28 12:00:00.007");
  });

  it.each([
    [0, "0 s"],
    [59_400, "59 s"],
    [61_000, "1 min 01 s"],
    [3_600_000, "1 h"],
    [11_100_000, "3 h 05 min"],
    [50 * 3_600_000, "2 d 2 h"],
  ])("%d ms", (ms, text) => expect(formatDuration(ms)).toBe(text));

  it("knows both directions", () => {
    expect(formatAgo(NOW - 600_000, NOW)).toBe("10 min ago");
    expect(formatAgo(NOW + 600_000, NOW)).toBe("in 10 min");
  });
});

describe("periods", () => {
  it.each([
    [3 * 3_600_000, 60],
    [86_400_000, 300],
    [14 * 86_400_000, 21_600],
  ])("%d ms of graph", (length, period) => expect(periodFor({ from: 0, to: length })).toBe(period));
});
