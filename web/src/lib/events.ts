/** Searches of the audit trail: filters as the URL, the filter bar and the server have them. */
import type { EventFilter, TrailRecord } from "../api/console";

export type Operator = EventFilter["op"];

export interface Found extends TrailRecord {
  eventId: string;
  /** Epoch ms. */
  t: number;
  username: string;
  touched: { type: string; id: string }[];
  cause: string | null;
  origin: string;
}

export const FIELDS: { key: string; label: string; group: string }[] = [
  ["eventName", "Event name"],
  ["username", "User name"],
  ["eventSource", "Event source"],
  ["resourceName", "Resource name"],
  ["resourceType", "Resource type"],
  ["errorCode", "Error code"],
  ["readOnly", "Read-only"],
  ["sourceIPAddress", "Source IP address"],
  ["accessKeyId", "Access key"],
  ["userIdentity.arn", "Identity ARN"],
  ["userIdentity.type", "Identity type"],
  ["awsRegion", "Region"],
  ["eventCategory", "Category"],
  ["eventID", "Event id"],
  ["origin", "Origin"],
  ["cause", "Cause"],
  ["errorMessage", "Error message"],
  ["userAgent", "User agent"],
  ["requestParameters.bucketName", "Request: bucket name"],
].map(([key = "", label = ""]) => ({ key, label, group: "fields" }));

/** Management calls of people are looked for first; readers come and go by the thousand. */
export const CHANGES_ONLY: EventFilter = { field: "readOnly", op: "=", value: "false" };

export const isFilters = (value: unknown): value is EventFilter[] =>
  Array.isArray(value) &&
  value.length <= 50 &&
  value.every(
    (each) =>
      typeof each === "object" &&
      each !== null &&
      typeof each.field === "string" &&
      typeof each.value === "string" &&
      ["=", "!=", ":", "!:"].includes(each.op),
  );

export interface Token {
  propertyKey?: string;
  operator: string;
  value: string;
}

/** A token of the filter bar -> a filter, or words. Free text like `requestParameters.key = x` is a filter too. */
export function filterOf(token: Token): EventFilter | { text: string } {
  if (token.propertyKey)
    return { field: token.propertyKey, op: operator(token.operator), value: token.value };
  const path =
    /^((?:userIdentity|requestParameters|responseElements|additionalEventData|tlsDetails)\.[\w.]+)\s*(!=|!:|=|:)\s*(.+)$/.exec(
      token.value,
    );
  if (path) return { field: path[1] ?? "", op: operator(path[2] ?? "="), value: path[3] ?? "" };
  return { text: token.value };
}

function operator(written: string): Operator {
  return written === "!=" || written === ":" || written === "!:" ? written : "=";
}

/** The filter bar's tokens -> what the URL and the server hold. */
export function queryOf(tokens: readonly Token[]): { filters: EventFilter[]; text: string } {
  const filters: EventFilter[] = [];
  const words: string[] = [];
  for (const token of tokens) {
    const found = filterOf(token);
    if ("text" in found) words.push(found.text);
    else filters.push(found);
  }
  return { filters, text: words.join(" ") };
}

export function tokensOf(filters: readonly EventFilter[], text: string): Token[] {
  return [
    ...filters.map(({ field, op, value }) => ({ propertyKey: field, operator: op, value })),
    ...(text ? [{ operator: ":", value: text }] : []),
  ];
}

/** The filters with one more, or as they are when it is there. */
export function withEventFilter(filters: readonly EventFilter[], added: EventFilter): EventFilter[] {
  const same = (each: EventFilter) =>
    each.field === added.field && each.op === added.op && each.value === added.value;
  return filters.some(same) ? [...filters] : [...filters, added];
}

export function hasFilter(filters: readonly EventFilter[], field: string, value: string): boolean {
  return filters.some((each) => each.field === field && each.value === value && each.op === "=");
}

/** `s3` of `s3.amazonaws.com` */
export const serviceOf = (source: string): string => source.replace(/\.amazonaws\.com$/, "");

/** Everything of a record that AWS wrote, without what the console's search added. */
export function rawRecord(event: Found): Record<string, unknown> {
  const { eventId: _, t: __, username: ___, touched: ____, cause: _____, origin: ______, ...record } = event;
  return record;
}

/** Who it was, in words: a user, a role's session, an AWS service. */
export function who(event: TrailRecord): string {
  const identity = (event.userIdentity ?? {}) as Record<string, unknown>;
  const text = (key: string) => (typeof identity[key] === "string" ? (identity[key] as string) : "");
  if (text("userName")) return text("userName");
  if (text("type") === "AWSService") return text("invokedBy") || "AWS service";
  const arn = text("arn");
  if (arn.includes(":assumed-role/")) return arn.split(":assumed-role/")[1] ?? arn;
  return arn.split(":").at(-1) || text("type") || "–";
}

/** One row of a file: what the list shows, and the record. */
export function exported(event: Found): Record<string, unknown> {
  return {
    eventTime: event.eventTime,
    eventName: event.eventName,
    eventSource: event.eventSource,
    username: event.username,
    sourceIPAddress: event.sourceIPAddress,
    awsRegion: event.awsRegion,
    errorCode: event.errorCode,
    readOnly: event.readOnly,
    resources: event.touched.map(({ type, id }) => `${type} ${id}`).join("; "),
    eventID: event.eventId,
    requestParameters: event.requestParameters,
    responseElements: event.responseElements,
  };
}
