/** One resource: what it is, what happened to it, what it is related to, how it is judged. */
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import type { ConfigurationItem } from "../../api/gen/config";
import { useBuilt } from "../../app/built";
import { useFormatTime } from "../../app/globals";
import { useAws, usePages } from "../../app/queries";
import { useHref, usePathParams, useUrlState } from "../../app/url";
import { stableJson } from "../../lib/diff";
import { isDeleted, readable } from "../../lib/items";
import { oneOf } from "../../lib/url";
import { Snippet } from "../../ui/CopyAs";
import { Page } from "../../ui/Page";
import { Empty, Failed, Loading } from "../../ui/PageStates";
import { shortType } from "../../ui/ResourceLink";
import { StateBadge } from "../../ui/StateBadge";
import { ComplianceTab } from "./ComplianceTab";
import { RelationsTab } from "./RelationsTab";
import { TimelineTab } from "./TimelineTab";

const TABS = ["timeline", "details", "relations", "compliance"] as const;
const SHAPE = { tab: oneOf(TABS, "timeline") };

export default function ResourcePage() {
  const { type, id } = usePathParams<"type" | "id">();
  const href = useHref();
  const built = useBuilt();
  const [state, setState] = useUrlState(SHAPE);
  const history = usePages(
    "config",
    "GetResourceConfigHistory",
    { resourceType: type as never, resourceId: id, chronologicalOrder: "Forward", limit: 100 },
    (page) => page.configurationItems,
    { token: "nextToken", upTo: 500 },
  );
  const verdict = useAws("config", "DescribeComplianceByResource", { ResourceType: type, ResourceId: id });
  const compliance = verdict.data?.ComplianceByResources?.[0]?.Compliance?.ComplianceType;
  const latest = history.items.at(-1);
  return (
    <Page
      title={latest?.resourceName || id}
      description={shortType(type)}
      trail={[{ text: "Resources", href: href("/resources") }]}
      info={compliance && <StateBadge state={compliance} />}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button
            href={href("/events", { f: JSON.stringify([{ field: "resourceName", op: "=", value: id }]) })}
          >
            Events
          </Button>
          {built("/incident") && (
            <Button
              variant="primary"
              href={href("/incident", { resource: `${type}/${id}`, from: undefined, to: undefined })}
            >
              Investigate
            </Button>
          )}
        </SpaceBetween>
      }
    >
      {history.error && <Failed error={history.error} retry={history.refetch} />}
      {history.isPending && <Loading text="Reading the history" />}
      {!history.isPending && !history.error && !latest && (
        <Empty title="This resource was never recorded">
          There is no configuration item of {id} in this Region.
        </Empty>
      )}
      {latest && (
        <SpaceBetween size="l">
          <Summary item={latest} count={history.items.length} more={history.hasMore} />
          <Tabs
            activeTabId={state.tab}
            onChange={({ detail }) => setState({ tab: detail.activeTabId as typeof state.tab })}
            tabs={[
              {
                id: "timeline",
                label: "Timeline",
                content: <TimelineTab type={type} id={id} items={history.items} />,
              },
              { id: "details", label: "Configuration item", content: <Raw item={latest} /> },
              {
                id: "relations",
                label: `Relations (${latest.relationships?.length ?? 0})`,
                content: <RelationsTab item={latest} />,
              },
              { id: "compliance", label: "Compliance", content: <ComplianceTab type={type} id={id} /> },
            ]}
          />
        </SpaceBetween>
      )}
    </Page>
  );
}

function Summary({ item, count, more }: { item: ConfigurationItem; count: number; more: boolean }) {
  const formatTime = useFormatTime();
  const time = (t: number | undefined) => (t ? formatTime(t * 1000) : "–");
  const tags = Object.entries(item.tags ?? {});
  return (
    <Container>
      <KeyValuePairs
        columns={4}
        items={[
          { label: "Id", value: <span className="breaks">{item.resourceId}</span> },
          { label: "State", value: isDeleted(item) ? "Deleted" : "Present" },
          { label: "Created", value: time(item.resourceCreationTime) },
          {
            label: "Last changed",
            value: `${time(item.configurationItemCaptureTime)} (${count}${more ? "+" : ""} items)`,
          },
          { label: "Region", value: item.awsRegion ?? "–" },
          { label: "ARN", value: <span className="mono breaks">{item.arn ?? "–"}</span> },
          {
            label: "Tags",
            value: tags.length ? tags.map(([key, value]) => `${key}=${value}`).join(", ") : "–",
          },
          { label: "Recorded", value: item.recordingFrequency === "DAILY" ? "Daily" : "On every change" },
        ]}
      />
    </Container>
  );
}

function Raw({ item }: { item: ConfigurationItem }) {
  return (
    <Container>
      <Snippet text={stableJson(readable(item))} label="Copy the item" />
    </Container>
  );
}
