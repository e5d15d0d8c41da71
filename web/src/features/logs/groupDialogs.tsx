/** Dialogs that change a log group. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import Select, { type SelectProps } from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { Output } from "../../api/client";
import { useAwsChange } from "../../app/queries";
import { ChangeDialog } from "../../ui/Confirm";
import { CopyAs } from "../../ui/CopyAs";

export type Group = NonNullable<Output<"logs", "DescribeLogGroups">["logGroups"]>[number];

/** What CloudWatch Logs allows (PutRetentionPolicy). */
const DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
const FOR_EVER: SelectProps.Option = { value: "", label: "Never expire" };
const OPTIONS: SelectProps.Option[] = [
  FOR_EVER,
  ...DAYS.map((days) => ({ value: String(days), label: keptFor(days) })),
];

export function keptFor(days: number | undefined): string {
  if (!days) return "Never expires";
  if (days === 1) return "1 day";
  const years = Math.round(days / 365.25);
  return days >= 365 && Math.abs(days - years * 365.25) < 2 ? `${days} days (${years} y)` : `${days} days`;
}

function Keep({ days, onChange }: { days: string; onChange: (days: string) => void }) {
  return (
    <FormField label="Retention" description="Events older than this are removed.">
      <Select
        options={OPTIONS}
        selectedOption={OPTIONS.find((option) => option.value === days) ?? FOR_EVER}
        onChange={({ detail }) => onChange(detail.selectedOption.value ?? "")}
      />
    </FormField>
  );
}

export function CreateGroup({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const wrong = name !== "" && !/^[.\-_/#A-Za-z0-9]{1,512}$/.test(name);
  return (
    <ChangeDialog
      title="Create log group"
      service="logs"
      operation="CreateLogGroup"
      input={{ logGroupName: name }}
      action="Create"
      done={`Log group ${name} created`}
      invalid={name === "" || wrong}
      onClose={onClose}
    >
      <FormField
        label="Name"
        constraintText="1 to 512 characters: letters, digits and . - _ / #"
        errorText={wrong ? "The name has a character that is not allowed." : ""}
      >
        <Input
          value={name}
          onChange={({ detail }) => setName(detail.value)}
          placeholder="/my/application"
          autoFocus
        />
      </FormField>
    </ChangeDialog>
  );
}

export function Retention({ group, onClose }: { group: Group; onClose: () => void }) {
  const name = group.logGroupName ?? "";
  const [days, setDays] = useState(group.retentionInDays ? String(group.retentionInDays) : "");
  const fields = <Keep days={days} onChange={setDays} />;
  const shared = { title: `Retention of ${name}`, service: "logs", action: "Save", onClose } as const;
  if (days === "") {
    return (
      <ChangeDialog
        {...shared}
        operation="DeleteRetentionPolicy"
        input={{ logGroupName: name }}
        done={`Events of ${name} never expire`}
      >
        {fields}
      </ChangeDialog>
    );
  }
  return (
    <ChangeDialog
      {...shared}
      operation="PutRetentionPolicy"
      input={{ logGroupName: name, retentionInDays: Number(days) }}
      done={`Events of ${name} are kept for ${keptFor(Number(days))}`}
    >
      {fields}
    </ChangeDialog>
  );
}

export function DeleteGroups(props: {
  names: string[];
  title: string;
  onClose: () => void;
  onDone: () => void;
}) {
  const { names, onClose, onDone } = props;
  const remove = useAwsChange("logs", "DeleteLogGroup", {
    done: ({ logGroupName }) => `${logGroupName} deleted`,
  });
  const run = async () => {
    for (const logGroupName of names) await remove.mutateAsync({ logGroupName });
    onDone();
    onClose();
  };
  return (
    <Modal
      visible
      header={props.title}
      onDismiss={onClose}
      closeAriaLabel="Close"
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <CopyAs service="logs" operation="DeleteLogGroup" input={{ logGroupName: names[0] ?? "" }} />
            <Button variant="link" onClick={onClose}>
              Cancel
            </Button>
            <Button
              variant="primary"
              loading={remove.isPending}
              onClick={() => void run().catch(() => undefined)}
            >
              Delete
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="s">
        <Alert type="warning">All events, streams, metric filters and subscriptions go with it.</Alert>
        <ul>
          {names.map((name) => (
            <li key={name} className="mono breaks">
              {name}
            </li>
          ))}
        </ul>
      </SpaceBetween>
    </Modal>
  );
}
