/** What repairs a rule's resources: a runbook, its parameters, by itself or on demand; and its executions. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { lazy, Suspense, useState } from "react";
import type { ConfigRule, RemediationParameterValue } from "../../api/gen/config";
import { ChangeDialog } from "../../ui/Confirm";
import { Empty } from "../../ui/PageStates";
import { Executions } from "./Executions";
import { useRemediation } from "./useRemediation";

const RemediationForm = lazy(() => import("./RemediationForm"));

export function RemediationTab({ rule }: { rule: ConfigRule }) {
  const name = rule.ConfigRuleName ?? "";
  const found = useRemediation(name);
  const [dialog, setDialog] = useState<"edit" | "remove">();
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header
            variant="h2"
            actions={
              <div className="actions">
                <Button disabled={!found} onClick={() => setDialog("remove")}>
                  Remove
                </Button>
                <Button onClick={() => setDialog("edit")}>{found ? "Edit" : "Add remediation"}</Button>
              </div>
            }
          >
            Remediation
          </Header>
        }
      >
        {found ? (
          <KeyValuePairs
            columns={3}
            items={[
              { label: "Runbook", value: found.TargetId },
              {
                label: "Starts",
                value: found.Automatic
                  ? `By itself, ${found.MaximumAutomaticAttempts ?? 5} attempts in ${found.RetryAttemptSeconds ?? 60} s`
                  : "On demand",
              },
              {
                label: "Parameters",
                value: (
                  <Box>
                    {Object.entries(found.Parameters ?? {}).map(([key, value]) => (
                      <div key={key} className="mono breaks">
                        {key} = {shownParameter(value)}
                      </div>
                    ))}
                  </Box>
                ),
              },
            ]}
          />
        ) : (
          <Empty title="Nothing repairs what fails this rule">
            A remediation runs an Automation runbook on each non-compliant resource, by itself or when you say
            so.
          </Empty>
        )}
      </Container>
      {found && <Executions rules={[name]} />}
      {dialog === "edit" && (
        <Suspense>
          <RemediationForm
            rule={name}
            {...(found ? { old: found } : {})}
            onClose={() => setDialog(undefined)}
          />
        </Suspense>
      )}
      {dialog === "remove" && (
        <ChangeDialog
          title="Remove remediation"
          service="config"
          operation="DeleteRemediationConfiguration"
          input={{ ConfigRuleName: name }}
          action="Remove"
          done="Remediation removed"
          onClose={() => setDialog(undefined)}
        >
          Resources that fail {name} are no longer repaired.
        </ChangeDialog>
      )}
    </SpaceBetween>
  );
}

function shownParameter(value: RemediationParameterValue): string {
  if (value.ResourceValue) return "the resource's id";
  return value.StaticValue?.Values?.join(", ") ?? "";
}
