/** What changed: the changed properties first, both states side by side on demand. */
import Box from "@cloudscape-design/components/box";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Table from "@cloudscape-design/components/table";
import { lazy, Suspense, useMemo, useState } from "react";
import { type Change, changes, shown, stableJson } from "../lib/diff";
import { Loading } from "./PageStates";
import { StateBadge } from "./StateBadge";

const MergeView = lazy(() => import("./MergeView"));

const KINDS: Record<Change["changeType"], string> = { CREATE: "Added", UPDATE: "Changed", DELETE: "Removed" };

export function JsonDiff({
  before,
  after,
  open = false,
}: {
  before: unknown;
  after: unknown;
  open?: boolean;
}) {
  const found = useMemo(() => changes(before, after), [before, after]);
  const [expanded, setExpanded] = useState(open);
  return (
    <>
      <ChangesTable changes={found} />
      <ExpandableSection
        headerText="Both states as JSON"
        expanded={expanded}
        onChange={({ detail }) => setExpanded(detail.expanded)}
      >
        {expanded && (
          <Suspense fallback={<Loading />}>
            <MergeView before={stableJson(before)} after={stableJson(after)} />
          </Suspense>
        )}
      </ExpandableSection>
    </>
  );
}

/** The table alone, for changes that came from the server. */
export function ChangesTable({ changes: rows, total }: { changes: Change[]; total?: number }) {
  return (
    <Table
      variant="borderless"
      contentDensity="compact"
      wrapLines
      items={rows}
      trackBy={(change) => `${change.changeType} ${change.path}`}
      ariaLabels={{ tableLabel: "Changed properties" }}
      columnDefinitions={[
        {
          id: "path",
          header: "Property",
          cell: (c) => <span className="mono">{c.path || "(all)"}</span>,
          isRowHeader: true,
          minWidth: 380,
        },
        { id: "kind", header: "Change", cell: (c) => <StateBadge state={KINDS[c.changeType]} />, width: 120 },
        { id: "from", header: "From", cell: (c) => <Value value={c.from} />, minWidth: 200 },
        { id: "to", header: "To", cell: (c) => <Value value={c.to} />, minWidth: 200 },
      ]}
      footer={
        total && total > rows.length ? (
          <Box color="text-body-secondary">{total - rows.length} more changes are not shown here.</Box>
        ) : undefined
      }
      empty="Nothing differs."
    />
  );
}

const LONG = 300;

function Value({ value }: { value: unknown }) {
  const text = shown(value);
  if (text === "") return <>–</>;
  return (
    <span className="mono breaks" title={text.length > LONG ? text : undefined}>
      {text.length > LONG ? `${text.slice(0, LONG)}…` : text}
    </span>
  );
}
