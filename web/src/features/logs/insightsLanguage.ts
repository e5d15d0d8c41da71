/** Logs Insights QL in the editor: colours, and completion from what this server knows. */
import type {
  Completion,
  CompletionContext,
  CompletionResult,
  CompletionSource,
} from "@codemirror/autocomplete";
import { StreamLanguage, type StringStream } from "@codemirror/language";
import type { FieldShare } from "../../lib/insights";
import { fieldName } from "../../lib/insights";

export interface Word {
  name: string;
  docs: string;
  aggregate: boolean;
}

/** `GET /console/api/catalogue` */
export interface Catalogue {
  commands: Word[];
  functions: Word[];
  managedRules: {
    identifier: string;
    name: string;
    types: string[];
    triggers: string[];
    parameters: { name: string; required: boolean }[];
  }[];
  resourceTypes: string[];
}

const COMMANDS =
  /^(fields|filter|stats|sort|limit|parse|display|dedup|pattern|diff|unmask|anomaly|unnest)\b/i;
const WORDS = /^(as|by|in|like|and|or|not|asc|desc)\b/i;

export const insightsLanguage = StreamLanguage.define<{ start: boolean }>({
  name: "insights",
  startState: () => ({ start: true }),
  token(stream, state) {
    if (stream.eatSpace()) return null;
    const begins = state.start;
    state.start = false;
    if (stream.match(/^#.*/)) {
      state.start = begins;
      return "comment";
    }
    if (stream.eat("|")) {
      state.start = true;
      return "operator";
    }
    if (begins && stream.match(COMMANDS)) return "keyword";
    return value(stream);
  },
  languageData: { commentTokens: { line: "#" } },
  // The names this language gives its tokens are CodeMirror's own; `function` needs its modifier spelled out.
  tokenTable: {},
});

function value(stream: StringStream): string | null {
  if (stream.match(/^"(\\.|[^"\\])*"?/) || stream.match(/^'(\\.|[^'\\])*'?/)) return "string";
  if (stream.match(/^\/(\\.|[^/\\\n])+\//)) return "string";
  if (stream.match(/^`[^`]*`?/)) return "propertyName";
  if (stream.match(/^\d+(\.\d+)?(ms|s|m|h|d|w)?\b/)) return "number";
  if (stream.match(WORDS)) return "keyword";
  if (stream.match(/^[A-Za-z_]\w*(?=\s*\()/)) return "typeName";
  if (stream.match(/^@?[A-Za-z_][\w.]*/)) return "variableName";
  stream.next();
  return null;
}

const KEYWORDS: Completion[] = ["as", "by", "in", "like", "and", "or", "not", "asc", "desc"].map((label) => ({
  label,
  type: "keyword",
}));

/** `known` is read at the time of asking: fields arrive after the editor was made. */
export function insightsCompletion(
  known: () => { catalogue: Catalogue | undefined; fields: FieldShare[] },
): CompletionSource {
  return (context: CompletionContext): CompletionResult | null => {
    const word = context.matchBefore(/[@`]?[\w.]*/);
    if (!word || (word.from === word.to && !context.explicit)) return null;
    const { catalogue, fields } = known();
    const before = context.state.sliceDoc(Math.max(0, word.from - 200), word.from);
    if (/(^|\|)\s*$/.test(before)) {
      return { from: word.from, options: (catalogue?.commands ?? []).map(commandOption), validFor: /^\w*$/ };
    }
    const inStats = /\bstats\b[^|]*$/i.test(before);
    const options = [
      ...fields.map(({ name, percent }) => ({
        label: fieldName(name),
        type: "property",
        detail: `${percent}%`,
        boost: 2,
      })),
      ...(catalogue?.functions ?? []).map((each) => functionOption(each, inStats)),
      ...KEYWORDS,
    ];
    return { from: word.from, options, validFor: /^[@`]?[\w.]*$/ };
  };
}

const commandOption = ({ name, docs }: Word): Completion => ({
  label: name,
  type: "keyword",
  info: docs,
  apply: `${name} `,
});

const functionOption = ({ name, docs, aggregate }: Word, inStats: boolean): Completion => ({
  label: `${name}()`,
  displayLabel: name,
  type: "function",
  info: docs,
  boost: aggregate === inStats ? 1 : -1,
  apply: (view, _, from, to) => {
    view.dispatch({
      changes: { from, to, insert: `${name}()` },
      selection: { anchor: from + name.length + 1 },
    });
  },
});
