/** A new alarm, or one that is there: metric, condition, actions, name, and what it would have done. */
import Wizard, { type WizardProps } from "@cloudscape-design/components/wizard";
import { useMemo, useState } from "react";
import { useAwsChange } from "../../app/queries";
import { useGo, useHref, usePathParams, useUrlState } from "../../app/url";
import {
  draftErrors,
  draftOf,
  EMPTY_DRAFT,
  isComposite,
  periodOf,
  putInput,
  watchedQuery,
} from "../../lib/alarm";
import { type Graph, graphOfQueries } from "../../lib/graph";
import { segment, text } from "../../lib/url";
import { CopyAs } from "../../ui/CopyAs";
import { Page } from "../../ui/Page";
import { Empty, Failed, Loading } from "../../ui/PageStates";
import { graphParam } from "../metrics/state";
import { ActionsStep } from "./ActionsStep";
import { Backtested } from "./Backtested";
import { ConditionStep } from "./ConditionStep";
import { type Form, formDraft, stepOfError } from "./form";
import { MetricStep } from "./MetricStep";
import { NameStep } from "./NameStep";
import { PreviewStep } from "./PreviewStep";
import { useNamedAlarms } from "./queries";

const SHAPE = { g: graphParam, watch: text(), copy: text(), name: text() };

export default function AlarmFormPage() {
  const { name = "" } = usePathParams<"name">();
  const [state] = useUrlState(SHAPE);
  const source = name || state.copy;
  const { query, alarms } = useNamedAlarms(source ? [source] : []);
  const href = useHref();
  const title = name ? `Edit ${name}` : "Create alarm";
  const trail = [
    { text: "Alarms", href: href("/alarms") },
    ...(name ? [{ text: name, href: href(`/alarms/${segment(name)}`) }] : []),
  ];
  if (!source) {
    return (
      <Page title={title} trail={trail} timed>
        <AlarmForm initial={fromGraph(state.g, state.watch, state.name)} editing="" />
      </Page>
    );
  }
  const alarm = alarms?.[0];
  return (
    <Page title={title} trail={trail} timed>
      {query.error && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading />}
      {alarms && !alarm && <Empty title={`There is no alarm ${source} in this region`} />}
      {alarm && isComposite(alarm) && (
        <Empty title="Composite alarms are not edited here">
          Its Source tab has the call that makes it, to change and run.
        </Empty>
      )}
      {alarm && !isComposite(alarm) && (
        <AlarmForm key={source} initial={fromAlarm(alarm, name !== "")} editing={name} />
      )}
    </Page>
  );
}

function fromGraph(graph: Graph, watch: string, name: string): Form {
  const shown = graph.series.filter((one) => !one.hidden);
  const watched = graph.series.find((one) => one.id === watch) ?? shown[0];
  const period = watched?.period ?? graph.period ?? 60;
  return { ...EMPTY_DRAFT, name, graph, watch: watched?.id ?? "", period: Math.max(period, 10) };
}

function fromAlarm(alarm: Parameters<typeof draftOf>[0], same: boolean): Form {
  const draft = draftOf(alarm);
  return {
    ...draft,
    name: same ? draft.name : `${draft.name}-copy`,
    graph: graphOfQueries(draft.queries),
    watch: watchedQuery(draft.queries)?.Id ?? "",
    period: periodOf(alarm),
  };
}

function AlarmForm({ initial, editing }: { initial: Form; editing: string }) {
  const [form, setForm] = useState(initial);
  const [step, setStep] = useState(editing ? 1 : 0);
  const [tried, setTried] = useState(false);
  const href = useHref();
  const go = useGo();
  const draft = useMemo(() => formDraft(form), [form]);
  const errors = draftErrors(draft);
  const input = putInput(draft);
  const put = useAwsChange("cloudwatch", "PutMetricAlarm", {
    done: `Alarm ${draft.name} is ${editing ? "changed" : "created"}.`,
    onSuccess: () => go(href(`/alarms/${segment(draft.name)}`)),
  });
  const change = (part: Partial<Form>) => setForm((old) => ({ ...old, ...part }));
  const shared = { form, draft, errors: tried ? errors : {}, change };
  const backtest = <Backtested draft={draft} errors={errors} />;
  const navigate = (to: number, reason: WizardProps.NavigationReason) => {
    const blocked = reason === "next" && stepOfError(errors) === step;
    setTried(blocked);
    if (!blocked) setStep(to);
  };
  return (
    <Wizard
      activeStepIndex={step}
      isLoadingNextStep={put.isPending}
      allowSkipTo
      onNavigate={({ detail }) => navigate(detail.requestedStepIndex, detail.reason)}
      onCancel={() => go(href(editing ? `/alarms/${segment(editing)}` : "/alarms"))}
      onSubmit={() => {
        const wrong = stepOfError(errors);
        setTried(wrong !== undefined);
        if (wrong === undefined) put.mutate(input);
        else setStep(wrong);
      }}
      submitButtonText={editing ? "Save alarm" : "Create alarm"}
      i18nStrings={{
        stepNumberLabel: (number) => `Step ${number}`,
        collapsedStepsLabel: (number, count) => `Step ${number} of ${count}`,
        skipToButtonLabel: ({ title }) => `Skip to ${title}`,
        navigationAriaLabel: "Steps",
        cancelButton: "Cancel",
        previousButton: "Previous",
        nextButton: "Next",
        optional: "optional",
      }}
      steps={[
        { title: "Metric", description: "What the alarm watches", content: <MetricStep {...shared} /> },
        {
          title: "Condition",
          description: "When it alarms",
          content: <ConditionStep {...shared} backtest={backtest} />,
        },
        {
          title: "Actions",
          isOptional: true,
          description: "Who is told",
          content: <ActionsStep {...shared} />,
        },
        {
          title: "Name",
          description: "What it is called",
          content: <NameStep {...shared} editing={editing !== ""} />,
        },
        {
          title: "Preview",
          description: "All of it, and what it would have done",
          content: (
            <PreviewStep
              draft={draft}
              errors={errors}
              backtest={backtest}
              copy={<CopyAs service="cloudwatch" operation="PutMetricAlarm" input={input} />}
            />
          ),
        },
      ]}
    />
  );
}
