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
import { useAws, useConsole } from "../../app/queries";
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
/** Rows of a panel: what changed stays in sight below. */
const ROWS = 5;

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
          value={`${formatNumber(ingestion.pointsPerSecond)}/s and ${formatNumber(ingestion.logLinesPerSecond)}/s`}
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
          {alarms.slice(0, ROWS).map((alarm) => (
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
          <More path="/alarms" state={{ state: "ALARM" }} count={alarms.length - ROWS} />
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
  const shown = resources.slice(0, ROWS);
  const names = useNames(shown);
  return (
    <Container header={<Header counter={`(${total})`}>Non-compliant resources</Header>} fitHeight>
      {resources.length === 0 ? (
        <Empty title="Nothing breaks a rule" />
      ) : (
        <Rows>
          {shown.map((resource) => (
            <div key={`${resource.type} ${resource.id}`}>
              <SpaceBetween direction="horizontal" size="xs">
                <ResourceLink
                  type={resource.type}
                  id={resource.id}
                  name={names.get(`${resource.type} ${resource.id}`)}
                />
                <InvestigateLink resource={`${resource.type}/${resource.id}`} />
              </SpaceBetween>
              <Box variant="small" color="text-body-secondary">
                {shortType(resource.type)}, {resource.rules.join(", ")}, {formatAgo(resource.since, now)}
              </Box>
            </div>
          ))}
          <More path="/resources" state={{ state: "NON_COMPLIANT" }} count={total - ROWS} />
        </Rows>
      )}
    </Container>
  );
}

/** What people call resources whose id says nothing, as that of a user. */
function useNames(resources: Overview["compliance"]["resources"]): Map<string, string> {
  const found = useAws(
    "config",
    "BatchGetResourceConfig",
    { resourceKeys: resources.map(({ type, id }) => ({ resourceType: type as never, resourceId: id })) },
    { enabled: resources.length > 0 },
  );
  return new Map(
    found.data?.baseConfigurationItems?.map((item) => [
      `${item.resourceType} ${item.resourceId}`,
      item.resourceName ?? "",
    ]),
  );
}

/** To the rest of a list, where there is a page for it. */
function More(props: { path: string; state: Record<string, string>; count: number }) {
  const href = useHref();
  const built = useBuilt();
  if (props.count <= 0 || !built(props.path)) return null;
  return <Link href={href(props.path, props.state)}>{props.count} more</Link>;
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
