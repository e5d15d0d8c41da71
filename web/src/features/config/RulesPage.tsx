/** Rules: what should be true of resources, and how many fail it. */
import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import { useState } from "react";
import type { ComplianceByConfigRule, ConfigRule, RemediationConfiguration } from "../../api/gen/config";
import { useAws, usePages } from "../../app/queries";
import { useHref } from "../../app/url";
import { segment } from "../../lib/url";
import { ChangeDialog } from "../../ui/Confirm";
import { ListTable } from "../../ui/ListTable";
import { Page } from "../../ui/Page";
import { Empty } from "../../ui/PageStates";
import { StateBadge } from "../../ui/StateBadge";
import { RecorderHint } from "./RecorderHint";

export default function RulesPage() {
  const href = useHref();
  const rules = usePages("config", "DescribeConfigRules", {}, (page) => page.ConfigRules, { upTo: 500 });
  const verdicts = usePages(
    "config",
    "DescribeComplianceByConfigRule",
    {},
    (page) => page.ComplianceByConfigRules,
    { upTo: 500, everyMs: 10_000 },
  );
  const names = rules.items.slice(0, 25).map((rule) => rule.ConfigRuleName ?? "");
  const repairs = useAws(
    "config",
    "DescribeRemediationConfigurations",
    { ConfigRuleNames: names },
    { enabled: names.length > 0 },
  );
  const verdict = new Map(verdicts.items.map((each) => [each.ConfigRuleName, each]));
  const repair = new Map(repairs.data?.RemediationConfigurations?.map((each) => [each.ConfigRuleName, each]));
  const [selected, setSelected] = useState<ConfigRule[]>([]);
  const [dialog, setDialog] = useState<"evaluate" | "delete">();
  const chosen = selected.map((rule) => rule.ConfigRuleName ?? "");
  return (
    <Page
      title="Rules"
      description="What should be true of resources; each is judged when it changes, or periodically"
    >
      <ListTable<ConfigRule>
        title="Rules"
        items={rules.items}
        keyOf={(rule) => rule.ConfigRuleName ?? ""}
        loading={rules.isPending}
        error={rules.error}
        retry={rules.refetch}
        more={rules.hasMore ? rules.more : undefined}
        multi
        selected={selected}
        onSelect={setSelected}
        actions={
          <>
            <Button disabled={chosen.length !== 1} onClick={() => setDialog("delete")}>
              Delete
            </Button>
            <Button disabled={chosen.length === 0} onClick={() => setDialog("evaluate")}>
              Evaluate now
            </Button>
            <Button variant="primary" href={href("/rules/new")}>
              Add rule
            </Button>
          </>
        }
        columns={[
          {
            id: "name",
            header: "Rule",
            value: (rule) => rule.ConfigRuleName,
            cell: (rule) => (
              <Link href={href(`/rules/${segment(rule.ConfigRuleName ?? "")}`)}>{rule.ConfigRuleName}</Link>
            ),
          },
          {
            id: "compliance",
            header: "Compliance",
            value: (rule) => verdict.get(rule.ConfigRuleName)?.Compliance?.ComplianceType ?? "",
            cell: (rule) => <Verdict found={verdict.get(rule.ConfigRuleName)} />,
          },
          {
            id: "source",
            header: "Managed rule",
            value: (rule) => rule.Source.SourceIdentifier,
            cell: (rule) => <span className="mono breaks">{rule.Source.SourceIdentifier}</span>,
          },
          {
            id: "remediation",
            header: "Remediation",
            value: (rule) => repair.get(rule.ConfigRuleName ?? "")?.TargetId ?? "",
            cell: (rule) => <Repair found={repair.get(rule.ConfigRuleName ?? "")} />,
          },
          {
            id: "state",
            header: "State",
            value: (rule) => rule.ConfigRuleState,
            cell: (rule) => <StateBadge state={rule.ConfigRuleState} />,
          },
        ]}
        empty={
          <Empty title="No rules" action={<Button href={href("/rules/new")}>Add rule</Button>}>
            A rule like S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED says which buckets are not encrypted, and a
            remediation repairs them.
          </Empty>
        }
      />
      <RecorderHint />
      {dialog === "evaluate" && (
        <ChangeDialog
          title="Evaluate now"
          service="config"
          operation="StartConfigRulesEvaluation"
          input={{ ConfigRuleNames: chosen }}
          action="Evaluate"
          done="Being evaluated"
          onClose={() => setDialog(undefined)}
        >
          Every resource in scope of {chosen.join(", ")} is judged again.
        </ChangeDialog>
      )}
      {dialog === "delete" && (
        <DeleteRule
          name={chosen[0] ?? ""}
          onClose={() => setDialog(undefined)}
          onDone={() => setSelected([])}
        />
      )}
    </Page>
  );
}

export function DeleteRule(props: { name: string; onClose: () => void; onDone: () => void }) {
  return (
    <ChangeDialog
      title={`Delete ${props.name}`}
      service="config"
      operation="DeleteConfigRule"
      input={{ ConfigRuleName: props.name }}
      action="Delete"
      done={`${props.name} deleted`}
      onClose={props.onClose}
      onDone={props.onDone}
    >
      Its verdicts are deleted with it. A remediation has to be removed before.
    </ChangeDialog>
  );
}

function Verdict({ found }: { found: ComplianceByConfigRule | undefined }) {
  const state = found?.Compliance?.ComplianceType;
  if (!state || state === "INSUFFICIENT_DATA") return "Nothing in scope yet";
  const count = found?.Compliance?.ComplianceContributorCount;
  if (state !== "NON_COMPLIANT" || !count) return <StateBadge state={state} />;
  return (
    <StateBadge state={state} text={`${count.CappedCount}${count.CapExceeded ? "+" : ""} non-compliant`} />
  );
}

function Repair({ found }: { found: RemediationConfiguration | undefined }) {
  if (!found) return "–";
  return `${found.TargetId}, ${found.Automatic ? "automatic" : "on demand"}`;
}
