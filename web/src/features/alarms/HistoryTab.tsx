/** What happened to an alarm: its states, its actions and their results, and how its configuration changed. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import type { AlarmHistoryItem, HistoryItemType } from "../../api/gen/cloudwatch";
import { useFormatTime } from "../../app/globals";
import { DetailPanel } from "../../app/splitPanel";
import { useHref } from "../../app/url";
import { changeOf, historyData } from "../../lib/alarm";
import { around } from "../../lib/time";
import { Snippet } from "../../ui/CopyAs";
import { JsonDiff } from "../../ui/JsonDiff";
import { Empty, Failed } from "../../ui/PageStates";
import { StateBadge } from "../../ui/StateBadge";
import { useHistory } from "./queries";

const KINDS: { id: string; text: string; type?: HistoryItemType }[] = [
  { id: "all", text: "All" },
  { id: "StateUpdate", text: "States", type: "StateUpdate" },
  { id: "Action", text: "Actions", type: "Action" },
  { id: "ConfigurationUpdate", text: "Configuration", type: "ConfigurationUpdate" },
];

export function HistoryTab({ name }: { name: string }) {
  const [kind, setKind] = useState("all");
  const [selected, setSelected] = useState<AlarmHistoryItem>();
  const formatTime = useFormatTime();
  const type = KINDS.find((one) => one.id === kind)?.type;
  const history = useHistory(name, type ? { HistoryItemType: type } : {}, 100);
  return (
    <>
      <Table
        variant="borderless"
        contentDensity="compact"
        wrapLines
        loading={history.isPending}
        loadingText="Loading history"
        items={history.items}
        ariaLabels={{ tableLabel: "History" }}
        filter={
          <SegmentedControl
            label="Kind"
            selectedId={kind}
            options={KINDS}
            onChange={({ detail }) => setKind(detail.selectedId)}
          />
        }
        columnDefinitions={[
          {
            id: "time",
            header: "Time",
            width: 180,
            isRowHeader: true,
            cell: (item) => formatTime((item.Timestamp ?? 0) * 1000),
          },
          { id: "kind", header: "Kind", width: 130, cell: (item) => kindText(item) },
          { id: "what", header: "What happened", cell: (item) => <What item={item} /> },
          {
            id: "more",
            header: "More",
            width: 110,
            cell: (item) => (
              <Button
                variant="inline-link"
                ariaLabel={`Show ${item.HistorySummary}`}
                onClick={() => setSelected(item)}
              >
                Show
              </Button>
            ),
          },
        ]}
        empty={<Empty title="Nothing happened yet" />}
        footer={
          history.hasMore && (
            <Box textAlign="center">
              <Button loading={history.isFetching} onClick={history.more}>
                Earlier
              </Button>
            </Box>
          )
        }
      />
      {history.error && <Failed error={history.error} retry={history.refetch} />}
      {selected && (
        <DetailPanel header={selected.HistorySummary ?? "History"} onClose={() => setSelected(undefined)}>
          <Item name={name} item={selected} />
        </DetailPanel>
      )}
    </>
  );
}

function kindText(item: AlarmHistoryItem): string {
  return KINDS.find((one) => one.type === item.HistoryItemType)?.text ?? item.HistoryItemType ?? "";
}

function What({ item }: { item: AlarmHistoryItem }) {
  const change = item.HistoryItemType === "StateUpdate" ? changeOf(item) : undefined;
  if (!change) return <>{item.HistorySummary}</>;
  return (
    <SpaceBetween size="xxs">
      <SpaceBetween direction="horizontal" size="xs">
        <StateBadge state={change.from} />
        <span aria-hidden="true">→</span>
        <StateBadge state={change.to} />
      </SpaceBetween>
      <Box variant="small">{change.reason}</Box>
    </SpaceBetween>
  );
}

function Item({ name, item }: { name: string; item: AlarmHistoryItem }) {
  const href = useHref();
  const data = historyData(item);
  const range = around((item.Timestamp ?? 0) * 1000, 30);
  const { updatedAlarm, previousAlarm } = data;
  return (
    <SpaceBetween size="s">
      {item.HistoryItemType === "StateUpdate" && (
        <Button iconName="zoom-in" href={href("/incident", { alarm: name, ...range })}>
          Investigate around this
        </Button>
      )}
      {updatedAlarm && previousAlarm ? (
        <JsonDiff before={previousAlarm} after={updatedAlarm} />
      ) : (
        <Snippet text={JSON.stringify(data, null, 2)} />
      )}
    </SpaceBetween>
  );
}
