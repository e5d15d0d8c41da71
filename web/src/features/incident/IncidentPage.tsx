/** What happened around an alarm, a resource, an event or in a range: everything on one time axis. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import TextFilter from "@cloudscape-design/components/text-filter";
import Toggle from "@cloudscape-design/components/toggle";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useFormatTime, useGlobals } from "../../app/globals";
import { useLiveSoon } from "../../app/live";
import { useConsole } from "../../app/queries";
import { useGo, useHref, useUrlState } from "../../app/url";
import { zoomOf } from "../../lib/lanes";
import { formatDuration, type Interval, instant } from "../../lib/time";
import { flag, text } from "../../lib/url";
import { Lanes } from "../../ui/Lanes";
import { Minimap } from "../../ui/Minimap";
import { Page } from "../../ui/Page";
import { Failed, Loading } from "../../ui/PageStates";
import { StateBadge } from "../../ui/StateBadge";
import { TimeSeriesChart } from "../../ui/TimeSeriesChart";
import { Export } from "./Export";
import { ItemPanel } from "./ItemPanel";
import { Suspects } from "./Suspects";
import { graphs, laneLabel, logsQuery, ongoing, ordered, specs } from "./timeline";
import type { Item, Timeline } from "./types";

const SHAPE = {
  alarm: text(),
  resource: text(),
  event: text(),
  from: text(),
  to: text(),
  item: text(),
  q: text(),
  related: flag(),
  read: flag(),
  /** Log groups to count errors in, with commas between. */
  groups: text(),
};

export default function IncidentPage() {
  const [state, setState] = useUrlState(SHAPE);
  const globals = useGlobals();
  const { alarm, resource, event } = state;
  // Without a range of its own the server knows best where an incident begins and ends.
  const chosen = useMemo<Partial<Interval>>(
    () => ({ from: instant(state.from, globals.now), to: instant(state.to, globals.now) }),
    [state.from, state.to, globals.now],
  );
  const free = !alarm && !resource && !event;
  const asked = {
    alarm,
    resource,
    event,
    from: chosen.from ?? (free ? globals.interval.from : undefined),
    to: chosen.to ?? (free ? globals.interval.to : undefined),
    readOnly: state.read || undefined,
    logGroups: state.groups,
  };
  const query = useConsole<Timeline>("timeline", asked);
  const live = query.data !== undefined && chosen.to === undefined && ongoing(query.data);
  useLiveSoon(() => void query.refetch(), chosen.to === undefined && !free);

  const title = query.data?.subject.title ?? (alarm ? `Alarm ${alarm}` : "Incident timeline");
  const href = useHref();
  return (
    <Page
      title={title}
      timed={query.data && chosen.from === undefined ? absolute(query.data.axis) : true}
      info={query.data?.subject.alarm && <StateBadge state={query.data.subject.alarm.state} />}
      description={query.data && <Facts timeline={query.data} />}
      actions={<Export asked={asked} />}
      trail={[{ text: "Incidents", href: href("/incidents") }]}
    >
      {query.error && (
        <Failed error={query.error} retry={() => void query.refetch()} doing="The timeline failed" />
      )}
      {query.data ? (
        <Board timeline={query.data} state={state} setState={setState} live={live} />
      ) : (
        !query.error && <Loading text="Putting the timeline together" />
      )}
    </Page>
  );
}

const absolute = (axis: Interval) => ({ from: String(axis.from), to: String(axis.to) });

/** Start, length, repair: the incident in one line. */
function Facts({ timeline }: { timeline: Timeline }) {
  const formatTime = useFormatTime();
  const { now } = useGlobals();
  const { episode, repair, focus } = timeline;
  const parts: string[] = [];
  if (episode) {
    const length = formatDuration((episode.end ?? Math.max(now, timeline.axis.to)) - episode.start);
    parts.push(
      `In alarm ${episode.end ? "from" : "since"} ${formatTime(episode.start)}`,
      episode.end ? `for ${length}` : `for ${length} so far`,
    );
  } else if (focus) parts.push(`Began ${formatTime(focus.t)} with ${focus.what}`);
  if (repair) parts.push(`repaired ${formatTime(repair.t)}`);
  return <>{parts.join(", ")}</>;
}

type State = { [K in keyof typeof SHAPE]: ReturnType<(typeof SHAPE)[K]["read"]> };

interface BoardProps {
  timeline: Timeline;
  state: State;
  setState: (change: Partial<State>, options?: { replace?: boolean }) => void;
  live: boolean;
}

