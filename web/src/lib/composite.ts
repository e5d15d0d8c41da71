/** Composite alarms: the alarms their rules name, and drafts of new ones. */
import type { PutCompositeAlarmInput } from "../api/gen/cloudwatch";
import { type AnyAlarm, EMPTY_OUTLINE, nameError, type Outline, outlineInput, outlineOf } from "./alarm";
import { trimmed } from "./graph";

/** Names in a rule, bare or quoted, of ARNs the last part; each once. */
export function namesOf(rule: string): string[] {
  const found: string[] = [];
  const call = /\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"((?:[^"\\]|\\.)*)"|([^()\s"]+))\s*\)/g;
  for (const [, quoted, bare] of rule.matchAll(call))
    found.push(quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "");
  for (const [, list = ""] of rule.matchAll(/AT_LEAST\s*\([^()]*\(([^()]*)\)/g)) {
    for (const [, quoted, bare] of list.matchAll(/"((?:[^"\\]|\\.)*)"|([^\s,"]+)/g)) {
      found.push(quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "");
    }
  }
  const names = found.map((name) => /^arn:[^:]*:cloudwatch:[^:]*:[^:]*:alarm:(.*)$/.exec(name)?.[1] ?? name);
  return [...new Set(names)];
}

/** A rule that holds while any of the alarms is in ALARM. */
export const anyOf = (names: string[]): string => names.map((name) => `ALARM(${quoted(name)})`).join(" OR ");

export const quoted = (name: string): string => `"${name.replace(/["\\]/g, "\\$&")}"`;

/** Where the server's `… at char 12, must be …` is in the rule; its end where it does not say. */
export function ruleErrorSpan(message: string, rule: string): { from: number; to: number } {
  const at = Math.min(Number(/ at char (\d+)/.exec(message)?.[1] ?? rule.length), rule.length);
  return { from: at, to: Math.min(at + 1, rule.length) };
}

/** What the form edits. Seconds are text while they are typed. */
export interface CompositeDraft extends Outline {
  rule: string;
  /** While this alarm is in ALARM nobody is told; empty for none. */
  suppressor: string;
  wait: string;
  extension: string;
}

/** AWS's own proposals for both periods. */
const SECONDS = "60";

export const EMPTY_COMPOSITE: CompositeDraft = {
  ...EMPTY_OUTLINE,
  rule: "",
  suppressor: "",
  wait: SECONDS,
  extension: SECONDS,
};

export function compositeDraftOf(alarm: AnyAlarm): CompositeDraft {
  return {
    ...outlineOf(alarm),
    rule: alarm.AlarmRule ?? "",
    suppressor: alarm.ActionsSuppressor ?? "",
    wait: String(alarm.ActionsSuppressorWaitPeriod ?? SECONDS),
    extension: String(alarm.ActionsSuppressorExtensionPeriod ?? SECONDS),
  };
}

export function compositeInput(draft: CompositeDraft): PutCompositeAlarmInput {
  return trimmed({
    ...outlineInput(draft),
    AlarmRule: draft.rule,
    ...(draft.suppressor && {
      ActionsSuppressor: draft.suppressor,
      ActionsSuppressorWaitPeriod: Number(draft.wait),
      ActionsSuppressorExtensionPeriod: Number(draft.extension),
    }),
  });
}

export type CompositeErrors = Partial<Record<"name" | "rule" | "wait" | "extension", string>>;

/** What is wrong with a draft, by field; empty when the server may be asked. */
export function compositeErrors(draft: CompositeDraft): CompositeErrors {
  const errors: CompositeErrors = {};
  const name = nameError(draft.name);
  if (name) errors.name = name;
  if (!draft.rule.trim()) errors.rule = 'A rule is needed, such as ALARM("a") AND NOT ALARM("b").';
  for (const field of ["wait", "extension"] as const) {
    if (draft.suppressor && !/^\d+$/.test(draft[field])) errors[field] = "A whole number of seconds.";
  }
  return errors;
}
