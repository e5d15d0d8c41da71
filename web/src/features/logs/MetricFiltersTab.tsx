import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import { lazy, Suspense, useState } from "react";
import type { Output } from "../../api/client";
import { useBuilt } from "../../app/built";
import { useAws } from "../../app/queries";
import { useHref } from "../../app/url";
import { ChangeDialog } from "../../ui/Confirm";
import { ListTable } from "../../ui/ListTable";
import { Empty } from "../../ui/PageStates";

const MetricFilterForm = lazy(() => import("./MetricFilterForm"));

export type MetricFilter = NonNullable<Output<"logs", "DescribeMetricFilters">["metricFilters"]>[number];

export function MetricFiltersTab({ group }: { group: string }) {
  const href = useHref();
  const built = useBuilt();
  const found = useAws("logs", "DescribeMetricFilters", { logGroupName: group });
  const [dialog, setDialog] = useState<"add" | "edit" | "remove">();
  const [selected, setSelected] = useState<MetricFilter[]>([]);
  const close = () => setDialog(undefined);
  const name = selected[0]?.filterName ?? "";
  return (
    <>
      <ListTable<MetricFilter>
        title="Metric filters"
        items={found.data?.metricFilters ?? []}
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
            <Button disabled={!name} onClick={() => setDialog("edit")}>
              Edit
            </Button>
            <Button onClick={() => setDialog("add")}>Create metric filter</Button>
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
            id: "metric",
            header: "Metric",
            cell: ({ metricTransformations: [to] = [] }) => {
              const text = `${to?.metricNamespace} / ${to?.metricName}`;
              if (!built("/metrics")) return text;
              return (
                <Link href={href("/metrics", { namespace: to?.metricNamespace, q: to?.metricName })}>
                  {text}
                </Link>
              );
            },
          },
          { id: "value", header: "Value", cell: (filter) => filter.metricTransformations?.[0]?.metricValue },
        ]}
        empty={
          <Empty title="No metric filters">
            A metric filter counts matching lines, or takes a number out of them, and puts it into a metric:
            what alarms watch.
          </Empty>
        }
      />
      {(dialog === "add" || dialog === "edit") && (
        <Suspense>
          <MetricFilterForm
            group={group}
            {...(dialog === "edit" && selected[0] ? { filter: selected[0] } : {})}
            onClose={close}
          />
        </Suspense>
      )}
      {dialog === "remove" && (
        <ChangeDialog
          title="Delete metric filter"
          service="logs"
          operation="DeleteMetricFilter"
          input={{ logGroupName: group, filterName: name }}
          action="Delete"
          done={`${name} deleted`}
          onClose={close}
          onDone={() => setSelected([])}
        >
          <span>
            <b>{name}</b> no longer writes its metric; the points it has written stay.
          </span>
        </ChangeDialog>
      )}
    </>
  );
}
