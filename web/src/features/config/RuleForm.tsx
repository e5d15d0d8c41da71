/** A managed rule's settings, in a dialog (edit) or as the last step of adding one. */
import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { useState } from "react";
import type { ConfigRule, MaximumExecutionFrequency } from "../../api/gen/config";
import { ChangeDialog } from "../../ui/Confirm";
import { shortType } from "../../ui/ResourceLink";
import { type ManagedRule, useManagedRules } from "./catalogue";

/** What the form holds, as it is written. */
export interface RuleDraft {
  name: string;
  description: string;
  parameters: Record<string, string>;
  type: string;
  id: string;
  frequency: string;
}

const FREQUENCIES: MaximumExecutionFrequency[] = [
  "One_Hour",
  "Three_Hours",
  "Six_Hours",
  "Twelve_Hours",
  "TwentyFour_Hours",
];

export function RuleFields(props: {
  managed: ManagedRule | undefined;
  draft: RuleDraft;
  fixedName?: boolean;
  onChange: (change: Partial<RuleDraft>) => void;
}) {
  const { managed, draft, onChange } = props;
  const types = managed?.types ?? [];
  const typeOptions = [
    { value: "", label: "All its types" },
    ...types.map((value) => ({ value, label: shortType(value) })),
  ];
  return (
    <ColumnLayout columns={2}>
      <FormField label="Name">
        <Input
          value={draft.name}
          disabled={props.fixedName ?? false}
          onChange={({ detail }) => onChange({ name: detail.value })}
        />
      </FormField>
      <FormField label="Description" description="Optional">
        <Input value={draft.description} onChange={({ detail }) => onChange({ description: detail.value })} />
      </FormField>
      <FormField label="Resource type" description="What it judges">
        <Select
          options={typeOptions}
          selectedOption={typeOptions.find((option) => option.value === draft.type) ?? null}
          onChange={({ detail }) => onChange({ type: detail.selectedOption.value ?? "", id: "" })}
          expandToViewport
        />
      </FormField>
      <FormField label="Resource id" description="Optional: only this one">
        <Input
          value={draft.id}
          disabled={draft.type === ""}
          onChange={({ detail }) => onChange({ id: detail.value })}
        />
      </FormField>
      {managed?.triggers.includes("periodic") && (
        <FormField label="Frequency">
          <Select
            options={FREQUENCIES.map((value) => ({ value, label: value.replaceAll("_", " ") }))}
            selectedOption={{ value: draft.frequency, label: draft.frequency.replaceAll("_", " ") }}
            onChange={({ detail }) => onChange({ frequency: detail.selectedOption.value ?? "" })}
            expandToViewport
          />
        </FormField>
      )}
      {managed?.parameters.map(({ name, required }) => (
        <FormField key={name} label={name} description={required ? "Parameter" : "Parameter, optional"}>
          <Input
            value={draft.parameters[name] ?? ""}
            onChange={({ detail }) => onChange({ parameters: { ...draft.parameters, [name]: detail.value } })}
          />
        </FormField>
      ))}
    </ColumnLayout>
  );
}

export function draftOf(rule: ConfigRule | undefined, managed?: ManagedRule): RuleDraft {
  return {
    name: rule?.ConfigRuleName ?? managed?.name ?? "",
    description: rule?.Description ?? "",
    parameters: parametersOf(rule),
    type: rule?.Scope?.ComplianceResourceTypes?.[0] ?? "",
    id: rule?.Scope?.ComplianceResourceId ?? "",
    frequency: rule?.MaximumExecutionFrequency ?? "TwentyFour_Hours",
  };
}

/** InputParameters, or nothing where somebody put what is no JSON there. */
export function parametersOf(rule: ConfigRule | undefined): Record<string, string> {
  try {
    return JSON.parse(rule?.InputParameters || "{}") as Record<string, string>;
  } catch {
    return {};
  }
}

/** The draft as PutConfigRule has it. A scope of several types is kept unless another one is chosen. */
export function ruleOf(
  draft: RuleDraft,
  identifier: string,
  managed: ManagedRule | undefined,
  old?: ConfigRule,
): ConfigRule {
  const parameters = Object.fromEntries(Object.entries(draft.parameters).filter(([, value]) => value !== ""));
  const types = old?.Scope?.ComplianceResourceTypes ?? [];
  const scope = draft.type
    ? {
        ComplianceResourceTypes:
          types.length > 1 && types[0] === draft.type && !draft.id ? types : [draft.type],
        ...(draft.id ? { ComplianceResourceId: draft.id } : {}),
      }
    : undefined;
  return {
    ConfigRuleName: draft.name,
    ...(draft.description ? { Description: draft.description } : {}),
    Source: { Owner: "AWS", SourceIdentifier: identifier },
    ...(scope ? { Scope: scope } : old?.Scope?.TagKey ? { Scope: old.Scope } : {}),
    ...(Object.keys(parameters).length > 0 ? { InputParameters: JSON.stringify(parameters) } : {}),
    ...(managed?.triggers.includes("periodic")
      ? { MaximumExecutionFrequency: draft.frequency as MaximumExecutionFrequency }
      : {}),
  };
}

export function missingOf(draft: RuleDraft, managed: ManagedRule | undefined): string[] {
  return (managed?.parameters ?? [])
    .filter(({ name, required }) => required && !draft.parameters[name])
    .map(({ name }) => name);
}

export function RuleForm({ rule, onClose }: { rule: ConfigRule; onClose: () => void }) {
  const rules = useManagedRules();
  const identifier = rule.Source.SourceIdentifier ?? "";
  const managed = rules.data?.managedRules.find((each) => each.identifier === identifier);
  const [draft, setDraft] = useState(() => draftOf(rule));
  return (
    <ChangeDialog
      title={`Edit ${rule.ConfigRuleName}`}
      service="config"
      operation="PutConfigRule"
      input={{ ConfigRule: ruleOf(draft, identifier, managed, rule) }}
      action="Save"
      done={`${draft.name} saved`}
      invalid={!managed || missingOf(draft, managed).length > 0}
      wide
      onClose={onClose}
    >
      <RuleFields
        managed={managed}
        draft={draft}
        fixedName
        onChange={(change) => setDraft({ ...draft, ...change })}
      />
    </ChangeDialog>
  );
}
