/** A metric filter, with its pattern tried on real lines while it is written. */
import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Textarea from "@cloudscape-design/components/textarea";
import { useEffect, useMemo, useState } from "react";
import { useAws } from "../../app/queries";
import { plural } from "../../lib/format";
import { ChangeDialog } from "../../ui/Confirm";
import { Failed } from "../../ui/PageStates";
import type { MetricFilter } from "./MetricFiltersTab";
import { useLater } from "./useLater";

const PATTERNS = [
  ["ERROR", "the word ERROR"],
  ["?ERROR ?WARN", "either word"],
  ['{ $.level = "ERROR" }', "a field of JSON lines"],
  ["[ip, user, time, request, status=5*, size]", "columns of a line"],
] as const;

export default function MetricFilterForm(props: {
  group: string;
  filter?: MetricFilter;
  pattern?: string;
  onClose: () => void;
}) {
  const old = props.filter?.metricTransformations?.[0];
  const [name, setName] = useState(props.filter?.filterName ?? "");
  const [pattern, setPattern] = useState(props.filter?.filterPattern ?? props.pattern ?? "");
  const [namespace, setNamespace] = useState(old?.metricNamespace ?? "");
  const [metric, setMetric] = useState(old?.metricName ?? "");
  const [value, setValue] = useState(old?.metricValue ?? "1");
  const [other, setOther] = useState(old?.defaultValue === undefined ? "" : String(old.defaultValue));
  const transformation = {
    ...old,
    metricNamespace: namespace,
    metricName: metric,
    metricValue: value,
    ...(other === "" ? {} : { defaultValue: Number(other) }),
  };
  if (other === "") delete transformation.defaultValue;
  return (
    <ChangeDialog
      title={props.filter ? `Edit ${name}` : "Create metric filter"}
      service="logs"
      operation="PutMetricFilter"
      input={{
        logGroupName: props.group,
        filterName: name,
        filterPattern: pattern,
        metricTransformations: [transformation],
      }}
      action={props.filter ? "Save" : "Create"}
      done={`${name} saved`}
      invalid={!name || !namespace || !metric || !value || (other !== "" && !Number.isFinite(Number(other)))}
      wide
      onClose={props.onClose}
    >
      <ColumnLayout columns={2}>
        <FormField label="Name">
          <Input
            value={name}
            disabled={props.filter !== undefined}
            onChange={({ detail }) => setName(detail.value)}
          />
        </FormField>
        <FormField
          label="Filter pattern"
          constraintText={
            <span className="lines">
              {PATTERNS.map(([example, means]) => `${example}  ${means}`).join("\n")}
            </span>
          }
        >
          <Input value={pattern} onChange={({ detail }) => setPattern(detail.value)} spellcheck={false} />
        </FormField>
      </ColumnLayout>
      <PatternTest group={props.group} pattern={pattern} />
      <ColumnLayout columns={4}>
        <FormField label="Metric namespace">
          <Input
            value={namespace}
            onChange={({ detail }) => setNamespace(detail.value)}
            placeholder="MyApplication"
          />
        </FormField>
        <FormField label="Metric name">
          <Input value={metric} onChange={({ detail }) => setMetric(detail.value)} placeholder="Errors" />
        </FormField>
        <FormField label="Value" constraintText="A number, or $.field">
          <Input value={value} onChange={({ detail }) => setValue(detail.value)} />
        </FormField>
        <FormField label="Default value" constraintText="For minutes in which nothing matches">
          <Input value={other} onChange={({ detail }) => setOther(detail.value)} />
        </FormField>
      </ColumnLayout>
    </ChangeDialog>
  );
}

/** TestMetricFilter on the group's latest lines, or on lines the writer gives. */
function PatternTest({ group, pattern }: { group: string; pattern: string }) {
  const latest = useAws("logs", "FilterLogEvents", {
    logGroupName: group,
    startTime: 1_704_067_200_000,
    startFromHead: false,
    limit: 20,
  });
  const [given, setGiven] = useState<string>();
  const found = useMemo(
    () => (latest.data?.events ?? []).map((event) => (event.message ?? "").replaceAll("\n", " ")).join("\n"),
    [latest.data],
  );
  useEffect(() => {
    if (found) setGiven((old) => old ?? found);
  }, [found]);
  const text = given ?? "";
  const lines = useMemo(
    () =>
      text
        .split("\n")
        .filter((line) => line.trim() !== "")
        .slice(0, 50),
    [text],
  );
  const asked = useLater(
    useMemo(() => ({ filterPattern: pattern, logEventMessages: lines }), [pattern, lines]),
  );
  const test = useAws("logs", "TestMetricFilter", asked, { enabled: asked.logEventMessages.length > 0 });
  const matched = new Set(test.data?.matches?.map((match) => match.eventNumber));
  return (
    <>
      <FormField
        label="Try the pattern"
        description="The group's latest lines; write others to see what matches."
        stretch
      >
        <Textarea
          value={text}
          rows={5}
          onChange={({ detail }) => setGiven(detail.value)}
          spellcheck={false}
        />
      </FormField>
      {test.error && <Failed error={test.error} doing="The pattern cannot be read" />}
      {test.data && asked.logEventMessages.length > 0 && (
        <Box>
          <b>
            {plural(matched.size, "line")} of {asked.logEventMessages.length}{" "}
            {matched.size === 1 ? "matches" : "match"}
          </b>
          <ul className="matched-lines">
            {asked.logEventMessages.map((line, index) => {
              const match = test.data.matches?.find((each) => each.eventNumber === index + 1);
              if (!match) return null;
              const values = Object.entries(match.extractedValues ?? {});
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: the line's number is what it is
                <li key={index} className="mono breaks">
                  {line.slice(0, 300)}
                  {values.length > 0 && (
                    <b> {values.map(([key, value]) => `${key} = ${value}`).join(", ")}</b>
                  )}
                </li>
              );
            })}
          </ul>
        </Box>
      )}
    </>
  );
}
