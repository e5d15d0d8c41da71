/** Logs Insights: a query over groups and a time range, its events or statistics, and where they lie in time. */
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useEffect, useMemo, useRef, useState } from "react";
import { ApiError } from "../../api/errors";
import type { QueryStatistics } from "../../api/gen/logs";
import { useGlobals } from "../../app/globals";
import { type Asked, useInsights } from "../../app/insights";
import { useConsole } from "../../app/queries";
import { useUrlState } from "../../app/url";
import { formatBytes, formatNumber } from "../../lib/format";
import {
  binSeconds,
  compileError,
  type FieldShare,
  fieldShares,
  histogramQuery,
  insightsTime,
  mergedFields,
  withField,
  withFilter,
} from "../../lib/insights";
import { list, oneOf, text } from "../../lib/url";
import { CopyAs } from "../../ui/CopyAs";
import { LaterChart } from "../../ui/LaterChart";
import { Page } from "../../ui/Page";
import { Empty, Failed, Loading } from "../../ui/PageStates";
import { QueryBox } from "../../ui/QueryBox";
import { FieldsPanel } from "./FieldsPanel";
import { GroupPicker } from "./GroupPicker";
import { InsightsResults } from "./InsightsResults";
import { type Catalogue, insightsCompletion, insightsLanguage } from "./insightsLanguage";
import { SavedQueries, SaveQuery } from "./SavedQueries";
import { useGroupFields } from "./useGroupFields";

const DEFAULT_QUERY = "fields @timestamp, @message\n| sort @timestamp desc\n| limit 1000";
const SAMPLES: [string, string][] = [
  ["Latest events", DEFAULT_QUERY],
  ["Errors over time", "filter @message like /(?i)error/\n| stats count(*) as errors by bin(5m)"],
  ["Busiest streams", "stats count(*) as lines by @logStream\n| sort lines desc\n| limit 20"],
  ["Patterns", "pattern @message"],
];

const VIEWS = ["list", "table", "chart"] as const;
const SHAPE = { groups: list(), q: text(DEFAULT_QUERY), view: oneOf(["", ...VIEWS], ""), ran: text() };

export default function InsightsPage() {
  const [state, setState] = useUrlState(SHAPE);
  const { interval } = useGlobals();
  const catalogue = useConsole<Catalogue>("catalogue");
  const [draft, setDraft] = useState(state.q);
  const [run, setRun] = useState(state.groups.length > 0 ? 1 : 0);
  useEffect(() => setDraft(state.q), [state.q]);

  const asked = useMemo<Asked>(
    () => ({ groups: state.groups, query: state.q, from: interval.from, to: interval.to, limit: 10_000 }),
    [state.groups, state.q, interval],
  );
  const enabled = run > 0 && state.groups.length > 0;
  const result = useInsights(asked, run, enabled);
  const bin = binSeconds(interval.from, interval.to);
  const counted = useMemo<Asked>(
    () => ({ ...asked, query: histogramQuery(state.q, bin) }),
    [asked, state.q, bin],
  );
  const counts = useInsights(counted, run, enabled && !result.error);

  const server = useGroupFields(state.groups);
  const rows = result.data?.rows;
  const fields = useMemo(
    () => mergedFields(server.fields, rows?.[0]?.["@ptr"] ? fieldShares(rows.slice(0, 500)) : []),
    [server.fields, rows],
  );
  const completions = useCompletions(catalogue.data, fields);
  const error = result.error;
  const malformed = error instanceof ApiError && error.code === "MalformedQueryException";
  const errors = useMemo(
    () =>
      malformed && error instanceof ApiError && draft === state.q
        ? [compileError(error.body, error.message)]
        : [],
    [malformed, error, draft, state.q],
  );

  const submit = (query: string) => {
    setDraft(query);
    setState({ q: query });
    setRun(run + 1);
  };
  const startInput = {
    logGroupNames: state.groups,
    queryString: draft,
    startTime: Math.floor(interval.from / 1000),
    endTime: Math.ceil(interval.to / 1000),
  };
  return (
    <Page title="Logs Insights" description="Ask many log groups at once" timed>
      <SpaceBetween size="m">
        <FormField label="Log groups" stretch>
          <GroupPicker chosen={state.groups} most={50} onChange={(groups) => setState({ groups })} />
        </FormField>
        <div className="insights-editor">
          <QueryBox
            label="Query"
            value={draft}
            onChange={setDraft}
            onRun={() => submit(draft)}
            language={insightsLanguage}
            completions={completions}
            errors={errors}
            minLines={5}
          />
        </div>
        <SpaceBetween direction="horizontal" size="xs" alignItems="center">
          <Button
            variant="primary"
            disabled={state.groups.length === 0}
            loading={result.isFetching}
            onClick={() => submit(draft)}
          >
            Run query
          </Button>
          {result.isFetching && <Button onClick={result.cancel}>Cancel</Button>}
          <SavedQueries
            samples={SAMPLES}
            onPick={(query, groups) => {
              setDraft(query);
              setState({ q: query, ...(groups.length > 0 ? { groups } : {}) });
              if (state.groups.length > 0 || groups.length > 0) setRun(run + 1);
            }}
          />
          <SaveQuery query={draft} groups={state.groups} />
          <CopyAs service="logs" operation="StartQuery" input={startInput} />
          <span className="log-count">Ctrl+Enter runs</span>
        </SpaceBetween>
        {error && !malformed && <Failed error={error} retry={() => setRun(run + 1)} />}
        {!enabled && <NotYet groups={state.groups} />}
        {enabled && (
          <div className="insights">
            <FieldsPanel
              fields={fields}
              note={server.note}
              rows={rows ?? []}
              onAdd={(name) => submit(withField(draft, name))}
              onFilter={(name, value, exclude) => submit(withFilter(draft, name, value, exclude))}
            />
            <div className="insights-main">
              {counts.data && <Histogram rows={counts.data.rows} bin={bin} />}
              {result.data && (
                <>
                  <Statistics
                    answered={result.data}
                    running={result.isFetching ? runningText(result.progress) : ""}
                  />
                  <InsightsResults
                    answered={result.data}
                    view={state.view}
                    groups={state.groups}
                    onView={(view) => setState({ view })}
                    onAdd={(name) => submit(withField(draft, name))}
                    onFilter={(name, value, exclude) => submit(withFilter(draft, name, value, exclude))}
                  />
                </>
              )}
              {!result.data && result.isFetching && <Loading text={runningText(result.progress)} />}
              {!result.data && !result.isFetching && !error && (
                <Empty
                  title="The query was cancelled"
                  action={<Button onClick={() => setRun(run + 1)}>Run it again</Button>}
                />
              )}
            </div>
          </div>
        )}
      </SpaceBetween>
    </Page>
  );
}

