/** What needs a look, what changed, what comes in; on an empty server, how to begin. */
import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import Grid from "@cloudscape-design/components/grid";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import type { ReactNode } from "react";
import { useBuilt } from "../../app/built";
import { useFormatTime, useGlobals } from "../../app/globals";
import { useLiveSoon } from "../../app/live";
import { useConsole } from "../../app/queries";
import { useHref } from "../../app/url";
import { formatNumber, plural } from "../../lib/format";
import { formatAgo } from "../../lib/time";
import { segment } from "../../lib/url";
import { Page } from "../../ui/Page";
import { Empty, Loadable } from "../../ui/PageStates";
import { InvestigateLink, ResourceLink, shortType } from "../../ui/ResourceLink";
import { StateBadge } from "../../ui/StateBadge";
import { FirstSteps } from "./FirstSteps";
import type { Overview } from "./types";

const EVERY_MS = 30_000;

export default function OverviewPage() {
  const query = useConsole<Overview>("overview", {}, { everyMs: EVERY_MS });
  useLiveSoon(() => void query.refetch());
  return (
    <Page title="Overview" description="What needs a look, what changed, and what comes in">
      <Loadable query={query}>{(data) => <Panels data={data} />}</Loadable>
    </Page>
  );
}

function Panels({ data }: { data: Overview }) {
  return (
    <SpaceBetween size="l">
      {data.empty && <FirstSteps />}
      <Figures data={data} />
      <Grid gridDefinition={[{ colspan: { default: 12, s: 6 } }, { colspan: { default: 12, s: 6 } }]}>
        <FiringAlarms alarms={data.alarms} />
        <Broken resources={data.compliance.resources} total={data.compliance.nonCompliant} />
      </Grid>
      <Changes changes={data.changes} />
    </SpaceBetween>
  );
}

function Figures({ data }: { data: Overview }) {
  const { compliance, ingestion } = data;
  const judged = compliance.compliant + compliance.nonCompliant;
  return (
    <Container>
      <ColumnLayout columns={4} variant="text-grid">
        <Figure label="Alarms firing" value={String(data.alarms.length)} bad={data.alarms.length > 0} />
        <Figure
          label="Non-compliant resources"
          value={String(compliance.nonCompliant)}
          bad={compliance.nonCompliant > 0}
          note={judged ? `of ${plural(judged, "resource")} judged` : "no rule has judged anything"}
        />
        <Figure
          label="API calls recorded"
          value={`${formatNumber(ingestion.eventsPerSecond)}/s`}
          note={over(data)}
        />
        <Figure
          label="Metric points and log lines"
          value={`${formatNumber(ingestion.pointsPerSecond)}/s, ${formatNumber(ingestion.logLinesPerSecond)}/s`}
          note={over(data)}
        />
      </ColumnLayout>
    </Container>
  );
}

const over = (data: Overview) => `over the last ${Math.round(data.ingestion.windowSeconds / 60)} minutes`;

function Figure(props: { label: string; value: string; note?: string; bad?: boolean }) {
  return (
    <div>
      <Box variant="awsui-key-label">{props.label}</Box>
      <Box fontSize="heading-xl" fontWeight="bold" color={props.bad ? "text-status-error" : "inherit"}>
        {props.value}
      </Box>
      {props.note && (
        <Box variant="small" color="text-body-secondary">
          {props.note}
        </Box>
      )}
    </div>
  );
}

function FiringAlarms({ alarms }: { alarms: Overview["alarms"] }) {
  const { now } = useGlobals();
  return (
    <Container header={<Header counter={`(${alarms.length})`}>Firing alarms</Header>} fitHeight>
      {alarms.length === 0 ? (
        <Empty title="No alarm is firing" />
      ) : (
        <Rows>
          {alarms.slice(0, 8).map((alarm) => (
            <div key={alarm.name}>
              <SpaceBetween direction="horizontal" size="xs">
                <StateBadge state="ALARM" text="" />
                <AlarmLink name={alarm.name} />
                <InvestigateLink alarm={alarm.name} />
              </SpaceBetween>
              <Box variant="small" color="text-body-secondary">
                {formatAgo(alarm.since, now)}
                {alarm.metric ? `, ${alarm.namespace} ${alarm.metric}` : ""}
                {alarm.suppressed ? ", actions suppressed" : ""}
              </Box>
            </div>
          ))}
        </Rows>
      )}
    </Container>
  );
}

function AlarmLink({ name }: { name: string }) {
  const href = useHref();
  const built = useBuilt();
  return built("/alarms/$name") ? <Link href={href(`/alarms/${segment(name)}`)}>{name}</Link> : <b>{name}</b>;
}

function Broken({ resources, total }: { resources: Overview["compliance"]["resources"]; total: number }) {
  const { now } = useGlobals();
  return (
    <Container header={<Header counter={`(${total})`}>Non-compliant resources</Header>} fitHeight>
      {resources.length === 0 ? (
        <Empty title="Nothing breaks a rule" />
      ) : (
        <Rows>
          {resources.slice(0, 8).map((resource) => (
            <div key={`${resource.type} ${resource.id}`}>
              <SpaceBetween direction="horizontal" size="xs">
                <ResourceLink type={resource.type} id={resource.id} />
                <InvestigateLink resource={`${resource.type}/${resource.id}`} />
              </SpaceBetween>
              <Box variant="small" color="text-body-secondary">
                {shortType(resource.type)}, {resource.rules.join(", ")}, {formatAgo(resource.since, now)}
              </Box>
            </div>
          ))}
        </Rows>
      )}
    </Container>
  );
}

function Rows({ children }: { children: ReactNode }) {
  return <SpaceBetween size="s">{children}</SpaceBetween>;
}

const KINDS: Record<string, string> = {
  ItemChanged: "Configuration",
  ComplianceChanged: "Compliance",
  RemediationChanged: "Remediation",
  AlarmStateChanged: "Alarm",
  AlarmConfigured: "Alarm definition",
};

function Changes({ changes }: { changes: Overview["changes"] }) {
  const formatTime = useFormatTime();
  return (
    <Table
      header={<Header description="of the last day, newest first">Recent changes</Header>}
      items={changes}
      trackBy="id"
      wrapLines
      contentDensity="compact"
      ariaLabels={{ tableLabel: "Recent changes" }}
      columnDefinitions={[
        {
          id: "summary",
          header: "What",
          isRowHeader: true,
          cell: (change) => (
            <span className="breaks">
              {change.summary}
              <Box variant="small" color="text-body-secondary" display="block">
                {formatTime(change.t)}, {KINDS[change.kind] ?? change.kind}
              </Box>
            </span>
          ),
        },
        {
          id: "go",
          header: "Timeline",
          width: 130,
          cell: (change) => <InvestigateLink event={change.origin || change.id} />,
        },
      ]}
      empty={<Empty title="Nothing changed">Changes of resources, verdicts and alarms appear here.</Empty>}
    />
  );
}
