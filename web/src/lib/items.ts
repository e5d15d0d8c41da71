/** Configuration items: what a resource was at an instant, and what changed between two of them. */
import type { ConfigurationItem } from "../api/gen/config";
import { type Change, changes } from "./diff";

/** What is compared: all that describes the resource, with JSON in strings unfolded. */
export function compared(item: ConfigurationItem): Record<string, unknown> {
  return {
    configuration: unfolded(item.configuration),
    supplementaryConfiguration: mapped(item.supplementaryConfiguration, unfolded),
    tags: item.tags ?? {},
    relationships: (item.relationships ?? [])
      .map((each) => `${each.relationshipName} ${each.resourceType} ${each.resourceId ?? each.resourceName}`)
      .sort(),
  };
}

/** The item with its JSON unfolded, to be read. */
export function readable(item: ConfigurationItem): Record<string, unknown> {
  return {
    ...item,
    configuration: unfolded(item.configuration),
    supplementaryConfiguration: mapped(item.supplementaryConfiguration, unfolded),
  };
}

/** A text that is a JSON object or list -> its value, inside too; everything else as it is. */
export function unfolded(value: unknown): unknown {
  if (typeof value === "string" && /^\s*[[{]/.test(value)) {
    try {
      return unfolded(JSON.parse(value));
    } catch {
      return value;
    }
  }
  if (Array.isArray(value)) return value.map(unfolded);
  if (typeof value === "object" && value !== null) return mapped(value as Record<string, unknown>, unfolded);
  return value;
}

function mapped(value: Record<string, unknown> | undefined, change: (item: unknown) => unknown) {
  return Object.fromEntries(Object.entries(value ?? {}).map(([key, item]) => [key, change(item)]));
}

/** What the later item changed. Deleting or finding a resource is one change, not one for each property. */
export function itemChanges(before: ConfigurationItem | undefined, after: ConfigurationItem): Change[] {
  if (!before || isDeleted(after) || isDeleted(before)) return [];
  return changes(compared(before), compared(after));
}

export function isDeleted(item: ConfigurationItem): boolean {
  return (
    item.configurationItemStatus === "ResourceDeleted" ||
    item.configurationItemStatus === "ResourceDeletedNotRecorded"
  );
}

/** What an item means beside the one before it, in words. */
export function itemTitle(item: ConfigurationItem, before: ConfigurationItem | undefined): string {
  if (isDeleted(item)) return "Deleted";
  if (item.configurationItemStatus === "ResourceDiscovered" || !before) return "Discovered";
  if (isDeleted(before)) return "Created again";
  const found = itemChanges(before, item);
  const first = found[0];
  if (!first) return "Recorded, nothing changed";
  const words = { CREATE: "appeared", UPDATE: "changed", DELETE: "disappeared" }[first.changeType];
  return `${shortPath(first.path)} ${words}${found.length > 1 ? ` and ${found.length - 1} more` : ""}`;
}

/** `supplementaryConfiguration.ServerSideEncryptionConfiguration.rules.[0]` -> its two telling parts. */
export function shortPath(path: string): string {
  const parts = path.split(".").filter((part) => !/^(configuration|supplementaryConfiguration)$/.test(part));
  return parts.slice(0, 2).join(".") || path;
}

export type Kind = "configuration" | "compliance" | "api" | "remediation";

/** One thing on a resource's timeline. */
export interface Moment {
  id: string;
  kind: Kind;
  /** Epoch ms. */
  t: number;
  title: string;
  by: string;
  status: string;
  /** Of a configuration item: its place in the history. */
  item?: number;
  /** Of an API event: its id. */
  event?: string;
}

/** A resource's items, oldest first, as moments. */
export function itemMoments(items: readonly ConfigurationItem[]): Moment[] {
  return items.map((item, index) => ({
    id: `item-${item.configurationStateId ?? index}`,
    kind: "configuration",
    t: (item.configurationItemCaptureTime ?? 0) * 1000,
    title: itemTitle(item, items[index - 1]),
    by: "",
    status: "",
    item: index,
  }));
}

export interface LaneItem {
  id: string;
  t: number;
  title: string;
  actor?: string | null;
  status?: string | null;
  resource?: { type: string; id: string } | null;
  resources?: { type: string; id: string }[] | null;
}

const LANE_KINDS: Record<string, Kind> = { api: "api", compliance: "compliance", remediation: "remediation" };

/** What of the incident timeline's lanes is about one resource; its configuration lane is left to the history. */
export function laneMoments(
  lanes: readonly { kind: string; items: readonly LaneItem[] }[],
  resourceId: string,
): Moment[] {
  const about = (item: LaneItem) =>
    item.resource?.id === resourceId || item.resources?.some((each) => each.id === resourceId);
  return lanes.flatMap((lane) => {
    const kind = LANE_KINDS[lane.kind];
    if (!kind) return [];
    return lane.items.filter(about).map((item): Moment => {
      return {
        id: `${kind}-${item.id}`,
        kind,
        t: item.t,
        title: item.title,
        by: item.actor ?? "",
        status: item.status ?? "",
        ...(kind === "api" ? { event: item.id } : {}),
      };
    });
  });
}

/** Newest first; of the same instant, what was done stands below what came of it. */
export function newestFirst(moments: readonly Moment[]): Moment[] {
  const order: Record<Kind, number> = { remediation: 3, compliance: 2, configuration: 1, api: 0 };
  return [...moments].sort((a, b) => b.t - a.t || order[b.kind] - order[a.kind]);
}

/** The rows of SelectResourceConfig, JSON texts, as records of flat columns. */
export function selectRows(
  results: readonly string[],
  columns: readonly string[],
): Record<string, unknown>[] {
  return results.map((text) => {
    const row = JSON.parse(text) as Record<string, unknown>;
    return Object.fromEntries(columns.map((column) => [column, at(row, column)]));
  });
}

function at(row: Record<string, unknown>, path: string): unknown {
  if (path in row) return row[path];
  return path.split(".").reduce<unknown>((value, part) => {
    if (Array.isArray(value)) return value.map((each) => (each as Record<string, unknown> | null)?.[part]);
    return (value as Record<string, unknown> | null | undefined)?.[part];
  }, row);
}

/** Where an advanced query is wrong: the word its message quotes, or all of it. */
export function queryErrorAt(message: string, query: string): { from: number; to: number; message: string } {
  const place = /Line (\d+), Col: (\d+)/.exec(message) ?? /line (\d+), col(?:umn)? (\d+)/i.exec(message);
  if (place) {
    const lines = query.split("\n");
    const line = Number(place[1]);
    const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    const from = Math.min(start + Math.max(0, Number(place[2]) - 1), query.length);
    return { from, to: Math.min(from + 1, query.length), message };
  }
  const named = /['"`]([^'"`]+)['"`]|property ([\w.]+\w)|^([A-Z ]+) is not supported|^([A-Z]+) takes/g;
  for (const [, quoted, property, clause, taker] of message.matchAll(named)) {
    const word = quoted ?? property ?? clause ?? taker ?? "";
    const from = query.toLowerCase().indexOf(word.toLowerCase());
    if (from >= 0) return { from, to: from + word.length, message };
  }
  return { from: 0, to: query.length, message };
}
