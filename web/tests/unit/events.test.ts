import { describe, expect, it } from "vitest";
import type { TrailRecord } from "../../src/api/console";
import {
  CHANGES_ONLY,
  filterOf,
  hasFilter,
  isFilters,
  queryOf,
  tokensOf,
  who,
  withEventFilter,
} from "../../src/lib/events";

describe("tokens", () => {
  const tokens = [
    { propertyKey: "eventName", operator: "!=", value: "GetObject" },
    { operator: ":", value: "payroll" },
    { operator: ":", value: "requestParameters.bucketName = payroll-1" },
  ];

  it("are filters, words, or a path with a value", () => {
    expect(queryOf(tokens)).toEqual({
      filters: [
        { field: "eventName", op: "!=", value: "GetObject" },
        { field: "requestParameters.bucketName", op: "=", value: "payroll-1" },
      ],
      text: "payroll",
    });
  });

  it("come back as they were", () => {
    const { filters, text } = queryOf(tokens);
    expect(queryOf(tokensOf(filters, text))).toEqual({ filters, text });
    expect(tokensOf([], "")).toEqual([]);
  });

  it("are words where the path is of no record", () => {
    expect(filterOf({ operator: ":", value: "a.b = c" })).toEqual({ text: "a.b = c" });
    expect(filterOf({ operator: ":", value: "userIdentity.type !: Root" })).toEqual({
      field: "userIdentity.type",
      op: "!:",
      value: "Root",
    });
  });
});

it("takes a filter once", () => {
  const filters = withEventFilter([CHANGES_ONLY], CHANGES_ONLY);
  expect(filters).toEqual([CHANGES_ONLY]);
  expect(hasFilter(filters, "readOnly", "false")).toBe(true);
  expect(hasFilter(filters, "readOnly", "true")).toBe(false);
});

it("refuses what is no list of filters", () => {
  expect(isFilters([CHANGES_ONLY])).toBe(true);
  expect(isFilters([{ field: "a", op: "~", value: "" }])).toBe(false);
  expect(isFilters("x")).toBe(false);
});

describe("who", () => {
  const event = (userIdentity: Record<string, unknown>) => ({ userIdentity }) as unknown as TrailRecord;

  it("is a user, a role's session or a service", () => {
    expect(who(event({ type: "IAMUser", userName: "junior" }))).toBe("junior");
    expect(who(event({ type: "AssumedRole", arn: "arn:aws:sts::1:assumed-role/deploy/ci" }))).toBe(
      "deploy/ci",
    );
    expect(who(event({ type: "AWSService", invokedBy: "config.amazonaws.com" }))).toBe(
      "config.amazonaws.com",
    );
    expect(who(event({ type: "Root", arn: "arn:aws:iam::1:root" }))).toBe("root");
    expect(who(event({}))).toBe("–");
  });
});
