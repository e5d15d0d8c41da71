/** An editor for query languages and JSON: completion, errors where they are, Ctrl+Enter runs. Load it lazily. */
import {
  autocompletion,
  type CompletionSource,
  closeBrackets,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { type Diagnostic, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, type Extension, Prec } from "@codemirror/state";
import { EditorView, keymap, lineNumbers, placeholder as placeholderText } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { codeLooks } from "./codeTheme";

/** A stretch of the text that is wrong; offsets in characters, clipped to the text. */
export interface EditorError {
  from: number;
  to: number;
  message: string;
  severity?: "error" | "warning" | "info";
}

export interface QueryEditorProps {
  value: string;
  onChange: (value: string) => void;
  /** Ctrl+Enter (Cmd+Enter). */
  onRun?: () => void;
  /** The accessible name. */
  label: string;
  /** A language, e.g. a StreamLanguage or `json()`; declared outside of the component. */
  language?: Extension;
  completions?: CompletionSource;
  errors?: EditorError[];
  placeholder?: string;
  readOnly?: boolean;
  /** One line: Enter runs. */
  single?: boolean;
  minLines?: number;
  /** Bring the first error into view when there is a new one. */
  reveal?: boolean;
}

export default function QueryEditor(props: QueryEditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const latest = useRef(props);
  const language = useRef(new Compartment());
  useEffect(() => {
    latest.current = props;
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: one editor for the component's life; changes are dispatched
  useEffect(() => {
    if (!box.current) return;
    const made = new EditorView({
      parent: box.current,
      state: EditorState.create({ doc: props.value, extensions: extensions(latest, language.current) }),
    });
    view.current = made;
    return () => made.destroy();
  }, []);

  useEffect(() => {
    const editor = view.current;
    const current = editor?.state.doc.toString();
    if (editor && current !== props.value) {
      editor.dispatch({ changes: { from: 0, to: current?.length ?? 0, insert: props.value } });
    }
  }, [props.value]);

  useEffect(() => {
    view.current?.dispatch({ effects: language.current.reconfigure(props.language ?? []) });
  }, [props.language]);

  useEffect(() => {
    const editor = view.current;
    if (editor)
      editor.dispatch(setDiagnostics(editor.state, diagnostics(props.errors ?? [], editor.state.doc.length)));
  }, [props.errors]);

  const first = props.reveal ? props.errors?.[0]?.from : undefined;
  useEffect(() => {
    const editor = view.current;
    if (!editor || first === undefined) return;
    const at = Math.min(first, editor.state.doc.length);
    editor.dispatch({ effects: EditorView.scrollIntoView(at, { y: "center" }) });
  }, [first]);

  const lines = props.minLines ?? (props.single ? 1 : 4);
  return (
    <div>
      <div ref={box} className="editor" style={{ minBlockSize: `${lines * 1.4 + 0.8}em` }} />
      <div role="status" className="visually-hidden">
        {props.errors?.map((error) => error.message).join(". ")}
      </div>
    </div>
  );
}

/** CodeMirror's form of the errors; at least one character is underlined. */
export function diagnostics(errors: EditorError[], length: number): Diagnostic[] {
  return errors.map((error) => {
    const from = Math.max(0, Math.min(error.from, length));
    const to = Math.max(from, Math.min(error.to, length));
    const point = to === from && from > 0 ? from - 1 : from;
    return { from: point, to, message: error.message, severity: error.severity ?? "error" };
  });
}

function extensions(latest: { current: QueryEditorProps }, language: Compartment): Extension[] {
  const props = latest.current;
  const run = () => {
    latest.current.onRun?.();
    return latest.current.onRun !== undefined;
  };
  return [
    codeLooks(),
    history(),
    bracketMatching(),
    closeBrackets(),
    indentOnInput(),
    language.of(props.language ?? []),
    autocompletion({
      override: [async (context) => (await latest.current.completions?.(context)) ?? null],
      icons: false,
    }),
    EditorView.domEventHandlers({ beforeinput: typedOver }),
    Prec.highest(keymap.of([{ key: "Mod-Enter", run }, ...(props.single ? [{ key: "Enter", run }] : [])])),
    keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) latest.current.onChange(update.state.doc.toString());
    }),
    EditorView.contentAttributes.of({ "aria-label": props.label }),
    EditorState.readOnly.of(props.readOnly ?? false),
    ...(props.single
      ? [EditorState.transactionFilter.of((tr) => (tr.newDoc.lines > 1 ? [] : tr))]
      : [lineNumbers(), EditorView.lineWrapping]),
    ...(props.placeholder ? [placeholderText(props.placeholder)] : []),
  ];
}

/**
 * Text typed over a selection goes straight into the state. Left to the browser, it would keep the looks of what was
 * selected in a style attribute, which the CSP refuses.
 */
function typedOver(event: InputEvent, view: EditorView): boolean {
  const { from, to, empty } = view.state.selection.main;
  const text = event.data;
  if (empty || view.composing || event.inputType !== "insertText" || text === null) return false;
  event.preventDefault();
  const typed = () =>
    view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
  const handlers = view.state.facet(EditorView.inputHandler);
  if (!handlers.some((handle) => handle(view, from, to, text, typed))) view.dispatch(typed());
  return true;
}
