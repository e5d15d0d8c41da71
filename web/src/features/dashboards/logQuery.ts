/** A Logs Insights query of a widget: started, waited for, stopped when nobody looks any more. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { aws } from "../../api/client";
import type { ResultField } from "../../api/gen/logs";
import { awsKey } from "../../api/keys";
import { useGlobals } from "../../app/globals";
import type { ChartSeries } from "../../ui/TimeSeriesChart";

const STEPS_MS = [150, 300, 600, 1000];
const LIMIT = 500;
const ENDED = new Set(["Complete", "Failed", "Cancelled", "Timeout", "Unknown"]);

export interface LogRows {
  columns: string[];
  rows: Record<string, string>[];
}

export function useLogQuery(
  groups: string[],
  query: string,
  region: string | undefined,
): UseQueryResult<LogRows> {
  const globals = useGlobals();
  const where = region ?? globals.region;
  const { from, to } = globals.interval;
  const input = {
    logGroupNames: groups,
    queryString: query,
    startTime: Math.floor(from / 1000),
    endTime: Math.ceil(to / 1000),
    limit: LIMIT,
  };
  return useQuery({
    queryKey: awsKey("logs", "StartQuery", where, input),
    queryFn: async ({ signal }) => {
      const { queryId = "" } = await aws("logs", "StartQuery", input, { signal, region: where });
      const stop = () => void aws("logs", "StopQuery", { queryId }, { region: where }).catch(() => undefined);
      signal.addEventListener("abort", stop, { once: true });
      for (let step = 0; ; step += 1) {
        const answer = await aws("logs", "GetQueryResults", { queryId }, { signal, region: where });
        if (ENDED.has(answer.status ?? "")) {
          signal.removeEventListener("abort", stop);
          if (answer.status !== "Complete") throw new Error(`The query ended as ${answer.status}.`);
          return rowsOf(answer.results ?? []);
        }
        await new Promise((resume) => setTimeout(resume, STEPS_MS[Math.min(step, STEPS_MS.length - 1)]));
      }
    },
    enabled: groups.length > 0 && query !== "",
  });
}

/** Columns in the order they are met; the pointer of a record is for programs. */
export function rowsOf(results: ResultField[][]): LogRows {
  const columns = new Set<string>();
  const rows = results.map((fields) => {
    const row: Record<string, string> = {};
    for (const { field = "", value = "" } of fields) {
      if (field === "@ptr") continue;
      columns.add(field);
      row[field] = value;
    }
    return row;
  });
  return { columns: [...columns], rows };
}

/** Series over time, where one column is a time in every row and others are numbers; undefined otherwise. */
export function seriesOfRows({ columns, rows }: LogRows): ChartSeries[] | undefined {
  if (rows.length === 0) return undefined;
  const time = columns.find((column) => rows.every((row) => instantOf(row[column]) !== undefined));
  if (!time) return undefined;
  const sorted = [...rows].sort((a, b) => (instantOf(a[time]) ?? 0) - (instantOf(b[time]) ?? 0));
  const t = sorted.map((row) => instantOf(row[time]) ?? 0);
  const numbers = columns.filter((column) => column !== time && rows.every((row) => isNumber(row[column])));
  if (numbers.length === 0 || new Set(t).size !== t.length) return undefined;
  return numbers.map((column) => ({
    id: column,
    label: column,
    t,
    v: sorted.map((row) => (row[column] ? Number(row[column]) : null)),
  }));
}

/** `2026-11-28 04:12:00.000`, as Insights writes times. */
function instantOf(value: string | undefined): number | undefined {
  if (!value || !/^\d{4}-\d\d-\d\d \d\d:\d\d/.test(value)) return undefined;
  const t = Date.parse(`${value.replace(" ", "T")}Z`);
  return Number.isNaN(t) ? undefined : t;
}

function isNumber(value: string | undefined): boolean {
  return value === undefined || value === "" || Number.isFinite(Number(value));
}
