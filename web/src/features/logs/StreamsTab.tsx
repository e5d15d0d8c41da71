import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Link from "@cloudscape-design/components/link";
import { useState } from "react";
import type { Output } from "../../api/client";
import { useFormatTime, useGlobals } from "../../app/globals";
import { usePages } from "../../app/queries";
import { useHref } from "../../app/url";
import { formatAgo } from "../../lib/time";
import { segment } from "../../lib/url";
import { ChangeDialog } from "../../ui/Confirm";
import { ListTable } from "../../ui/ListTable";
import { Empty } from "../../ui/PageStates";
import { FirstLines } from "./FirstLines";

type Stream = NonNullable<Output<"logs", "DescribeLogStreams">["logStreams"]>[number];

export function StreamsTab({ group }: { group: string }) {
  const href = useHref();
  const formatTime = useFormatTime();
  const { now } = useGlobals();
  const [dialog, setDialog] = useState<"create" | "delete">();
  const [selected, setSelected] = useState<Stream[]>([]);
  const streams = usePages(
    "logs",
    "DescribeLogStreams",
    { logGroupName: group, orderBy: "LastEventTime", descending: true },
    (page) => page.logStreams,
    { token: "nextToken", upTo: 300 },
  );
  const name = selected[0]?.logStreamName ?? "";
  return (
    <>
      <ListTable<Stream>
        title="Log streams"
        items={streams.items}
        keyOf={(stream) => stream.logStreamName ?? ""}
        loading={streams.isPending}
        error={streams.error}
        retry={streams.refetch}
        more={streams.hasMore ? streams.more : undefined}
        selected={selected}
        onSelect={setSelected}
        actions={
          <>
            <Button disabled={!name} onClick={() => setDialog("delete")}>
              Delete
            </Button>
            <Button onClick={() => setDialog("create")}>Create log stream</Button>
          </>
        }
        columns={[
          {
            id: "name",
            header: "Log stream",
            value: (stream) => stream.logStreamName,
            cell: (stream) => (
              <Link
                href={href(`/logs/groups/${segment(group)}/streams/${segment(stream.logStreamName ?? "")}`)}
              >
                {stream.logStreamName}
              </Link>
            ),
          },
          {
            id: "last",
            header: "Last event",
            value: (stream) => stream.lastEventTimestamp,
            cell: ({ lastEventTimestamp: t }) => (t ? `${formatTime(t)} (${formatAgo(t, now)})` : "–"),
          },
          {
            id: "first",
            header: "First event",
            value: (stream) => stream.firstEventTimestamp,
            cell: ({ firstEventTimestamp: t }) => (t ? formatTime(t) : "–"),
          },
        ]}
        empty={
          <Empty title="No log streams yet">
            <FirstLines group={group} exists />
          </Empty>
        }
      />
      {dialog === "create" && <CreateStream group={group} onClose={() => setDialog(undefined)} />}
      {dialog === "delete" && (
        <ChangeDialog
          title="Delete log stream"
          service="logs"
          operation="DeleteLogStream"
          input={{ logGroupName: group, logStreamName: name }}
          action="Delete"
          done={`${name} deleted`}
          onClose={() => setDialog(undefined)}
          onDone={() => setSelected([])}
        >
          <span>
            <b>{name}</b> and all its events are deleted.
          </span>
        </ChangeDialog>
      )}
    </>
  );
}

function CreateStream({ group, onClose }: { group: string; onClose: () => void }) {
  const [name, setName] = useState("");
  return (
    <ChangeDialog
      title="Create log stream"
      service="logs"
      operation="CreateLogStream"
      input={{ logGroupName: group, logStreamName: name }}
      action="Create"
      done={`${name} created`}
      invalid={name === "" || /[:*]/.test(name)}
      onClose={onClose}
    >
      <FormField label="Name" constraintText="Up to 512 characters; no : and no *">
        <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus />
      </FormField>
    </ChangeDialog>
  );
}
