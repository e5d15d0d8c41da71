/** The SQL of advanced queries in the editor. */
import type { CompletionContext, CompletionResult, CompletionSource } from "@codemirror/autocomplete";
import { StreamLanguage } from "@codemirror/language";

const KEYWORDS =
  /^(SELECT|WHERE|GROUP|ORDER|BY|AND|OR|NOT|IN|LIKE|BETWEEN|AS|ASC|DESC|COUNT|SUM|AVG|MIN|MAX)\b/i;

export const configSql = StreamLanguage.define({
  name: "config-sql",
  token(stream) {
    if (stream.eatSpace()) return null;
    if (stream.match(/^'(''|[^'])*'?/)) return "string";
    if (stream.match(/^\d+(\.\d+)?/)) return "number";
    if (stream.match(KEYWORDS)) return "keyword";
    if (stream.match(/^[A-Za-z_][\w.]*/)) return "variableName";
    stream.next();
    return null;
  },
});

const WORDS = [
  "SELECT",
  "WHERE",
  "GROUP BY",
  "ORDER BY",
  "AND",
  "OR",
  "NOT",
  "IN",
  "LIKE",
  "BETWEEN",
  "ASC",
  "DESC",
];
const FUNCTIONS = ["COUNT(*)", "SUM()", "AVG()", "MIN()", "MAX()"];
const PROPERTIES = [
  "accountId",
  "arn",
  "availabilityZone",
  "awsRegion",
  "configuration",
  "configurationItemCaptureTime",
  "configurationItemStatus",
  "configurationStateId",
  "relationships.resourceId",
  "relationships.resourceName",
  "relationships.resourceType",
  "resourceCreationTime",
  "resourceId",
  "resourceName",
  "resourceType",
  "supplementaryConfiguration",
  "tags.key",
  "tags.tag",
  "tags.value",
  "version",
];

/** Keywords and properties; in a string behind `resourceType`, the types that can be recorded. */
export function configCompletion(types: string[]): CompletionSource {
  return (context: CompletionContext): CompletionResult | null => {
    const quoted = context.matchBefore(/'[\w:]*/);
    if (quoted) {
      return {
        from: quoted.from + 1,
        options: types.map((label) => ({ label, type: "text" })),
        validFor: /^[\w:]*$/,
      };
    }
    const word = context.matchBefore(/[\w.]+/);
    if (!word && !context.explicit) return null;
    return {
      from: word?.from ?? context.pos,
      options: [
        ...PROPERTIES.map((label) => ({ label, type: "property", boost: 1 })),
        ...WORDS.map((label) => ({ label, type: "keyword" })),
        ...FUNCTIONS.map((label) => ({ label, type: "function" })),
      ],
      validFor: /^[\w.]*$/,
    };
  };
}
