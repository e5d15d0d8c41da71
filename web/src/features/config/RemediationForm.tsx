import Checkbox from "@cloudscape-design/components/checkbox";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { useState } from "react";
import type { RemediationConfiguration, RemediationParameterValue } from "../../api/gen/config";
import { useAws, usePages } from "../../app/queries";
import { ChangeDialog } from "../../ui/Confirm";

const RESOURCE_ID = "RESOURCE_ID";

/** The runbook, what it is given, and whether it starts by itself. */
export default function RemediationForm(props: {
  rule: string;
  old?: RemediationConfiguration;
  onClose: () => void;
}) {
  const { rule, old } = props;
  const documents = usePages(
    "ssm",
    "ListDocuments",
    { Filters: [{ Key: "DocumentType", Values: ["Automation"] }] },
    (page) => page.DocumentIdentifiers,
    { upTo: 200 },
  );
  const [target, setTarget] = useState(old?.TargetId ?? "");
  const [automatic, setAutomatic] = useState(old?.Automatic ?? false);
  const [attempts, setAttempts] = useState(String(old?.MaximumAutomaticAttempts ?? 5));
  const [seconds, setSeconds] = useState(String(old?.RetryAttemptSeconds ?? 60));
  const [values, setValues] = useState<Record<string, string>>(() => written(old));
  const document = useAws(
    "ssm",
    "DescribeDocument",
    { Name: target },
    { enabled: target !== "", keep: false },
  );
  const parameters = document.data?.Document?.Parameters ?? [];
  const missing = parameters.filter(
    (each) =>
      each.DefaultValue === undefined && !values[each.Name ?? ""] && each.Name !== "AutomationAssumeRole",
  );
  const input = {
    RemediationConfigurations: [
      {
        ...old,
        ConfigRuleName: rule,
        TargetType: "SSM_DOCUMENT" as const,
        TargetId: target,
        Automatic: automatic,
        ...(automatic
          ? { MaximumAutomaticAttempts: Number(attempts), RetryAttemptSeconds: Number(seconds) }
          : {}),
        Parameters: given(
          values,
          parameters.map((each) => each.Name ?? ""),
        ),
      },
    ],
  };
  for (const member of ["Arn", "CreatedByService"] as const)
    delete (input.RemediationConfigurations[0] as RemediationConfiguration)[member];
  return (
    <ChangeDialog
      title={`Remediation of ${rule}`}
      service="config"
      operation="PutRemediationConfigurations"
      input={input}
      action="Save"
      done={`Remediation of ${rule} saved`}
      invalid={!target || !document.data || missing.length > 0}
      wide
      onClose={props.onClose}
    >
      <FormField label="Runbook" description={document.data?.Document?.Description}>
        <Select
          filteringType="auto"
          placeholder="Choose a runbook"
          options={documents.items.map((each) => ({ value: each.Name ?? "", label: each.Name ?? "" }))}
          selectedOption={target ? { value: target, label: target } : null}
          statusType={documents.isPending ? "loading" : "finished"}
          onChange={({ detail }) => setTarget(detail.selectedOption.value ?? "")}
          expandToViewport
        />
      </FormField>
      <ColumnLayout columns={2}>
        {parameters.map((each) => {
          const name = each.Name ?? "";
          return (
            <FormField
              key={name}
              label={name}
              description={each.Description}
              constraintText={
                each.DefaultValue === undefined
                  ? `${RESOURCE_ID} stands for the resource's id`
                  : `Default: ${each.DefaultValue || "(empty)"}`
              }
            >
              <Input
                value={values[name] ?? ""}
                onChange={({ detail }) => setValues({ ...values, [name]: detail.value })}
              />
            </FormField>
          );
        })}
      </ColumnLayout>
      <Checkbox checked={automatic} onChange={({ detail }) => setAutomatic(detail.checked)}>
        Starts by itself when a resource becomes non-compliant
      </Checkbox>
      {automatic && (
        <ColumnLayout columns={2}>
          <FormField label="Attempts" constraintText="1 to 25">
            <Input type="number" value={attempts} onChange={({ detail }) => setAttempts(detail.value)} />
          </FormField>
          <FormField label="Within seconds" constraintText="1 to 2678000">
            <Input type="number" value={seconds} onChange={({ detail }) => setSeconds(detail.value)} />
          </FormField>
        </ColumnLayout>
      )}
    </ChangeDialog>
  );
}

function written(old: RemediationConfiguration | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(old?.Parameters ?? {}).map(([name, value]) => [
      name,
      value.ResourceValue ? RESOURCE_ID : (value.StaticValue?.Values ?? []).join(","),
    ]),
  );
}

/** Values of the runbook's own parameters; those left empty keep its defaults. */
function given(values: Record<string, string>, names: string[]): Record<string, RemediationParameterValue> {
  return Object.fromEntries(
    names.flatMap((name): [string, RemediationParameterValue][] => {
      const value = values[name];
      if (!value) return [];
      if (value === RESOURCE_ID) return [[name, { ResourceValue: { Value: RESOURCE_ID } }]];
      return [[name, { StaticValue: { Values: value.split(",").map((each) => each.trim()) } }]];
    }),
  );
}
