/** A dashboard that could be read: its grid, its editor, and what keeps changes from getting lost. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useBlocker, useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { ApiError } from "../../api/errors";
import { useGlobals } from "../../app/globals";
import { useAwsChange } from "../../app/queries";
import { useUrlState } from "../../app/url";
import { added, type Board, bodyText, type Finding, refusals, without } from "../../lib/widget";
import { CopyAs } from "../../ui/CopyAs";
import { Page } from "../../ui/Page";
import { Empty } from "../../ui/PageStates";
import { SHAPE } from "./DashboardPage";
import { Grid } from "./Grid";
import { KINDS, type Kind, newWidget } from "./kinds";
import { SourceModal } from "./SourceModal";
import { type Editing, useBoard } from "./useBoard";
import { WidgetEditor } from "./WidgetEditor";

interface Props {
  name: string;
  stored: Board;
  trail: { text: string; href: string }[];
}

export function BoardPage({ name, stored, trail }: Props) {
  const [state, setState] = useUrlState(SHAPE);
  const editing = useBoard(stored);
  const { board, change } = editing;
  const { region } = useGlobals();
  const [selected, setSelected] = useState<string>();
  const [source, setSource] = useState(false);
  const [findings, setFindings] = useState<Finding[]>([]);
  const leave = useGuard(editing.changed);
  useShortcuts(state.edit, editing);
  const save = useSave(name, editing, setFindings);
  const add = (kind: Kind) => {
    const next = added(board, kind.type, newWidget(kind, region), kind.size);
    change(next);
    setState({ edit: true });
    setSelected(next.widgets.at(-1)?.key);
  };
  const copy = (key: string) => {
    const widget = board.widgets.find((one) => one.key === key);
    if (widget) change(added(board, widget.type, structuredClone(widget.properties), widget));
  };
  const remove = (key: string) => {
    change(without(board, key));
    if (selected === key) setSelected(undefined);
  };
  const widget = state.edit ? board.widgets.find((one) => one.key === selected) : undefined;
  return (
    <Page
      title={name}
      trail={trail}
      timed
      actions={
        <Actions
          name={name}
          editing={editing}
          edit={state.edit}
          saving={save.isPending}
          onEdit={(edit) => setState({ edit })}
          onAdd={add}
          onSource={() => setSource(true)}
          onSave={() => save.store(board)}
        />
      }
    >
      <SpaceBetween size="s">
        {findings.length > 0 && (
          <Findings findings={findings} onSource={() => setSource(true)} onClose={() => setFindings([])} />
        )}
        {board.widgets.length === 0 && (
          <Empty title="An empty dashboard" action={<AddButton onAdd={add} />}>
            Add a graph, a number, a text, a log query or alarms.
          </Empty>
        )}
        <Grid
          board={board}
          editing={state.edit}
          selected={widget?.key}
          onChange={change}
          onEdit={setSelected}
          onCopy={copy}
          onRemove={remove}
        />
      </SpaceBetween>
      {widget && (
        <WidgetEditor
          key={widget.key}
          widget={widget}
          board={board}
          onChange={change}
          onClose={() => setSelected(undefined)}
        />
      )}
      {source && (
        <SourceModal
          text={bodyText(board)}
          findings={findings}
          onUse={(next) => {
            change(next);
            setState({ edit: true });
            setSource(false);
          }}
          onClose={() => setSource(false)}
        />
      )}
      {leave.status === "blocked" && (
        <LeaveModal onStay={() => leave.reset?.()} onLeave={() => leave.proceed?.()} />
      )}
    </Page>
  );
}

function useSave(name: string, editing: Editing, setFindings: (findings: Finding[]) => void) {
  const put = useAwsChange("cloudwatch", "PutDashboard", { done: `Dashboard ${name} is saved.` });
  const store = (board: Board) =>
    put.mutate(
      { DashboardName: name, DashboardBody: bodyText(board) },
      {
        onSuccess: (answer) => {
          editing.store(board);
          setFindings(
            (answer.DashboardValidationMessages ?? []).map(({ DataPath = "", Message = "" }) => ({
              path: DataPath,
              message: Message,
            })),
          );
        },
        onError: (error) => setFindings(error instanceof ApiError ? refusals(error.message) : []),
      },
    );
  return { store, isPending: put.isPending };
}

/** Asks before changes are left behind, in the console and by the browser. */
function useGuard(changed: boolean) {
  const router = useRouter();
  // A link is followed by the browser, which no blocker can hold; as the router's own step it can be.
  useEffect(() => {
    if (!changed) return;
    const clicked = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
      const href = link?.getAttribute("href") ?? "";
      const elsewhere = event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey;
      if (!href.startsWith("#") || elsewhere) return;
      event.preventDefault();
      event.stopPropagation();
      router.history.push(href.slice(1));
    };
    document.addEventListener("click", clicked, true);
    return () => document.removeEventListener("click", clicked, true);
  }, [changed, router]);
  return useBlocker({
    shouldBlockFn: ({ current, next }) => changed && current.pathname !== next.pathname,
    enableBeforeUnload: changed,
    withResolver: true,
  });
}

