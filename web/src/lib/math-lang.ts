/** Metric math for an editor: its words, where the server's errors are, and what may come next. */

export interface MathFunction {
  name: string;
  signature: string;
  info: string;
}

const f = (name: string, signature: string, info: string): MathFunction => ({ name, signature, info });

/** What the server computes. */
export const FUNCTIONS: MathFunction[] = [
  f("ABS", "ABS(m)", "Each value without its sign"),
  f("AVG", "AVG(m)", "Of one series its average; of several one series"),
  f("CEIL", "CEIL(m)", "Each value rounded up"),
  f("DATAPOINT_COUNT", "DATAPOINT_COUNT(m)", "How many points a series has"),
  f("DATE", "DATE(m)", "Day of the month (1 to 31) of each point"),
  f("DAY", "DAY(m)", "Day of the week of each point, Monday is 1"),
  f("DIFF", "DIFF(m)", "Difference to the point before"),
  f("DIFF_TIME", "DIFF_TIME(m)", "Seconds since the point before"),
  f("EPOCH", "EPOCH(m)", "Epoch seconds of each point"),
  f("FILL", "FILL(m, 0)", "Missing points filled: a value, REPEAT or LINEAR"),
  f("FIRST", "FIRST([m1, m2])", "The first series of an array"),
  f("FLOOR", "FLOOR(m)", "Each value rounded down"),
  f("HOUR", "HOUR(m)", "Hour (0 to 23, UTC) of each point"),
  f("IF", "IF(condition, then, else)", "One value or another, point by point"),
  f("LAST", "LAST([m1, m2])", "The last series of an array"),
  f("LOG", "LOG(m)", "Natural logarithm"),
  f("LOG10", "LOG10(m)", "Logarithm to base 10"),
  f("MAX", "MAX(m)", "Of one series its maximum; of several one series"),
  f("METRICS", 'METRICS("part")', "All metrics of the request whose id holds the part"),
  f("METRIC_COUNT", "METRIC_COUNT(METRICS())", "How many series an array has"),
  f("MIN", "MIN(m)", "Of one series its minimum; of several one series"),
  f("MINUTE", "MINUTE(m)", "Minute of each point"),
  f("MONTH", "MONTH(m)", "Month of each point"),
  f("PERIOD", "PERIOD(m1)", "Seconds of one period of a metric"),
  f("RATE", "RATE(m)", "Change per second"),
  f("REMOVE_EMPTY", "REMOVE_EMPTY(METRICS())", "An array without the series that have no points"),
  f("RUNNING_SUM", "RUNNING_SUM(m)", "Sum of all points so far"),
  f("SEARCH", "SEARCH('{Namespace,Dimension} name', 'Average', 300)", "All metrics that match"),
  f("SLICE", "SLICE(METRICS(), 0, 5)", "A part of an array"),
  f("SORT", "SORT(METRICS(), MAX, DESC, 5)", "An array in order, the first ones of it"),
  f("STDDEV", "STDDEV(m)", "Standard deviation"),
  f("SUM", "SUM(METRICS())", "Of one series its sum; of several one series"),
  f("TIME_SERIES", "TIME_SERIES(0)", "A number as a series"),
  f("YEAR", "YEAR(m)", "Year of each point"),
];

const NAMES = new Set(FUNCTIONS.map((one) => one.name));
export const KEYWORDS = ["AND", "OR", "REPEAT", "LINEAR", "ASC", "DESC"];

export type MathToken =
  | "string"
  | "number"
  | "keyword"
  | "function"
  | "variable"
  | "operator"
  | "bracket"
  | "invalid";

const PATTERNS: [RegExp, MathToken | null][] = [
  [/^\s+/, null],
  [/^(?:"[^"]*"|'[^']*')/, "string"],
  [/^(?:"[^"]*|'[^']*)$/, "invalid"],
  [/^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/, "number"],
  [/^[A-Za-z_][A-Za-z0-9_]*/, "variable"],
  [/^(?:<=|>=|==|!=|&&|\|\||[-+*/^<>])/, "operator"],
  [/^[()[\],]/, "bracket"],
];

/** The token at the start of the text, and its length. */
export function mathToken(text: string): { kind: MathToken | null; length: number } {
  for (const [pattern, kind] of PATTERNS) {
    const [found] = pattern.exec(text) ?? [];
    if (!found) continue;
    if (kind !== "variable") return { kind, length: found.length };
    if (NAMES.has(found)) return { kind: "function", length: found.length };
    return { kind: KEYWORDS.includes(found) ? "keyword" : "variable", length: found.length };
  }
  return { kind: "invalid", length: 1 };
}

export interface MathError {
  /** Whose expression; empty where the server names none. */
  id: string;
  message: string;
  /** Characters from the start. */
  at?: number;
}

/** Reads `Error in expression 'e1': Unexpected ')' [5]`. */
export function mathError(message: string): MathError {
  const named = /^Error in expression '([^']*)':\s*([\s\S]*)$/.exec(message);
  const rest = named?.[2] ?? message;
  const placed = /^([\s\S]*?)\s*\[(\d+)\]\s*$/.exec(rest);
  return {
    id: named?.[1] ?? "",
    message: placed?.[1] ?? rest,
    ...(placed ? { at: Number(placed[2]) } : {}),
  };
}

/** The stretch to underline: the token at the place, or the whole text where there is no place. */
export function errorSpan(text: string, at: number | undefined): { from: number; to: number } {
  if (at === undefined) return { from: 0, to: text.length };
  if (at >= text.length) return { from: Math.max(0, text.length - 1), to: text.length };
  return { from: at, to: at + Math.max(1, mathToken(text.slice(at)).length) };
}

export interface Suggestion {
  label: string;
  type: "function" | "variable" | "keyword";
  detail?: string;
  info?: string;
  apply?: string;
}

/** What may stand at the word before the cursor. */
export function suggestions(ids: { id: string; name: string }[]): Suggestion[] {
  return [
    ...ids.map(({ id, name }): Suggestion => ({ label: id, type: "variable", detail: name })),
    ...FUNCTIONS.map(
      ({ name, signature, info }): Suggestion => ({
        label: name,
        type: "function",
        detail: signature.slice(name.length),
        info,
        apply: `${name}(`,
      }),
    ),
    ...KEYWORDS.map((label): Suggestion => ({ label, type: "keyword" })),
  ];
}
