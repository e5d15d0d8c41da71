import Button from "@cloudscape-design/components/button";
import CollectionPreferences, {
  type CollectionPreferencesProps,
} from "@cloudscape-design/components/collection-preferences";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { type ReactNode, useState } from "react";
import { useFormatTime } from "../../app/globals";
import { type Found, serviceOf, who } from "../../lib/events";
import { plural } from "../../lib/format";
import { Empty } from "../../ui/PageStates";
import { ResourceLink } from "../../ui/ResourceLink";
import type { useEvents } from "./useEvents";

type Content = readonly CollectionPreferencesProps.ContentDisplayItem[];

/** Id, header, whether it is shown at first, pixels. */
const COLUMNS: [string, string, boolean, number][] = [
  ["time", "Time", true, 165],
  ["name", "Event", true, 175],
  ["user", "User", true, 150],
  ["source", "Source", true, 90],
  ["resources", "Resources", true, 190],
  ["error", "Error", true, 130],
  ["ip", "From", false, 120],
  ["region", "Region", false, 110],
  ["key", "Access key", false, 200],
];
const KEY = "triptych.events.columns";

export function EventsTable(props: {
  found: ReturnType<typeof useEvents>;
  filtered: boolean;
  openId: string;
  onOpen: (id: string) => void;
  onClear: () => void;
  selected: Found[];
  onSelect: (events: Found[]) => void;
  actions: ReactNode;
}) {
  const { found } = props;
  const formatTime = useFormatTime();
  const [content, setContent] = useState<Content>(storedColumns);
  const cells: Record<string, (event: Found) => ReactNode> = {
    time: (event) => formatTime(event.t),
    name: (event) => (
      <Link
        href="#"
        ariaLabel={`${event.eventName} at ${formatTime(event.t)}`}
        onFollow={(follow) => {
          follow.preventDefault();
          props.onOpen(event.eventId);
        }}
      >
        {event.eventId === props.openId ? <b>{event.eventName}</b> : event.eventName}
      </Link>
    ),
    user: (event) => event.username || who(event),
    source: (event) => serviceOf(event.eventSource),
    resources: (event) => <Resources event={event} />,
    error: (event) =>
      event.errorCode ? (
        <StatusIndicator type="error" wrapText={false}>
          {event.errorCode}
        </StatusIndicator>
      ) : (
        "–"
      ),
    ip: (event) => event.sourceIPAddress ?? "–",
    region: (event) => event.awsRegion,
    key: (event) => String(event.userIdentity?.accessKeyId ?? "–"),
  };
  return (
    <Table<Found>
      items={found.events}
      trackBy="eventId"
      loading={found.isPending}
      loadingText="Searching"
      contentDensity="compact"
      resizableColumns
      selectionType="multi"
      selectedItems={props.selected}
      onSelectionChange={({ detail }) => props.onSelect(detail.selectedItems)}
      columnDefinitions={COLUMNS.map(
        ([id, header, , width]): TableProps.ColumnDefinition<Found> => ({
          id,
          header,
          cell: (event) => cells[id]?.(event) ?? null,
          isRowHeader: id === "name",
          width,
          minWidth: 80,
        }),
      )}
      columnDisplay={content}
      ariaLabels={{
        tableLabel: "Events",
        selectionGroupLabel: "Selection",
        allItemsSelectionLabel: () => "Select all",
        itemSelectionLabel: (_, event) => `Select ${event.eventName} at ${formatTime(event.t)}`,
      }}
      header={
        <Header
          variant="h2"
          counter={`(${found.total.toLocaleString("en-US")})`}
          actions={<div className="actions">{props.actions}</div>}
        >
          Events
        </Header>
      }
      preferences={
        <CollectionPreferences
          title="Columns"
          confirmLabel="Apply"
          cancelLabel="Cancel"
          preferences={{ contentDisplay: content }}
          contentDisplayPreference={{
            title: "Columns and their order",
            options: COLUMNS.map(([id, label]) => ({ id, label, alwaysVisible: id === "name" })),
          }}
          onConfirm={({ detail }) => {
            const chosen = detail.contentDisplay ?? content;
            setContent(chosen);
            storeColumns(chosen);
          }}
        />
      }
      empty={
        props.filtered ? (
          <Empty title="No event matches" action={<Button onClick={props.onClear}>Clear all filters</Button>}>
            Choose a longer time range, or remove a filter.
          </Empty>
        ) : (
          <Empty title="No events in this time range">
            Every call to this server is recorded; this page's own are calls that only read.
          </Empty>
        )
      }
      footer={
        found.hasMore && (
          <Button loading={found.isFetching} onClick={found.more}>
            Show more ({plural(found.total - found.events.length, "event")} left)
          </Button>
        )
      }
    />
  );
}

function Resources({ event }: { event: Found }) {
  const [first, second, ...more] = event.touched;
  if (!first) return "–";
  return (
    <>
      <ResourceLink type={first.type} id={first.id} />
      {second && (
        <>
          , <ResourceLink type={second.type} id={second.id} />
        </>
      )}
      {more.length > 0 && ` and ${more.length} more`}
    </>
  );
}

function storedColumns(): Content {
  const fallback = COLUMNS.map(([id, , visible]) => ({ id, visible }));
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    if (!Array.isArray(found)) return fallback;
    const kept = found.filter((each) => COLUMNS.some(([id]) => id === each?.id)) as {
      id: string;
      visible: boolean;
    }[];
    return [...kept, ...fallback.filter((each) => kept.every(({ id }) => id !== each.id))];
  } catch {
    return fallback; // storage is off, or somebody else wrote there
  }
}

function storeColumns(content: Content): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(content));
  } catch {
    // storage is off: the choice holds until the page is closed
  }
}
