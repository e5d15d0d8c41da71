import { describe, expect, it } from "vitest";
import type { ConfigurationItem } from "../../src/api/gen/config";
import {
  compared,
  itemChanges,
  itemMoments,
  itemTitle,
  laneMoments,
  newestFirst,
  queryErrorAt,
  selectRows,
  shortPath,
  unfolded,
} from "../../src/lib/items";

const item = (change: Partial<ConfigurationItem> = {}): ConfigurationItem => ({
  configurationItemStatus: "OK",
  configurationItemCaptureTime: 100,
  configurationStateId: "1",
  configuration: '{"name":"b"}',
  supplementaryConfiguration: { Encryption: '{"rules":[{"algorithm":"AES256"}]}' },
  ...change,
});

describe("items", () => {
  it("unfold JSON in texts, inside too", () => {
    expect(unfolded('{"a":"[1,2]","b":"{x"}')).toEqual({ a: [1, 2], b: "{x" });
    expect(compared(item()).supplementaryConfiguration).toEqual({
      Encryption: { rules: [{ algorithm: "AES256" }] },
    });
  });

  it("say what changed", () => {
    const bare = item({ supplementaryConfiguration: {} });
    expect(itemChanges(item(), bare)).toEqual([
      {
        path: "supplementaryConfiguration.Encryption",
        changeType: "DELETE",
        from: { rules: [{ algorithm: "AES256" }] },
      },
    ]);
    expect(itemTitle(bare, item())).toBe("Encryption disappeared");
    expect(itemTitle(item({ tags: { a: "1" }, configuration: '{"name":"c"}' }), item())).toBe(
      "name changed and 1 more",
    );
  });

  it("have words for beginning and end", () => {
    expect(itemTitle(item(), undefined)).toBe("Discovered");
    expect(itemTitle(item({ configurationItemStatus: "ResourceDeleted" }), item())).toBe("Deleted");
    expect(itemTitle(item(), item({ configurationItemStatus: "ResourceDeleted" }))).toBe("Created again");
    expect(itemTitle(item(), item())).toBe("Recorded, nothing changed");
  });

  it("are told by the two telling parts of a path", () => {
    expect(shortPath("supplementaryConfiguration.Encryption.rules.[0].algorithm")).toBe("Encryption.rules");
    expect(shortPath("configuration")).toBe("configuration");
  });
});

it("puts what came of it above what was done", () => {
  const b = { type: "AWS::S3::Bucket", id: "b" };
  const moments = newestFirst([
    ...itemMoments([item(), item({ configurationItemCaptureTime: 200, configurationStateId: "2" })]),
    ...laneMoments(
      [
        {
          kind: "api",
          items: [{ id: "e", t: 200_000, title: "DeleteBucketEncryption", actor: "junior", resources: [b] }],
        },
        {
          kind: "compliance",
          items: [{ id: "c", t: 200_000, title: "NON_COMPLIANT", status: "NON_COMPLIANT", resource: b }],
        },
        { kind: "remediation", items: [{ id: "r", t: 1, title: "of another", resource: { ...b, id: "c" } }] },
        { kind: "logs", items: [{ id: "l", t: 1, title: "not here", resource: b }] },
      ],
      "b",
    ),
  ]);
  expect(moments.map((moment) => [moment.kind, moment.t])).toEqual([
    ["compliance", 200_000],
    ["configuration", 200_000],
    ["api", 200_000],
    ["configuration", 100_000],
  ]);
  expect(moments[2]).toMatchObject({ event: "e", by: "junior" });
});

it("reads rows of advanced queries by path", () => {
  const rows = selectRows(
    ['{"resourceId":"a","tags":[{"key":"x"},{"key":"y"}],"configuration":{"b":{"c":1}}}', '{"COUNT(*)":3}'],
    ["resourceId", "tags.key", "configuration.b.c", "COUNT(*)"],
  );
  expect(rows[0]).toEqual({
    resourceId: "a",
    "tags.key": ["x", "y"],
    "configuration.b.c": 1,
    "COUNT(*)": undefined,
  });
  expect(rows[1]?.["COUNT(*)"]).toBe(3);
});

describe("an advanced query's error", () => {
  const query = "SELECT resourceId\nWHERE nonsense = 1";

  it("stands at the word it names", () => {
    const { from, to } = queryErrorAt("Unknown property nonsense.", query);
    expect(query.slice(from, to)).toBe("nonsense");
  });

  it("or at the place it names", () => {
    expect(queryErrorAt("syntax error at line 2, column 3", query)).toMatchObject({ from: 20, to: 21 });
  });

  it("or everywhere", () => {
    expect(queryErrorAt("something else", query)).toMatchObject({ from: 0, to: query.length });
  });
});
