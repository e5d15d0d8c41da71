/** One log group: its streams, and what is done with its lines. */
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { useState } from "react";
import { useFormatTime } from "../../app/globals";
import { useAws } from "../../app/queries";
import { useGo, useHref, usePathParams, useUrlState } from "../../app/url";
import { formatBytes } from "../../lib/format";
import { oneOf, segment } from "../../lib/url";
import { Page } from "../../ui/Page";
import { Empty, Loadable } from "../../ui/PageStates";
import { DeleteGroups, keptFor, Retention } from "./groupDialogs";
import { MetricFiltersTab } from "./MetricFiltersTab";
import { StreamsTab } from "./StreamsTab";
import { SubscriptionsTab } from "./SubscriptionsTab";
import { TagsTab } from "./TagsTab";

const TABS = ["streams", "metric-filters", "subscriptions", "tags"] as const;
const SHAPE = { tab: oneOf(TABS, "streams") };

export default function GroupPage() {
  const { group } = usePathParams<"group">();
  const href = useHref();
  const go = useGo();
  const formatTime = useFormatTime();
  const [state, setState] = useUrlState(SHAPE);
  const [dialog, setDialog] = useState<"retention" | "delete">();
  const query = useAws("logs", "DescribeLogGroups", { logGroupNamePrefix: group });
  return (
    <Page
      title={group}
      trail={[{ text: "Log groups", href: href("/logs/groups") }]}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button onClick={() => setDialog("delete")}>Delete</Button>
          <Button onClick={() => setDialog("retention")}>Retention</Button>
          <Button href={href("/logs/tail", { groups: [group] })}>Live Tail</Button>
          <Button href={href("/logs/insights", { groups: [group] })}>Query</Button>
          <Button variant="primary" href={href(`/logs/groups/${segment(group)}/events`)}>
            View events
          </Button>
        </SpaceBetween>
      }
    >
      <Loadable query={query}>
        {(data) => {
          const found = data.logGroups?.find((each) => each.logGroupName === group);
          if (!found) return <Empty title={`There is no log group ${group} in this Region`} />;
          return (
            <SpaceBetween size="l">
              <Container>
                <KeyValuePairs
                  columns={4}
                  items={[
                    { label: "Retention", value: keptFor(found.retentionInDays) },
                    { label: "Stored", value: formatBytes(found.storedBytes ?? 0) },
                    { label: "Created", value: formatTime(found.creationTime ?? 0) },
                    { label: "ARN", value: <span className="mono breaks">{found.logGroupArn}</span> },
                  ]}
                />
              </Container>
              <Tabs
                activeTabId={state.tab}
                onChange={({ detail }) => setState({ tab: detail.activeTabId as typeof state.tab })}
                tabs={[
                  { id: "streams", label: "Log streams", content: <StreamsTab group={group} /> },
                  {
                    id: "metric-filters",
                    label: `Metric filters (${found.metricFilterCount ?? 0})`,
                    content: <MetricFiltersTab group={group} />,
                  },
                  {
                    id: "subscriptions",
                    label: "Subscriptions",
                    content: <SubscriptionsTab group={group} />,
                  },
                  { id: "tags", label: "Tags", content: <TagsTab arn={found.logGroupArn ?? ""} /> },
                ]}
              />
              {dialog === "retention" && <Retention group={found} onClose={() => setDialog(undefined)} />}
              {dialog === "delete" && (
                <DeleteGroups
                  names={[group]}
                  title="Delete log group"
                  onClose={() => setDialog(undefined)}
                  onDone={() => go(href("/logs/groups"))}
                />
              )}
            </SpaceBetween>
          );
        }}
      </Loadable>
    </Page>
  );
}
