/** All alarms, those first that need somebody; filtered in the URL, changed many at once. */
import { useCollection } from "@cloudscape-design/collection-hooks";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Link from "@cloudscape-design/components/link";
import Pagination from "@cloudscape-design/components/pagination";
import PropertyFilter, { type PropertyFilterProps } from "@cloudscape-design/components/property-filter";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { useMemo, useState } from "react";
import { useFormatTime } from "../../app/globals";
import { useGo, useHref, useUrlState } from "../../app/url";
import { type AnyAlarm, bySeverity, conditionOf, isComposite } from "../../lib/alarm";
import { plural } from "../../lib/format";
import { json, oneOf, segment } from "../../lib/url";
import { endpoint, Snippet } from "../../ui/CopyAs";
import { Page } from "../../ui/Page";
import { Empty, Failed } from "../../ui/PageStates";
import { InvestigateLink } from "../../ui/ResourceLink";
import { StateBadge } from "../../ui/StateBadge";
import { type Change, ChangeModal, changeItems } from "./changes";
import { useAlarms } from "./queries";

type Query = PropertyFilterProps.Query;
const NO_QUERY: Query = { tokens: [], operation: "and" };
const isQuery = (value: unknown): value is Query =>
  typeof value === "object" && value !== null && Array.isArray((value as Query).tokens);

const STATES = ["", "ALARM", "INSUFFICIENT_DATA", "OK"] as const;
const SHAPE = { state: oneOf(STATES, ""), q: json<Query>(NO_QUERY, isQuery) };
const ROWS = 50;

/** An alarm with what is filtered by. */
interface Row {
  alarm: AnyAlarm;
  name: string;
  state: string;
  kind: string;
  metric: string;
  namespace: string;
  actions: string;
  condition: string;
}

export function rowOf(alarm: AnyAlarm): Row {
  return {
    alarm,
    name: alarm.AlarmName ?? "",
    state: alarm.StateValue ?? "",
    kind: isComposite(alarm) ? "Composite" : alarm.Metrics?.length ? "Math" : "Metric",
    metric: alarm.MetricName ?? "",
    namespace: alarm.Namespace ?? "",
    actions: alarm.ActionsEnabled === false ? "Disabled" : "Enabled",
    condition: conditionOf(alarm),
  };
}

export default function AlarmsPage() {
  const [state, setState] = useUrlState(SHAPE);
  const alarms = useAlarms();
  const href = useHref();
  const [change, setChange] = useState<Change>();
  const rows = useMemo(() => [...alarms.items].sort(bySeverity).map(rowOf), [alarms.items]);
  const counts = useMemo(() => countBy(rows), [rows]);
  const listed = useMemo(
    () => rows.filter((row) => !state.state || row.state === state.state),
    [rows, state.state],
  );
  const collection = useFiltered(listed, state.q);
  const selected = collection.collectionProps.selectedItems ?? [];
  return (
    <Page
      title="Alarms"
      counter={alarms.isPending ? "" : `(${rows.length})`}
      description="Metric, math and composite alarms of this region; those in alarm first"
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button iconName="refresh" ariaLabel="Refresh" onClick={alarms.refetch} />
          <ButtonDropdown
            disabled={selected.length === 0}
            items={changeItems(selected.length)}
            onItemClick={({ detail }) => setChange(detail.id as Change)}
          >
            Actions
          </ButtonDropdown>
          <Button href={href("/alarms/new", { composite: "1", of: selected.map((row) => row.name) })}>
            {selected.length ? `Combine ${selected.length}` : "Create composite alarm"}
          </Button>
          <Button variant="primary" href={href("/alarms/new")}>
            Create alarm
          </Button>
        </SpaceBetween>
      }
    >
      <SpaceBetween size="m">
        {alarms.error && <Failed error={alarms.error} retry={alarms.refetch} />}
        <AlarmTable
          collection={collection}
          loading={alarms.isPending}
          none={rows.length === 0}
          filter={
            <SpaceBetween size="xs">
              <SegmentedControl
                label="State"
                selectedId={state.state || "all"}
                onChange={({ detail }) =>
                  setState({ state: STATES.find((one) => one === detail.selectedId) ?? "" })
                }
                options={[
                  { id: "all", text: `All (${rows.length})` },
                  { id: "ALARM", text: `In alarm (${counts.ALARM ?? 0})` },
                  { id: "INSUFFICIENT_DATA", text: `Insufficient data (${counts.INSUFFICIENT_DATA ?? 0})` },
                  { id: "OK", text: `OK (${counts.OK ?? 0})` },
                ]}
              />
              <Filter
                rows={rows}
                query={state.q}
                found={collection.filteredItemsCount}
                onChange={(q) => setState({ q })}
              />
            </SpaceBetween>
          }
        />
      </SpaceBetween>
      {change && (
        <ChangeModal
          change={change}
          names={selected.map((row) => row.name)}
          onClose={() => {
            setChange(undefined);
            collection.actions.setSelectedItems([]);
          }}
        />
      )}
    </Page>
  );
}