function Board({ timeline, state, setState, live }: BoardProps) {
  const formatTime = useFormatTime();
  const href = useHref();
  const go = useGo();
  const gutter = useGutter();
  const filter = useMemo(() => ({ text: state.q, relatedOnly: state.related }), [state.q, state.related]);
  const openLogs = useCallback(
    (span: { t: number; tEnd: number }) =>
      go(href("/logs/insights", { ...logsQuery(timeline), from: String(span.t), to: String(span.tEnd) })),
    [go, href, timeline],
  );
  const lanes = useMemo(() => specs(timeline, filter, openLogs), [timeline, filter, openLogs]);
  const charts = useMemo(() => graphs(timeline), [timeline]);
  const items = useMemo(() => ordered(lanes), [lanes]);
  const selected = items.find((item) => item.id === state.item);
  const interval = timeline.axis;
  const home = useHome(timeline, items, `${state.alarm} ${state.resource} ${state.event}`);

  const select = useCallback(
    (item: Item | undefined) => setState({ item: item?.id ?? "" }, { replace: true }),
    [setState],
  );
  const zoom = useCallback(
    (to: Interval) => setState({ from: String(Math.round(to.from)), to: String(Math.round(to.to)) }),
    [setState],
  );
  const lines = [
    ...(timeline.focus ? [{ t: timeline.focus.t, label: timeline.focus.what, kind: "focus" as const }] : []),
    ...(live ? [{ t: timeline.axis.to, label: "now", kind: "now" as const }] : []),
    ...(selected ? [{ t: selected.t, label: selected.title, kind: "selected" as const }] : []),
  ];
  const lane = timeline.lanes.find((one) => one.items.some((item) => item.id === selected?.id));
  const logs = timeline.lanes.find((one) => one.kind === "logs");
  const zoomed = state.from !== "" || state.to !== "";

  return (
    <div className="incident">
      <SpaceBetween size="m">
        <Container
          header={
            <Header
              variant="h2"
              info={live ? <StateBadge state="IN_PROGRESS" text="Live" /> : undefined}
              actions={
                <SpaceBetween direction="horizontal" size="xs">
                  <Button disabled={items.length < 2} onClick={() => zoom(zoomOf({ items }))}>
                    Fit to items
                  </Button>
                  <Button disabled={!zoomed} onClick={() => setState({ from: "", to: "" })}>
                    Show all of it
                  </Button>
                </SpaceBetween>
              }
            >
              Timeline
            </Header>
          }
        >
          <SpaceBetween size="s">
            <div className="incident-filter">
              <TextFilter
                filteringText={state.q}
                filteringPlaceholder="Actor, call, resource, address"
                filteringAriaLabel="Filter items"
                countText={state.q ? `${items.length} items` : ""}
                onChange={({ detail }) => setState({ q: detail.filteringText }, { replace: true })}
              />
              <Toggle
                checked={state.related}
                onChange={({ detail }) => setState({ related: detail.checked })}
              >
                Only related
              </Toggle>
              <Toggle checked={state.read} onChange={({ detail }) => setState({ read: detail.checked })}>
                Calls that read
              </Toggle>
            </div>
            <div>
              <Minimap
                whole={home.interval}
                shown={interval}
                items={home.items}
                gutter={gutter}
                onZoom={zoom}
              />
              {charts.map((graph) => (
                <div key={graph.alarm}>
                  {charts.length > 1 && <Box variant="small">{graph.alarm}</Box>}
                  {graph.errors.map((error) => (
                    <Alert key={error} type="warning">
                      {graph.alarm}: {error}
                    </Alert>
                  ))}
                  <TimeSeriesChart
                    title={graph.title}
                    series={graph.series}
                    thresholds={graph.thresholds}
                    bands={graph.bands}
                    at={selected?.t}
                    interval={interval}
                    gutter={gutter}
                    height={charts.length > 1 ? 150 : 210}
                    syncKey="incident"
                    onZoom={zoom}
                  />
                </div>
              ))}
              <Lanes
                lanes={lanes}
                interval={interval}
                gutter={gutter}
                label="Items on the timeline; arrow keys step through them"
                selected={selected?.id}
                onSelect={select}
                onZoom={zoom}
                lines={lines}
                formatTime={formatTime}
                strong={isSuspect}
              />
              <TimeAxis interval={interval} gutter={gutter} formatTime={formatTime} />
            </div>
            {logs?.note && (
              <Box variant="small" color="text-body-secondary">
                Log errors: {logs.note}
              </Box>
            )}
          </SpaceBetween>
        </Container>
      </SpaceBetween>
      <Suspects
        timeline={timeline}
        selected={state.item}
        onSelect={(id) => setState({ item: id }, { replace: true })}
      />
      {selected && (
        <ItemPanel
          key={selected.id}
          item={selected}
          lane={lane ? laneLabel(lane.kind) : ""}
          items={items}
          timeline={timeline}
          onSelect={select}
        />
      )}
    </div>
  );
}

const isSuspect = (item: Item) => item.score != null;

/** Where no chart has an axis: the ends of what is shown. */
function TimeAxis(props: { interval: Interval; gutter: number; formatTime: (t: number) => string }) {
  return (
    <div className="lane-axis" style={{ marginInlineStart: props.gutter }}>
      <span>{props.formatTime(props.interval.from)}</span>
      <span>{props.formatTime(props.interval.to)}</span>
    </div>
  );
}

/** The widest axis seen of this incident, for the strip that shows all of it. */
function useHome(timeline: Timeline, items: Item[], subject: string): { interval: Interval; items: Item[] } {
  const [home, setHome] = useState({ subject, interval: timeline.axis, items });
  useEffect(() => {
    setHome((old) => {
      if (old.subject !== subject) return { subject, interval: timeline.axis, items };
      const { from, to } = old.interval;
      if (timeline.axis.from >= from && timeline.axis.to <= to) return old;
      const known = new Map([...old.items, ...items].map((item) => [item.id, item]));
      const interval = { from: Math.min(from, timeline.axis.from), to: Math.max(to, timeline.axis.to) };
      return { subject, interval, items: [...known.values()] };
    });
  }, [timeline, items, subject]);
  return home.subject === subject ? home : { interval: timeline.axis, items };
}

const narrow = () => window.innerWidth < 600;

/** Room for the lanes' names; less on a phone. */
function useGutter(): number {
  const [small, setSmall] = useState(narrow);
  useEffect(() => {
    const measure = () => setSmall(narrow());
    window.addEventListener("resize", measure);
    return () => window.removeEventListener("resize", measure);
  }, []);
  return small ? 96 : 112;
}
