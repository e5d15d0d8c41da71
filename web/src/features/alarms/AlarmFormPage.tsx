/** A new alarm, or one that is there: of a metric, or of other alarms. */
import { lazy, Suspense } from "react";
import { useHref, usePathParams, useUrlState } from "../../app/url";
import { type AnyAlarm, draftOf, EMPTY_DRAFT, isComposite, periodOf, watchedQuery } from "../../lib/alarm";
import { anyOf, compositeDraftOf, EMPTY_COMPOSITE } from "../../lib/composite";
import { type Graph, graphOfQueries } from "../../lib/graph";
import { flag, list, segment, text } from "../../lib/url";
import { Page } from "../../ui/Page";
import { Empty, Failed, Loading } from "../../ui/PageStates";
import { graphParam } from "../metrics/state";
import type { Form } from "./form";
import { useNamedAlarms } from "./queries";

const AlarmForm = lazy(() => import("./AlarmForm"));
const CompositeForm = lazy(() => import("./CompositeForm"));

/** `g`, `watch`: a graph to begin with; `copy`: an alarm; `composite`: of the alarms in `of`. */
const SHAPE = { g: graphParam, watch: text(), copy: text(), name: text(), composite: flag(), of: list() };

export default function AlarmFormPage() {
  const { name = "" } = usePathParams<"name">();
  const [state] = useUrlState(SHAPE);
  const source = name || state.copy;
  const { query, alarms } = useNamedAlarms(source ? [source] : []);
  const href = useHref();
  const alarm = alarms?.[0];
  const trail = [
    { text: "Alarms", href: href("/alarms") },
    ...(name ? [{ text: name, href: href(`/alarms/${segment(name)}`) }] : []),
  ];
  return (
    <Page title={name ? `Edit ${name}` : "Create alarm"} trail={trail} timed>
      {query.error && <Failed error={query.error} retry={() => void query.refetch()} />}
      {source && query.isPending && <Loading />}
      {alarms && !alarm && <Empty title={`There is no alarm ${source} in this region`} />}
      <Suspense fallback={<Loading />}>
        {alarm && <FormOf key={source} alarm={alarm} editing={name} />}
        {!source && state.composite && (
          <CompositeForm initial={{ ...EMPTY_COMPOSITE, rule: anyOf(state.of) }} editing="" />
        )}
        {!source && !state.composite && (
          <AlarmForm initial={fromGraph(state.g, state.watch, state.name)} editing="" />
        )}
      </Suspense>
    </Page>
  );
}

function FormOf({ alarm, editing }: { alarm: AnyAlarm; editing: string }) {
  if (!isComposite(alarm)) return <AlarmForm initial={fromAlarm(alarm, editing !== "")} editing={editing} />;
  return <CompositeForm initial={named(compositeDraftOf(alarm), editing !== "")} editing={editing} />;
}

function fromGraph(graph: Graph, watch: string, name: string): Form {
  const shown = graph.series.filter((one) => !one.hidden);
  const watched = graph.series.find((one) => one.id === watch) ?? shown[0];
  const period = watched?.period ?? graph.period ?? 60;
  return { ...EMPTY_DRAFT, name, graph, watch: watched?.id ?? "", period: Math.max(period, 10) };
}

function fromAlarm(alarm: AnyAlarm, same: boolean): Form {
  const draft = named(draftOf(alarm), same);
  return {
    ...draft,
    graph: graphOfQueries(draft.queries),
    watch: watchedQuery(draft.queries)?.Id ?? "",
    period: periodOf(alarm),
  };
}

/** A copy needs a name of its own. */
const named = <T extends { name: string }>(draft: T, same: boolean): T =>
  same ? draft : { ...draft, name: `${draft.name}-copy` };
