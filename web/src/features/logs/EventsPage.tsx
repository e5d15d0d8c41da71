/** Events of a group or one of its streams: a filter pattern, a time to jump to, what happened around a line. */
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import { useCallback, useEffect, useMemo, useState } from "react";
import type { Output } from "../../api/client";
import { useFormatTime, useGlobals } from "../../app/globals";
import { usePages } from "../../app/queries";
import { useHref, usePathParams, useUrlState } from "../../app/url";
import { plural } from "../../lib/format";
import { patternTerms } from "../../lib/lines";
import { flag, integer, oneOf, segment, text } from "../../lib/url";
import { CopyAs } from "../../ui/CopyAs";
import { Download } from "../../ui/Download";
import { Page } from "../../ui/Page";
import { Empty, Failed, Loading } from "../../ui/PageStates";
import { VirtualLog } from "../../ui/VirtualLog";
import { FirstLines } from "./FirstLines";
import { LogLine, Pretty } from "./LogLine";

type Event = NonNullable<Output<"logs", "FilterLogEvents">["events"]>[number];

const SPANS = ["1", "5", "15", "60"] as const;
const SHAPE = {
  filter: text(),
  /** Epoch ms: look around this instant instead of at the whole time range. */
  at: integer(0),
  span: oneOf(SPANS, "5"),
  id: text(),
  newest: flag(),
};

export default function EventsPage() {
  const { group, stream } = usePathParams<"group" | "stream">();
  const href = useHref();
  const formatTime = useFormatTime();
  const { interval } = useGlobals();
  const [state, setState] = useUrlState(SHAPE);
  const [draft, setDraft] = useState(state.filter);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => setDraft(state.filter), [state.filter]);
  const half = Number(state.span) * 60_000;
  const from = state.at ? state.at - half : Math.floor(interval.from);
  const to = state.at ? state.at + half : Math.ceil(interval.to);
  const newest = state.newest && !state.at;
  const input = {
    logGroupName: group,
    ...(stream ? { logStreamNames: [stream] } : {}),
    startTime: from,
    endTime: to,
    ...(state.filter ? { filterPattern: state.filter } : {}),
    ...(newest ? { startFromHead: false } : {}),
    limit: 1000,
  };
  const events = usePages("logs", "FilterLogEvents", input, (page) => page.events, {
    token: "nextToken",
    upTo: state.at ? 2000 : 200,
  });
  const { items, hasMore, isFetching, more } = events;
  const onEnd = useCallback(() => {
    if (hasMore && !isFetching) more();
  }, [hasMore, isFetching, more]);
  const terms = useMemo(() => patternTerms(state.filter), [state.filter]);
  const chosen = state.at
    ? items.findIndex((event) => (state.id ? event.eventId === state.id : (event.timestamp ?? 0) >= state.at))
    : -1;
  const toggle = (id: string) => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    setOpen(next);
  };
  return (
    <Page
      title={stream ?? "Events"}
      trail={[
        { text: "Log groups", href: href("/logs/groups") },
        { text: group, href: href(`/logs/groups/${segment(group)}`) },
      ]}
      description={stream ? `Log stream of ${group}` : `All streams of ${group}`}
      timed
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <CopyAs service="logs" operation="FilterLogEvents" input={input} />
          <Download
            name={`${group.replaceAll("/", "_")}-events`}
            columns={["timestamp", "logStreamName", "message", "eventId"]}
            rows={() => items as unknown as Record<string, unknown>[]}
            disabled={items.length === 0}
          />
        </SpaceBetween>
      }
    >
      <SpaceBetween size="s">
        <div className="log-tools">
          <form
            className="log-tools-wide"
            onSubmit={(event) => {
              event.preventDefault();
              setState({ filter: draft.trim() });
            }}
          >
            <Input
              type="search"
              value={draft}
              ariaLabel="Filter pattern"
              placeholder={'Filter pattern: ERROR   ?ERROR ?WARN   { $.level = "ERROR" }'}
              spellcheck={false}
              onChange={({ detail }) => {
                setDraft(detail.value);
                if (detail.value === "") setState({ filter: "" });
              }}
            />
          </form>
          <JumpTo onJump={(at) => setState({ at, id: "" })} />
          {!state.at && (
            <Toggle checked={state.newest} onChange={({ detail }) => setState({ newest: detail.checked })}>
              Newest first
            </Toggle>
          )}
        </div>
        {state.at > 0 && (
          <Alert
            type="info"
            action={<Button onClick={() => setState({ at: 0, id: "" })}>Back to the time range</Button>}
          >
            <SpaceBetween direction="horizontal" size="s" alignItems="center">
              <span>Around {formatTime(state.at, { ms: true })}, plus and minus</span>
              <SegmentedControl
                label="Minutes before and after"
                selectedId={state.span}
                onChange={({ detail }) => setState({ span: detail.selectedId as typeof state.span })}
                options={SPANS.map((id) => ({ id, text: `${id} min` }))}
              />
            </SpaceBetween>
          </Alert>
        )}
        {events.error && <Failed error={events.error} retry={events.refetch} />}
        {events.isPending && <Loading text="Reading events" />}
        {!events.isPending && !events.error && items.length === 0 && (
          <NoEvents group={group} filter={state.filter} onClear={() => setState({ filter: "" })} />
        )}
        {items.length > 0 && (
          <VirtualLog<Event>
            label="Events"
            items={items}
            height="calc(100vh - 320px)"
            keyOf={(event) => event.eventId ?? ""}
            onEnd={onEnd}
            scrollTo={chosen >= 0 ? chosen : undefined}
            row={(event, index) => (
              <LogLine
                time={formatTime(event.timestamp ?? 0, { ms: true })}
                stream={stream ? undefined : (event.logStreamName ?? "")}
                message={event.message ?? ""}
                open={open.has(event.eventId ?? "")}
                marked={index === chosen}
                terms={terms}
                onToggle={() => toggle(event.eventId ?? "")}
              >
                <EventDetail group={group} event={event} />
              </LogLine>
            )}
          />
        )}
        {items.length > 0 && (
          <span className="log-count" role="status">
            {plural(items.length, "event")}
            {hasMore ? (isFetching ? ", fetching more" : " so far; scroll for more") : ""}
          </span>
        )}
      </SpaceBetween>
    </Page>
  );
}

