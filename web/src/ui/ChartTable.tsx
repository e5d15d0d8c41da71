import Pagination from "@cloudscape-design/components/pagination";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { useFormatTime } from "../app/globals";

const ROWS = 20;

/** A chart's points as a table, newest first. */
export default function ChartTable(props: {
  title: string;
  t: number[];
  series: { id: string; label: string }[];
  values: (number | null)[][];
  formatValue: (value: number) => string;
}) {
  const formatTime = useFormatTime();
  const [page, setPage] = useState(1);
  const last = props.t.length - 1 - (page - 1) * ROWS;
  const indexes = Array.from({ length: Math.min(ROWS, last + 1) }, (_, i) => last - i);
  return (
    <Table
      variant="borderless"
      contentDensity="compact"
      items={indexes}
      trackBy={String}
      ariaLabels={{ tableLabel: props.title }}
      pagination={
        <Pagination
          currentPageIndex={page}
          pagesCount={Math.max(1, Math.ceil(props.t.length / ROWS))}
          onChange={({ detail }) => setPage(detail.currentPageIndex)}
        />
      }
      columnDefinitions={[
        { id: "time", header: "Time", cell: (index) => formatTime(props.t[index] ?? 0), isRowHeader: true },
        ...props.series.map((one, i) => ({
          id: one.id,
          header: one.label,
          cell: (index: number) => {
            const value = props.values[i]?.[index];
            return value === null || value === undefined ? "–" : props.formatValue(value);
          },
        })),
      ]}
      empty="No data"
    />
  );
}
