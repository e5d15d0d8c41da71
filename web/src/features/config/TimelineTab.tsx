/** What happened to a resource: its configuration, its verdicts, calls to it, repairs; and what each changed. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useMemo, useState } from "react";
import type { ConfigurationItem } from "../../api/gen/config";
import { useFormatTime, useGlobals } from "../../app/globals";
import { useConsole } from "../../app/queries";
import { useHref, useUrlState } from "../../app/url";
import {
  compared,
  isDeleted,
  itemMoments,
  type Kind,
  type LaneItem,
  laneMoments,
  type Moment,
  newestFirst,
} from "../../lib/items";
import { integer, oneOf, segment } from "../../lib/url";
import { JsonDiff } from "../../ui/JsonDiff";
import { Empty } from "../../ui/PageStates";
import { StateBadge } from "../../ui/StateBadge";

const KINDS = ["", "configuration", "compliance", "api", "remediation"] as const;
const WORDS: Record<Kind, string> = {
  configuration: "◆ Configuration",
  compliance: "● Compliance",
  api: "▲ API event",
  remediation: "■ Remediation",
};
const SHAPE = {
  show: oneOf(KINDS, ""),
  /** Of two items, counted from 1: what is compared. */
  item: integer(0),
  with: integer(0),
};

interface Timeline {
  lanes: { kind: string; items: LaneItem[] }[];
}

export function TimelineTab({ type, id, items }: { type: string; id: string; items: ConfigurationItem[] }) {
  const [state, setState] = useUrlState(SHAPE);
  const { now } = useGlobals();
  const first = (items[0]?.configurationItemCaptureTime ?? 0) * 1000;
  // The server looks at 90 days at most; what is older stands in the configuration history alone.
  const from = Math.max(Math.floor(first) - 60_000, Math.floor(now) - 89 * 86_400_000);
  const lanes = useConsole<Timeline>(
    "timeline",
    { resource: `${type}/${id}`, from, to: Math.ceil(now), lanes: "api,compliance,remediation" },
    { everyMs: 15_000 },
  );
  const moments = useMemo(
    () => newestFirst([...itemMoments(items), ...laneMoments(lanes.data?.lanes ?? [], id)]),
    [items, lanes.data, id],
  );
  const shown = state.show ? moments.filter((moment) => moment.kind === state.show) : moments;
  const chosen = state.item > 0 ? state.item - 1 : newestChange(items);
  return (
    <SpaceBetween size="l">
      {lanes.error && (
        <Alert type="warning" header="Only the configuration is shown">
          {lanes.error.message}
        </Alert>
      )}
      <Difference
        items={items}
        after={chosen}
        before={state.with > 0 ? state.with - 1 : chosen - 1}
        onChoose={(change) => setState(change)}
      />
      <Moments
        moments={shown}
        filter={
          <SegmentedControl
            label="Show"
            selectedId={state.show}
            onChange={({ detail }) => setState({ show: detail.selectedId as typeof state.show })}
            options={KINDS.map((kind) => ({ id: kind, text: kind ? WORDS[kind] : "All" }))}
          />
        }
        chosen={chosen}
        onChoose={(index) => setState({ item: index + 1, with: 0 })}
      />
    </SpaceBetween>
  );
}

function newestChange(items: ConfigurationItem[]): number {
  return Math.max(0, items.length - 1);
}

const PAGE = 30;

function Moments(props: {
  moments: Moment[];
  filter: React.ReactNode;
  chosen: number;
  onChoose: (item: number) => void;
}) {
  const href = useHref();
  const formatTime = useFormatTime();
  const [most, setMost] = useState(PAGE);
  const { moments } = props;
  return (
    <Table<Moment>
      items={moments.slice(0, most)}
      trackBy="id"
      contentDensity="compact"
      wrapLines
      resizableColumns
      ariaLabels={{ tableLabel: "Timeline" }}
      header={
        <Header variant="h2" counter={`(${moments.length})`} description="Newest first">
          What happened
        </Header>
      }
      filter={props.filter}
      columnDefinitions={[
        { id: "time", header: "Time", width: 200, cell: (moment) => formatTime(moment.t, { ms: true }) },
        { id: "kind", header: "Kind", width: 150, cell: (moment) => WORDS[moment.kind] },
        {
          id: "what",
          header: "What",
          isRowHeader: true,
          width: 430,
          cell: (moment) => {
            if (moment.event)
              return <Link href={href(`/events/${segment(moment.event)}`)}>{moment.title}</Link>;
            if (moment.item === undefined) return moment.title;
            const index = moment.item;
            return (
              <Button
                variant="inline-link"
                ariaLabel={`Show what changed: ${moment.title}, ${formatTime(moment.t)}`}
                onClick={() => props.onChoose(index)}
              >
                {index === props.chosen ? `${moment.title} (above)` : moment.title}
              </Button>
            );
          },
        },
        { id: "by", header: "By", width: 150, cell: (moment) => moment.by || "–" },
        {
          id: "status",
          header: "Status",
          width: 150,
          // An API event's error stands in its title already.
          cell: (moment) =>
            moment.status && moment.kind !== "api" ? <StateBadge state={moment.status} /> : "–",
        },
      ]}
      empty={<Empty title="Nothing of this kind happened" />}
      footer={
        moments.length > most && <Button onClick={() => setMost(most + PAGE)}>Show earlier ones</Button>
      }
    />
  );
}

/** Any two points of the history, the earlier one first. */
function Difference(props: {
  items: ConfigurationItem[];
  before: number;
  after: number;
  onChoose: (change: { item?: number; with?: number }) => void;
}) {
  const formatTime = useFormatTime();
  const { items, before, after } = props;
  const now = items[after];
  const then = items[before];
  const name = (index: number) =>
    formatTime((items[index]?.configurationItemCaptureTime ?? 0) * 1000, { ms: true });
  if (!now) return null;
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={then ? `${name(before)} → ${name(after)}` : `${name(after)}, the first item`}
          actions={
            <SpaceBetween direction="horizontal" size="xs" alignItems="center">
              <PointSelect
                label="Compare"
                count={items.length}
                name={name}
                index={before}
                onChange={(index) => props.onChoose({ with: index + 1, item: after + 1 })}
              />
              <PointSelect
                label="with"
                count={items.length}
                name={name}
                index={after}
                onChange={(index) => props.onChoose({ item: index + 1, with: Math.max(before, 0) + 1 })}
              />
            </SpaceBetween>
          }
        >
          What changed
        </Header>
      }
    >
      {isDeleted(now) ? (
        <Box>The resource was deleted; its last configuration is the item before.</Box>
      ) : (
        <JsonDiff before={then && !isDeleted(then) ? compared(then) : {}} after={compared(now)} />
      )}
    </Container>
  );
}

function PointSelect(props: {
  label: string;
  count: number;
  name: (index: number) => string;
  index: number;
  onChange: (index: number) => void;
}) {
  return (
    <label className="point-select">
      {props.label}{" "}
      <select value={props.index} onChange={(event) => props.onChange(Number(event.target.value))}>
        {props.index < 0 && <option value={-1}>nothing</option>}
        {Array.from({ length: props.count }, (_, i) => props.count - 1 - i).map((index) => (
          <option key={index} value={index}>
            {props.name(index)}
          </option>
        ))}
      </select>
    </label>
  );
}