function EventDetail({ group, event }: { group: string; event: Event }) {
  const href = useHref();
  const formatTime = useFormatTime();
  const around = { at: event.timestamp, id: event.eventId };
  const path = `/logs/groups/${segment(group)}`;
  return (
    <SpaceBetween size="xs">
      <Pretty message={event.message ?? ""} />
      <SpaceBetween direction="horizontal" size="s" alignItems="center">
        <Button
          variant="inline-link"
          href={href(`${path}/streams/${segment(event.logStreamName ?? "")}`, around)}
        >
          Around it in this stream
        </Button>
        <Button variant="inline-link" href={href(`${path}/events`, around)}>
          Around it in all streams
        </Button>
        <span className="log-count">
          {event.logStreamName} · ingested {formatTime(event.ingestionTime ?? 0, { ms: true })}
        </span>
      </SpaceBetween>
    </SpaceBetween>
  );
}

/** `2026-11-28 04:12:33` in the zone times are shown in, or epoch milliseconds. */
function JumpTo({ onJump }: { onJump: (at: number) => void }) {
  const { zone } = useGlobals();
  const [written, setWritten] = useState("");
  const at = readTime(written, zone);
  return (
    <form
      className="log-jump"
      onSubmit={(event) => {
        event.preventDefault();
        if (at !== undefined) onJump(at);
      }}
    >
      <FormField errorText={written !== "" && at === undefined ? "Like 2026-11-28 04:12:33" : ""}>
        <Input
          value={written}
          ariaLabel="Jump to a time"
          placeholder="Jump to 2026-11-28 04:12:33"
          onChange={({ detail }) => setWritten(detail.value)}
        />
      </FormField>
    </form>
  );
}

function readTime(written: string, zone: "utc" | "local"): number | undefined {
  const text = written.trim();
  if (/^\d{13}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,3})?)?$/.test(text)) return undefined;
  const at = Date.parse(`${text.replace(" ", "T")}${zone === "utc" ? "Z" : ""}`);
  return Number.isNaN(at) ? undefined : at;
}

function NoEvents({ group, filter, onClear }: { group: string; filter: string; onClear: () => void }) {
  if (filter) {
    return (
      <Empty
        title="Nothing matches in this time range"
        action={<Button onClick={onClear}>Clear the filter</Button>}
      >
        The pattern is <code>{filter}</code>.
      </Empty>
    );
  }
  return (
    <Empty title="No events in this time range">
      Choose a longer one, or send a line.
      <FirstLines group={group} exists />
    </Empty>
  );
}
