/** What differs between two JSON values, in the shape of Config's ConfigurationItemDiff. */

export interface Change {
  /** Members and [indexes] from the root, joined by dots: `Rules.[0].Status`. */
  path: string;
  changeType: "CREATE" | "UPDATE" | "DELETE";
  from?: unknown;
  to?: unknown;
}

/** Lists are compared by position; members in the order of the new value, removed ones last. */
export function changes(before: unknown, after: unknown, path = ""): Change[] {
  if (Object.is(before, after)) return [];
  if (before === undefined) return [{ path, changeType: "CREATE", to: after }];
  if (after === undefined) return [{ path, changeType: "DELETE", from: before }];
  if (!comparable(before, after)) return [{ path, changeType: "UPDATE", from: before, to: after }];
  const [old, now] = [entries(before), entries(after)];
  const keys = new Set([...now.keys(), ...old.keys()]);
  return [...keys].flatMap((key) => changes(old.get(key), now.get(key), path ? `${path}.${key}` : key));
}

/** Two records or two lists, whose parts are compared. */
function comparable(a: unknown, b: unknown): boolean {
  return isObject(a) && isObject(b) && Array.isArray(a) === Array.isArray(b);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function entries(value: unknown): Map<string, unknown> {
  if (Array.isArray(value)) return new Map(value.map((item, index) => [`[${index}]`, item]));
  return new Map(Object.entries(value as Record<string, unknown>));
}

/** A value in a table's cell: text as it is, the rest as JSON. */
export function shown(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, 1).replace(/\n\s*/g, " ");
}

/** Pretty JSON with sorted members, so that two states differ only where they do. */
export function stableJson(value: unknown): string {
  return JSON.stringify(sorted(value), null, 2) ?? "";
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
