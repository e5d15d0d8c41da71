/** A dialog around a change: what it does, the fields it needs, the same call for a shell, and its button. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import type { Input, Operation, Service } from "../api/client";
import { useAwsChange } from "../app/queries";
import { CopyAs } from "./CopyAs";

export interface ChangeDialogProps<S extends Service, O extends Operation<S>> {
  title: string;
  service: S;
  operation: O;
  input: Input<S, O>;
  /** The button's words. */
  action: string;
  done: string;
  /** Why it cannot be done yet: something is missing. */
  invalid?: boolean;
  wide?: boolean;
  onClose: () => void;
  onDone?: () => void;
  children: ReactNode;
}

export function ChangeDialog<S extends Service, O extends Operation<S>>(props: ChangeDialogProps<S, O>) {
  const change = useAwsChange(props.service, props.operation, {
    done: props.done,
    doing: `${props.title}: failed`,
    onSuccess: () => {
      props.onDone?.();
      props.onClose();
    },
  });
  return (
    <Modal
      visible
      header={props.title}
      size={props.wide ? "large" : "medium"}
      onDismiss={props.onClose}
      closeAriaLabel="Close"
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <CopyAs service={props.service} operation={props.operation} input={props.input} />
            <Button variant="link" onClick={props.onClose}>
              Cancel
            </Button>
            <Button
              variant="primary"
              loading={change.isPending}
              disabled={props.invalid ?? false}
              onClick={() => change.mutate(props.input)}
            >
              {props.action}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">{props.children}</SpaceBetween>
    </Modal>
  );
}
