/** What a verdict says, wherever verdicts are listed: by rule or by resource. */
import type { EvaluationResult } from "../../api/gen/config";
import type { Column } from "../../ui/ListTable";
import { StateBadge } from "../../ui/StateBadge";

export const verdictColumns = (formatTime: (t: number) => string): Column<EvaluationResult>[] => [
  {
    id: "verdict",
    header: "Compliance",
    value: (result) => result.ComplianceType,
    cell: (result) => <StateBadge state={result.ComplianceType} />,
  },
  {
    id: "why",
    header: "Why",
    value: (result) => result.Annotation,
    cell: (result) => result.Annotation ?? "–",
  },
  {
    id: "time",
    header: "Judged",
    value: (result) => result.ResultRecordedTime,
    cell: (result) => formatTime((result.ResultRecordedTime ?? 0) * 1000),
  },
];