function useShortcuts(edit: boolean, { undo, redo }: Editing): void {
  useEffect(() => {
    if (!edit) return;
    const pressed = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      // Text has an undo of its own.
      if (target.closest("input, textarea, [contenteditable=true]")) return;
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
      event.preventDefault();
      if (event.shiftKey) redo();
      else undo();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [edit, undo, redo]);
}

interface ActionsProps {
  name: string;
  editing: Editing;
  edit: boolean;
  saving: boolean;
  onEdit: (edit: boolean) => void;
  onAdd: (kind: Kind) => void;
  onSource: () => void;
  onSave: () => void;
}

function Actions(props: ActionsProps) {
  const { editing, edit, onEdit } = props;
  if (!edit) {
    return (
      <SpaceBetween direction="horizontal" size="xs">
        <Button onClick={props.onSource}>Source</Button>
        <Button iconName="edit" onClick={() => onEdit(true)}>
          Edit
        </Button>
      </SpaceBetween>
    );
  }
  const input = { DashboardName: props.name, DashboardBody: bodyText(editing.board) };
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <AddButton onAdd={props.onAdd} />
      <Button iconName="undo" ariaLabel="Undo" disabled={!editing.canUndo} onClick={editing.undo} />
      <Button iconName="redo" ariaLabel="Redo" disabled={!editing.canRedo} onClick={editing.redo} />
      <Button onClick={props.onSource}>Source</Button>
      <CopyAs service="cloudwatch" operation="PutDashboard" input={input} compact />
      <Button
        variant="link"
        onClick={() => {
          editing.discard();
          onEdit(false);
        }}
      >
        {editing.changed ? "Discard" : "Done"}
      </Button>
      <Button variant="primary" disabled={!editing.changed} loading={props.saving} onClick={props.onSave}>
        Save
      </Button>
    </SpaceBetween>
  );
}

function AddButton({ onAdd }: { onAdd: (kind: Kind) => void }) {
  return (
    <ButtonDropdown
      items={KINDS.map(({ id, name, description }) => ({ id, text: name, description }))}
      onItemClick={({ detail }) => {
        const kind = KINDS.find((one) => one.id === detail.id);
        if (kind) onAdd(kind);
      }}
    >
      Add widget
    </ButtonDropdown>
  );
}

function Findings(props: { findings: Finding[]; onSource: () => void; onClose: () => void }) {
  return (
    <Alert
      type="warning"
      dismissible
      dismissAriaLabel="Dismiss"
      onDismiss={props.onClose}
      header="What the server says of the body"
      action={<Button onClick={props.onSource}>Show in the source</Button>}
    >
      <ul>
        {props.findings.slice(0, 10).map(({ path, message }) => (
          <li key={`${path} ${message}`}>
            <span className="mono">{path || "/"}</span> {message}
          </li>
        ))}
      </ul>
    </Alert>
  );
}

function LeaveModal({ onStay, onLeave }: { onStay: () => void; onLeave: () => void }) {
  return (
    <Modal
      visible
      header="Leave without saving"
      onDismiss={onStay}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onLeave}>
              Leave
            </Button>
            <Button variant="primary" onClick={onStay}>
              Stay
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      The changes of this dashboard are not saved. They are lost when you leave.
    </Modal>
  );
}
