import createWrapper from "@cloudscape-design/components/test-utils/dom";
import { act, fireEvent, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { grouped, pageHits } from "../../src/app/search";
import { Suspects } from "../../src/features/incident/Suspects";
import { changesOf, fits, graphs, ongoing, specs } from "../../src/features/incident/timeline";
import type { Item, Lane, Timeline } from "../../src/features/incident/types";
import { Lanes } from "../../src/ui/Lanes";
import { answering, renderPage } from "../render";

const T = Date.UTC(2026, 10, 28, 12);
const BUCKET = { type: "AWS::S3::Bucket", id: "payroll" };

const item = (id: string, t: number, more: Partial<Item> = {}): Item => ({
  id,
  t,
  title: `item ${id}`,
  severity: "info",
  ...more,
});

const lane = (kind: Lane["kind"], items: Item[], more: Partial<Lane> = {}): Lane => ({
  id: kind,
  kind,
  total: items.length,
  shown: items.length,
  bucketed: false,
  buckets: [],
  items,
  ...more,
});

const slip = item("slip", T, { actor: "junior", sourceIp: "10.0.0.9", resource: BUCKET, score: 83 });
const change = item("change", T + 1000, {
  resource: BUCKET,
  origin: "slip",
  changes: [{ path: "Encryption", changeType: "DELETE", from: "AES256" }],
});
const repair = item("repair", T + 9000, {
  resource: BUCKET,
  origin: "slip",
  changes: [{ path: "Encryption", changeType: "CREATE", to: "AES256" }],
});

const TIMELINE: Timeline = {
  axis: { from: T - 60_000, to: T + 60_000 },
  subject: { kind: "alarm", title: "Alarm denied", alarm: { name: "denied", state: "ALARM", reason: "" } },
  focus: { t: T + 5000, what: "the alarm" },
  episode: { alarm: "denied", start: T + 5000, end: null, reason: "" },
  metrics: [
    {
      id: "denied/m",
      alarm: "denied",
      label: "AccessDenied",
      stat: "Sum",
      period: 10,
      threshold: 0,
      comparison: "GreaterThanThreshold",
      timestamps: [T, T + 40_000],
      values: [1, 0],
    },
  ],
  lanes: [
    lane("alarm", [
      item("a", T + 5000, { status: "ALARM", severity: "error", resource: { type: "x", id: "denied" } }),
    ]),
    lane("logs", [], { bucketed: true, buckets: [{ t: T, tEnd: T + 1000, count: 4, errors: 4 }], total: 4 }),
    lane("api", [slip, item("read", T + 2000)]),
    lane("configuration", [change, repair]),
  ],
  suspects: [],
  repair: null,
  related: [],
  relatedCut: false,
};

describe("the timeline made ready", () => {
  it("finds words in actor, address and resource, and what is related", () => {
    expect(fits(slip, { text: "JUNIOR payroll", relatedOnly: false })).toBe(true);
    expect(fits(slip, { text: "junior elsewhere", relatedOnly: false })).toBe(false);
    expect(fits(slip, { text: "", relatedOnly: true })).toBe(true);
    expect(fits(item("x", T), { text: "", relatedOnly: true })).toBe(false);
  });

  it("says what is left out by a filter", () => {
    const api = specs(TIMELINE, { text: "junior", relatedOnly: false }, () => undefined).find(
      (l) => l.id === "api",
    );
    expect(api).toMatchObject({ note: "1 of 2", items: [{ id: "slip" }] });
  });

  it("draws the threshold, the alarm until now, and no line where nothing was measured", () => {
    const [graph] = graphs(TIMELINE);
    expect(graph?.thresholds).toEqual([{ value: 0, label: "Threshold > 0", fill: "above" }]);
    expect(graph?.bands).toEqual([{ from: T + 5000, to: T + 60_000, tone: "error", label: "In alarm" }]);
    expect(graph?.series[0]?.v).toEqual([1, null, 0]);
    expect(ongoing(TIMELINE)).toBe(true);
  });

  it("shows with a call what it changed, and not what repaired it", () => {
    expect(changesOf(slip, TIMELINE).changes).toEqual(change.changes);
    expect(changesOf(repair, TIMELINE).changes).toEqual(repair.changes);
    expect(changesOf(item("other", T), TIMELINE).changes).toEqual([]);
  });
});

describe("lanes", () => {
  it("are walked with the arrow keys, over all lanes by time", async () => {
    const onSelect = vi.fn();
    answering({});
    await renderPage(
      <Lanes
        lanes={specs(TIMELINE, { text: "", relatedOnly: false }, () => undefined)}
        interval={TIMELINE.axis}
        gutter={100}
        label="Items"
        selected="slip"
        onSelect={onSelect}
        onZoom={vi.fn()}
        lines={[]}
        formatTime={String}
      />,
    );
    const group = await screen.findByRole("group", { name: "Items" });
    fireEvent.keyDown(group, { key: "ArrowRight" });
    expect(onSelect).toHaveBeenLastCalledWith(expect.objectContaining({ id: "change" }));
    fireEvent.keyDown(group, { key: "Escape" });
    expect(onSelect).toHaveBeenLastCalledWith(undefined);
  });
});

describe("likely causes", () => {
  it("come with their reasons, and are selected by a click", async () => {
    const onSelect = vi.fn();
    const suspect = {
      id: "slip",
      t: T,
      title: "junior: s3:DeleteBucketEncryption",
      actor: "junior",
      kind: "human",
      sourceIp: "10.0.0.9",
      operation: "s3:DeleteBucketEncryption",
      error: "",
      resources: [BUCKET],
      score: 83,
      certain: false,
      reasons: [{ code: "time", weight: 30, text: "5 seconds before the alarm began" }],
      alike: 2,
      origin: "slip",
      changes: [],
      ref: null,
    };
    answering({});
    await renderPage(
      <Suspects timeline={{ ...TIMELINE, suspects: [suspect] }} selected="" onSelect={onSelect} />,
    );
    expect(await screen.findByText("5 seconds before the alarm began")).toBeInTheDocument();
    expect(screen.getByText(/and 2 calls like it/)).toBeInTheDocument();
    act(() => screen.getByRole("button", { name: suspect.title }).click());
    expect(onSelect).toHaveBeenCalledWith("slip");
    expect(createWrapper().findContainer()).not.toBeNull();
  });
});

describe("global search", () => {
  it("lists pages that exist, and nothing twice", () => {
    const pages = pageHits("set", (path) => path === "/settings");
    expect(pages.map((hit) => hit.href)).toEqual(["/settings"]);
    const both = grouped([
      ...pages,
      { kind: "page", title: "Settings", subtitle: "Page", href: "/settings" },
    ]);
    expect(both).toEqual([
      { label: "Pages", options: [{ value: "/settings", label: "Settings", description: "" }] },
    ]);
    expect(pageHits("alarms", () => false)).toEqual([]);
  });
});
