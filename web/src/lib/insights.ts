/** Logs Insights queries as text: their commands, edits that keep what the writer wrote, results as values. */

export interface Stretch {
  text: string;
  from: number;
  to: number;
}

/** The commands between pipes; pipes in strings, fields in backticks, regular expressions and comments are none. */
export function commands(query: string): Stretch[] {
  const found: Stretch[] = [];
  let start = 0;
  let at = 0;
  const close = (end: number) => {
    const raw = query.slice(start, end);
    const lead = raw.length - raw.trimStart().length;
    const text = raw.trim();
    found.push({ text, from: start + lead, to: start + lead + text.length });
  };
  while (at < query.length) {
    const here = query[at] ?? "";
    if (here === "|") {
      close(at);
      start = at + 1;
      at += 1;
    } else if (here === "#") {
      at = indexOr(query, "\n", at, query.length);
    } else if (`"'\``.includes(here) || (here === "/" && opensRegex(query, at))) {
      at = endOfQuoted(query, at, here);
    } else at += 1;
  }
  close(query.length);
  return found;
}

function indexOr(text: string, what: string, from: number, other: number): number {
  const at = text.indexOf(what, from);
  return at < 0 ? other : at;
}

/** A slash divides behind a value; behind `like`, `=~`, `parse` or a comma it opens a regular expression. */
function opensRegex(query: string, at: number): boolean {
  return /(\blike|=~|\bparse|,|\bparse\s+\S+)\s*$/i.test(query.slice(0, at));
}

function endOfQuoted(query: string, at: number, quote: string): number {
  for (let i = at + 1; i < query.length; i += 1) {
    if (query[i] === "\\" && quote !== "`") i += 1;
    else if (query[i] === quote) return i + 1;
  }
  return query.length;
}

export const wordOf = (command: string): string => /^[a-z]+/i.exec(command)?.[0].toLowerCase() ?? "";

/** Commands that let every event through as it is: what stands before them can be counted over time. */
const OF_EVENTS = new Set(["fields", "filter", "parse"]);

/** `fields …, name` in the first `fields` command, or a new one at the start. */
export function withField(query: string, name: string): string {
  const field = fieldName(name);
  const first = commands(query).find((command) => wordOf(command.text) === "fields");
  if (!first)
    return query.trim() ? `fields @timestamp, ${field}\n| ${query.trim()}` : `fields @timestamp, ${field}`;
  const listed = first.text
    .slice("fields".length)
    .split(",")
    .map((part) => part.trim());
  if (listed.includes(field)) return query;
  return `${query.slice(0, first.to)}, ${field}${query.slice(first.to)}`;
}

/** A `filter` for one value, put before the first command that gathers, orders or cuts. */
export function withFilter(query: string, name: string, value: string, exclude = false): string {
  const condition = `filter ${fieldName(name)} ${exclude ? "!=" : "="} ${literal(value)}`;
  const all = commands(query).filter((command) => command.text !== "");
  const next = all.find((command) => !OF_EVENTS.has(wordOf(command.text)));
  if (all.length === 0) return `${condition}\n`;
  if (!next) return `${query.trimEnd()}\n| ${condition}`;
  if (next.from === all[0]?.from) return `${condition}\n| ${query.slice(next.from)}`;
  const before = query
    .slice(0, next.from)
    .replace(/\|\s*$/, "")
    .trimEnd();
  return `${before}\n| ${condition}\n| ${query.slice(next.from)}`;
}

/** A field as a query writes it: in backticks unless it is a plain name. */
export function fieldName(name: string): string {
  return /^@?[A-Za-z_][\w.]*$/.test(name) ? name : `\`${name}\``;
}