/** One completion source for the editor's life, with the newest fields in it. */
function useCompletions(catalogue: Catalogue | undefined, fields: FieldShare[]) {
  const known = useRef({ catalogue, fields });
  useEffect(() => {
    known.current = { catalogue, fields };
  }, [catalogue, fields]);
  return useMemo(() => insightsCompletion(() => known.current), []);
}

function NotYet({ groups }: { groups: string[] }) {
  if (groups.length > 0) return <Empty title="Run the query to see its results" />;
  return (
    <Empty title="Choose log groups to ask">
      The query runs over all of them, in the time range above. Fields of JSON lines are found by their names.
    </Empty>
  );
}

function Histogram({ rows, bin }: { rows: Record<string, string>[]; bin: number }) {
  const series = useMemo(
    () => [
      {
        id: "matched",
        label: "Events",
        t: rows.map((row) => insightsTime(row.t) ?? 0),
        v: rows.map((row) => Number(row.matched ?? 0)),
      },
    ],
    [rows],
  );
  if (rows.length === 0) return null;
  return (
    <LaterChart
      title={`Matching events per ${bin < 60 ? `${bin} s` : `${bin / 60} min`}; drag to zoom`}
      kind="bar"
      height={120}
      legend={false}
      series={series}
    />
  );
}

function runningText({ recordsScanned, bytesScanned }: QueryStatistics): string {
  if (!recordsScanned) return "Running";
  return `Running: ${formatNumber(recordsScanned)} events read so far, ${formatBytes(bytesScanned ?? 0)}`;
}

function Statistics({
  answered,
  running,
}: {
  answered: {
    statistics: QueryStatistics;
    rows: unknown[];
    tookMs: number;
  };
  running: string;
}) {
  const { recordsMatched = 0, recordsScanned = 0, bytesScanned = 0 } = answered.statistics;
  return (
    <div role="status" className="log-count">
      {running && `${running}; the last results stand below. `}
      {formatNumber(answered.rows.length)} results · {formatNumber(recordsMatched)} of{" "}
      {formatNumber(recordsScanned)} events matched · {formatBytes(bytesScanned)} scanned ·{" "}
      {(answered.tookMs / 1000).toFixed(2)} s
    </div>
  );
}
