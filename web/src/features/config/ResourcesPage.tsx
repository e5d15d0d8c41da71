/** Resources the recorder knows: what they are, how they are judged; deleted ones too, when asked for. */
import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import Select from "@cloudscape-design/components/select";
import Toggle from "@cloudscape-design/components/toggle";
import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { aws } from "../../api/client";
import type { ComplianceByResource, ResourceIdentifier } from "../../api/gen/config";
import { awsKey } from "../../api/keys";
import { useFormatTime, useGlobals } from "../../app/globals";
import { useAws, usePages } from "../../app/queries";
import { useHref, useUrlState } from "../../app/url";
import { flag, oneOf, segment, text } from "../../lib/url";
import { ListTable } from "../../ui/ListTable";
import { Page } from "../../ui/Page";
import { Empty } from "../../ui/PageStates";
import { shortType } from "../../ui/ResourceLink";
import { StateBadge } from "../../ui/StateBadge";
import { useResourceTypes } from "./catalogue";
import { RecorderHint, StartRecording } from "./RecorderHint";

const STATES = ["", "NON_COMPLIANT", "COMPLIANT", "NONE"] as const;
const SHAPE = { type: text(), state: oneOf(STATES, ""), deleted: flag() };
const STATE_OPTIONS = [
  { value: "", label: "Any compliance" },
  { value: "NON_COMPLIANT", label: "Non-compliant" },
  { value: "COMPLIANT", label: "Compliant" },
  { value: "NONE", label: "Not judged" },
];

type Row = ResourceIdentifier & { compliance: string };

export default function ResourcesPage() {
  const href = useHref();
  const formatTime = useFormatTime();
  const [state, setState] = useUrlState(SHAPE);
  const counts = usePages("config", "GetDiscoveredResourceCounts", {}, (page) => page.resourceCounts, {
    token: "nextToken",
    upTo: 1000,
  });
  const known = useKnownTypes(state.deleted);
  const types = state.type ? [state.type] : known;
  const listed = useResources(types, state.deleted);
  const verdicts = usePages(
    "config",
    "DescribeComplianceByResource",
    {},
    (page) => page.ComplianceByResources,
    { upTo: 1000 },
  );
  const rows = useRows(listed.items, verdicts.items, state.state);
  const total = counts.items.reduce((sum, each) => sum + (each.count ?? 0), 0);
  const typeOptions = [
    { value: "", label: `All types (${total})` },
    ...counts.items.map(({ resourceType = "", count }) => ({
      value: resourceType,
      label: `${shortType(resourceType)} (${count})`,
    })),
    ...(state.type && counts.items.every((each) => each.resourceType !== state.type)
      ? [{ value: state.type, label: shortType(state.type) }]
      : []),
  ];
  return (
    <Page title="Resources" description="What there is, as the configuration recorder sees it">
      <ListTable<Row>
        title="Resources"
        items={rows}
        keyOf={(row) => `${row.resourceType}/${row.resourceId}`}
        loading={listed.isPending}
        error={listed.error ?? verdicts.error}
        retry={listed.refetch}
        actions={<Button href={href("/queries")}>Advanced query</Button>}
        filters={
          <>
            <Select
              ariaLabel="Resource type"
              options={typeOptions}
              selectedOption={typeOptions.find((option) => option.value === state.type) ?? null}
              onChange={({ detail }) => setState({ type: detail.selectedOption.value ?? "" })}
              filteringType="auto"
              expandToViewport
            />
            <Select
              ariaLabel="Compliance"
              options={STATE_OPTIONS}
              selectedOption={STATE_OPTIONS.find((option) => option.value === state.state) ?? null}
              onChange={({ detail }) =>
                setState({ state: detail.selectedOption.value as typeof state.state })
              }
            />
            <Toggle checked={state.deleted} onChange={({ detail }) => setState({ deleted: detail.checked })}>
              Deleted too
            </Toggle>
          </>
        }
        columns={[
          {
            id: "id",
            header: "Resource",
            value: (row) => `${row.resourceName ?? ""} ${row.resourceId ?? ""}`,
            cell: (row) => (
              <Link
                href={href(`/resources/${segment(row.resourceType ?? "")}/${segment(row.resourceId ?? "")}`)}
              >
                {row.resourceName || row.resourceId}
              </Link>
            ),
          },
          {
            id: "type",
            header: "Type",
            value: (row) => row.resourceType,
            cell: (row) => <span title={row.resourceType}>{shortType(row.resourceType ?? "")}</span>,
          },
          {
            id: "compliance",
            header: "Compliance",
            value: (row) => row.compliance,
            cell: (row) => (row.compliance ? <StateBadge state={row.compliance} /> : "Not judged"),
          },
          {
            id: "state",
            header: "State",
            value: (row) => row.resourceDeletionTime ?? 0,
            cell: (row) =>
              row.resourceDeletionTime ? `Deleted ${formatTime(row.resourceDeletionTime * 1000)}` : "Present",
          },
        ]}
        empty={
          state.state || state.type ? (
            <Empty
              title="No such resources"
              action={<Button onClick={() => setState({ state: "", type: "" })}>Show all</Button>}
            />
          ) : (
            <Empty title="No resources are recorded in this Region">
              <StartRecording />
            </Empty>
          )
        }
      />
      <RecorderHint />
    </Page>
  );
}