export function literal(value: string): string {
  if (/^-?\d{1,15}(\.\d+)?$/.test(value)) return value;
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** How many events match over time: the query's filters, then a count in bins. */
export function histogramQuery(query: string, seconds: number): string {
  const kept: string[] = [];
  for (const command of commands(query)) {
    if (!OF_EVENTS.has(wordOf(command.text))) break;
    kept.push(command.text);
  }
  return [...kept, `stats count(*) as matched by bin(${seconds}s) as t`, "sort t asc", "limit 10000"].join(
    "\n| ",
  );
}

const BINS = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/** A readable bin of about 60 bars. */
export function binSeconds(fromMs: number, toMs: number): number {
  return BINS.find((bin) => (toMs - fromMs) / 1000 / bin <= 60) ?? 86_400;
}

/** Where a query is wrong, from MalformedQueryException's queryCompileError. */
export function compileError(body: Record<string, unknown>, message: string) {
  const error = body.queryCompileError as
    | { location?: { startCharOffset?: number; endCharOffset?: number }; message?: string }
    | undefined;
  const from = error?.location?.startCharOffset ?? 0;
  return { from, to: error?.location?.endCharOffset ?? from + 1, message: error?.message ?? message };
}

export type Row = Record<string, string>;

/** GetQueryResults' rows as records, and their columns in the order of appearance, `@ptr` left out. */
export function rowsOf(results: { field?: string; value?: string }[][]): { rows: Row[]; columns: string[] } {
  const columns = new Set<string>();
  const rows = results.map((result) => {
    for (const { field } of result) if (field && field !== "@ptr") columns.add(field);
    return Object.fromEntries(result.map(({ field, value }) => [field ?? "", value ?? ""]));
  });
  return { rows, columns: [...columns] };
}

/** `2026-11-28 04:12:33.123`, always UTC -> epoch ms. */
export function insightsTime(value: string | undefined): number | undefined {
  if (!value || !/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/.test(value)) return undefined;
  return Date.parse(`${value.replace(" ", "T")}Z`);
}

/** What `stats … by bin(…)` gave, as lines over time: a line per number column and group; undefined without times. */
export function seriesOf(rows: Row[], columns: string[]) {
  const time = columns.find(
    (column) => rows.length > 0 && rows.every((row) => insightsTime(row[column]) !== undefined),
  );
  if (!time) return undefined;
  const others = columns.filter((column) => column !== time);
  const isNumber = (value: string | undefined) =>
    value !== undefined && value !== "" && Number.isFinite(Number(value));
  const numbers = others.filter(
    (column) =>
      rows.some((row) => isNumber(row[column])) && rows.every((row) => !row[column] || isNumber(row[column])),
  );
  const groups = others.filter((column) => !numbers.includes(column));
  const lines = new Map<string, { t: number[]; v: (number | null)[] }>();
  const ordered = [...rows].sort((a, b) => (insightsTime(a[time]) ?? 0) - (insightsTime(b[time]) ?? 0));
  for (const row of ordered) {
    const group = groups.map((column) => row[column] ?? "–").join(" · ");
    for (const column of numbers) {
      const id = [group, numbers.length > 1 || !group ? column : ""].filter(Boolean).join(" · ");
      const line = lines.get(id) ?? { t: [], v: [] };
      lines.set(id, line);
      line.t.push(insightsTime(row[time]) ?? 0);
      line.v.push(row[column] ? Number(row[column]) : null);
    }
  }
  return [...lines].map(([id, points]) => ({ id, label: id, ...points }));
}

/** The JSON object a message is (a prefix before it is allowed), flattened: `a.b` -> text. */
export function jsonFields(message: string | undefined): Row | undefined {
  const value = jsonIn(message);
  if (value === undefined || Array.isArray(value)) return undefined;
  const found: Row = {};
  flatten(value, "", found);
  return found;
}

export function jsonIn(message: string | undefined): object | undefined {
  const start = message?.indexOf("{") ?? -1;
  if (!message || start < 0 || !message.trimEnd().endsWith("}")) return undefined;
  try {
    const value: unknown = JSON.parse(message.slice(start));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function flatten(value: object, path: string, into: Row): void {
  for (const [key, item] of Object.entries(value)) {
    const name = path ? `${path}.${key}` : key;
    if (typeof item === "object" && item !== null) flatten(item, name, into);
    else into[name] = String(item);
  }
}

export interface FieldShare {
  name: string;
  percent: number;
}

/** Fields of the events at hand, by how many of them have one. */
export function fieldShares(rows: Row[]): FieldShare[] {
  const count = new Map<string, number>();
  for (const row of rows) {
    const names = new Set([...Object.keys(row), ...Object.keys(jsonFields(row["@message"]) ?? {})]);
    names.delete("@ptr");
    for (const name of names) count.set(name, (count.get(name) ?? 0) + 1);
  }
  return [...count]
    .map(([name, seen]) => ({ name, percent: Math.round((seen * 100) / rows.length) }))
    .sort((a, b) => b.percent - a.percent || a.name.localeCompare(b.name));
}

/** Both lists' fields once, each with its larger share; the system's fields last. */
export function mergedFields(...lists: FieldShare[][]): FieldShare[] {
  const best = new Map<string, number>();
  for (const { name, percent } of lists.flat()) best.set(name, Math.max(best.get(name) ?? 0, percent));
  best.delete("@ptr");
  const system = (name: string) => Number(name.startsWith("@"));
  return [...best]
    .map(([name, percent]) => ({ name, percent }))
    .sort((a, b) => system(a.name) - system(b.name) || b.percent - a.percent || a.name.localeCompare(b.name));
}

/** The most frequent values of a field among the rows. */
export function topValues(rows: Row[], name: string, most = 5): { value: string; count: number }[] {
  const count = new Map<string, number>();
  for (const row of rows) {
    const value = row[name] ?? jsonFields(row["@message"])?.[name];
    if (value !== undefined) count.set(value, (count.get(value) ?? 0) + 1);
  }
  return [...count]
    .map(([value, seen]) => ({ value, count: seen }))
    .sort((a, b) => b.count - a.count)
    .slice(0, most);
}
