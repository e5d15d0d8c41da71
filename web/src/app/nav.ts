/** The side navigation, by task, with the AWS name beside it. A page that is not built has no entry. */
export interface NavLink {
  text: string;
  path: string;
}

export interface NavSection {
  title: string;
  links: NavLink[];
}

export const TOP_LINKS: NavLink[] = [
  { text: "Overview", path: "/" },
  { text: "Incidents", path: "/incidents" },
];

export const SECTIONS: NavSection[] = [
  {
    title: "Metrics and alarms (CloudWatch)",
    links: [
      { text: "Alarms", path: "/alarms" },
      { text: "Metrics", path: "/metrics" },
      { text: "Dashboards", path: "/dashboards" },
      { text: "Metric streams", path: "/metric-streams" },
      { text: "Contributor Insights", path: "/insight-rules" },
      { text: "Anomaly detectors", path: "/anomaly-detectors" },
    ],
  },
  {
    title: "Logs",
    links: [
      { text: "Log groups", path: "/logs/groups" },
      { text: "Logs Insights", path: "/logs/insights" },
      { text: "Live Tail", path: "/logs/tail" },
      { text: "Saved queries", path: "/logs/queries" },
    ],
  },
  {
    title: "Audit (CloudTrail)",
    links: [
      { text: "Event history", path: "/events" },
      { text: "Trails", path: "/trails" },
      { text: "Lake", path: "/lake" },
    ],
  },
  {
    title: "Configuration (Config)",
    links: [
      { text: "Resources", path: "/resources" },
      { text: "Rules", path: "/rules" },
      { text: "Remediations", path: "/remediations" },
      { text: "Conformance packs", path: "/conformance-packs" },
      { text: "Advanced query", path: "/queries" },
      { text: "Recorder", path: "/recorder" },
    ],
  },
];

export const LAST_LINKS: NavLink[] = [{ text: "Settings", path: "/settings" }];

/** The entry a page belongs to: the longest path that is a prefix of it, segment by segment. */
export function activePath(pathname: string): string {
  const paths = [...TOP_LINKS, ...SECTIONS.flatMap((s) => s.links), ...LAST_LINKS].map((link) => link.path);
  const fits = paths.filter((path) => pathname === path || (path !== "/" && pathname.startsWith(`${path}/`)));
  if (pathname === "/incident") return "/incidents";
  return fits.sort((a, b) => b.length - a.length)[0] ?? "";
}