/** Types there are resources of; with deleted ones, every type the server can record. */
function useKnownTypes(deleted: boolean): string[] | undefined {
  const counts = useAws("config", "GetDiscoveredResourceCounts", { limit: 100 });
  const catalogue = useResourceTypes(deleted);
  const present = useMemo(
    () => counts.data?.resourceCounts?.map((each) => each.resourceType ?? ""),
    [counts.data],
  );
  return deleted ? (catalogue ?? present) : present;
}

function useResources(types: string[] | undefined, includeDeletedResources: boolean) {
  const { region } = useGlobals();
  return useQueries({
    queries: (types ?? []).map((resourceType) => ({
      queryKey: awsKey("config", "ListDiscoveredResources", region, {
        resourceType,
        includeDeletedResources,
      }),
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        allOf(resourceType as never, includeDeletedResources, region, signal),
    })),
    combine: (found) => ({
      items: found.flatMap((each) => each.data ?? []),
      isPending: types === undefined || found.some((each) => each.isPending),
      error: found.find((each) => each.error)?.error ?? null,
      refetch: () => {
        for (const each of found) void each.refetch();
      },
    }),
  });
}

const MOST = 1000;

async function allOf(
  resourceType: never,
  includeDeletedResources: boolean,
  region: string,
  signal: AbortSignal,
): Promise<ResourceIdentifier[]> {
  const items: ResourceIdentifier[] = [];
  let token: string | undefined;
  do {
    const page = await aws(
      "config",
      "ListDiscoveredResources",
      { resourceType, includeDeletedResources, limit: 100, ...(token ? { nextToken: token } : {}) },
      { region, signal },
    );
    items.push(...(page.resourceIdentifiers ?? []));
    token = page.nextToken;
  } while (token && items.length < MOST);
  return items;
}

function useRows(resources: ResourceIdentifier[], verdicts: ComplianceByResource[], state: string): Row[] {
  return useMemo(() => {
    const known = new Map(
      verdicts.map((each) => [
        `${each.ResourceType}/${each.ResourceId}`,
        each.Compliance?.ComplianceType ?? "",
      ]),
    );
    const rows = resources.map((each) => ({
      ...each,
      compliance: known.get(`${each.resourceType}/${each.resourceId}`) ?? "",
    }));
    const judged = (row: Row) => row.compliance === "COMPLIANT" || row.compliance === "NON_COMPLIANT";
    if (state === "") return rows;
    return rows.filter((row) => (state === "NONE" ? !judged(row) : row.compliance === state));
  }, [resources, verdicts, state]);
}
