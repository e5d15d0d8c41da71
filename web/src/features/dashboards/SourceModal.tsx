/** The body as JSON: what is wrong with it is shown where it is, before and after the server has seen it. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { lazy, Suspense, useMemo, useState } from "react";
import { useAwsChange } from "../../app/queries";
import { spanOf, syntaxError } from "../../lib/json-path";
import { type Board, boardOf, type Finding } from "../../lib/widget";
import { Loading } from "../../ui/PageStates";
import type { EditorError } from "../../ui/QueryEditor";

const JsonEditor = lazy(() => import("../../ui/JsonEditor"));

/** Errors of a text as the editor shows them: of the syntax, of the shape, then what the server found. */
export function bodyErrors(text: string, findings: Finding[]): EditorError[] {
  const syntax = syntaxError(text);
  if (syntax) return [syntax];
  try {
    boardOf(text);
  } catch (error) {
    return [{ from: 0, to: 1, message: error instanceof Error ? error.message : String(error) }];
  }
  return findings.map(({ path, message }) => ({ ...spanOf(text, path), message, severity: "warning" }));
}

export function SourceModal(props: {
  text: string;
  findings: Finding[];
  onUse: (board: Board) => void;
  onClose: () => void;
}) {
  const [text, setText] = useState(props.text);
  const errors = useMemo(() => bodyErrors(text, props.findings), [text, props.findings]);
  const broken = errors.some(({ severity }) => severity !== "warning");
  return (
    <Modal
      visible
      size="max"
      header="Source of the dashboard"
      onDismiss={props.onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={props.onClose}>
              Cancel
            </Button>
            <Button
              variant="primary"
              disabled={broken || text === props.text}
              onClick={() => props.onUse(boardOf(text))}
            >
              Use
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <Editor text={text} errors={errors} onChange={setText} />
    </Modal>
  );
}

function Editor(props: { text: string; errors: EditorError[]; onChange: (text: string) => void }) {
  const [first] = props.errors;
  return (
    <SpaceBetween size="xs">
      <Suspense fallback={<Loading />}>
        <div className="source">
          <JsonEditor
            value={props.text}
            onChange={props.onChange}
            label="Body of the dashboard"
            errors={props.errors}
            minLines={16}
            reveal={first?.severity === "warning"}
          />
        </div>
      </Suspense>
      {first && (
        <Alert type={first.severity === "warning" ? "warning" : "error"}>
          {first.message}
          {props.errors.length > 1 && ` and ${props.errors.length - 1} more`}
        </Alert>
      )}
    </SpaceBetween>
  );
}

/** For a body that is no dashboard to this console: its text, to be repaired. */
export function SourceOnly({ name, body, problem }: { name: string; body: string; problem: string }) {
  const [text, setText] = useState(body);
  const errors = useMemo(() => bodyErrors(text, []), [text]);
  const put = useAwsChange("cloudwatch", "PutDashboard", { done: `Dashboard ${name} is saved.` });
  return (
    <SpaceBetween size="m">
      <Alert type="warning" header="This body cannot be shown as a dashboard">
        {problem}
      </Alert>
      <Editor text={text} errors={errors} onChange={setText} />
      <Button
        variant="primary"
        disabled={errors.length > 0}
        loading={put.isPending}
        onClick={() => put.mutate({ DashboardName: name, DashboardBody: text })}
      >
        Save
      </Button>
    </SpaceBetween>
  );
}
