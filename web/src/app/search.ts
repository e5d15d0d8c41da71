/** Search results as they are listed. No React here. */
import type { SearchHit, SearchKind } from "../api/console";
import { LAST_LINKS, SECTIONS, TOP_LINKS } from "./nav";

const KINDS: [SearchKind, string][] = [
  ["page", "Pages"],
  ["alarm", "Alarms"],
  ["logGroup", "Log groups"],
  ["dashboard", "Dashboards"],
  ["rule", "Rules"],
  ["resource", "Resources"],
  ["metric", "Metrics"],
  ["event", "Events"],
];

/** Pages whose name contains the text; they need no server. */
export function pageHits(text: string, built: (path: string) => boolean): SearchHit[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const links = [...TOP_LINKS, ...SECTIONS.flatMap((section) => section.links), ...LAST_LINKS];
  return links
    .filter((link) => built(link.path) && link.text.toLowerCase().includes(wanted))
    .map((link) => ({ kind: "page", title: link.text, subtitle: "", href: link.path }));
}

/** One group a kind, in a fixed order; a page found twice is listed once. */
export function grouped(hits: SearchHit[]) {
  const seen = new Set<string>();
  const once = hits.filter((hit) => !seen.has(hit.href) && seen.add(hit.href));
  return KINDS.map(([kind, label]) => ({
    label,
    options: once
      .filter((hit) => hit.kind === kind)
      .map((hit) => ({ value: hit.href, label: hit.title, description: hit.subtitle })),
  })).filter((group) => group.options.length > 0);
}
