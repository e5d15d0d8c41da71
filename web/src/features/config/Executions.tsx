/** Remediation executions with their steps and errors, while they run too; a failed one can be tried again. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { aws } from "../../api/client";
import type { RemediationExecutionStatus, RemediationExecutionStep } from "../../api/gen/config";
import { awsKey } from "../../api/keys";
import { useFormatTime, useGlobals } from "../../app/globals";
import { formatDuration } from "../../lib/time";
import { ChangeDialog } from "../../ui/Confirm";
import { ListTable } from "../../ui/ListTable";
import { Empty } from "../../ui/PageStates";
import { ResourceLink, shortType } from "../../ui/ResourceLink";
import { StateBadge } from "../../ui/StateBadge";

type Row = RemediationExecutionStatus & { rule: string };

export function Executions({ rules }: { rules: string[] }) {
  const formatTime = useFormatTime();
  const found = useExecutions(rules);
  const [selected, setSelected] = useState<Row[]>([]);
  const [again, setAgain] = useState(false);
  const chosen = selected[0];
  return (
    <>
      <ListTable<Row>
        title="Executions"
        prefix="x"
        description="The latest of each resource"
        items={found.items}
        keyOf={(row) => `${row.rule}/${row.ResourceKey?.resourceType}/${row.ResourceKey?.resourceId}`}
        nameOf={(row) => row.ResourceKey?.resourceId ?? ""}
        loading={found.isPending}
        error={found.error}
        retry={found.refetch}
        selected={selected}
        onSelect={setSelected}
        actions={
          <Button disabled={!chosen} onClick={() => setAgain(true)}>
            {chosen?.State === "FAILED" ? "Try again" : "Remediate again"}
          </Button>
        }
        columns={[
          {
            id: "resource",
            header: "Resource",
            value: (row) => row.ResourceKey?.resourceId,
            cell: (row) => (
              <>
                <ResourceLink
                  type={row.ResourceKey?.resourceType ?? ""}
                  id={row.ResourceKey?.resourceId ?? ""}
                />
                <Box variant="small" display="block">
                  {shortType(row.ResourceKey?.resourceType ?? "")}
                </Box>
              </>
            ),
          },
          ...(rules.length > 1
            ? [{ id: "rule", header: "Rule", value: (row: Row) => row.rule, cell: (row: Row) => row.rule }]
            : []),
          {
            id: "state",
            header: "State",
            value: (row) => row.State,
            cell: (row) => <StateBadge state={row.State} />,
          },
          {
            id: "steps",
            header: "Steps",
            value: (row) =>
              row.StepDetails?.map((step) => `${step.Name} ${step.ErrorMessage ?? ""}`).join(" "),
            cell: (row) => <Steps steps={row.StepDetails ?? []} />,
          },
          {
            id: "started",
            header: "Started",
            value: (row) => row.InvocationTime,
            cell: (row) => formatTime((row.InvocationTime ?? 0) * 1000),
          },
          {
            id: "took",
            header: "Took",
            value: (row) => took(row),
            cell: (row) => formatDuration(took(row)),
          },
        ]}
        empty={
          <Empty title="Nothing was repaired yet">
            A remediation starts by itself on non-compliant resources, or from a rule's resources in scope.
          </Empty>
        }
      />
      {again && chosen && (
        <ChangeDialog
          title="Start remediation"
          service="config"
          operation="StartRemediationExecution"
          input={{
            ConfigRuleName: chosen.rule,
            ResourceKeys: [chosen.ResourceKey ?? { resourceType: "" as never, resourceId: "" }],
          }}
          action="Remediate"
          done="Remediation started"
          onClose={() => setAgain(false)}
        >
          <span>
            The remediation of {chosen.rule} runs on {chosen.ResourceKey?.resourceId}.
          </span>
        </ChangeDialog>
      )}
    </>
  );
}

const took = (row: Row): number => ((row.LastUpdatedTime ?? 0) - (row.InvocationTime ?? 0)) * 1000;

function Steps({ steps }: { steps: RemediationExecutionStep[] }) {
  if (steps.length === 0) return "–";
  return (
    <ul className="plain">
      {steps.map((step) => (
        <li key={step.Name}>
          <StateBadge state={step.State} text={step.Name ?? ""} />
          {step.ErrorMessage && (
            <Box color="text-status-error" fontSize="body-s">
              {step.ErrorMessage}
            </Box>
          )}
        </li>
      ))}
    </ul>
  );
}

function useExecutions(rules: string[]) {
  const { region } = useGlobals();
  return useQueries({
    queries: rules.map((rule) => ({
      queryKey: awsKey("config", "DescribeRemediationExecutionStatus", region, { ConfigRuleName: rule }),
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        aws("config", "DescribeRemediationExecutionStatus", { ConfigRuleName: rule }, { region, signal }),
      refetchInterval: 4000,
      refetchIntervalInBackground: false,
    })),
    combine: (found) => ({
      items: found.flatMap((each, index) =>
        (each.data?.RemediationExecutionStatuses ?? []).map((status) => ({
          ...status,
          rule: rules[index] ?? "",
        })),
      ),
      isPending: found.some((each) => each.isPending),
      error: found.find((each) => each.error)?.error ?? null,
      refetch: () => {
        for (const each of found) void each.refetch();
      },
    }),
  });
}
