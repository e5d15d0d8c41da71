/** An editor of one metric math expression: completion of functions and ids, the server's error where it is. */
import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { StreamLanguage } from "@codemirror/language";
import { useCallback, useMemo } from "react";
import { errorSpan, type MathError, mathToken, suggestions } from "../lib/math-lang";
import QueryEditor from "./QueryEditor";

const STYLES: Record<string, string> = {
  string: "string",
  number: "number",
  keyword: "keyword",
  function: "keyword",
  variable: "variableName",
  operator: "operator",
  bracket: "punctuation",
  invalid: "invalid",
};

const LANGUAGE = StreamLanguage.define<null>({
  name: "metric-math",
  startState: () => null,
  token(stream) {
    const { kind, length } = mathToken(stream.string.slice(stream.pos));
    stream.pos += length;
    return kind ? (STYLES[kind] ?? null) : null;
  },
});

export interface MathEditorProps {
  value: string;
  onChange: (value: string) => void;
  onRun?: () => void;
  label: string;
  ids: { id: string; name: string }[];
  error?: MathError | undefined;
  single?: boolean;
}

export default function MathEditor(props: MathEditorProps) {
  const { ids, error, value } = props;
  const completions = useCallback(
    (context: CompletionContext): CompletionResult | null => {
      const word = context.matchBefore(/[A-Za-z_][A-Za-z0-9_]*/);
      if (!word && !context.explicit) return null;
      return { from: word?.from ?? context.pos, options: suggestions(ids), validFor: /^\w*$/ };
    },
    [ids],
  );
  const errors = useMemo(
    () => (error ? [{ ...errorSpan(value, error.at), message: error.message }] : []),
    [error, value],
  );
  return (
    <QueryEditor
      value={value}
      onChange={props.onChange}
      {...(props.onRun ? { onRun: props.onRun } : {})}
      label={props.label}
      language={LANGUAGE}
      completions={completions}
      errors={errors}
      single={props.single ?? false}
      placeholder="For example: m1 / PERIOD(m1)"
    />
  );
}
