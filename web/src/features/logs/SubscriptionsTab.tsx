import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import type { Output } from "../../api/client";
import { useFormatTime } from "../../app/globals";
import { useAws } from "../../app/queries";
import { ChangeDialog } from "../../ui/Confirm";
import { ListTable } from "../../ui/ListTable";
import { Empty } from "../../ui/PageStates";

type Subscription = NonNullable<Output<"logs", "DescribeSubscriptionFilters">["subscriptionFilters"]>[number];

export function SubscriptionsTab({ group }: { group: string }) {
  const formatTime = useFormatTime();
  const found = useAws("logs", "DescribeSubscriptionFilters", { logGroupName: group });
  const [dialog, setDialog] = useState<"add" | "remove">();
  const [selected, setSelected] = useState<Subscription[]>([]);
  const name = selected[0]?.filterName ?? "";
  return (
    <>
      <ListTable<Subscription>
        title="Subscription filters"
        items={found.data?.subscriptionFilters ?? []}
        keyOf={(filter) => filter.filterName ?? ""}
        loading={found.isPending}
        error={found.error}
        retry={() => void found.refetch()}
        selected={selected}
        onSelect={setSelected}
        noFilter
        actions={
          <>
            <Button disabled={!name} onClick={() => setDialog("remove")}>
              Delete
            </Button>
            <Button onClick={() => setDialog("add")}>Create subscription filter</Button>
          </>
        }
        columns={[
          { id: "name", header: "Name", cell: (filter) => filter.filterName },
          {
            id: "pattern",
            header: "Filter pattern",
            cell: (filter) => <span className="mono breaks">{filter.filterPattern || "(every event)"}</span>,
          },
          {
            id: "to",
            header: "Destination",
            cell: (filter) => <span className="mono breaks">{filter.destinationArn}</span>,
          },
          { id: "created", header: "Created", cell: (filter) => formatTime(filter.creationTime ?? 0) },
        ]}
        empty={
          <Empty title="No subscription filters">
            A subscription filter sends matching events on to a Kinesis or Firehose stream as they arrive.
          </Empty>
        }
      />
      {dialog === "add" && <Subscribe group={group} onClose={() => setDialog(undefined)} />}
      {dialog === "remove" && (
        <ChangeDialog
          title="Delete subscription filter"
          service="logs"
          operation="DeleteSubscriptionFilter"
          input={{ logGroupName: group, filterName: name }}
          action="Delete"
          done={`${name} deleted`}
          onClose={() => setDialog(undefined)}
          onDone={() => setSelected([])}
        >
          <span>
            Events are no longer sent on by <b>{name}</b>.
          </span>
        </ChangeDialog>
      )}
    </>
  );
}

function Subscribe({ group, onClose }: { group: string; onClose: () => void }) {
  const [name, setName] = useState("");
  const [pattern, setPattern] = useState("");
  const [to, setTo] = useState("");
  const [role, setRole] = useState("");
  return (
    <ChangeDialog
      title="Create subscription filter"
      service="logs"
      operation="PutSubscriptionFilter"
      input={{
        logGroupName: group,
        filterName: name,
        filterPattern: pattern,
        destinationArn: to,
        ...(role ? { roleArn: role } : {}),
      }}
      action="Create"
      done={`${name} created`}
      invalid={!name || !to}
      wide
      onClose={onClose}
    >
      <FormField label="Name">
        <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus />
      </FormField>
      <FormField label="Filter pattern" description="Empty: every event is sent on.">
        <Input
          value={pattern}
          onChange={({ detail }) => setPattern(detail.value)}
          placeholder="?ERROR ?WARN"
        />
      </FormField>
      <FormField label="Destination" description="ARN of a Kinesis data stream or a Firehose stream.">
        <Input
          value={to}
          onChange={({ detail }) => setTo(detail.value)}
          placeholder="arn:aws:kinesis:us-east-1:000000000000:stream/my-stream"
        />
      </FormField>
      <FormField label="Role" description="ARN of the role CloudWatch Logs would assume.">
        <Input value={role} onChange={({ detail }) => setRole(detail.value)} />
      </FormField>
    </ChangeDialog>
  );
}
