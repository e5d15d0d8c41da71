/** One event: what, who, with what, to what; and the ways on from it. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import type { ReactNode } from "react";
import "../../styles/records.css";
import { useBuilt } from "../../app/built";
import { useFormatTime } from "../../app/globals";
import { useHref } from "../../app/url";
import { stableJson } from "../../lib/diff";
import { type Found, rawRecord, who } from "../../lib/events";
import { around } from "../../lib/time";
import { segment } from "../../lib/url";
import { Snippet } from "../../ui/CopyAs";
import { ResourceLink, shortType } from "../../ui/ResourceLink";

export function EventDetail({ event }: { event: Found }) {
  return (
    <SpaceBetween size="m">
      <Ways event={event} />
      {event.errorCode && (
        <Alert type="error" header={event.errorCode}>
          {event.errorMessage}
        </Alert>
      )}
      <Tabs
        tabs={[
          { id: "summary", label: "Summary", content: <Summary event={event} /> },
          {
            id: "identity",
            label: "Identity",
            content: <Json value={event.userIdentity} none="No identity is recorded." />,
          },
          {
            id: "request",
            label: "Request",
            content: <Json value={event.requestParameters} none="The call had no parameters." />,
          },
          {
            id: "response",
            label: "Response",
            content: (
              <Json
                value={event.responseElements}
                none="No response is recorded: the call only reads, or it failed."
              />
            ),
          },
          {
            id: "resources",
            label: `Resources (${event.touched.length})`,
            content: <Resources event={event} />,
          },
          { id: "record", label: "Record", content: <Json value={rawRecord(event)} none="" /> },
        ]}
      />
    </SpaceBetween>
  );
}

function Ways({ event }: { event: Found }) {
  const href = useHref();
  const built = useBuilt();
  const near = around(event.t);
  const search = (field: string, value: string) =>
    href("/events", { ...near, f: JSON.stringify([{ field, op: "=", value }]) });
  const resource = event.touched[0];
  return (
    <div className="actions">
      {built("/incident") && (
        <Button
          variant="primary"
          href={href("/incident", { event: event.eventId, from: undefined, to: undefined })}
        >
          Investigate
        </Button>
      )}
      {event.username && (
        <Button href={search("username", event.username)}>Same user, 15 minutes around</Button>
      )}
      {resource && (
        <Button
          href={href("/events", {
            f: JSON.stringify([{ field: "resourceName", op: "=", value: resource.id }]),
          })}
        >
          Same resource
        </Button>
      )}
      <Button href={search("eventName", event.eventName)}>Same event, 15 minutes around</Button>
      <Button variant="link" href={href(`/events/${segment(event.eventId)}`)}>
        Permanent link
      </Button>
    </div>
  );
}

function Summary({ event }: { event: Found }) {
  const formatTime = useFormatTime();
  const pairs: [string, ReactNode][] = [
    ["Time", formatTime(event.t)],
    ["User", event.username || who(event)],
    ["Event source", event.eventSource],
    ["Region", event.awsRegion],
    ["From", event.sourceIPAddress ?? "–"],
    ["Kind", event.readOnly ? "Reads" : "Changes"],
    ["Set off by", <SetOffBy key="by" event={event} />],
    ["Access key", String(event.userIdentity?.accessKeyId ?? "–")],
    [
      "Event id",
      <span key="id" className="mono breaks">
        {event.eventId}
      </span>,
    ],
  ];
  return (
    <SpaceBetween size="m">
      <KeyValuePairs columns={3} items={pairs.map(([label, value]) => ({ label, value }))} />
      <KeyValuePairs items={[{ label: "Client", value: event.userAgent ?? "–" }]} />
    </SpaceBetween>
  );
}

/** The first call of a chain of automatic ones; none where somebody called by themselves. */
function SetOffBy({ event }: { event: Found }) {
  const href = useHref();
  if (!event.cause || event.origin === event.eventId) return "Nothing before it";
  return <Link href={href(`/events/${segment(event.origin)}`)}>The call that began the chain</Link>;
}

function Resources({ event }: { event: Found }) {
  const href = useHref();
  if (event.touched.length === 0) return <Box color="text-body-secondary">The call names no resource.</Box>;
  return (
    <ul className="plain">
      {event.touched.map(({ type, id }) => (
        <li key={`${type} ${id}`}>
          {shortType(type)}: <ResourceLink type={type} id={id} />{" "}
          <Link
            variant="secondary"
            ariaLabel={`Configuration timeline of ${id}`}
            href={href(`/resources/${segment(type)}/${segment(id)}`, { tab: "timeline" })}
          >
            Configuration timeline
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Json({ value, none }: { value: unknown; none: string }) {
  if (value === null || value === undefined) return <Box color="text-body-secondary">{none}</Box>;
  return <Snippet text={stableJson(value)} label="Copy the JSON" />;
}
