/** One alarm: its graph, why it is in its state, what it did, and what it is. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { useState } from "react";
import { useFormatTime } from "../../app/globals";
import { useGo, useHref, usePathParams, useUrlState } from "../../app/url";
import {
  type AnyAlarm,
  conditionOf,
  isBand,
  isComposite,
  MISSING,
  periodOf,
  signOf,
  statOf,
} from "../../lib/alarm";
import { oneOf, segment } from "../../lib/url";
import { Page } from "../../ui/Page";
import { Empty, Failed, Loading } from "../../ui/PageStates";
import { StateBadge } from "../../ui/StateBadge";
import { periodLabel } from "../metrics/state";
import { AlarmGraph } from "./AlarmGraph";
import { AlarmSource } from "./AlarmSource";
import { CompositeTree } from "./CompositeTree";
import { type Change, ChangeModal, changeItems } from "./changes";
import { HistoryTab } from "./HistoryTab";
import { useNamedAlarms } from "./queries";
import { WhyTab } from "./WhyTab";

const SHAPE = { tab: oneOf(["why", "history", "details", "source"], "why") };
type Tab = "why" | "history" | "details" | "source";

export default function AlarmPage() {
  const { name } = usePathParams<"name">();
  const href = useHref();
  const { query, alarms } = useNamedAlarms([name]);
  const trail = [{ text: "Alarms", href: href("/alarms") }];
  const alarm = alarms?.[0];
  if (alarm) return <Found alarm={alarm} trail={trail} />;
  return (
    <Page title={name} trail={trail}>
      {query.error && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading />}
      {alarms && (
        <Empty
          title={`There is no alarm ${name} in this region`}
          action={<Button href={href("/alarms")}>All alarms</Button>}
        />
      )}
    </Page>
  );
}

function Found({ alarm, trail }: { alarm: AnyAlarm; trail: { text: string; href: string }[] }) {
  const name = alarm.AlarmName ?? "";
  const [state, setState] = useUrlState(SHAPE);
  return (
    <Page
      title={name}
      description={alarm.AlarmDescription}
      info={<StateBadge state={alarm.StateValue} />}
      trail={trail}
      timed
      actions={<Actions alarm={alarm} />}
    >
      <SpaceBetween size="l">
        {alarm.ActionsEnabled === false && (
          <Alert type="info">Its actions are disabled: its state changes, but nobody is told.</Alert>
        )}
        {isComposite(alarm) ? (
          <Container header={<Header variant="h2">Alarms it depends on</Header>}>
            <CompositeTree alarm={alarm} />
          </Container>
        ) : (
          <Container
            header={
              <Header
                variant="h2"
                description={`Values ${breaching(alarm)} breach; darker bands show when it was in another state`}
              >
                {conditionOf(alarm)}
              </Header>
            }
          >
            <AlarmGraph alarm={alarm} />
          </Container>
        )}
        <Tabs
          activeTabId={state.tab}
          onChange={({ detail }) => setState({ tab: detail.activeTabId as Tab })}
          tabs={[
            { id: "why", label: "Why", content: <WhyTab name={name} /> },
            { id: "history", label: "History", content: <HistoryTab name={name} /> },
            { id: "details", label: "Details", content: <Details alarm={alarm} /> },
            { id: "source", label: "Source", content: <AlarmSource alarm={alarm} /> },
          ]}
        />
      </SpaceBetween>
    </Page>
  );
}

function Actions({ alarm }: { alarm: AnyAlarm }) {
  const name = alarm.AlarmName ?? "";
  const [change, setChange] = useState<Change>();
  const href = useHref();
  const go = useGo();
  const enabled = alarm.ActionsEnabled !== false;
  const investigate = href("/incident", { alarm: name, from: undefined, to: undefined });
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <Button iconName="zoom-in" href={investigate}>
        Investigate
      </Button>
      <ButtonDropdown
        items={[
          { id: "edit", text: "Edit", href: href(`/alarms/${segment(name)}/edit`) },
          { id: "copy", text: "Copy", href: href("/alarms/new", { copy: name }) },
          ...changeItems(1).filter((item) => item.id !== (enabled ? "enable" : "disable")),
        ]}
        onItemFollow={(event) => {
          event.preventDefault();
          if (event.detail.href) go(event.detail.href);
        }}
        onItemClick={({ detail }) => {
          if (!detail.href) setChange(detail.id as Change);
        }}
      >
        Actions
      </ButtonDropdown>
      {change && (
        <ChangeModal
          change={change}
          names={[name]}
          onClose={() => setChange(undefined)}
          onDeleted={() => go(href("/alarms"))}
        />
      )}
    </SpaceBetween>
  );
}

function Details({ alarm }: { alarm: AnyAlarm }) {
  const formatTime = useFormatTime();
  const at = (seconds: number | undefined) => (seconds ? formatTime(seconds * 1000) : "–");
  const items = [
    { label: "State since", value: at(alarm.StateTransitionedTimestamp) },
    { label: "Configured", value: at(alarm.AlarmConfigurationUpdatedTimestamp) },
    { label: "ARN", value: <span className="breaks">{alarm.AlarmArn}</span> },
    ...(isComposite(alarm) ? compositeDetails(alarm) : metricDetails(alarm)),
    { label: "In alarm", value: <Arns arns={alarm.AlarmActions} /> },
    { label: "OK again", value: <Arns arns={alarm.OKActions} /> },
    { label: "Insufficient data", value: <Arns arns={alarm.InsufficientDataActions} /> },
  ];
  return <KeyValuePairs columns={3} items={items} />;
}

function metricDetails(alarm: AnyAlarm) {
  const missing = MISSING.find((one) => one.value === (alarm.TreatMissingData ?? "missing"));
  return [
    ...(alarm.MetricName
      ? [
          { label: "Metric", value: `${alarm.Namespace} ${alarm.MetricName}` },
          { label: "Dimensions", value: dimensionsText(alarm) },
          { label: "Statistic", value: statOf(alarm) },
        ]
      : [{ label: "Math", value: <MathList alarm={alarm} /> }]),
    { label: "Period", value: periodLabel(periodOf(alarm)) },
    {
      label: "Datapoints to alarm",
      value: `${alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods} of ${alarm.EvaluationPeriods}`,
    },
    { label: "Missing data", value: missing ? `${missing.label}: ${missing.description}` : "–" },
  ];
}

function compositeDetails(alarm: AnyAlarm) {
  return [
    { label: "Rule", value: <span className="mono breaks">{alarm.AlarmRule}</span> },
    { label: "Suppressed by", value: alarm.ActionsSuppressor ?? "–" },
  ];
}

const dimensionsText = (alarm: AnyAlarm) =>
  alarm.Dimensions?.map(({ Name, Value }) => `${Name}: ${Value}`).join(", ") || "–";

function MathList({ alarm }: { alarm: AnyAlarm }) {
  return (
    <>
      {alarm.Metrics?.map((query) => (
        <Box key={query.Id}>
          <span className="mono breaks">
            {query.Id} ={" "}
            {query.Expression ?? `${query.MetricStat?.Stat} of ${query.MetricStat?.Metric.MetricName}`}
          </span>
        </Box>
      ))}
    </>
  );
}

function Arns({ arns }: { arns: string[] | undefined }) {
  if (!arns?.length) return <>–</>;
  return (
    <>
      {arns.map((arn) => (
        <Box key={arn}>
          <span className="breaks">{arn}</span>
        </Box>
      ))}
    </>
  );
}

function breaching({ ComparisonOperator }: AnyAlarm): string {
  return isBand(ComparisonOperator) ? signOf(ComparisonOperator) : "in the shaded part";
}
