/** Starting a remediation by hand: what will run, on what, and only after a confirmation. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Modal from "@cloudscape-design/components/modal";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { RemediationConfiguration } from "../../api/gen/config";
import { useAws, useAwsChange } from "../../app/queries";
import { CopyAs, Snippet } from "../../ui/CopyAs";
import { Failed, Loading } from "../../ui/PageStates";
import type { ResourceRef } from "./types";

/** `rule`: known from where it was started; otherwise the rules the resource breaks are offered. */
export function Remediate({ resource, rule }: { resource: ResourceRef; rule?: string | undefined }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>Start remediation</Button>
      {open && <Dialog resource={resource} rule={rule} onClose={() => setOpen(false)} />}
    </>
  );
}

interface DialogProps {
  resource: ResourceRef;
  rule?: string | undefined;
  onClose: () => void;
}

function Dialog({ resource, rule, onClose }: DialogProps) {
  const verdicts = useAws("config", "GetComplianceDetailsByResource", {
    ResourceType: resource.type,
    ResourceId: resource.id,
  });
  const broken = (verdicts.data?.EvaluationResults ?? [])
    .filter((result) => result.ComplianceType === "NON_COMPLIANT")
    .map((result) => result.EvaluationResultIdentifier?.EvaluationResultQualifier?.ConfigRuleName ?? "");
  const rules = [...new Set([...(rule ? [rule] : []), ...broken])];
  const configured = useAws(
    "config",
    "DescribeRemediationConfigurations",
    { ConfigRuleNames: rules },
    { enabled: rules.length > 0, keep: false },
  );
  const [picked, setPicked] = useState<string>();
  const options = configured.data?.RemediationConfigurations ?? [];
  const action = options.find((one) => one.ConfigRuleName === picked) ?? options[0];
  const start = useAwsChange("config", "StartRemediationExecution", {
    done: () => `The remediation of ${resource.id} has started.`,
    doing: "The remediation did not start",
    onSuccess: onClose,
  });
  const input = {
    ConfigRuleName: action?.ConfigRuleName ?? "",
    ResourceKeys: [{ resourceType: resource.type, resourceId: resource.id }],
  };
  const waiting = verdicts.isPending || (rules.length > 0 && configured.isPending);
  const error = verdicts.error ?? configured.error;
  return (
    <Modal
      visible
      onDismiss={onClose}
      header={`Start a remediation of ${resource.id}`}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            {action && <CopyAs service="config" operation="StartRemediationExecution" input={input} />}
            <Button variant="link" onClick={onClose}>
              Cancel
            </Button>
            <Button
              variant="primary"
              disabled={!action}
              loading={start.isPending}
              onClick={() => start.mutate(input)}
            >
              Start
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      {error ? (
        <Failed error={error} />
      ) : waiting ? (
        <Loading />
      ) : action ? (
        <SpaceBetween size="m">
          {options.length > 1 && (
            <FormField label="Rule">
              <Select
                selectedOption={{ value: action.ConfigRuleName, label: action.ConfigRuleName }}
                options={options.map(({ ConfigRuleName }) => ({
                  value: ConfigRuleName,
                  label: ConfigRuleName,
                }))}
                onChange={({ detail }) => setPicked(detail.selectedOption.value)}
              />
            </FormField>
          )}
          <Preview action={action} />
        </SpaceBetween>
      ) : (
        <Alert type="info" header="Nothing to start">
          {rules.length === 0
            ? "No rule judges this resource to be non-compliant."
            : `No remediation is configured for ${rules.join(", ")}.`}
        </Alert>
      )}
    </Modal>
  );
}

/** What will run, before it does. */
function Preview({ action }: { action: RemediationConfiguration }) {
  return (
    <SpaceBetween size="s">
      <KeyValuePairs
        columns={2}
        items={[
          { label: "Rule", value: action.ConfigRuleName },
          { label: "Runbook", value: action.TargetId },
        ]}
      />
      <Box variant="awsui-key-label">Parameters</Box>
      <Snippet text={JSON.stringify(action.Parameters ?? {}, null, 2)} label="Copy the parameters" />
      <Box color="text-body-secondary">
        The runbook changes the resource. What it does is recorded and shows up on the timeline.
      </Box>
    </SpaceBetween>
  );
}
