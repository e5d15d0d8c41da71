/**
 * Dashboards: CloudWatch's body <-> widgets on a grid of 24 columns. A body that is read and written again is the same
 * but for what was changed: widget types and members nobody here knows go through untouched.
 */
export const COLUMNS = 24;
const DEFAULT_SIZE = 6;

type Json = Record<string, unknown>;

export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A widget and where it is; `raw` is what the body says of it. */
export interface Widget extends Place {
  /** Of this reading of the body; not part of it. */
  key: string;
  type: string;
  properties: Json;
  raw: Json;
  /** Where it was when `raw` was written. */
  origin: Place;
}

export interface Board {
  widgets: Widget[];
  /** Everything else: start, end, periodOverride, variables, … */
  rest: Json;
}

/** Raises SyntaxError (no JSON) or TypeError (no dashboard), with words for the reader. */
export function boardOf(body: string): Board {
  const parsed: unknown = JSON.parse(body);
  if (!isRecord(parsed)) throw new TypeError("A dashboard is a JSON object.");
  const { widgets = [], ...rest } = parsed;
  if (!Array.isArray(widgets)) throw new TypeError("The member widgets must be a list.");
  const shelf = new Shelf();
  return {
    rest,
    widgets: widgets.map((raw: unknown, index): Widget => {
      if (!isRecord(raw)) throw new TypeError(`Widget ${index} must be an object.`);
      const origin = shelf.put(raw);
      return {
        ...origin,
        origin,
        key: `w${index}`,
        type: typeof raw.type === "string" ? raw.type : "",
        properties: isRecord(raw.properties) ? raw.properties : {},
        raw,
      };
    }),
  };
}

/** Places widgets that have no place: after those before them, from left to right, as CloudWatch does. */
class Shelf {
  private next = { x: 0, y: 0, floor: 0 };

  put(raw: Json): Place {
    const width = clamp(whole(raw.width) ?? DEFAULT_SIZE, 1, COLUMNS);
    const height = Math.max(whole(raw.height) ?? DEFAULT_SIZE, 1);
    const [x, y] = [whole(raw.x), whole(raw.y)];
    const place =
      x !== undefined && y !== undefined
        ? { x: clamp(x, 0, COLUMNS - width), y: Math.max(y, 0) }
        : this.free(width);
    this.next = {
      x: place.x + width,
      y: place.y,
      floor: Math.max(this.next.floor, place.y + height),
    };
    return { ...place, width, height };
  }

  private free(width: number): { x: number; y: number } {
    if (this.next.x + width <= COLUMNS) return { x: this.next.x, y: this.next.y };
    return { x: 0, y: this.next.floor };
  }
}

export function bodyOf(board: Board): Json {
  return { ...board.rest, widgets: board.widgets.map(rawOf) };
}

export function bodyText(board: Board): string {
  return JSON.stringify(bodyOf(board), null, 2);
}

/** What the body says of a widget: the place only where it differs from what the body gave it. */
function rawOf(widget: Widget): Json {
  const { raw } = widget;
  const moved = (["x", "y", "width", "height"] as const).filter(
    (name) => raw[name] !== undefined || widget[name] !== widget.origin[name],
  );
  const place = Object.fromEntries(moved.map((name) => [name, widget[name]]));
  if ("x" in place !== "y" in place) Object.assign(place, { x: widget.x, y: widget.y });
  const properties =
    raw.properties === undefined && !Object.keys(widget.properties).length
      ? {}
      : { properties: widget.properties };
  return { ...raw, ...(widget.type ? { type: widget.type } : {}), ...place, ...properties };
}

/** Moves widgets; those that give way are pushed down by the grid, so all places come at once. */
export function placed(board: Board, places: ReadonlyMap<string, Place>): Board {
  let changed = false;
  const widgets = board.widgets.map((widget) => {
    const place = places.get(widget.key);
    if (!place || samePlace(place, widget)) return widget;
    changed = true;
    const { x, y, width, height } = place;
    return { ...widget, x, y, width, height };
  });
  return changed ? { ...board, widgets } : board;
}

function samePlace(a: Place, b: Place): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
}

export function withProperties(board: Board, key: string, type: string, properties: Json): Board {
  return {
    ...board,
    widgets: board.widgets.map((widget) => (widget.key === key ? { ...widget, type, properties } : widget)),
  };
}

export function without(board: Board, key: string): Board {
  return { ...board, widgets: board.widgets.filter((widget) => widget.key !== key) };
}

/** A new widget below all others, where nothing has to move. */
export function added(
  board: Board,
  type: string,
  properties: Json,
  size?: { width: number; height: number },
): Board {
  const keys = new Set(board.widgets.map((widget) => widget.key));
  let count = board.widgets.length;
  while (keys.has(`w${count}`)) count += 1;
  const place: Place = {
    x: 0,
    y: bottom(board.widgets),
    width: size?.width ?? 12,
    height: size?.height ?? DEFAULT_SIZE,
  };
  const raw = { type, ...place, properties };
  return {
    ...board,
    widgets: [...board.widgets, { ...place, origin: place, key: `w${count}`, type, properties, raw }],
  };
}

export function bottom(widgets: readonly Place[]): number {
  return widgets.reduce((most, widget) => Math.max(most, widget.y + widget.height), 0);
}