function countBy(rows: Row[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of rows) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

const PROPERTIES: { key: keyof Row; propertyLabel: string; groupValuesLabel: string; operators: string[] }[] =
  [
    { key: "name", propertyLabel: "Name", groupValuesLabel: "Names", operators: [":", "!:", "=", "!=", "^"] },
    { key: "state", propertyLabel: "State", groupValuesLabel: "States", operators: ["=", "!="] },
    { key: "kind", propertyLabel: "Kind", groupValuesLabel: "Kinds", operators: ["=", "!="] },
    {
      key: "namespace",
      propertyLabel: "Namespace",
      groupValuesLabel: "Namespaces",
      operators: ["=", "!=", ":"],
    },
    { key: "metric", propertyLabel: "Metric", groupValuesLabel: "Metrics", operators: ["=", "!=", ":"] },
    { key: "actions", propertyLabel: "Actions", groupValuesLabel: "Actions", operators: ["=", "!="] },
  ];

/** Rows that fit the tokens of a property filter. */
export function fits(row: Row, query: Query): boolean {
  const test = ({ propertyKey, operator, value }: PropertyFilterProps.Token) => {
    const wanted = String(value).toLowerCase();
    const texts = propertyKey
      ? [String(row[propertyKey as keyof Row])]
      : [row.name, row.condition, row.namespace, row.alarm.AlarmDescription ?? ""];
    const some = (is: (text: string) => boolean) => texts.some((text) => is(text.toLowerCase()));
    if (operator === "=") return some((text) => text === wanted);
    if (operator === "!=") return !some((text) => text === wanted);
    if (operator === "!:") return !some((text) => text.includes(wanted));
    if (operator === "^") return some((text) => text.startsWith(wanted));
    return some((text) => text.includes(wanted));
  };
  if (query.tokens.length === 0) return true;
  return query.operation === "or" ? query.tokens.some(test) : query.tokens.every(test);
}

function useFiltered(rows: Row[], query: Query) {
  const items = useMemo(() => rows.filter((row) => fits(row, query)), [rows, query]);
  return useCollection(items, {
    filtering: {},
    pagination: { pageSize: ROWS },
    sorting: {},
    selection: { keepSelection: true, trackBy: "name" },
  });
}

function Filter(props: {
  rows: Row[];
  query: Query;
  found: number | undefined;
  onChange: (query: Query) => void;
}) {
  const options = useMemo(
    () =>
      PROPERTIES.flatMap(({ key }) =>
        [...new Set(props.rows.map((row) => String(row[key])))]
          .filter(Boolean)
          .sort()
          .slice(0, 200)
          .map((value) => ({ propertyKey: key, value })),
      ),
    [props.rows],
  );
  return (
    <PropertyFilter
      query={props.query}
      onChange={({ detail }) => props.onChange({ tokens: detail.tokens, operation: detail.operation })}
      filteringProperties={PROPERTIES}
      filteringOptions={options}
      filteringPlaceholder="Find alarms by name, metric, namespace, …"
      filteringAriaLabel="Find alarms"
      countText={props.found === undefined ? "" : plural(props.found, "match", "matches")}
      expandToViewport
    />
  );
}

interface AlarmTableProps {
  collection: ReturnType<typeof useFiltered>;
  loading: boolean;
  /** There are no alarms at all. */
  none: boolean;
  filter: React.ReactNode;
}

function AlarmTable({ collection, loading, none, filter }: AlarmTableProps) {
  const columns = useColumns();
  const pages = collection.paginationProps.pagesCount;
  return (
    <Table
      {...collection.collectionProps}
      items={collection.items}
      variant="container"
      stickyHeader
      wrapLines
      selectionType="multi"
      trackBy="name"
      loading={loading}
      loadingText="Loading alarms"
      filter={filter}
      pagination={pages > 1 ? <Pagination {...collection.paginationProps} /> : undefined}
      columnDefinitions={columns}
      ariaLabels={{
        tableLabel: "Alarms",
        selectionGroupLabel: "Alarms to act on",
        allItemsSelectionLabel: () => "All alarms",
        itemSelectionLabel: (_, row) => row.name,
      }}
      empty={none ? <NoAlarms /> : <Empty title="No alarm matches">Remove a filter to see more.</Empty>}
    />
  );
}

function useColumns(): TableProps.ColumnDefinition<Row>[] {
  const formatTime = useFormatTime();
  const href = useHref();
  return [
    {
      id: "name",
      header: "Name",
      sortingField: "name",
      isRowHeader: true,
      minWidth: 150,
      cell: (row) => <Link href={href(`/alarms/${segment(row.name)}`)}>{row.name}</Link>,
    },
    {
      id: "state",
      header: "State",
      sortingField: "state",
      cell: (row) => <StateBadge state={row.state} />,
    },
    {
      id: "since",
      header: "Since",
      minWidth: 180,
      sortingComparator: (a, b) => since(a.alarm) - since(b.alarm),
      cell: (row) => formatTime(since(row.alarm)),
    },
    { id: "condition", header: "Condition", minWidth: 220, cell: (row) => row.condition },
    {
      id: "actions",
      header: "Actions",
      sortingField: "actions",
      cell: (row) =>
        row.actions === "Disabled" ? (
          <StateBadge state="DISABLED" />
        ) : (
          `${actionCount(row.alarm) || "No"} ${actionCount(row.alarm) === 1 ? "action" : "actions"}`
        ),
    },
    {
      id: "links",
      header: "Incident",
      cell: (row) => <InvestigateLink alarm={row.name} />,
    },
  ];
}

const since = (alarm: AnyAlarm) =>
  (alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp ?? 0) * 1000;

export function actionCount(alarm: AnyAlarm): number {
  return [alarm.AlarmActions, alarm.OKActions, alarm.InsufficientDataActions].flatMap((list) => list ?? [])
    .length;
}

function NoAlarms() {
  const href = useHref();
  const go = useGo();
  const put = [
    "aws cloudwatch put-metric-alarm --alarm-name slow --namespace App --metric-name Latency",
    "--statistic Average --period 60 --evaluation-periods 3 --datapoints-to-alarm 2",
    `--threshold 500 --comparison-operator GreaterThanThreshold --endpoint-url ${endpoint()}`,
  ].join(" \\\n  ");
  return (
    <Empty
      title="No alarms yet"
      action={<Button onClick={() => go(href("/alarms/new"))}>Create alarm</Button>}
    >
      <SpaceBetween size="s">
        <Box color="inherit">An alarm watches a metric and tells when it crosses a threshold. Here, or:</Box>
        <div className="narrow-left">
          <Snippet text={put} />
        </div>
      </SpaceBetween>
    </Empty>
  );
}
