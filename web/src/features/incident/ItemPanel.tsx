/** One item of the timeline: what changed, who, from where, what it led to, and what can be done about it. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { type ReactNode, useState } from "react";
import { useBuilt } from "../../app/built";
import { useFormatTime } from "../../app/globals";
import { useAws } from "../../app/queries";
import { DetailPanel } from "../../app/splitPanel";
import { useHref } from "../../app/url";
import { stepped } from "../../lib/lanes";
import { around, formatDuration } from "../../lib/time";
import { segment } from "../../lib/url";
import { Snippet } from "../../ui/CopyAs";
import { ChangesTable } from "../../ui/JsonDiff";
import { Loadable } from "../../ui/PageStates";
import { InvestigateLink, ResourceLink, shortType } from "../../ui/ResourceLink";
import { StateBadge } from "../../ui/StateBadge";
import { Remediate } from "./Remediate";
import { changesOf, logsQuery } from "./timeline";
import type { Item, Step, Timeline } from "./types";

export interface ItemPanelProps {
  item: Item;
  lane: string;
  items: Item[];
  timeline: Timeline;
  onSelect: (item: Item | undefined) => void;
}

export function ItemPanel(props: ItemPanelProps) {
  const { item, items, onSelect } = props;
  const changed = changesOf(item, props.timeline);
  const place = items.findIndex((one) => one.id === item.id);
  return (
    <DetailPanel header={item.title} onClose={() => onSelect(undefined)}>
      <SpaceBetween size="m">
        <SpaceBetween direction="horizontal" size="xs">
          <Button
            iconName="angle-left"
            ariaLabel="Previous item"
            disabled={place <= 0}
            onClick={() => onSelect(stepped(items, item.id, -1))}
          />
          <Button
            iconName="angle-right"
            ariaLabel="Next item"
            disabled={place >= items.length - 1}
            onClick={() => onSelect(stepped(items, item.id, 1))}
          />
          <Box padding={{ top: "xxs" }} color="text-body-secondary">
            {place + 1} of {items.length}
          </Box>
          {item.resource && !item.resource.type.startsWith("AWS::CloudWatch") && (
            <Remediate resource={item.resource} rule={ruleOf(item)} />
          )}
        </SpaceBetween>
        {changed.changes.length > 0 && <ChangesTable {...changed} />}
        <Who {...props} />
        {item.detail && changed.changes.length === 0 && <Box>{item.detail}</Box>}
        {item.steps && item.steps.length > 0 && <Steps steps={item.steps} />}
        {item.reasons && item.reasons.length > 0 && (
          <ExpandableSection headerText="Why this is a likely cause" defaultExpanded>
            <ul className="reasons">
              {item.reasons.map((reason) => (
                <li key={reason.code}>{reason.text}</li>
              ))}
            </ul>
          </ExpandableSection>
        )}
        {item.ref?.operation === "LookupEvents" && <RawEvent id={item.id} />}
      </SpaceBetween>
    </DetailPanel>
  );
}

/** The rule a verdict or a remediation was made under. */
function ruleOf(item: Item): string | undefined {
  const name = item.ref?.args.ConfigRuleName;
  return typeof name === "string" ? name : undefined;
}

function Who({ item, lane, timeline }: ItemPanelProps) {
  const formatTime = useFormatTime();
  const href = useHref();
  const built = useBuilt();
  const lasted = item.tEnd != null && item.tEnd > item.t ? formatDuration(item.tEnd - item.t) : undefined;
  const pairs: { label: string; value: ReactNode }[] = [
    { label: "When", value: `${formatTime(item.t, { ms: true })}${lasted ? `, for ${lasted}` : ""}` },
    { label: "Kind", value: lane },
  ];
  if (item.actor) pairs.push({ label: "Who", value: item.actor });
  if (item.sourceIp) pairs.push({ label: "From where", value: item.sourceIp });
  if (item.status) pairs.push({ label: "Status", value: <StateBadge state={item.status} /> });
  if (item.resource) {
    const { type, id } = item.resource;
    pairs.push({ label: shortType(type), value: <ResourceLink type={type} id={id} /> });
  }
  const links: ReactNode[] = [];
  const range = around(item.t);
  if (built("/logs/insights")) {
    links.push(<Link href={href("/logs/insights", { ...logsQuery(timeline), ...range })}>Logs around</Link>);
  }
  if (built("/events"))
    links.push(<Link href={href("/events", { text: item.actor ?? "", ...range })}>Events around</Link>);
  if (item.ref?.operation === "LookupEvents") {
    if (built("/events/$id")) links.push(<Link href={href(`/events/${segment(item.id)}`)}>The event</Link>);
    links.push(<InvestigateLink event={item.id}>Its own timeline</InvestigateLink>);
  }
  pairs.push({
    label: "Look at",
    value: (
      <SpaceBetween size="xxs">
        {links.map((link, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a fixed list
          <div key={index}>{link}</div>
        ))}
        {links.length === 0 && "–"}
      </SpaceBetween>
    ),
  });
  return <KeyValuePairs columns={4} items={pairs} />;
}

function Steps({ steps }: { steps: Step[] }) {
  const formatTime = useFormatTime();
  return (
    <Table
      variant="borderless"
      contentDensity="compact"
      items={steps}
      trackBy="name"
      ariaLabels={{ tableLabel: "Steps" }}
      columnDefinitions={[
        { id: "name", header: "Step", cell: (step) => step.name, isRowHeader: true },
        { id: "action", header: "Action", cell: (step) => step.action },
        { id: "status", header: "Status", cell: (step) => <StateBadge state={step.status} /> },
        {
          id: "start",
          header: "Started",
          cell: (step) => (step.start ? formatTime(step.start, { ms: true }) : "–"),
        },
        {
          id: "time",
          header: "Took",
          cell: (step) => (step.start && step.end ? `${step.end - step.start} ms` : "–"),
        },
        { id: "error", header: "Error", cell: (step) => step.error ?? "" },
      ]}
    />
  );
}

/** The call as CloudTrail has it: request, response and the whole record, on demand. */
function RawEvent({ id }: { id: string }) {
  const [open, setOpen] = useState(false);
  return (
    <ExpandableSection
      headerText="Request, response and the whole record"
      expanded={open}
      onChange={({ detail }) => setOpen(detail.expanded)}
    >
      {open && <Record id={id} />}
    </ExpandableSection>
  );
}

function Record({ id }: { id: string }) {
  const found = useAws("cloudtrail", "LookupEvents", {
    LookupAttributes: [{ AttributeKey: "EventId", AttributeValue: id }],
  });
  return (
    <Loadable query={found}>
      {(data) => {
        const written = data.Events?.[0]?.CloudTrailEvent;
        if (!written) return <Box>The event is not in the event history.</Box>;
        const record = JSON.parse(written) as Record<string, unknown>;
        return (
          <SpaceBetween size="s">
            <ColumnLayout columns={2}>
              <div>
                <Box variant="awsui-key-label">Request</Box>
                <Snippet
                  text={JSON.stringify(record.requestParameters ?? null, null, 2)}
                  label="Copy the request"
                />
              </div>
              <div>
                <Box variant="awsui-key-label">Response</Box>
                <Snippet
                  text={JSON.stringify(record.responseElements ?? null, null, 2)}
                  label="Copy the response"
                />
              </div>
            </ColumnLayout>
            <Snippet text={JSON.stringify(record, null, 2)} label="Copy the record" />
          </SpaceBetween>
        );
      }}
    </Loadable>
  );
}
