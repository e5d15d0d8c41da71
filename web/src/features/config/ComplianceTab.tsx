import Link from "@cloudscape-design/components/link";
import type { EvaluationResult } from "../../api/gen/config";
import { useFormatTime } from "../../app/globals";
import { useAws } from "../../app/queries";
import { useHref } from "../../app/url";
import { segment } from "../../lib/url";
import { ListTable } from "../../ui/ListTable";
import { Empty } from "../../ui/PageStates";
import { verdictColumns } from "./verdictColumns";

const ruleOf = (result: EvaluationResult): string =>
  result.EvaluationResultIdentifier?.EvaluationResultQualifier?.ConfigRuleName ?? "";

/** How each rule judges one resource. */
export function ComplianceTab({ type, id }: { type: string; id: string }) {
  const href = useHref();
  const formatTime = useFormatTime();
  const found = useAws(
    "config",
    "GetComplianceDetailsByResource",
    { ResourceType: type, ResourceId: id },
    { everyMs: 10_000 },
  );
  return (
    <ListTable<EvaluationResult>
      title="Rules that judge it"
      prefix="c"
      items={found.data?.EvaluationResults ?? []}
      keyOf={ruleOf}
      loading={found.isPending}
      error={found.error}
      retry={() => void found.refetch()}
      columns={[
        {
          id: "rule",
          header: "Rule",
          value: ruleOf,
          cell: (result) => <Link href={href(`/rules/${segment(ruleOf(result))}`)}>{ruleOf(result)}</Link>,
        },
        ...verdictColumns(formatTime),
      ]}
      empty={
        <Empty title="No rule has judged it">
          Rules judge resources of their types, on changes or periodically.
        </Empty>
      }
    />
  );
}
