/** One rule: its verdicts, how it is set, and what repairs what fails it. */
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { useState } from "react";
import type { ConfigRule, ConfigRuleEvaluationStatus } from "../../api/gen/config";
import { useFormatTime } from "../../app/globals";
import { useAws } from "../../app/queries";
import { useGo, useHref, usePathParams, useUrlState } from "../../app/url";
import { stableJson } from "../../lib/diff";
import { oneOf } from "../../lib/url";
import { ChangeDialog } from "../../ui/Confirm";
import { Snippet } from "../../ui/CopyAs";
import { Page } from "../../ui/Page";
import { Failed, Loading } from "../../ui/PageStates";
import { shortType } from "../../ui/ResourceLink";
import { StateBadge } from "../../ui/StateBadge";
import { RemediationTab } from "./RemediationTab";
import { parametersOf, RuleForm } from "./RuleForm";
import { DeleteRule } from "./RulesPage";
import { VerdictsTab } from "./VerdictsTab";

const TABS = ["resources", "remediation", "definition"] as const;
const SHAPE = { tab: oneOf(TABS, "resources") };

export default function RulePage() {
  const { name } = usePathParams<"name">();
  const href = useHref();
  const go = useGo();
  const [state, setState] = useUrlState(SHAPE);
  const [dialog, setDialog] = useState<"evaluate" | "delete" | "edit">();
  const query = useAws("config", "DescribeConfigRules", { ConfigRuleNames: [name] });
  const status = useAws(
    "config",
    "DescribeConfigRuleEvaluationStatus",
    { ConfigRuleNames: [name] },
    { everyMs: 10_000 },
  );
  const verdict = useAws(
    "config",
    "DescribeComplianceByConfigRule",
    { ConfigRuleNames: [name] },
    { everyMs: 10_000 },
  );
  const rule = query.data?.ConfigRules?.[0];
  const close = () => setDialog(undefined);
  const compliance = verdict.data?.ComplianceByConfigRules?.[0]?.Compliance?.ComplianceType;
  return (
    <Page
      title={name}
      trail={[{ text: "Rules", href: href("/rules") }]}
      info={compliance && <StateBadge state={compliance} />}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button onClick={() => setDialog("delete")}>Delete</Button>
          <Button disabled={!rule} onClick={() => setDialog("edit")}>
            Edit
          </Button>
          <Button variant="primary" onClick={() => setDialog("evaluate")}>
            Evaluate now
          </Button>
        </SpaceBetween>
      }
    >
      {query.error && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading />}
      {rule && (
        <SpaceBetween size="l">
          <Summary rule={rule} status={status.data?.ConfigRulesEvaluationStatus?.[0]} />
          <Tabs
            activeTabId={state.tab}
            onChange={({ detail }) => setState({ tab: detail.activeTabId as typeof state.tab })}
            tabs={[
              { id: "resources", label: "Resources in scope", content: <VerdictsTab rule={name} /> },
              { id: "remediation", label: "Remediation", content: <RemediationTab rule={rule} /> },
              {
                id: "definition",
                label: "Definition",
                content: (
                  <Container header={<Header variant="h2">Definition</Header>}>
                    <Snippet text={stableJson(rule)} />
                  </Container>
                ),
              },
            ]}
          />
          {dialog === "edit" && <RuleForm rule={rule} onClose={close} />}
        </SpaceBetween>
      )}
      {dialog === "evaluate" && (
        <ChangeDialog
          title="Evaluate now"
          service="config"
          operation="StartConfigRulesEvaluation"
          input={{ ConfigRuleNames: [name] }}
          action="Evaluate"
          done={`${name} is being evaluated`}
          onClose={close}
        >
          Every resource in its scope is judged again.
        </ChangeDialog>
      )}
      {dialog === "delete" && <DeleteRule name={name} onClose={close} onDone={() => go(href("/rules"))} />}
    </Page>
  );
}

function Summary({ rule, status }: { rule: ConfigRule; status: ConfigRuleEvaluationStatus | undefined }) {
  const formatTime = useFormatTime();
  const parameters = Object.entries(parametersOf(rule));
  const last = status?.LastSuccessfulEvaluationTime;
  return (
    <Container>
      <KeyValuePairs
        columns={4}
        items={[
          {
            label: "Managed rule",
            value: <span className="mono breaks">{rule.Source.SourceIdentifier}</span>,
          },
          { label: "Scope", value: scopeOf(rule) },
          { label: "Last evaluated", value: last ? formatTime(last * 1000) : "Not yet" },
          {
            label: "Last error",
            value: status?.LastErrorCode ? `${status.LastErrorCode}: ${status.LastErrorMessage}` : "–",
          },
          {
            label: "Parameters",
            value: parameters.length ? parameters.map(([key, value]) => `${key} = ${value}`).join(", ") : "–",
          },
          { label: "Frequency", value: rule.MaximumExecutionFrequency?.replaceAll("_", " ") ?? "On changes" },
          { label: "Description", value: rule.Description || "–" },
          { label: "ARN", value: <span className="mono breaks">{rule.ConfigRuleArn}</span> },
        ]}
      />
    </Container>
  );
}

function scopeOf({ Scope: scope }: ConfigRule): string {
  if (!scope) return "All resources of its types";
  const types = (scope.ComplianceResourceTypes ?? []).map(shortType).join(", ");
  if (scope.ComplianceResourceId) return `${types} ${scope.ComplianceResourceId}`;
  if (scope.TagKey) return `Tag ${scope.TagKey}${scope.TagValue ? ` = ${scope.TagValue}` : ""}`;
  return types || "All resources of its types";
}
