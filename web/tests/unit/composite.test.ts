import { describe, expect, it } from "vitest";
import {
  anyOf,
  compositeDraftOf,
  compositeErrors,
  compositeInput,
  EMPTY_COMPOSITE,
  namesOf,
  ruleErrorSpan,
} from "../../src/lib/composite";

describe("a rule", () => {
  it("names alarms, bare, quoted or by ARN, each once", () =>
    expect(
      namesOf(
        'ALARM("a b") AND (OK(arn:aws:cloudwatch:us-east-1:0:alarm:c) OR AT_LEAST(2, ALARM, ("d", e, "a b")))',
      ),
    ).toEqual(["a b", "c", "d", "e"]));

  it("of alarms names those alarms, whatever is in their names", () => {
    const names = ["a", 'say "b"', "c\\d", "e)f"];
    expect(namesOf(anyOf(names))).toEqual(names);
    expect(anyOf([])).toBe("");
  });

  it("is wrong where the server says", () => {
    const message = "Error in AlarmRule [Unsupported token ')' at char 8, must be: 'AND', 'OR']";
    expect(ruleErrorSpan(message, "ALARM(a))")).toEqual({ from: 8, to: 9 });
    expect(ruleErrorSpan("Error in AlarmRule [Unexpected end]", "ALARM(a")).toEqual({ from: 7, to: 7 });
    expect(ruleErrorSpan(message, "cut")).toEqual({ from: 3, to: 3 });
  });
});

describe("a composite alarm", () => {
  const alarm = {
    AlarmName: "both",
    AlarmRule: "ALARM(a) AND ALARM(b)",
    ActionsEnabled: false,
    AlarmActions: ["arn:aws:sns:us-east-1:0:t"],
    ActionsSuppressor: "deploying",
    ActionsSuppressorWaitPeriod: 30,
    ActionsSuppressorExtensionPeriod: 90,
  };

  it("goes into the form and comes back", () => {
    expect(compositeInput(compositeDraftOf(alarm))).toEqual(alarm);
    const plain = { AlarmName: "plain", ActionsEnabled: true, AlarmRule: "ALARM(a)" };
    expect(compositeInput(compositeDraftOf(plain))).toEqual(plain);
  });

  it("has a name, a rule, and whole seconds where somebody suppresses it", () => {
    expect(Object.keys(compositeErrors(EMPTY_COMPOSITE))).toEqual(["name", "rule"]);
    const draft = { ...compositeDraftOf(alarm), wait: "1.5", extension: "" };
    expect(Object.keys(compositeErrors(draft))).toEqual(["wait", "extension"]);
    expect(compositeErrors({ ...draft, suppressor: "" })).toEqual({});
  });
});
