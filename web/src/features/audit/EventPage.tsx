/** One event by its id: where permanent links lead. */
import Container from "@cloudscape-design/components/container";
import { useGlobals } from "../../app/globals";
import { useHref, usePathParams } from "../../app/url";
import { Page } from "../../ui/Page";
import { Empty, Failed, Loading } from "../../ui/PageStates";
import { EventDetail } from "./EventDetail";
import { useEvents } from "./useEvents";

const DAYS = 86_400_000;

export default function EventPage() {
  const { id } = usePathParams<"id">();
  const href = useHref();
  const { now } = useGlobals();
  const found = useEvents({
    from: now - 90 * DAYS,
    to: now + 60_000,
    filters: [{ field: "eventID", op: "=", value: id }],
    join: "and",
    text: "",
    facets: [],
    limit: 1,
    allRegions: true,
  });
  const event = found.events[0];
  return (
    <Page
      title={event?.eventName ?? "Event"}
      trail={[{ text: "Event history", href: href("/events") }]}
      description={id}
    >
      {found.error && <Failed error={found.error} retry={found.refetch} />}
      {found.isPending && <Loading />}
      {event && (
        <Container>
          <EventDetail event={event} />
        </Container>
      )}
      {!found.isPending && !found.error && !event && (
        <Empty title="There is no such event">Event history goes back 90 days here.</Empty>
      )}
    </Page>
  );
}
