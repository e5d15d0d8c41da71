/** Metric, condition, actions, name, and what it would have done. */
import Wizard, { type WizardProps } from "@cloudscape-design/components/wizard";
import { useMemo, useState } from "react";
import { useAwsChange } from "../../app/queries";
import { useGo, useHref } from "../../app/url";
import { draftErrors, putInput } from "../../lib/alarm";
import { segment } from "../../lib/url";
import { CopyAs } from "../../ui/CopyAs";
import { ActionsStep } from "./ActionsStep";
import { Backtested } from "./Backtested";
import { ConditionStep } from "./ConditionStep";
import { type Form, formDraft, stepOfError } from "./form";
import { MetricStep } from "./MetricStep";
import { NameStep } from "./NameStep";
import { PreviewStep } from "./PreviewStep";

/** `editing`: the name of the alarm that is changed; empty for a new one. */
export default function AlarmForm({ initial, editing }: { initial: Form; editing: string }) {
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
