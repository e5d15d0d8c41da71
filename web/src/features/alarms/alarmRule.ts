/** The rules of composite alarms in the editor: colours, and completion of functions and alarm names. */
import type { CompletionContext, CompletionResult, CompletionSource } from "@codemirror/autocomplete";
import { StreamLanguage } from "@codemirror/language";
import { quoted } from "../../lib/composite";

const WORD = /^(ALARM|OK|INSUFFICIENT_DATA|AT_LEAST|AND|OR|NOT|TRUE|FALSE)\b/;

export const alarmRuleLanguage = StreamLanguage.define<null>({
  name: "alarm-rule",
  startState: () => null,
  token(stream) {
    if (stream.eatSpace()) return null;
    if (stream.match(/^"(\\.|[^"\\])*"?/)) return "string";
    if (stream.match(WORD)) return "keyword";
    if (stream.match(/^\d+%?/)) return "number";
    if (stream.match(/^[(),]/)) return "punctuation";
    stream.match(/^[^\s(),"]+/) || stream.next();
    return "variableName";
  },
});

const WORDS = [
  { label: "ALARM", apply: "ALARM(", detail: "the alarm is in ALARM" },
  { label: "OK", apply: "OK(", detail: "the alarm is OK" },
  { label: "INSUFFICIENT_DATA", apply: "INSUFFICIENT_DATA(", detail: "the alarm has too little data" },
  { label: "AT_LEAST", apply: "AT_LEAST(", detail: "AT_LEAST(2, ALARM, (a, b, c)), or 50% of them" },
  { label: "AND" },
  { label: "OR" },
  { label: "NOT" },
].map((word) => ({ ...word, type: "keyword" }));

/** Completes words, and within parentheses the names of alarms. */
export function ruleCompletions(names: string[]): CompletionSource {
  const options = names.map((name) => ({ label: quoted(name), type: "variable" }));
  return (context: CompletionContext): CompletionResult | null => {
    const typed = context.matchBefore(/"?[\w:./-]*/);
    const from = typed?.from ?? context.pos;
    if (from === context.pos && !context.explicit) return null;
    const inside = /[(,]\s*$/.test(context.state.sliceDoc(Math.max(0, from - 100), from));
    // The editor closes quotes by itself: a name brings its own.
    const closed =
      typed?.text.startsWith('"') && context.state.sliceDoc(context.pos, context.pos + 1) === '"';
    return { from, to: context.pos + (closed ? 1 : 0), options: inside ? [...options, ...WORDS] : WORDS };
  };
}
