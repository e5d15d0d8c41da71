/** Remediations of all rules: what was repaired, step by step, and what could not be. */
import Button from "@cloudscape-design/components/button";
import { useAws, usePages } from "../../app/queries";
import { useHref } from "../../app/url";
import { Page } from "../../ui/Page";
import { Empty, Failed, Loading } from "../../ui/PageStates";
import { Executions } from "./Executions";

export default function RemediationsPage() {
  const href = useHref();
  const rules = usePages("config", "DescribeConfigRules", {}, (page) => page.ConfigRules, { upTo: 500 });
  const names = rules.items.slice(0, 25).map((rule) => rule.ConfigRuleName ?? "");
  const found = useAws(
    "config",
    "DescribeRemediationConfigurations",
    { ConfigRuleNames: names },
    { enabled: names.length > 0 },
  );
  const repaired = (found.data?.RemediationConfigurations ?? []).map((each) => each.ConfigRuleName);
  const error = rules.error ?? found.error;
  const pending = rules.isPending || (names.length > 0 && found.isPending);
  return (
    <Page
      title="Remediations"
      description="Runbooks at work on non-compliant resources: every step, every error"
    >
      {error && <Failed error={error} retry={() => void found.refetch()} />}
      {pending && !error && <Loading />}
      {!pending && !error && repaired.length === 0 && (
        <Empty
          title="No rule has a remediation"
          action={<Button href={href("/rules")}>Open the rules</Button>}
        >
          Add one on a rule's page: it runs an Automation runbook on what fails the rule.
        </Empty>
      )}
      {repaired.length > 0 && <Executions rules={repaired} />}
    </Page>
  );
}
