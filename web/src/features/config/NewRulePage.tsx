/** Adding a rule: which one, how it is set, and what will be sent. */
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Wizard from "@cloudscape-design/components/wizard";
import { useState } from "react";
import { useAwsChange } from "../../app/queries";
import { useGo, useHref, useUrlState } from "../../app/url";
import { stableJson } from "../../lib/diff";
import { segment, text } from "../../lib/url";
import { CopyAs, Snippet } from "../../ui/CopyAs";
import { ListTable } from "../../ui/ListTable";
import { Page } from "../../ui/Page";
import { Empty } from "../../ui/PageStates";
import { shortType } from "../../ui/ResourceLink";
import { type ManagedRule, useManagedRules } from "./catalogue";
import { draftOf, missingOf, RuleFields, ruleOf } from "./RuleForm";

const SHAPE = { rule: text() };
const STEPS = ["Managed rule", "Settings", "Review"];

export default function NewRulePage() {
  const href = useHref();
  const go = useGo();
  const [state, setState] = useUrlState(SHAPE);
  const catalogue = useManagedRules();
  const managed = catalogue.data?.managedRules.find((each) => each.identifier === state.rule);
  const [step, setStep] = useState(0);
  const [changed, setChanged] = useState<Partial<ReturnType<typeof draftOf>>>({});
  const [tried, setTried] = useState(false);
  const draft = { ...draftOf(undefined, managed), ...changed };
  const rule = ruleOf(draft, state.rule, managed);
  const missing = missingOf(draft, managed);
  const add = useAwsChange("config", "PutConfigRule", {
    done: `${draft.name} added`,
    doing: "The rule was not added",
    onSuccess: () => go(href(`/rules/${segment(draft.name)}`)),
  });
  const ready = [managed !== undefined, draft.name !== "" && missing.length === 0, true];
  const words = [
    "Choose a managed rule.",
    draft.name === "" ? "The rule needs a name." : `Missing: ${missing.join(", ")}.`,
    "",
  ];
  return (
    <Page title="Add rule" trail={[{ text: "Rules", href: href("/rules") }]}>
      <Wizard
        activeStepIndex={step}
        onNavigate={({ detail }) => {
          const forward = detail.requestedStepIndex > step;
          const blocked = forward && ready.slice(0, detail.requestedStepIndex).some((each) => !each);
          setTried(blocked);
          if (!blocked) setStep(detail.requestedStepIndex);
        }}
        onCancel={() => go(href("/rules"))}
        onSubmit={() => add.mutate({ ConfigRule: rule })}
        isLoadingNextStep={add.isPending}
        submitButtonText="Add rule"
        i18nStrings={{
          stepNumberLabel: (number) => `Step ${number}`,
          collapsedStepsLabel: (number, count) => `Step ${number} of ${count}`,
          navigationAriaLabel: "Steps",
          cancelButton: "Cancel",
          previousButton: "Previous",
          nextButton: "Next",
        }}
        steps={[
          {
            title: STEPS[0] ?? "",
            errorText: tried && !ready[0] ? words[0] : "",
            content: (
              <Choose
                rules={catalogue.data?.managedRules ?? []}
                loading={catalogue.isPending}
                error={catalogue.error}
                chosen={managed}
                onChoose={(identifier) => {
                  setState({ rule: identifier }, { replace: true });
                  setChanged({});
                }}
              />
            ),
          },
          {
            title: STEPS[1] ?? "",
            errorText: tried && !ready[1] ? words[1] : "",
            content: (
              <Container header={<Header variant="h2">{managed?.identifier}</Header>}>
                <RuleFields
                  managed={managed}
                  draft={draft}
                  onChange={(change) => setChanged({ ...changed, ...change })}
                />
              </Container>
            ),
          },
          {
            title: STEPS[2] ?? "",
            content: (
              <Container
                header={
                  <Header
                    variant="h2"
                    actions={
                      <CopyAs service="config" operation="PutConfigRule" input={{ ConfigRule: rule }} />
                    }
                  >
                    What will be sent
                  </Header>
                }
              >
                <SpaceBetween size="s">
                  <Snippet text={stableJson(rule)} />
                  <Box color="text-body-secondary">
                    Recorded resources in its scope are judged at once; a remediation can be added on the
                    rule's page.
                  </Box>
                </SpaceBetween>
              </Container>
            ),
          },
        ]}
      />
    </Page>
  );
}

function Choose(props: {
  rules: ManagedRule[];
  loading: boolean;
  error: Error | null;
  chosen: ManagedRule | undefined;
  onChoose: (identifier: string) => void;
}) {
  return (
    <ListTable<ManagedRule>
      title="Managed rules of this server"
      items={props.rules}
      keyOf={(rule) => rule.identifier}
      loading={props.loading}
      error={props.error}
      pageSize={20}
      selected={props.chosen ? [props.chosen] : []}
      onSelect={([rule]) => rule && props.onChoose(rule.identifier)}
      columns={[
        {
          id: "name",
          header: "Rule",
          width: 290,
          value: (rule) => `${rule.name} ${rule.identifier}`,
          cell: (rule) => (
            <>
              {rule.name}
              <Box variant="small" display="block">
                <span className="mono">{rule.identifier}</span>
              </Box>
            </>
          ),
        },
        {
          id: "types",
          header: "Judges",
          width: 150,
          value: (rule) => rule.types.join(" "),
          cell: (rule) => rule.types.map(shortType).join(", "),
        },
        {
          id: "when",
          header: "When",
          width: 135,
          value: (rule) => rule.triggers.join(" "),
          cell: (rule) =>
            rule.triggers.map((each) => (each === "change" ? "On changes" : "Periodically")).join(", "),
        },
        {
          id: "parameters",
          header: "Parameters",
          cell: (rule) =>
            rule.parameters.length > 3
              ? `${rule.parameters.length} parameters`
              : rule.parameters.map((each) => each.name).join(", ") || "–",
        },
      ]}
      empty={<Empty title="No managed rules" />}
    />
  );
}
