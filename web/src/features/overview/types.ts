/** `GET overview`. Times are epoch milliseconds. */
export interface Overview {
  alarms: {
    name: string;
    since: number;
    reason: string;
    namespace?: string;
    metric?: string;
    suppressed?: boolean;
  }[];
  compliance: {
    compliant: number;
    nonCompliant: number;
    compliantRules: number;
    nonCompliantRules: number;
    resources: { type: string; id: string; rules: string[]; since: number }[];
  };
  changes: { id: string; t: number; kind: string; subject: string; summary: string; origin: string }[];
  ingestion: {
    eventsPerSecond: number;
    pointsPerSecond: number;
    logLinesPerSecond: number;
    windowSeconds: number;
  };
  empty: boolean;
}
