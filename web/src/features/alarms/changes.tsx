/** What is done to alarms, alone or many at once: actions on and off, a state by hand, deletion. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import type { ButtonDropdownProps } from "@cloudscape-design/components/button-dropdown";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useState } from "react";
import type { StateValue } from "../../api/gen/cloudwatch";
import { useAwsChange } from "../../app/queries";
import { plural } from "../../lib/format";
import { CopyAs } from "../../ui/CopyAs";

export type Change = "enable" | "disable" | "state" | "delete";

export function changeItems(count: number): ButtonDropdownProps.Item[] {
  return [
    { id: "enable", text: "Enable actions", disabled: count === 0 },
    { id: "disable", text: "Disable actions", disabled: count === 0 },
    {
      id: "state",
      text: "Set state",
      disabled: count !== 1,
      ...(count > 1 ? { disabledReason: "One alarm at a time" } : {}),
    },
    { id: "delete", text: "Delete", disabled: count === 0 },
  ];
}

export interface ChangeProps {
  change: Change;
  names: string[];
  onClose: () => void;
  /** After a deletion. */
  onDeleted?: () => void;
}

export function ChangeModal(props: ChangeProps) {
  if (props.change === "state") return <SetState {...props} />;
  if (props.change === "delete") return <Delete {...props} />;
  return <Actions {...props} enable={props.change === "enable"} />;
}

function Actions({ names, onClose, enable }: ChangeProps & { enable: boolean }) {
  const operation = enable ? "EnableAlarmActions" : "DisableAlarmActions";
  const options = {
    done: `Actions of ${plural(names.length, "alarm")} are ${enable ? "enabled" : "disabled"}.`,
    onSuccess: onClose,
  };
  const on = useAwsChange("cloudwatch", "EnableAlarmActions", options);
  const off = useAwsChange("cloudwatch", "DisableAlarmActions", options);
  const change = enable ? on : off;
  const input = { AlarmNames: names };
  return (
    <Frame
      title={enable ? "Enable actions" : "Disable actions"}
      doing={enable ? "Enable" : "Disable"}
      busy={change.isPending}
      onClose={onClose}
      onDo={() => change.mutate(input)}
      copy={<CopyAs service="cloudwatch" operation={operation} input={input} />}
    >
      {enable
        ? "From the next change of state on, these alarms do what they are configured to do."
        : "These alarms go on being evaluated, but nobody is told and nothing is started."}
      <Names names={names} />
    </Frame>
  );
}

function Delete({ names, onClose, onDeleted }: ChangeProps) {
  const change = useAwsChange("cloudwatch", "DeleteAlarms", {
    done: `${plural(names.length, "alarm")} deleted.`,
    onSuccess: () => {
      onClose();
      onDeleted?.();
    },
  });
  const input = { AlarmNames: names };
  return (
    <Frame
      title={`Delete ${names.length === 1 ? names[0] : plural(names.length, "alarm")}`}
      doing="Delete"
      busy={change.isPending}
      onClose={onClose}
      onDo={() => change.mutate(input)}
      copy={<CopyAs service="cloudwatch" operation="DeleteAlarms" input={input} />}
    >
      <Alert type="warning">A deleted alarm cannot be brought back. Its history stays.</Alert>
      <Names names={names} />
    </Frame>
  );
}

const STATES: StateValue[] = ["OK", "ALARM", "INSUFFICIENT_DATA"];

function SetState({ names, onClose }: ChangeProps) {
  const [state, setState] = useState<StateValue>("ALARM");
  const [reason, setReason] = useState("Set by hand to test the actions");
  const change = useAwsChange("cloudwatch", "SetAlarmState", {
    done: `${names[0]} is ${state} until its next evaluation.`,
    onSuccess: onClose,
  });
  const input = { AlarmName: names[0] ?? "", StateValue: state, StateReason: reason };
  return (
    <Frame
      title={`Set the state of ${names[0]}`}
      doing="Set state"
      busy={change.isPending}
      onClose={onClose}
      onDo={() => change.mutate(input)}
      copy={<CopyAs service="cloudwatch" operation="SetAlarmState" input={input} />}
    >
      <SpaceBetween size="s">
        <Box>Its actions run as for any change. The next evaluation sets the state the data calls for.</Box>
        <FormField label="State">
          <Select
            selectedOption={{ value: state }}
            options={STATES.map((value) => ({ value }))}
            onChange={({ detail }) => setState(detail.selectedOption.value as StateValue)}
          />
        </FormField>
        <FormField label="Reason">
          <Input value={reason} onChange={({ detail }) => setReason(detail.value)} />
        </FormField>
      </SpaceBetween>
    </Frame>
  );
}

function Names({ names }: { names: string[] }) {
  if (names.length < 2) return null;
  return (
    <ul>
      {names.slice(0, 20).map((name) => (
        <li key={name}>{name}</li>
      ))}
      {names.length > 20 && <li>and {names.length - 20} more</li>}
    </ul>
  );
}

function Frame(props: {
  title: string;
  doing: string;
  busy: boolean;
  copy: ReactNode;
  onDo: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  return (
    <Modal
      visible
      header={props.title}
      onDismiss={props.onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            {props.copy}
            <Button variant="link" onClick={props.onClose}>
              Cancel
            </Button>
            <Button variant="primary" loading={props.busy} onClick={props.onDo}>
              {props.doing}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="s">{props.children}</SpaceBetween>
    </Modal>
  );
}
