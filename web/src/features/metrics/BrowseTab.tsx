/** Namespaces, their sets of dimensions, and the metrics of a set; with a search that works on every level. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Input from "@cloudscape-design/components/input";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useEffect, useState } from "react";
import { plural } from "../../lib/format";
import type { Series } from "../../lib/graph";
import { endpoint, Snippet } from "../../ui/CopyAs";
import { Empty, Loadable } from "../../ui/PageStates";
import { type Tree, type TreePlace, useTree } from "./queries";

const ROWS = 50;
export const NO_DIMENSIONS = "-";

export interface BrowseProps {
  q: string;
  namespace: string;
  dims: string[];
  series: Series[];
  onPlace: (place: { q?: string; namespace?: string; dims?: string[] }, typing?: boolean) => void;
  onToggle: (metrics: Chosen[], on: boolean) => void;
}

export interface Chosen {
  namespace: string;
  name: string;
  dimensions: [string, string][];
}

export const keyOf = ({ namespace, name, dimensions }: Chosen) =>
  JSON.stringify([namespace, name, [...dimensions].sort(([a], [b]) => (a < b ? -1 : 1))]);

export function BrowseTab(props: BrowseProps) {
  const { namespace, dims } = props;
  const q = useSettled(props.q, 250);
  const dimensions = dims.length ? dims.filter((name) => name !== NO_DIMENSIONS) : undefined;
  const tree = useTree({ namespace, dimensions, q });
  return (
    <SpaceBetween size="m">
      <Crumbs {...props} />
      <Input
        type="search"
        value={props.q}
        placeholder="Search in namespaces, names and dimension values"
        ariaLabel="Search metrics"
        onChange={({ detail }) => props.onPlace({ q: detail.value }, true)}
      />
      <Loadable query={tree}>
        {(data) => <Level data={data} place={{ namespace, dimensions, q }} browse={props} />}
      </Loadable>
    </SpaceBetween>
  );
}

/** A value that has stayed the same for a moment. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

function Crumbs({ namespace, dims, onPlace }: BrowseProps) {
  if (!namespace) return null;
  return (
    <div className="crumbs">
      <Button variant="inline-link" onClick={() => onPlace({ namespace: "", dims: [] })}>
        All namespaces
      </Button>
      <span aria-hidden="true">›</span>
      {dims.length ? (
        <Button variant="inline-link" onClick={() => onPlace({ dims: [] })}>
          {namespace}
        </Button>
      ) : (
        <Box variant="span" fontWeight="bold">
          {namespace}
        </Box>
      )}
      {dims.length > 0 && (
        <>
          <span aria-hidden="true">›</span>
          <Box variant="span" fontWeight="bold">
            {setName(dims.filter((name) => name !== NO_DIMENSIONS))}
          </Box>
        </>
      )}
    </div>
  );
}

const setName = (dimensions: string[]) => (dimensions.length ? dimensions.join(", ") : "Without dimensions");

function Level({ data, place, browse }: { data: Tree; place: TreePlace; browse: BrowseProps }) {
  if (data.metrics && place.dimensions) {
    return <MetricTable data={data} names={place.dimensions} browse={browse} />;
  }
  if (data.namespaces?.length === 0 || data.dimensionSets?.length === 0) return <Nothing q={place.q} />;
  const cards = data.namespaces
    ? data.namespaces.map((one) => ({
        name: one.namespace,
        count: one.metrics,
        open: () => browse.onPlace({ namespace: one.namespace, dims: [] }),
      }))
    : (data.dimensionSets ?? []).map((one) => ({
        name: setName(one.dimensions),
        count: one.metrics,
        open: () => browse.onPlace({ dims: one.dimensions.length ? one.dimensions : [NO_DIMENSIONS] }),
      }));
  return (
    <ul className="tree-cards">
      {cards.map((card) => (
        <li key={card.name}>
          <button type="button" onClick={card.open}>
            {card.name} <small>{plural(card.count, "metric")}</small>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Nothing({ q }: { q: string }) {
  if (q) return <Empty title="No metric matches">Metrics without data for two weeks are not listed.</Empty>;
  const put = `aws cloudwatch put-metric-data --namespace App --metric-name Latency \\\n  --dimensions Host=web-1 --value 42 --unit Milliseconds --endpoint-url ${endpoint()}`;
  return (
    <Empty title="No metrics yet">
      <SpaceBetween size="s">
        <span>A metric is there as soon as its first point is:</span>
        <div className="narrow-left">
          <Snippet text={put} />
        </div>
      </SpaceBetween>
    </Empty>
  );
}

function MetricTable({ data, names, browse }: { data: Tree; names: string[]; browse: BrowseProps }) {
  const [page, setPage] = useState(1);
  const rows: Chosen[] = (data.metrics ?? []).map(({ metricName, dimensions }) => ({
    namespace: browse.namespace,
    name: metricName,
    dimensions: names.map((name) => [name, dimensions[name] ?? ""]),
  }));
  const graphed = new Set(
    browse.series
      .filter((one) => one.expression === undefined)
      .map((one) => keyOf({ ...one, namespace: one.namespace ?? "", name: one.name ?? "" })),
  );
  const pages = Math.max(1, Math.ceil(rows.length / ROWS));
  const at = Math.min(page, pages);
  const shown = rows.slice((at - 1) * ROWS, at * ROWS);
  const selected = shown.filter((row) => graphed.has(keyOf(row)));
  return (
    <Table
      variant="borderless"
      contentDensity="compact"
      wrapLines
      selectionType="multi"
      items={shown}
      selectedItems={selected}
      trackBy={keyOf}
      onSelectionChange={({ detail }) => {
        const now = new Set(detail.selectedItems.map(keyOf));
        const before = new Set(selected.map(keyOf));
        const on = detail.selectedItems.filter((row) => !before.has(keyOf(row)));
        const off = selected.filter((row) => !now.has(keyOf(row)));
        if (on.length) browse.onToggle(on, true);
        if (off.length) browse.onToggle(off, false);
      }}
      ariaLabels={{
        tableLabel: "Metrics",
        selectionGroupLabel: "Metrics of the graph",
        allItemsSelectionLabel: () => "All metrics of this page",
        itemSelectionLabel: (_, row) => `Graph ${row.name} ${row.dimensions.map(([, v]) => v).join(" ")}`,
      }}
      columnDefinitions={[
        ...names.map((name, index) => ({
          id: `d${index}`,
          header: name,
          cell: (row: Chosen) => row.dimensions[index]?.[1] ?? "",
        })),
        { id: "name", header: "Metric name", cell: (row: Chosen) => row.name, isRowHeader: true },
      ]}
      pagination={
        pages > 1 ? (
          <Pagination
            currentPageIndex={at}
            pagesCount={pages}
            onChange={({ detail }) => setPage(detail.currentPageIndex)}
          />
        ) : undefined
      }
      footer={
        data.total > rows.length ? (
          <Box color="text-body-secondary">
            The first {rows.length} of {plural(data.total, "metric")}; search to narrow them down.
          </Box>
        ) : undefined
      }
      empty={<Nothing q={browse.q} />}
    />
  );
}
