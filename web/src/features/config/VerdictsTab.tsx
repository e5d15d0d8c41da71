import Button from "@cloudscape-design/components/button";
import Select from "@cloudscape-design/components/select";
import { useState } from "react";
import type { EvaluationResult } from "../../api/gen/config";
import { useFormatTime } from "../../app/globals";
import { usePages } from "../../app/queries";
import { useUrlState } from "../../app/url";
import { oneOf } from "../../lib/url";
import { ChangeDialog } from "../../ui/Confirm";
import { ListTable } from "../../ui/ListTable";
import { Empty } from "../../ui/PageStates";
import { ResourceLink, shortType } from "../../ui/ResourceLink";
import { useRemediation } from "./useRemediation";
import { verdictColumns } from "./verdictColumns";

const STATES = ["", "NON_COMPLIANT", "COMPLIANT"] as const;
const SHAPE = { state: oneOf(STATES, "") };
const OPTIONS = [
  { value: "", label: "Any compliance" },
  { value: "NON_COMPLIANT", label: "Non-compliant" },
  { value: "COMPLIANT", label: "Compliant" },
];

const of = (result: EvaluationResult) => result.EvaluationResultIdentifier?.EvaluationResultQualifier ?? {};

/** A rule's verdicts, one for each resource in its scope; repairing those that fail. */
export function VerdictsTab({ rule }: { rule: string }) {
  const formatTime = useFormatTime();
  const [state, setState] = useUrlState(SHAPE);
  const [selected, setSelected] = useState<EvaluationResult[]>([]);
  const [repairing, setRepairing] = useState(false);
  const remediation = useRemediation(rule);
  const found = usePages(
    "config",
    "GetComplianceDetailsByConfigRule",
    { ConfigRuleName: rule, Limit: 100, ...(state.state ? { ComplianceTypes: [state.state] } : {}) },
    (page) => page.EvaluationResults,
    { upTo: 500, everyMs: 5000 },
  );
  const keys = selected.map((result) => ({
    resourceType: (of(result).ResourceType ?? "") as never,
    resourceId: of(result).ResourceId ?? "",
  }));
  return (
    <>
      <ListTable<EvaluationResult>
        title="Resources in scope"
        prefix="v"
        items={found.items}
        keyOf={(result) => `${of(result).ResourceType}/${of(result).ResourceId}`}
        loading={found.isPending}
        error={found.error}
        retry={found.refetch}
        more={found.hasMore ? found.more : undefined}
        multi
        selected={selected}
        onSelect={setSelected}
        actions={
          <Button disabled={keys.length === 0 || !remediation} onClick={() => setRepairing(true)}>
            Remediate
          </Button>
        }
        filters={
          <Select
            ariaLabel="Compliance"
            options={OPTIONS}
            selectedOption={OPTIONS.find((option) => option.value === state.state) ?? null}
            onChange={({ detail }) => setState({ state: detail.selectedOption.value as typeof state.state })}
          />
        }
        columns={[
          {
            id: "resource",
            header: "Resource",
            value: (result) => of(result).ResourceId,
            cell: (result) => (
              <ResourceLink type={of(result).ResourceType ?? ""} id={of(result).ResourceId ?? ""} />
            ),
          },
          {
            id: "type",
            header: "Type",
            value: (result) => of(result).ResourceType,
            cell: (result) => shortType(of(result).ResourceType ?? ""),
          },
          ...verdictColumns(formatTime),
        ]}
        empty={
          <Empty title="Nothing in scope was judged">
            Resources of the rule's types are judged when they are recorded, and when you evaluate now.
          </Empty>
        }
      />
      {repairing && (
        <ChangeDialog
          title="Start remediation"
          service="config"
          operation="StartRemediationExecution"
          input={{ ConfigRuleName: rule, ResourceKeys: keys }}
          action="Remediate"
          done="Remediation started"
          onClose={() => setRepairing(false)}
          onDone={() => setSelected([])}
        >
          <span>
            {remediation?.TargetId} runs on {keys.map((key) => key.resourceId).join(", ")}.
          </span>
        </ChangeDialog>
      )}
    </>
  );
}
