/** All of a draft at once, before it becomes an alarm. */
import Alert from "@cloudscape-design/components/alert";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import { conditionOf, type Draft, type DraftField, MISSING, putInput } from "../../lib/alarm";
import { DraftGraph } from "./DraftGraph";

export function PreviewStep(props: {
  draft: Draft;
  errors: Partial<Record<DraftField, string>>;
  backtest: ReactNode;
  copy: ReactNode;
}) {
  const { draft, errors } = props;
  const wrong = Object.entries(errors);
  const lists = [
    ["In alarm", draft.alarmActions],
    ["OK again", draft.okActions],
    ["Insufficient data", draft.insufficientActions],
  ] as const;
  return (
    <SpaceBetween size="l">
      {wrong.length > 0 && (
        <Alert type="error" header="Not complete yet">
          {wrong.map(([field, message]) => `${field}: ${message}`).join(" ")}
        </Alert>
      )}
      <Container
        header={
          <Header variant="h2" description={conditionOf(putInput(draft))} actions={props.copy}>
            {draft.name || "Alarm without a name"}
          </Header>
        }
      >
        <SpaceBetween size="m">
          <DraftGraph draft={draft} />
          {props.backtest}
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">What it does</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            {
              label: "Missing data",
              value: MISSING.find((one) => one.value === draft.missing)?.description ?? "–",
            },
            { label: "Actions", value: draft.actionsEnabled ? "Enabled" : "Disabled" },
            { label: "Description", value: draft.description || "–" },
            ...lists.map(([label, arns]) => ({
              label,
              value: <span className="breaks">{arns.filter(Boolean).join(", ") || "Nothing is done"}</span>,
            })),
          ]}
        />
      </Container>
    </SpaceBetween>
  );
}
