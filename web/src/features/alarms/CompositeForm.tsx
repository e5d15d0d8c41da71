/** A composite alarm, new or there: its rule beside the alarms it names, who is told, and what keeps that back. */
import Autosuggest from "@cloudscape-design/components/autosuggest";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMemo, useState } from "react";
import { useAwsChange } from "../../app/queries";
import { useGo, useHref } from "../../app/url";
import {
  type CompositeDraft,
  type CompositeErrors,
  compositeErrors,
  compositeInput,
  namesOf,
  ruleErrorSpan,
} from "../../lib/composite";
import { segment } from "../../lib/url";
import { CopyAs } from "../../ui/CopyAs";
import { QueryBox } from "../../ui/QueryBox";
import { ActionsStep } from "./ActionsStep";
import { alarmRuleLanguage, ruleCompletions } from "./alarmRule";
import { RuleTree } from "./CompositeTree";
import { NameStep } from "./NameStep";
import { useAlarms } from "./queries";

interface CompositeProps {
  initial: CompositeDraft;
  /** The name of the alarm that is changed; empty for a new one. */
  editing: string;
}

type Change = (part: Partial<CompositeDraft>) => void;

export default function CompositeForm({ initial, editing }: CompositeProps) {
  const [draft, setDraft] = useState(initial);
  const [tried, setTried] = useState(false);
  const href = useHref();
  const go = useGo();
  const alarms = useAlarms().items;
  const names = useMemo(
    () => alarms.map((alarm) => alarm.AlarmName ?? "").filter((name) => name !== editing),
    [alarms, editing],
  );
  const input = compositeInput(draft);
  const wrong = compositeErrors(draft);
  const errors: CompositeErrors = tried ? wrong : {};
  const put = useAwsChange("cloudwatch", "PutCompositeAlarm", {
    done: `Alarm ${draft.name} is ${editing ? "changed" : "created"}.`,
    onSuccess: () => go(href(`/alarms/${segment(draft.name)}`)),
  });
  const change: Change = (part) => setDraft((old) => ({ ...old, ...part }));
  const submit = () => {
    setTried(true);
    if (Object.keys(wrong).length === 0) put.mutate(input);
  };
  return (
    <Form
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <CopyAs service="cloudwatch" operation="PutCompositeAlarm" input={input} />
          <Button onClick={() => go(href(editing ? `/alarms/${segment(editing)}` : "/alarms"))}>
            Cancel
          </Button>
          <Button variant="primary" loading={put.isPending} onClick={submit}>
            {editing ? "Save alarm" : "Create alarm"}
          </Button>
        </SpaceBetween>
      }
    >
      <SpaceBetween size="l">
        <RuleField
          draft={draft}
          names={names}
          error={errors.rule ?? put.error?.message}
          change={change}
          onRun={submit}
        />
        <NameStep form={draft} errors={errors} change={change} editing={editing !== ""} />
        <ActionsStep form={draft} change={change} />
        <Suppression draft={draft} names={names} errors={errors} change={change} />
      </SpaceBetween>
    </Form>
  );
}

interface RuleProps {
  draft: CompositeDraft;
  names: string[];
  error: string | undefined;
  change: Change;
  onRun: () => void;
}

function RuleField({ draft, names, error, change, onRun }: RuleProps) {
  const completions = useMemo(() => ruleCompletions(names), [names]);
  const errors = useMemo(
    () => (error ? [{ ...ruleErrorSpan(error, draft.rule), message: error }] : []),
    [error, draft.rule],
  );
  return (
    <Container
      header={
        <Header variant="h2" description='For example: ALARM("slow") AND NOT ALARM("deploying")'>
          Rule
        </Header>
      }
    >
      <SpaceBetween size="m">
        <div>
          <QueryBox
            label="Rule"
            value={draft.rule}
            onChange={(rule) => change({ rule })}
            onRun={onRun}
            language={alarmRuleLanguage}
            completions={completions}
            errors={errors}
            minLines={3}
          />
        </div>
        {namesOf(draft.rule).length > 0 && <RuleTree rule={draft.rule} path={[draft.name]} />}
      </SpaceBetween>
    </Container>
  );
}

interface SuppressionProps {
  draft: CompositeDraft;
  names: string[];
  errors: CompositeErrors;
  change: Change;
}

function Suppression({ draft, names, errors, change }: SuppressionProps) {
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="While another alarm is in ALARM, this one changes its state and tells nobody"
        >
          Suppression
        </Header>
      }
    >
      <ColumnLayout columns={3}>
        <FormField label="Suppressed by" description="An alarm; empty for none">
          <Autosuggest
            value={draft.suppressor}
            options={names.map((value) => ({ value }))}
            onChange={({ detail }) => change({ suppressor: detail.value })}
            enteredTextLabel={(value) => `Use: ${value}`}
            placeholder="Name or ARN of an alarm"
            empty="No alarms"
          />
        </FormField>
        <FormField
          label="Wait period"
          description="Seconds to wait for the other one before telling"
          errorText={errors.wait}
        >
          <Input
            value={draft.wait}
            inputMode="numeric"
            disabled={!draft.suppressor}
            onChange={({ detail }) => change({ wait: detail.value })}
          />
        </FormField>
        <FormField
          label="Extension period"
          description="Seconds to stay silent after it has ended"
          errorText={errors.extension}
        >
          <Input
            value={draft.extension}
            inputMode="numeric"
            disabled={!draft.suppressor}
            onChange={({ detail }) => change({ extension: detail.value })}
          />
        </FormField>
      </ColumnLayout>
    </Container>
  );
}
