/** Advanced queries: SQL over the current configuration of everything recorded. */
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useEffect, useMemo, useState } from "react";
import { ApiError } from "../../api/errors";
import { usePages } from "../../app/queries";
import { useUrlState } from "../../app/url";
import { shown } from "../../lib/diff";
import { queryErrorAt, selectRows } from "../../lib/items";
import { text } from "../../lib/url";
import { CopyAs } from "../../ui/CopyAs";
import { Download } from "../../ui/Download";
import { ListTable } from "../../ui/ListTable";
import { Page } from "../../ui/Page";
import { Empty, Failed } from "../../ui/PageStates";
import { QueryBox } from "../../ui/QueryBox";
import { ResourceLink } from "../../ui/ResourceLink";
import { useResourceTypes } from "./catalogue";
import { configCompletion, configSql } from "./configSql";

const SAMPLES: [string, string][] = [
  ["All resources", "SELECT resourceId, resourceName, resourceType, configurationItemCaptureTime"],
  ["How many of each type", "SELECT resourceType, COUNT(*) GROUP BY resourceType ORDER BY COUNT(*) DESC"],
  [
    "Buckets and their encryption",
    "SELECT resourceId, supplementaryConfiguration.ServerSideEncryptionConfiguration\nWHERE resourceType = 'AWS::S3::Bucket'",
  ],
  ["By a tag", "SELECT resourceId, resourceType, tags\nWHERE tags.key = 'team'"],
];
const SHAPE = { sql: text(SAMPLES[0]?.[1]) };

interface Result {
  columns: string[];
  rows: Record<string, unknown>[];
}

export default function QueriesPage() {
  const [state, setState] = useUrlState(SHAPE);
  const [draft, setDraft] = useState(state.sql);
  const [asked, setAsked] = useState(0);
  useEffect(() => setDraft(state.sql), [state.sql]);
  const types = useResourceTypes();
  const completions = useMemo(() => configCompletion(types ?? []), [types]);
  const result = usePages(
    "config",
    "SelectResourceConfig",
    { Expression: state.sql, Limit: 100 },
    (page) => [
      {
        results: page.Results ?? [],
        columns: page.QueryInfo?.SelectFields?.map((field) => field.Name ?? "") ?? [],
      },
    ],
    { enabled: state.sql.trim() !== "", upTo: 1 },
  );
  const found = useMemo<Result>(() => {
    const columns = result.items[0]?.columns ?? [];
    return { columns, rows: result.items.flatMap((page) => selectRows(page.results, columns)) };
  }, [result.items]);
  const { error } = result;
  const malformed = error instanceof ApiError && error.code === "InvalidExpressionException";
  const errors = useMemo(
    () => (malformed && draft === state.sql ? [queryErrorAt(error.message, state.sql)] : []),
    [malformed, error, draft, state.sql],
  );
  const run = (sql: string) => {
    setDraft(sql);
    if (sql === state.sql) result.refetch();
    else setState({ sql });
    setAsked(asked + 1);
  };
  return (
    <Page title="Advanced queries" description="SQL over the current configuration of everything recorded">
      <SpaceBetween size="m">
        <div>
          <QueryBox
            key={types?.length ?? 0}
            label="Query"
            value={draft}
            onChange={setDraft}
            onRun={() => run(draft)}
            language={configSql}
            completions={completions}
            errors={errors}
            minLines={4}
          />
        </div>
        <SpaceBetween direction="horizontal" size="xs" alignItems="center">
          <Button variant="primary" loading={result.isFetching} onClick={() => run(draft)}>
            Run query
          </Button>
          <ButtonDropdown
            items={SAMPLES.map(([label], index) => ({ id: String(index), text: label }))}
            onItemClick={({ detail }) => run(SAMPLES[Number(detail.id)]?.[1] ?? "")}
          >
            Examples
          </ButtonDropdown>
          <CopyAs service="config" operation="SelectResourceConfig" input={{ Expression: draft }} />
          <Download
            name="resources"
            columns={found.columns}
            rows={() => found.rows}
            disabled={found.rows.length === 0}
          />
          <span className="log-count">Ctrl+Enter runs</span>
        </SpaceBetween>
        {error && !malformed && <Failed error={error} retry={result.refetch} />}
        {!error && (
          <Rows found={found} loading={result.isPending} more={result.hasMore ? result.more : undefined} />
        )}
      </SpaceBetween>
    </Page>
  );
}

function Rows({ found, loading, more }: { found: Result; loading: boolean; more: (() => void) | undefined }) {
  const items = useMemo(() => found.rows.map((row, index) => ({ row, index })), [found.rows]);
  type Item = (typeof items)[number];
  return (
    <ListTable<Item>
      title="Results"
      items={items}
      keyOf={({ index }) => String(index)}
      loading={loading}
      more={more}
      columns={found.columns.map((column) => ({
        id: column,
        header: column,
        value: ({ row }: Item) =>
          typeof row[column] === "number" ? (row[column] as number) : shown(row[column]),
        cell: ({ row }: Item) => <Cell column={column} row={row} />,
      }))}
      empty={<Empty title="No resource matches">Only recorded resources are asked, as they are now.</Empty>}
    />
  );
}

function Cell({ column, row }: { column: string; row: Record<string, unknown> }) {
  const value = shown(row[column] ?? undefined);
  if (column === "resourceId" && typeof row.resourceType === "string")
    return <ResourceLink type={row.resourceType} id={value} />;
  return <span className={value.length > 40 ? "mono breaks" : undefined}>{value || "–"}</span>;
}
