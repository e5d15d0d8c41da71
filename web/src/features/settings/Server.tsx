/** What the server says of itself. */
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import type { Meta } from "../../api/console";
import { plural } from "../../lib/format";
import { Snippet } from "../../ui/CopyAs";

export function Estate({ meta }: { meta: Meta }) {
  return (
    <Table
      header={
        <Header description="What is not Triptych's own is forwarded there; every call is seen on its way.">
          Estate
        </Header>
      }
      items={meta.estate}
      trackBy="service"
      ariaLabels={{ tableLabel: "Estate" }}
      columnDefinitions={[
        {
          id: "service",
          header: "Service",
          isRowHeader: true,
          cell: (one) => (one.service === "*" ? "every other service" : one.service),
        },
        {
          id: "upstream",
          header: "Goes to",
          cell: (one) =>
            one.upstream === "sandbox" ? "the sandbox: in memory, gone when the server stops" : one.upstream,
        },
      ]}
    />
  );
}

/** Words for the server's names; a name without words is shown as it is. */
const WORDS: Record<string, string> = {
  metricSecondsDays: "Metrics, by the second",
  metricMinutesDays: "Metrics, by the minute",
  metricFiveMinutesDays: "Metrics, by five minutes",
  metricHoursDays: "Metrics, by the hour",
  alarmHistoryDays: "Alarm history",
  insightsResultsDays: "Results of Logs Insights",
  automationDays: "Automation executions",
};

export function Retention({ meta }: { meta: Meta }) {
  const rows = Object.entries(meta.retention);
  return (
    <SpaceBetween size="l">
      <Container
        header={<Header description="Log groups have a retention each; their pages set it.">Kept for</Header>}
      >
        <KeyValuePairs
          columns={3}
          items={rows.map(([name, days]) => ({
            label: WORDS[name] ?? name,
            value: name === "metricSecondsDays" ? "3 hours" : plural(days, "day"),
          }))}
        />
      </Container>
      <Container header={<Header>Bounds</Header>}>
        <KeyValuePairs
          columns={3}
          items={Object.entries(meta.limits).map(([name, value]) => ({
            label: words(name),
            value: value.toLocaleString("en-US"),
          }))}
        />
      </Container>
    </SpaceBetween>
  );
}

/** `liveTailSeconds` -> `Live tail seconds` */
export function words(name: string): string {
  const text = name.replace(/([A-Z])/g, " $1").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function About({ meta }: { meta: Meta }) {
  return (
    <SpaceBetween size="l">
      <Container header={<Header>This server</Header>}>
        <SpaceBetween size="m">
          <KeyValuePairs
            columns={3}
            items={[
              { label: "Version", value: meta.version },
              { label: "Account", value: meta.account },
              { label: "Region it runs in", value: meta.region },
            ]}
          />
          <div>
            <Box variant="awsui-key-label">Endpoint</Box>
            <Snippet text={meta.endpoint} label="Copy the endpoint" />
          </div>
        </SpaceBetween>
      </Container>
      <Container
        header={
          <Header description="Operations that are built; others say so when they are called.">
            AWS services
          </Header>
        }
      >
        {Object.entries(meta.features).map(([service, operations]) => (
          <ExpandableSection
            key={service}
            headerText={`${service}: ${plural(operations.length, "operation")}`}
          >
            <Box>{operations.join(", ")}</Box>
          </ExpandableSection>
        ))}
      </Container>
      <Container header={<Header>Licences</Header>}>
        <Box>
          Triptych is free software under the Apache License 2.0. This console is built with Cloudscape,
          CodeMirror, React, TanStack and uPlot; their licences are in{" "}
          <a href="./THIRD-PARTY-LICENSES.txt" target="_blank" rel="noreferrer">
            THIRD-PARTY-LICENSES.txt
          </a>
          .
        </Box>
      </Container>
    </SpaceBetween>
  );
}
