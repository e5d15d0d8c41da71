import { describe, expect, it } from "vitest";
import { aligned, nearest, stacked, summary, tickLabels, withGaps, yRange } from "../../src/lib/series";

const DAY = Date.UTC(2026, 10, 28);

describe("series", () => {
  it("share one axis, with gaps where one has no point", () => {
    expect(
      aligned([
        { t: [1, 3], v: [10, 30] },
        { t: [2, 3], v: [200, null] },
      ]),
    ).toEqual({
      t: [1, 2, 3],
      values: [
        [10, null, 30],
        [null, 200, null],
      ],
    });
  });

  it("stand on each other when stacked", () => {
    expect(
      stacked([
        [1, 2, null],
        [10, null, 30],
      ]),
    ).toEqual([
      [1, 2, null],
      [11, null, 30],
    ]);
  });

  it("are interrupted where nothing was measured", () => {
    expect(withGaps({ t: [0, 60, 300], v: [1, 2, 3] }, 60)).toEqual({
      t: [0, 60, 120, 300],
      v: [1, 2, null, 3],
    });
  });

  it("are told in words", () => {
    const said = summary(
      "CPU",
      [
        { label: "web-1", v: [1, null, 3] },
        { label: "web-2", v: [] },
      ],
      { from: DAY, to: DAY + 60_000 },
    );
    expect(said).toBe(
      "CPU: web-1 between 1 and 3, last 3; web-2 has no data; 2026-11-28 00:00:00 to 2026-11-28 00:01:00 UTC",
    );
  });

  it("has words for more points than a call may have arguments", () => {
    const v = Array.from({ length: 300_000 }, (_, i) => i);
    expect(summary("x", [{ label: "n", v }], { from: 0, to: 1 })).toContain("between 0 and 300 k");
  });
});

describe("axes", () => {
  it.each([
    [10, 20, {}, [0, 20.8]],
    [1000, 1010, {}, [999.5, 1010.8]],
    [-20, -10, {}, [-20.5, 0]],
    [5, 5, { min: 0, max: 100 }, [0, 100]],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, {}, [0, 1]],
  ])("from %d to %d with %j", (least, most, fixed, range) => {
    const [from, to] = yRange(least, most, fixed);
    expect(from).toBeCloseTo(range[0] as number, 5);
    expect(to).toBeCloseTo(range[1] as number, 5);
  });

  it("names the day where it begins", () => {
    const hour = 3_600_000;
    expect(tickLabels([DAY - hour, DAY, DAY + hour], hour, "utc")).toEqual([
      "23:00",
      "00:00\n11-28",
      "01:00",
    ]);
    expect(tickLabels([DAY + 5000], 5000, "utc")).toEqual(["00:00:05"]);
    expect(tickLabels([DAY], 86_400_000, "utc")).toEqual(["11-28"]);
  });

  it.each([
    [[], 5, -1],
    [[10], 99, 0],
    [[10, 20, 30], 14, 0],
    [[10, 20, 30], 16, 1],
    [[10, 20, 30], 99, 2],
  ])("nearest in %j to %d", (t, at, index) => expect(nearest(t, at)).toBe(index));
});
