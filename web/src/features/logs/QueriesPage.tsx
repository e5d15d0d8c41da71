/** Saved queries, and the queries that ran lately. */
import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { Output } from "../../api/client";
import { useFormatTime } from "../../app/globals";
import { useAws } from "../../app/queries";
import { useHref } from "../../app/url";
import { formatBytes } from "../../lib/format";
import { ChangeDialog } from "../../ui/Confirm";
import { ListTable } from "../../ui/ListTable";
import { Page } from "../../ui/Page";
import { Empty } from "../../ui/PageStates";
import { StateBadge } from "../../ui/StateBadge";
import { useDefinitions } from "./SavedQueries";

type Definition = NonNullable<Output<"logs", "DescribeQueryDefinitions">["queryDefinitions"]>[number];
type Ran = NonNullable<Output<"logs", "DescribeQueries">["queries"]>[number];

export default function QueriesPage() {
  const href = useHref();
  const formatTime = useFormatTime();
  const saved = useDefinitions();
  const recent = useAws("logs", "DescribeQueries", {}, { everyMs: 5000 });
  const [selected, setSelected] = useState<Definition[]>([]);
  const [removing, setRemoving] = useState(false);
  const chosen = selected[0];
  return (
    <Page title="Saved queries" description="Logs Insights queries to come back to">
      <SpaceBetween size="l">
        <ListTable<Definition>
          title="Saved"
          items={saved.items}
          keyOf={(each) => each.queryDefinitionId ?? ""}
          nameOf={(each) => each.name ?? ""}
          loading={saved.isPending}
          error={saved.error}
          retry={saved.refetch}
          selected={selected}
          onSelect={setSelected}
          actions={
            <Button disabled={!chosen} onClick={() => setRemoving(true)}>
              Delete
            </Button>
          }
          columns={[
            {
              id: "name",
              header: "Name",
              value: (each) => each.name,
              cell: (each) => (
                <Link
                  href={href("/logs/insights", { q: each.queryString, groups: each.logGroupNames ?? [] })}
                >
                  {each.name}
                </Link>
              ),
            },
            {
              id: "query",
              header: "Query",
              value: (each) => each.queryString,
              cell: (each) => <QueryText text={each.queryString} />,
            },
            {
              id: "groups",
              header: "Log groups",
              value: (each) => each.logGroupNames?.join(" "),
              cell: (each) => each.logGroupNames?.join(", ") || "–",
            },
            {
              id: "modified",
              header: "Changed",
              value: (each) => each.lastModified,
              cell: (each) => formatTime(each.lastModified ?? 0),
            },
          ]}
          empty={
            <Empty
              title="No saved queries"
              action={<Button href={href("/logs/insights")}>Open Logs Insights</Button>}
            >
              Write a query and save it; everybody in this account and Region sees it here.
            </Empty>
          }
        />
        <ListTable<Ran>
          title="Ran lately"
          prefix="r"
          items={recent.data?.queries ?? []}
          keyOf={(each) => each.queryId ?? ""}
          loading={recent.isPending}
          error={recent.error}
          retry={() => void recent.refetch()}
          columns={[
            {
              id: "query",
              header: "Query",
              value: (each) => each.queryString,
              cell: (each) => (
                <Link
                  href={href("/logs/insights", {
                    q: each.queryString,
                    groups: each.logGroupName ? [each.logGroupName] : [],
                  })}
                >
                  <QueryText text={each.queryString} />
                </Link>
              ),
            },
            {
              id: "status",
              header: "Status",
              value: (each) => each.status,
              cell: (each) => <StateBadge state={each.status} />,
            },
            {
              id: "group",
              header: "Log group",
              value: (each) => each.logGroupName,
              cell: (each) => each.logGroupName ?? "–",
            },
            {
              id: "bytes",
              header: "Scanned",
              value: (each) => each.bytesScanned,
              cell: (each) => formatBytes(each.bytesScanned ?? 0),
            },
            {
              id: "created",
              header: "Started",
              value: (each) => each.createTime,
              cell: (each) => formatTime(each.createTime ?? 0),
            },
          ]}
          empty={<Empty title="No query ran lately" />}
        />
      </SpaceBetween>
      {removing && chosen && (
        <ChangeDialog
          title="Delete saved query"
          service="logs"
          operation="DeleteQueryDefinition"
          input={{ queryDefinitionId: chosen.queryDefinitionId ?? "" }}
          action="Delete"
          done={`${chosen.name} deleted`}
          onClose={() => setRemoving(false)}
          onDone={() => setSelected([])}
        >
          <span>
            <b>{chosen.name}</b> is deleted for everybody in this account and Region.
          </span>
        </ChangeDialog>
      )}
    </Page>
  );
}

function QueryText({ text = "" }: { text?: string | undefined }) {
  return <span className="mono breaks">{text.length > 160 ? `${text.slice(0, 160)}…` : text}</span>;
}
