/** The incident timeline as `GET timeline` answers it. Times are epoch milliseconds. */
import type { Change } from "../../lib/diff";
import type { LaneItem } from "../../lib/lanes";

export interface ResourceRef {
  type: string;
  id: string;
}

export interface Reason {
  code: string;
  weight: number;
  text: string;
}

export interface Step {
  name: string;
  action: string;
  status: string;
  start?: number | null;
  end?: number | null;
  error?: string | null;
}

export interface Ref {
  service: string;
  operation: string;
  args: Record<string, unknown>;
}

/** Members that are empty are left out. */
export interface Item extends LaneItem {
  actor?: string;
  sourceIp?: string;
  status?: string;
  resource?: ResourceRef | null;
  resources?: ResourceRef[];
  related?: boolean;
  ref?: Ref | null;
  detail?: string;
  changes?: Change[];
  changesTotal?: number;
  steps?: Step[];
  cause?: string;
  origin?: string;
  score?: number | null;
  certain?: boolean;
  reasons?: Reason[];
}

export type LaneKind =
  | "metrics"
  | "alarm"
  | "logs"
  | "api"
  | "configuration"
  | "compliance"
  | "remediation"
  | "automation";

export interface Lane {
  id: string;
  kind: LaneKind;
  total: number;
  shown: number;
  bucketed: boolean;
  buckets: { t: number; tEnd: number; count: number; errors: number }[];
  items: Item[];
  /** The api lane: calls that only read. */
  hidden?: number;
  /** The logs lane: where errors were counted, and why there. */
  groups?: { name: string; reason: string }[];
  pattern?: string;
  note?: string;
}

export interface Metric {
  id: string;
  alarm: string;
  label: string;
  unit?: string;
  stat: string;
  period: number;
  threshold?: number | null;
  comparison?: string | null;
  timestamps: number[];
  values: number[];
  error?: string;
}

export interface Suspect {
  id: string;
  t: number;
  title: string;
  actor: string;
  kind: string;
  sourceIp: string;
  operation: string;
  error: string;
  resources: ResourceRef[];
  score: number;
  certain: boolean;
  reasons: Reason[];
  /** Further calls of the same kind by the same actor. */
  alike: number;
  origin: string;
  changes: (Change & { resource: ResourceRef; t: number })[];
  ref: Ref | null;
}

export interface Repair {
  id?: string;
  t: number;
  title: string;
  status: string;
}

export interface Timeline {
  axis: { from: number; to: number };
  subject: {
    kind: "alarm" | "resource" | "event" | "range";
    title: string;
    alarm?: { name: string; state: string; reason: string };
    resources?: ResourceRef[];
  };
  focus: { t: number; what: string } | null;
  episode: { alarm: string; start: number; end: number | null; reason: string } | null;
  metrics: Metric[];
  lanes: Lane[];
  suspects: Suspect[];
  repair: Repair | null;
  related: (ResourceRef & { hops: number })[];
  relatedCut: boolean;
}

export interface Incident {
  id: string;
  alarm: string;
  start: number;
  end: number | null;
  reason: string;
  suspect: Suspect | null;
  remediated: boolean;
  remediation: Repair | null;
}

export interface Incidents {
  incidents: Incident[];
  total: number;
  nextToken?: string | null;
}
