/** The AWS call behind a button or a form, to take along: as a command line or as a script. */

import Button from "@cloudscape-design/components/button";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Modal from "@cloudscape-design/components/modal";
import Tabs from "@cloudscape-design/components/tabs";
import { useState } from "react";
import type { Input, Operation, Service } from "../api/client";
import { serverRoot } from "../api/client";
import { useGlobals } from "../app/globals";
import { boto3, cli } from "../lib/snippets";

export interface CopyAsProps<S extends Service, O extends Operation<S>> {
  service: S;
  operation: O;
  input: Input<S, O>;
  /** An icon only, for rows. */
  compact?: boolean;
}

/** The address clients reach this server by: where the console came from. */
export function endpoint(): string {
  return serverRoot().replace(/\/$/, "");
}

export function CopyAs<S extends Service, O extends Operation<S>>(props: CopyAsProps<S, O>) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button
        {...(props.compact
          ? { variant: "icon" as const, iconName: "script" as const, ariaLabel: "Copy as CLI or boto3" }
          : { iconName: "script" as const })}
        formAction="none"
        onClick={() => setOpen(true)}
      >
        Copy as
      </Button>
      {open && <Snippets {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function Snippets<S extends Service, O extends Operation<S>>(
  props: CopyAsProps<S, O> & { onClose: () => void },
) {
  const { region } = useGlobals();
  const where = { endpoint: endpoint(), region };
  const input = props.input as Record<string, unknown>;
  return (
    <Modal
      visible
      onDismiss={props.onClose}
      header={`${props.operation} outside of the console`}
      size="large"
    >
      <Tabs
        tabs={[
          {
            id: "cli",
            label: "AWS CLI",
            content: <Snippet text={cli(props.service, props.operation, input, where)} />,
          },
          {
            id: "boto3",
            label: "boto3",
            content: <Snippet text={boto3(props.service, props.operation, input, where)} />,
          },
        ]}
      />
    </Modal>
  );
}

/** Text to copy, as it is; long lines scroll. */
export function Snippet({ text, label = "Copy" }: { text: string; label?: string }) {
  return (
    <div className="snippet">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre className="mono" tabIndex={0}>
        {text}
      </pre>
      <CopyToClipboard
        variant="icon"
        textToCopy={text}
        copyButtonAriaLabel={label}
        copySuccessText="Copied"
        copyErrorText="Not copied"
      />
    </div>
  );
}
