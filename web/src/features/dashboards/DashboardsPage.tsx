/** All dashboards: found, made, copied, deleted. */
import { useCollection } from "@cloudscape-design/collection-hooks";
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Link from "@cloudscape-design/components/link";
import Modal from "@cloudscape-design/components/modal";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { type ReactNode, useMemo, useState } from "react";
import type { DashboardEntry } from "../../api/gen/cloudwatch";
import { useFormatTime } from "../../app/globals";
import { useAws, useAwsChange, usePages } from "../../app/queries";
import { useGo, useHref, useUrlState } from "../../app/url";
import { formatBytes, plural } from "../../lib/format";
import { segment, text } from "../../lib/url";
import { CopyAs } from "../../ui/CopyAs";
import { Page } from "../../ui/Page";
import { Empty, Failed } from "../../ui/PageStates";
import { DASHBOARD_NAME } from "../metrics/AddToDashboard";

const SHAPE = { q: text() };
const ROWS = 50;

export default function DashboardsPage() {
  const [state, setState] = useUrlState(SHAPE);
  const [doing, setDoing] = useState<"create" | "copy" | "delete">();
  const dashboards = usePages("cloudwatch", "ListDashboards", {}, (page) => page.DashboardEntries, {
    upTo: 5000,
  });
  const found = useMemo(
    () =>
      dashboards.items.filter((one) =>
        (one.DashboardName ?? "").toLowerCase().includes(state.q.toLowerCase()),
      ),
    [dashboards.items, state.q],
  );
  const collection = useCollection(found, {
    pagination: { pageSize: ROWS },
    sorting: {},
    selection: { keepSelection: true, trackBy: "DashboardName" },
  });
  const selected = (collection.collectionProps.selectedItems ?? []).map((one) => one.DashboardName ?? "");
  const close = () => setDoing(undefined);
  const [first] = selected;
  return (
    <Page
      title="Dashboards"
      counter={dashboards.isPending ? "" : `(${dashboards.items.length})`}
      description="Graphs, numbers, texts, log queries and alarms side by side"
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button disabled={selected.length !== 1} onClick={() => setDoing("copy")}>
            Copy
          </Button>
          <Button disabled={selected.length === 0} onClick={() => setDoing("delete")}>
            Delete
          </Button>
          <Button variant="primary" onClick={() => setDoing("create")}>
            Create dashboard
          </Button>
        </SpaceBetween>
      }
    >
      <SpaceBetween size="m">
        {dashboards.error && <Failed error={dashboards.error} retry={dashboards.refetch} />}
        <Listing
          collection={collection}
          loading={dashboards.isPending}
          filter={
            <TextFilter
              filteringText={state.q}
              filteringPlaceholder="Find dashboards"
              filteringAriaLabel="Find dashboards"
              countText={state.q ? plural(found.length, "match", "matches") : ""}
              onChange={({ detail }) => setState({ q: detail.filteringText }, { replace: true })}
            />
          }
          empty={
            state.q ? (
              <Empty title="No dashboard matches" />
            ) : (
              <Empty
                title="No dashboards yet"
                action={<Button onClick={() => setDoing("create")}>Create dashboard</Button>}
              >
                A dashboard keeps what you look at together. Bodies of CloudWatch dashboards fit as they are.
              </Empty>
            )
          }
        />
      </SpaceBetween>
      {doing === "create" && <CreateModal onClose={close} />}
      {doing === "copy" && first && <CreateModal from={first} onClose={close} />}
      {doing === "delete" && (
        <DeleteModal
          names={selected}
          onClose={() => {
            close();
            collection.actions.setSelectedItems([]);
          }}
        />
      )}
    </Page>
  );
}

