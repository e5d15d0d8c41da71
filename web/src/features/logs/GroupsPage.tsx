/** Log groups: what there is, how long it is kept; create, keep for another time, delete. */
import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import { useState } from "react";
import { useFormatTime } from "../../app/globals";
import { usePages } from "../../app/queries";
import { useHref } from "../../app/url";
import { formatBytes, plural } from "../../lib/format";
import { segment } from "../../lib/url";
import { ListTable } from "../../ui/ListTable";
import { Page } from "../../ui/Page";
import { Empty } from "../../ui/PageStates";
import { FirstLines } from "./FirstLines";
import { CreateGroup, DeleteGroups, type Group, keptFor, Retention } from "./groupDialogs";

export default function GroupsPage() {
  const href = useHref();
  const formatTime = useFormatTime();
  const groups = usePages("logs", "DescribeLogGroups", {}, (page) => page.logGroups, {
    token: "nextToken",
    upTo: 500,
  });
  const [selected, setSelected] = useState<Group[]>([]);
  const [dialog, setDialog] = useState<"create" | "retention" | "delete">();
  const close = () => setDialog(undefined);
  const names = selected.map((group) => group.logGroupName ?? "");
  return (
    <Page
      title="Log groups"
      description="Where log lines are kept: a group for each application, a stream for each of its sources"
    >
      <ListTable<Group>
        title="Groups"
        items={groups.items}
        keyOf={(group) => group.logGroupName ?? ""}
        loading={groups.isPending}
        error={groups.error}
        retry={groups.refetch}
        more={groups.hasMore ? groups.more : undefined}
        multi
        selected={selected}
        onSelect={setSelected}
        actions={
          <>
            <Button
              disabled={names.length === 0}
              href={href("/logs/insights", { groups: names.slice(0, 50) })}
            >
              Query
            </Button>
            <Button disabled={names.length === 0} href={href("/logs/tail", { groups: names.slice(0, 10) })}>
              Live Tail
            </Button>
            <Button disabled={names.length !== 1} onClick={() => setDialog("retention")}>
              Retention
            </Button>
            <Button disabled={names.length === 0} onClick={() => setDialog("delete")}>
              Delete
            </Button>
            <Button variant="primary" onClick={() => setDialog("create")}>
              Create log group
            </Button>
          </>
        }
        columns={[
          {
            id: "name",
            header: "Log group",
            value: (group) => group.logGroupName,
            cell: (group) => (
              <Link href={href(`/logs/groups/${segment(group.logGroupName ?? "")}`)}>
                {group.logGroupName}
              </Link>
            ),
          },
          {
            id: "retention",
            header: "Retention",
            value: (group) => group.retentionInDays ?? Number.MAX_SAFE_INTEGER,
            cell: (group) => keptFor(group.retentionInDays),
          },
          {
            id: "stored",
            header: "Stored",
            value: (group) => group.storedBytes ?? 0,
            cell: (group) => formatBytes(group.storedBytes ?? 0),
          },
          {
            id: "filters",
            header: "Metric filters",
            value: (group) => group.metricFilterCount ?? 0,
            cell: (group) => group.metricFilterCount || "–",
          },
          {
            id: "created",
            header: "Created",
            value: (group) => group.creationTime,
            cell: (group) => (group.creationTime ? formatTime(group.creationTime) : "–"),
          },
        ]}
        empty={
          <Empty
            title="No log groups in this Region"
            action={<Button onClick={() => setDialog("create")}>Create log group</Button>}
          >
            <FirstLines group="my-application" />
          </Empty>
        }
      />
      {dialog === "create" && <CreateGroup onClose={close} />}
      {dialog === "retention" && selected[0] && <Retention group={selected[0]} onClose={close} />}
      {dialog === "delete" && (
        <DeleteGroups
          names={names}
          title={`Delete ${plural(names.length, "log group")}`}
          onClose={close}
          onDone={() => setSelected([])}
        />
      )}
    </Page>
  );
}
