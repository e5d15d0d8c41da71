/** Trails: where the record of calls is delivered to, and whether it arrives. */
import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { aws } from "../../api/client";
import type { GetTrailStatusResponse, Trail } from "../../api/gen/cloudtrail";
import { awsKey } from "../../api/keys";
import { useFormatTime, useGlobals } from "../../app/globals";
import { useAws } from "../../app/queries";
import { useHref } from "../../app/url";
import { segment } from "../../lib/url";
import { ListTable } from "../../ui/ListTable";
import { Page } from "../../ui/Page";
import { Empty } from "../../ui/PageStates";
import { StateBadge } from "../../ui/StateBadge";
import { CreateTrail, DeliveryBucket } from "./CreateTrail";
import { DeleteTrail, Logging } from "./trailDialogs";

type Row = Trail & { status: GetTrailStatusResponse | undefined };

export default function TrailsPage() {
  const href = useHref();
  const formatTime = useFormatTime();
  const trails = useAws("cloudtrail", "DescribeTrails", {});
  const rows = useStatuses(trails.data?.trailList ?? []);
  const [selected, setSelected] = useState<Row[]>([]);
  const [dialog, setDialog] = useState<"create" | "start" | "stop" | "delete">();
  const close = () => setDialog(undefined);
  const chosen = rows.find((row) => row.TrailARN === selected[0]?.TrailARN);
  return (
    <Page
      title="Trails"
      description="Event history keeps the calls here; a trail also delivers them to a bucket, signed, and to a log group"
    >
      <ListTable<Row>
        title="Trails"
        items={rows}
        keyOf={(trail) => trail.TrailARN ?? ""}
        nameOf={(trail) => trail.Name ?? ""}
        loading={trails.isPending}
        error={trails.error}
        retry={() => void trails.refetch()}
        selected={selected}
        onSelect={setSelected}
        actions={
          <>
            <Button disabled={!chosen} onClick={() => setDialog("delete")}>
              Delete
            </Button>
            <Button
              disabled={!chosen}
              onClick={() => setDialog(chosen?.status?.IsLogging ? "stop" : "start")}
            >
              {chosen?.status?.IsLogging ? "Stop logging" : "Start logging"}
            </Button>
            <Button variant="primary" onClick={() => setDialog("create")}>
              Create trail
            </Button>
          </>
        }
        columns={[
          {
            id: "name",
            header: "Name",
            value: (trail) => trail.Name,
            cell: (trail) => <Link href={href(`/trails/${segment(trail.Name ?? "")}`)}>{trail.Name}</Link>,
          },
          { id: "logging", header: "Logging", cell: (trail) => <LoggingBadge status={trail.status} /> },
          {
            id: "bucket",
            header: "Bucket",
            value: (trail) => trail.S3BucketName,
            cell: (trail) => trail.S3BucketName,
          },
          {
            id: "delivered",
            header: "Last delivery",
            value: (trail) => trail.status?.LatestDeliveryTime,
            cell: ({ status }) => (
              <Delivered t={status?.LatestDeliveryTime} error={status?.LatestDeliveryError} />
            ),
          },
          {
            id: "digest",
            header: "Last digest",
            cell: (trail) =>
              trail.LogFileValidationEnabled
                ? trail.status?.LatestDigestDeliveryTime
                  ? formatTime(trail.status.LatestDigestDeliveryTime * 1000)
                  : "Not yet"
                : "Off",
          },
          { id: "group", header: "Log group", cell: (trail) => groupOf(trail) || "–" },
        ]}
        empty={
          <Empty title="No trails" action={<Button onClick={() => setDialog("create")}>Create trail</Button>}>
            A trail needs a bucket that lets CloudTrail write. From a shell:
            <DeliveryBucket bucket="my-audit-logs" />
          </Empty>
        }
      />
      {dialog === "create" && <CreateTrail onClose={close} />}
      {(dialog === "start" || dialog === "stop") && chosen && (
        <Logging name={chosen.Name ?? ""} on={dialog === "start"} onClose={close} />
      )}
      {dialog === "delete" && chosen && (
        <DeleteTrail name={chosen.Name ?? ""} onClose={close} onDone={() => setSelected([])} />
      )}
    </Page>
  );
}

function useStatuses(trails: Trail[]): Row[] {
  const { region } = useGlobals();
  return useQueries({
    queries: trails.map(({ TrailARN = "" }) => ({
      queryKey: awsKey("cloudtrail", "GetTrailStatus", region, { Name: TrailARN }),
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        aws("cloudtrail", "GetTrailStatus", { Name: TrailARN }, { region, signal }),
      refetchInterval: 10_000,
      refetchIntervalInBackground: false,
    })),
    combine: (found) => trails.map((trail, index) => ({ ...trail, status: found[index]?.data })),
  });
}

export function LoggingBadge({ status }: { status: GetTrailStatusResponse | undefined }) {
  if (!status) return <StateBadge state="PENDING" text="Asking" />;
  return status.IsLogging ? (
    <StateBadge state="ENABLED" text="Logging" />
  ) : (
    <StateBadge state="DISABLED" text="Off" />
  );
}

export function Delivered({ t, error }: { t: number | undefined; error: string | undefined }) {
  const formatTime = useFormatTime();
  if (error) return <StateBadge state="FAILED" text={error} />;
  return t ? formatTime(t * 1000) : "Not yet";
}

export const groupOf = (trail: Trail): string =>
  /:log-group:([^:]+)/.exec(trail.CloudWatchLogsLogGroupArn ?? "")?.[1] ?? "";