function Listing(props: {
  collection: ReturnType<typeof useCollection<DashboardEntry>>;
  loading: boolean;
  filter: ReactNode;
  empty: ReactNode;
}) {
  const { collection } = props;
  const href = useHref();
  const formatTime = useFormatTime();
  return (
    <Table
      {...collection.collectionProps}
      items={collection.items}
      selectionType="multi"
      trackBy="DashboardName"
      loading={props.loading}
      loadingText="Loading dashboards"
      filter={props.filter}
      pagination={
        collection.paginationProps.pagesCount > 1 ? <Pagination {...collection.paginationProps} /> : undefined
      }
      ariaLabels={{
        tableLabel: "Dashboards",
        selectionGroupLabel: "Dashboards to act on",
        allItemsSelectionLabel: () => "All dashboards",
        itemSelectionLabel: (_, one) => one.DashboardName ?? "",
      }}
      columnDefinitions={[
        {
          id: "name",
          header: "Name",
          sortingField: "DashboardName",
          isRowHeader: true,
          cell: ({ DashboardName = "" }) => (
            <Link href={href(`/dashboards/${segment(DashboardName)}`)}>{DashboardName}</Link>
          ),
        },
        {
          id: "modified",
          header: "Last modified",
          sortingField: "LastModified",
          cell: (one) => (one.LastModified ? formatTime(one.LastModified * 1000) : "–"),
        },
        {
          id: "size",
          header: "Size",
          sortingField: "Size",
          cell: (one) => formatBytes(one.Size ?? 0),
        },
      ]}
      empty={props.empty}
    />
  );
}

/** A new dashboard, empty or with what another one has. */
function CreateModal({ from, onClose }: { from?: string; onClose: () => void }) {
  const [name, setName] = useState(from ? `${from}-copy` : "");
  const href = useHref();
  const go = useGo();
  const source = useAws(
    "cloudwatch",
    "GetDashboard",
    { DashboardName: from ?? "" },
    { enabled: Boolean(from) },
  );
  const put = useAwsChange("cloudwatch", "PutDashboard", {
    done: `Dashboard ${name} is created.`,
    onSuccess: () => go(href(`/dashboards/${segment(name)}`, { edit: "1" })),
  });
  const body = from ? source.data?.DashboardBody : '{"widgets": []}';
  const valid = DASHBOARD_NAME.test(name);
  const input = { DashboardName: name, DashboardBody: body ?? "" };
  return (
    <Modal
      visible
      header={from ? `Copy ${from}` : "Create dashboard"}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            {valid && <CopyAs service="cloudwatch" operation="PutDashboard" input={input} />}
            <Button variant="link" onClick={onClose}>
              Cancel
            </Button>
            <Button
              variant="primary"
              disabled={!valid || body === undefined}
              loading={put.isPending}
              onClick={() => put.mutate(input)}
            >
              Create
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="s">
        <FormField
          label="Name"
          constraintText="Letters, digits, dashes and underscores; a dashboard of this name is replaced"
          errorText={name && !valid ? "Other characters are not possible." : undefined}
        >
          <Input value={name} onChange={({ detail }) => setName(detail.value)} />
        </FormField>
        {source.error && <Failed error={source.error} />}
      </SpaceBetween>
    </Modal>
  );
}

function DeleteModal({ names, onClose }: { names: string[]; onClose: () => void }) {
  const change = useAwsChange("cloudwatch", "DeleteDashboards", {
    done: `${plural(names.length, "dashboard")} deleted.`,
    onSuccess: onClose,
  });
  const input = { DashboardNames: names };
  return (
    <Modal
      visible
      header={`Delete ${names.length === 1 ? names[0] : plural(names.length, "dashboard")}`}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <CopyAs service="cloudwatch" operation="DeleteDashboards" input={input} />
            <Button variant="link" onClick={onClose}>
              Cancel
            </Button>
            <Button variant="primary" loading={change.isPending} onClick={() => change.mutate(input)}>
              Delete
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="s">
        <Alert type="warning">A deleted dashboard cannot be brought back.</Alert>
        {names.length > 1 && <Box>{names.join(", ")}</Box>}
      </SpaceBetween>
    </Modal>
  );
}
