/** The widgets one can add. */
export interface Kind {
  id: string;
  type: string;
  name: string;
  description: string;
  size: { width: number; height: number };
  properties: Record<string, unknown>;
}

const GRAPH = { type: "metric", size: { width: 12, height: 6 } };

export const KINDS: Kind[] = [
  {
    ...GRAPH,
    id: "line",
    name: "Line",
    description: "Metrics over time",
    properties: { view: "timeSeries", stacked: false },
  },
  {
    ...GRAPH,
    id: "stacked",
    name: "Stacked area",
    description: "Parts of a whole over time",
    properties: { view: "timeSeries", stacked: true },
  },
  {
    ...GRAPH,
    id: "number",
    name: "Number",
    description: "The last value",
    size: { width: 6, height: 3 },
    properties: { view: "singleValue" },
  },
  { ...GRAPH, id: "bar", name: "Bar", description: "Last values compared", properties: { view: "bar" } },
  {
    id: "text",
    type: "text",
    name: "Text",
    description: "Markdown",
    size: { width: 12, height: 3 },
    properties: { markdown: "## Heading\n\nText with **emphasis**, `code` and [links](#/alarms)." },
  },
  {
    id: "log",
    type: "log",
    name: "Log table",
    description: "Rows of a Logs Insights query",
    size: { width: 12, height: 6 },
    properties: { query: "fields @timestamp, @message\n| sort @timestamp desc\n| limit 20", view: "table" },
  },
  {
    id: "alarm",
    type: "alarm",
    name: "Alarm status",
    description: "Alarms and their states",
    size: { width: 8, height: 4 },
    properties: { title: "Alarms", alarms: [] },
  },
];

export function newWidget(kind: Kind, region: string): Record<string, unknown> {
  const properties = structuredClone(kind.properties);
  return kind.type === "metric" || kind.type === "log" ? { ...properties, region } : properties;
}
