import Modal from "@cloudscape-design/components/modal";
import { useGlobals } from "../../app/globals";
import { type Found, rawRecord } from "../../lib/events";
import { JsonDiff } from "../../ui/JsonDiff";
import { Empty, Failed, Loading } from "../../ui/PageStates";
import { useEvents } from "./useEvents";

const DAYS = 86_400_000;

/** What differs between two events, the earlier one first. */
export function CompareEvents({ ids, onClose }: { ids: string[]; onClose: () => void }) {
  const { now } = useGlobals();
  const found = useEvents({
    from: now - 90 * DAYS,
    to: now + 60_000,
    filters: ids.map((value) => ({ field: "eventID", op: "=", value })),
    join: "or",
    text: "",
    facets: [],
    limit: 2,
    allRegions: true,
  });
  const [later, earlier] = found.events as [Found?, Found?];
  return (
    <Modal visible size="max" header="Compare two events" onDismiss={onClose} closeAriaLabel="Close">
      {found.error && <Failed error={found.error} retry={found.refetch} />}
      {found.isPending && <Loading />}
      {earlier && later && <JsonDiff before={rawRecord(earlier)} after={rawRecord(later)} open />}
      {!found.isPending && !found.error && !later && <Empty title="The events are not there any more" />}
    </Modal>
  );
}
