/** Event history: who did what, when; many filters at once, counts of values, and where they lie in time. */
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import { useMemo, useState } from "react";
import { useGlobals } from "../../app/globals";
import { DetailPanel } from "../../app/splitPanel";
import { useUrlState } from "../../app/url";
import { CHANGES_ONLY, exported, type Found, isFilters, withEventFilter } from "../../lib/events";
import { binSeconds } from "../../lib/insights";
import { flag, json, list, oneOf, text } from "../../lib/url";
import { Download } from "../../ui/Download";
import { Page } from "../../ui/Page";
import { Failed } from "../../ui/PageStates";
import { TimeSeriesChart } from "../../ui/TimeSeriesChart";
import { CompareEvents } from "./CompareEvents";
import { EventDetail } from "./EventDetail";
import { EventFilterBar } from "./EventFilterBar";
import { EventsTable } from "./EventsTable";
import { FacetsPanel } from "./FacetsPanel";
import { useEvents } from "./useEvents";

const FACETS = ["eventName", "username", "eventSource", "errorCode", "resourceType", "readOnly"];
const SHAPE = {
  f: json([CHANGES_ONLY], isFilters),
  join: oneOf(["and", "or"], "and"),
  text: text(),
  all: flag(),
  /** The event that is open. */
  e: text(),
  compare: list(),
};

export default function EventsPage() {
  const [state, setState] = useUrlState(SHAPE);
  const { interval } = useGlobals();
  const [selected, setSelected] = useState<Found[]>([]);
  const range = { from: Math.floor(interval.from), to: Math.ceil(interval.to) };
  const found = useEvents({
    ...range,
    filters: state.f,
    join: state.join,
    text: state.text,
    facets: FACETS,
    limit: 50,
    allRegions: state.all,
  });
  const open = found.events.find((event) => event.eventId === state.e);
  const add = (field: string, op: "=" | "!=", value: string) =>
    setState({ f: withEventFilter(state.f, { field, op, value }) });
  return (
    <Page
      title="Event history"
      description="Every call to this account: who, what, when, from where"
      timed
      actions={
        <Download
          name="events"
          columns={Object.keys(exported({ touched: [] } as unknown as Found))}
          rows={() => found.events.map(exported)}
          disabled={found.events.length === 0}
        />
      }
    >
      <SpaceBetween size="s">
        <EventFilterBar
          filters={state.f}
          text={state.text}
          join={state.join}
          total={found.total}
          facets={found.facets}
          onChange={(change) => setState(change)}
        />
        {found.error && <Failed error={found.error} retry={found.refetch} doing="The search failed" />}
        {state.f.some((each) => each.field === "readOnly" && each.value === "false" && each.op === "=") || (
          <ReadsShown onHide={() => add("readOnly", "=", "false")} />
        )}
        <div className="insights">
          <FacetsPanel facets={found.facets} filters={state.f} onAdd={add} />
          <div className="insights-main">
            <SpaceBetween size="s">
              <Histogram counts={found.histogram} />
              <EventsTable
                found={found}
                filtered={state.f.length > 0 || state.text !== ""}
                openId={state.e}
                onOpen={(id) => setState({ e: id })}
                onClear={() => setState({ f: [], text: "" })}
                selected={selected}
                onSelect={setSelected}
                actions={
                  <>
                    <Toggle checked={state.all} onChange={({ detail }) => setState({ all: detail.checked })}>
                      All Regions
                    </Toggle>
                    <Button
                      disabled={selected.length !== 2}
                      onClick={() => setState({ compare: selected.map((event) => event.eventId) })}
                    >
                      Compare {selected.length === 2 ? "both" : "two"}
                    </Button>
                  </>
                }
              />
            </SpaceBetween>
          </div>
        </div>
      </SpaceBetween>
      {open && (
        <DetailPanel header={open.eventName} onClose={() => setState({ e: "" })}>
          <EventDetail event={open} />
        </DetailPanel>
      )}
      {state.compare.length === 2 && (
        <CompareEvents ids={state.compare} onClose={() => setState({ compare: [] })} />
      )}
    </Page>
  );
}

function ReadsShown({ onHide }: { onHide: () => void }) {
  return (
    <Alert type="info" action={<Button onClick={onHide}>Changes only</Button>}>
      Calls that only read are shown too.
    </Alert>
  );
}

function Histogram({ counts }: { counts: { t: number; count: number }[] }) {
  const { interval } = useGlobals();
  const seconds = binSeconds(interval.from, interval.to);
  const series = useMemo(
    () => [
      { id: "events", label: "Events", t: counts.map(({ t }) => t), v: counts.map(({ count }) => count) },
    ],
    [counts],
  );
  if (counts.length === 0) return null;
  return (
    <TimeSeriesChart
      title={`Events, about ${seconds < 60 ? `${seconds} s` : `${seconds / 60} min`} a bar; drag to zoom`}
      kind="bar"
      height={110}
      legend={false}
      series={series}
    />
  );
}
