/**
 * State in the URL: plain, documented parameters (`?q=…&from=now-3h&groups=a&groups=b`). A page's state is a record
 * of readers; a value that does not fit its reader becomes the default, an unknown key is dropped.
 */

export type Raw = Record<string, unknown>;

/** Reads one parameter and writes it back; `undefined` when written means: leave it out. */
export interface Param<T> {
  read(raw: unknown): T;
  write(value: T): unknown;
}

export type Shape = Record<string, Param<unknown>>;
export type StateOf<S extends Shape> = { [K in keyof S]: S[K] extends Param<infer T> ? T : never };

export function text(fallback = ""): Param<string> {
  return {
    read: (raw) => (typeof raw === "string" ? raw : typeof raw === "number" ? String(raw) : fallback),
    write: (value) => (value === fallback ? undefined : value),
  };
}

export function oneOf<T extends string>(values: readonly T[], fallback: T): Param<T> {
  return {
    read: (raw) => values.find((value) => value === raw) ?? fallback,
    write: (value) => (value === fallback ? undefined : value),
  };
}

export function integer(fallback: number, least = 0): Param<number> {
  return {
    read: (raw) => {
      const value =
        typeof raw === "number" ? raw : typeof raw === "string" && raw !== "" ? Number(raw) : Number.NaN;
      return Number.isInteger(value) && value >= least ? value : fallback;
    },
    write: (value) => (value === fallback ? undefined : value),
  };
}

export function flag(): Param<boolean> {
  return { read: (raw) => raw === "1" || raw === true, write: (value) => (value ? "1" : undefined) };
}

/** Several values under one key, in order. */
export function list(): Param<string[]> {
  return {
    read: (raw) =>
      Array.isArray(raw) ? raw.map(String) : typeof raw === "string" && raw !== "" ? [raw] : [],
    write: (value) => (value.length ? value : undefined),
  };
}

/** A structured value as JSON; `valid` refuses what somebody else may have put there. */
export function json<T>(fallback: T, valid: (value: unknown) => value is T): Param<T> {
  return {
    read: (raw) => {
      if (typeof raw !== "string") return fallback;
      try {
        const value: unknown = JSON.parse(raw);
        return valid(value) ? value : fallback;
      } catch {
        return fallback;
      }
    },
    write: (value) => {
      const written = JSON.stringify(value);
      return written === JSON.stringify(fallback) ? undefined : written;
    },
  };
}

export function readState<S extends Shape>(shape: S, raw: Raw): StateOf<S> {
  return Object.fromEntries(
    Object.entries(shape).map(([key, param]) => [key, param.read(raw[key])]),
  ) as StateOf<S>;
}

/** The parameters of a change; keys that become their default are `undefined`, so that they leave the URL. */
export function writeState<S extends Shape>(shape: S, change: Partial<StateOf<S>>): Raw {
  return Object.fromEntries(Object.entries(change).map(([key, value]) => [key, shape[key]?.write(value)]));
}

/** `?a=1&b=2` -> record; a repeated key is a list. Values stay text: readers decide what they are. */
export function parseSearch(search: string): Raw {
  const found: Record<string, string | string[]> = {};
  for (const [key, value] of new URLSearchParams(search)) {
    const before = found[key];
    found[key] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return found;
}

export function stringifySearch(state: Raw): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(state)) {
    if (value === undefined || value === null || value === "") continue;
    for (const item of Array.isArray(value) ? value : [value]) params.append(key, String(item));
  }
  const written = params.toString();
  return written ? `?${written}` : "";
}

/** Keys that every page shares; links carry them along. */
export const SHARED = ["region", "from", "to", "tz", "refresh"] as const;

/** The address of a page: `#/alarms/cpu%20high?tab=history`. Segments are escaped by `segment`. */
export function pageHref(path: string, state: Raw = {}): string {
  return `#${path}${stringifySearch(state)}`;
}

/** One path segment from any text: ARNs and log group names have slashes. */
export function segment(value: string): string {
  return encodeURIComponent(value);
}
