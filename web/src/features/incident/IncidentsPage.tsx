/** Every stay of an alarm in ALARM: when, how long, who may have caused it, whether it was repaired. */
import Box from "@cloudscape-design/components/box";
import Link from "@cloudscape-design/components/link";
import Pagination from "@cloudscape-design/components/pagination";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { useFormatTime, useGlobals } from "../../app/globals";
import { useLiveSoon } from "../../app/live";
import { useConsole } from "../../app/queries";
import { useHref } from "../../app/url";
import { formatDuration } from "../../lib/time";
import { Page } from "../../ui/Page";
import { Empty, Failed } from "../../ui/PageStates";
import type { Incident, Incidents } from "./types";

export default function IncidentsPage() {
  const { interval } = useGlobals();
  // Tokens of the pages so far; a page's token is known when the one before it was read.
  const [tokens, setTokens] = useState<string[]>([]);
  const [page, setPage] = useState(1);
  const token = page > 1 ? tokens[page - 2] : undefined;
  const query = useConsole<Incidents>("incidents", { ...interval, limit: 20, nextToken: token });
  useLiveSoon(() => void query.refetch(), page === 1);
  const rows = query.data?.incidents ?? [];
  return (
    <Page
      title="Incidents"
      description="Every time an alarm went off in this range"
      {...(query.data ? { counter: `(${query.data.total})` } : {})}
      timed
    >
      {query.error && <Failed error={query.error} retry={() => void query.refetch()} />}
      <IncidentTable
        rows={rows}
        loading={query.isPending && !query.error}
        pagination={
          (query.data?.total ?? 0) > 20 && (
            <Pagination
              currentPageIndex={page}
              pagesCount={query.data ? Math.max(1, Math.ceil(query.data.total / 20)) : 1}
              onChange={({ detail }) => {
                const next = detail.currentPageIndex;
                if (next > page + 1 || (next === page + 1 && !query.data?.nextToken)) return;
                if (next === page + 1) setTokens([...tokens.slice(0, page - 1), query.data?.nextToken ?? ""]);
                setPage(next);
              }}
            />
          )
        }
      />
    </Page>
  );
}

function IncidentTable(props: { rows: Incident[]; loading: boolean; pagination: React.ReactNode }) {
  const formatTime = useFormatTime();
  const href = useHref();
  const { now } = useGlobals();
  /** The incident's own axis: what the alarm was about then, not the range of this list. */
  const address = (row: Incident) =>
    href("/incident", {
      alarm: row.alarm,
      from: row.end === null ? undefined : String(row.start - 30 * 60_000),
      to: row.end === null ? undefined : String(row.end + 15 * 60_000),
    });
  return (
    <Table
      items={props.rows}
      trackBy="id"
      loading={props.loading}
      loadingText="Looking for incidents"
      pagination={props.pagination}
      wrapLines
      ariaLabels={{ tableLabel: "Incidents" }}
      columnDefinitions={[
        {
          id: "alarm",
          header: "Alarm",
          isRowHeader: true,
          cell: (row) => (
            <>
              <Link href={address(row)}>{row.alarm}</Link>
              <Box variant="small" color="text-body-secondary" display="block">
                {row.reason}
              </Box>
            </>
          ),
        },
        { id: "start", header: "Start", cell: (row) => formatTime(row.start), width: 180 },
        {
          id: "duration",
          header: "Duration",
          width: 160,
          cell: (row) =>
            row.end === null ? (
              <StatusIndicator type="error" wrapText={false}>
                {formatDuration(Math.max(0, now - row.start))} so far
              </StatusIndicator>
            ) : (
              formatDuration(row.end - row.start)
            ),
        },
        {
          id: "suspect",
          header: "Likely cause",
          cell: (row) =>
            row.suspect ? (
              <>
                {row.suspect.title}
                <Box variant="small" color="text-body-secondary" display="block">
                  {row.suspect.reasons[0]?.text}
                </Box>
              </>
            ) : (
              "–"
            ),
        },
        {
          id: "remediated",
          header: "Remediated",
          width: 200,
          cell: (row) =>
            row.remediation ? (
              <StatusIndicator type="success">{formatTime(row.remediation.t)}</StatusIndicator>
            ) : (
              <StatusIndicator type="stopped">No</StatusIndicator>
            ),
        },
      ]}
      empty={
        <Empty title="No alarm went off in this range">
          Choose a longer range, or create an alarm: incidents begin when one goes to ALARM.
        </Empty>
      }
    />
  );
}
