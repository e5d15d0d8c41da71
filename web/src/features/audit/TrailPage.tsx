/** One trail: whether it delivers, what it takes, and the keys its digests are signed with. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { GetTrailStatusResponse, Trail } from "../../api/gen/cloudtrail";
import { useFormatTime } from "../../app/globals";
import { useAws } from "../../app/queries";
import { useGo, useHref, usePathParams } from "../../app/url";
import { segment } from "../../lib/url";
import { endpoint, Snippet } from "../../ui/CopyAs";
import { Page } from "../../ui/Page";
import { Empty, Loadable } from "../../ui/PageStates";
import { Selectors } from "./Selectors";
import { Delivered, groupOf, LoggingBadge } from "./TrailsPage";
import { DeleteTrail, Logging } from "./trailDialogs";

export default function TrailPage() {
  const { name } = usePathParams<"name">();
  const href = useHref();
  const go = useGo();
  const [dialog, setDialog] = useState<"logging" | "delete">();
  const trail = useAws("cloudtrail", "DescribeTrails", { trailNameList: [name] });
  const status = useAws("cloudtrail", "GetTrailStatus", { Name: name }, { everyMs: 10_000 });
  const found = trail.data?.trailList?.[0];
  const logging = status.data?.IsLogging ?? false;
  return (
    <Page
      title={name}
      trail={[{ text: "Trails", href: href("/trails") }]}
      info={<LoggingBadge status={status.data} />}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button onClick={() => setDialog("delete")}>Delete</Button>
          <Button variant="primary" onClick={() => setDialog("logging")}>
            {logging ? "Stop logging" : "Start logging"}
          </Button>
        </SpaceBetween>
      }
    >
      <Loadable query={trail}>
        {() =>
          found ? (
            <SpaceBetween size="l">
              <Delivery trail={found} status={status.data} />
              <Selectors name={name} />
              {found.LogFileValidationEnabled && <Digests trail={found} status={status.data} />}
            </SpaceBetween>
          ) : (
            <Empty title={`There is no trail ${name} in this Region`} />
          )
        }
      </Loadable>
      {dialog === "logging" && <Logging name={name} on={!logging} onClose={() => setDialog(undefined)} />}
      {dialog === "delete" && (
        <DeleteTrail name={name} onClose={() => setDialog(undefined)} onDone={() => go(href("/trails"))} />
      )}
    </Page>
  );
}

function Delivery({ trail, status }: { trail: Trail; status: GetTrailStatusResponse | undefined }) {
  const href = useHref();
  const formatTime = useFormatTime();
  const group = groupOf(trail);
  const time = (t: number | undefined) => (t ? formatTime(t * 1000) : "–");
  return (
    <Container header={<Header variant="h2">Delivery</Header>}>
      <KeyValuePairs
        columns={4}
        items={[
          {
            label: "Bucket",
            value: `${trail.S3BucketName}${trail.S3KeyPrefix ? `/${trail.S3KeyPrefix}` : ""}`,
          },
          {
            label: "Last file",
            value: <Delivered t={status?.LatestDeliveryTime} error={status?.LatestDeliveryError} />,
          },
          {
            label: "Log group",
            value: group ? <Link href={href(`/logs/groups/${segment(group)}`)}>{group}</Link> : "–",
          },
          {
            label: "Last line",
            value: group ? (
              <Delivered
                t={status?.LatestCloudWatchLogsDeliveryTime}
                error={status?.LatestCloudWatchLogsDeliveryError}
              />
            ) : (
              "–"
            ),
          },
          { label: "Regions", value: trail.IsMultiRegionTrail ? "All" : (trail.HomeRegion ?? "–") },
          { label: "Logging since", value: time(status?.StartLoggingTime) },
          { label: "Last stopped", value: time(status?.StopLoggingTime) },
          { label: "ARN", value: <span className="mono breaks">{trail.TrailARN}</span> },
        ]}
      />
    </Container>
  );
}

/** Digest files are signed hourly; the AWS CLI checks the chain, here as anywhere. */
function Digests({ trail, status }: { trail: Trail; status: GetTrailStatusResponse | undefined }) {
  const formatTime = useFormatTime();
  const keys = useAws("cloudtrail", "ListPublicKeys", {});
  const since = new Date((status?.StartLoggingTime ?? 0) * 1000).toISOString().slice(0, 19);
  return (
    <Container
      header={
        <Header variant="h2" description="Each digest names the files since the one before it, and is signed">
          Integrity
        </Header>
      }
    >
      <SpaceBetween size="m">
        <KeyValuePairs
          columns={3}
          items={[
            {
              label: "Last digest",
              value: (
                <Delivered t={status?.LatestDigestDeliveryTime} error={status?.LatestDigestDeliveryError} />
              ),
            },
            {
              label: "Signing key",
              value: (
                <span className="mono breaks">{keys.data?.PublicKeyList?.at(-1)?.Fingerprint ?? "–"}</span>
              ),
            },
            {
              label: "Key valid until",
              value: formatTime((keys.data?.PublicKeyList?.at(-1)?.ValidityEndTime ?? 0) * 1000),
            },
          ]}
        />
        <Box>
          <Box color="text-body-secondary" margin={{ bottom: "xs" }}>
            Check that no file was changed or removed:
          </Box>
          <Snippet
            text={[
              `aws cloudtrail validate-logs --endpoint-url ${endpoint()} --region ${trail.HomeRegion} \\`,
              `  --trail-arn ${trail.TrailARN} --start-time ${since}Z --verbose`,
            ].join("\n")}
          />
        </Box>
      </SpaceBetween>
    </Container>
  );
}