export type Step = "left" | "right" | "up" | "down";

/** One step of a widget by keyboard, moving or resizing; it stays on the grid and what is in its way gives way. */
export function stepped(board: Board, key: string, step: Step, resize: boolean): Board {
  const widget = board.widgets.find((one) => one.key === key);
  if (!widget) return board;
  const dx = { left: -1, right: 1, up: 0, down: 0 }[step];
  const dy = { left: 0, right: 0, up: -1, down: 1 }[step];
  const next: Place = resize
    ? {
        x: widget.x,
        y: widget.y,
        width: clamp(widget.width + dx, 1, COLUMNS - widget.x),
        height: Math.max(1, widget.height + dy),
      }
    : {
        x: clamp(widget.x + dx, 0, COLUMNS - widget.width),
        y: Math.max(0, widget.y + dy),
        width: widget.width,
        height: widget.height,
      };
  return moved(board, key, next);
}

/** One widget somewhere else; what is there gives way. */
export function moved(board: Board, key: string, place: Place): Board {
  const widget = board.widgets.find((one) => one.key === key);
  if (!widget || samePlace(place, widget)) return board;
  return placed(board, givenWay(board.widgets, key, place));
}

/** Places after one widget took its place: whatever it overlaps moves below it, and so on. */
function givenWay(widgets: readonly Widget[], key: string, place: Place): Map<string, Place> {
  const places = new Map<string, Place>([[key, place]]);
  const settled: Place[] = [place];
  const others = widgets.filter((one) => one.key !== key).sort((a, b) => a.y - b.y || a.x - b.x);
  for (const { key: other, x, y, width, height } of others) {
    const spot = { x, y, width, height };
    for (let hit = settled.find((one) => overlap(one, spot)); hit; ) {
      spot.y = hit.y + hit.height;
      hit = settled.find((one) => overlap(one, spot));
    }
    settled.push(spot);
    places.set(other, spot);
  }
  return places;
}

export function overlap(a: Place, b: Place): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** What a screen reader hears of a widget's place. */
export function placeText({ x, y, width, height }: Place): string {
  return `column ${x + 1}, row ${y + 1}, ${width} wide, ${height} high`;
}

/** A dashboard's words for a widget that has no title. */
export function titleOf(widget: Widget): string {
  const { title, markdown } = widget.properties;
  if (typeof title === "string" && title) return title;
  if (typeof markdown === "string") return /^#+\s*(.+)$/m.exec(markdown)?.[1] ?? "Text";
  return (
    { metric: "Graph", log: "Log query", alarm: "Alarms", text: "Text" }[widget.type] ??
    (widget.type || "Widget")
  );
}

/** A name out of an alarm's ARN (alarm names may have colons); anything else as it is. */
export function alarmNameOf(arn: string): string {
  return /^arn:[^:]*:cloudwatch:[^:]*:[^:]*:alarm:(.+)$/.exec(arn)?.[1] ?? arn;
}

const UNITS: Record<string, string> = { M: "m", H: "h", D: "d", W: "w" };

/** The range a dashboard opens with: `start` is an ISO 8601 duration (`-PT3H`, `-P7D`) or a time, `end` a time. */
export function rangeOf({ start, end }: Json): { from: string; to: string } | undefined {
  if (typeof start !== "string") return undefined;
  const relative = /^-P(?:T(\d+)([MH])|(\d+)([DW]))$/.exec(start);
  if (relative) {
    const amount = relative[1] ?? relative[3];
    return { from: `now-${amount}${UNITS[relative[2] ?? relative[4] ?? "H"]}`, to: "now" };
  }
  const [from, to] = [Date.parse(start), typeof end === "string" ? Date.parse(end) : Number.NaN];
  if (Number.isNaN(from)) return undefined;
  return { from: String(from), to: Number.isNaN(to) ? "now" : String(to) };
}

export interface Finding {
  /** A JSON pointer into the body. */
  path: string;
  message: string;
}

/** The findings in the words of a refused PutDashboard: it lists them as JSON after its first line. */
export function refusals(message: string): Finding[] {
  const from = message.indexOf("[");
  try {
    const found: unknown = JSON.parse(message.slice(from));
    if (!Array.isArray(found)) return [];
    return found
      .filter(isRecord)
      .map((one) => ({ path: String(one.dataPath), message: String(one.message) }));
  } catch {
    return [];
  }
}

/** Log groups and the query behind them: `SOURCE 'a' | SOURCE 'b' | fields @message`. */
export function logQueryOf(text: string): { groups: string[]; query: string } {
  const groups: string[] = [];
  let rest = text;
  for (;;) {
    const source =
      /^\s*SOURCE\s+((?:'[^']*'|"[^"]*"|[^|\s]+)(?:\s*,\s*(?:'[^']*'|"[^"]*"))*)\s*(?:\||$)/i.exec(rest);
    if (!source) break;
    const names = source[1]?.match(/'[^']*'|"[^"]*"|[^,\s]+/g) ?? [];
    groups.push(...names.map((name) => name.replace(/^['"]|['"]$/g, "")));
    rest = rest.slice(source[0].length);
  }
  return { groups, query: rest.trim() };
}

export function logQueryText(groups: string[], query: string): string {
  return [...groups.map((group) => `SOURCE '${group}'`), query].join(" | ");
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function whole(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) ? value : undefined;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
