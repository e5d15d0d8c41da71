/** What a widget shows, by its type; one that is not known here says so and stays as it is. */
import Box from "@cloudscape-design/components/box";
import Link from "@cloudscape-design/components/link";
import Table from "@cloudscape-design/components/table";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { awsKey } from "../../api/keys";
import { useGlobals } from "../../app/globals";
import { runInsights } from "../../app/insights";
import { useHref } from "../../app/url";
import { conditionOf } from "../../lib/alarm";
import { graphOf } from "../../lib/graph";
import { seriesOf } from "../../lib/insights";
import { segment } from "../../lib/url";
import { alarmNameOf, logQueryOf, titleOf, type Widget } from "../../lib/widget";
import { Failed, Loading } from "../../ui/PageStates";
import { StateBadge } from "../../ui/StateBadge";
import { TimeSeriesChart } from "../../ui/TimeSeriesChart";
import { AlarmGraph } from "../alarms/AlarmGraph";
import { useNamedAlarms } from "../alarms/queries";
import { GraphView } from "../metrics/GraphView";
import { Markdown } from "./Markdown";

export interface BodyProps {
  widget: Widget;
  /** Pixels for the content. */
  height: number;
}

/** Of a chart's height: its tools above, its legend below. */
const AROUND_CHART = 52;
const SYNC = "dashboard";

export function WidgetBody(props: BodyProps) {
  switch (props.widget.type) {
    case "metric":
      return <MetricBody {...props} />;
    case "text":
      return <Markdown text={String(props.widget.properties.markdown ?? "")} />;
    case "log":
      return <LogBody {...props} />;
    case "alarm":
      return <AlarmBody {...props} />;
    default:
      return (
        <Box color="text-body-secondary" padding="s">
          Widgets of type “{props.widget.type}” are not drawn here. It stays in the dashboard as it is.
        </Box>
      );
  }
}

function MetricBody({ widget, height }: BodyProps) {
  const graph = useMemo(() => graphOf(widget.properties), [widget.properties]);
  const [alarm] = graph.alarms;
  if (graph.series.length === 0 && alarm) {
    return <OfAlarm name={alarmNameOf(alarm)} height={height} />;
  }
  return (
    <GraphView
      title={titleOf(widget)}
      graph={graph}
      height={Math.max(60, height - AROUND_CHART)}
      syncKey={SYNC}
    />
  );
}

function OfAlarm({ name, height }: { name: string; height: number }) {
  const { query, alarms } = useNamedAlarms([name]);
  const alarm = alarms?.[0];
  if (alarm) return <AlarmGraph alarm={alarm} height={Math.max(60, height - AROUND_CHART)} />;
  if (query.error) return <Failed error={query.error} />;
  return alarms ? <Box color="text-body-secondary">There is no alarm {name}.</Box> : <Loading />;
}

function AlarmBody({ widget }: BodyProps) {
  const href = useHref();
  const names = useMemo(() => {
    const { alarms } = widget.properties;
    return Array.isArray(alarms) ? alarms.map((arn) => alarmNameOf(String(arn))) : [];
  }, [widget.properties]);
  const { query, alarms } = useNamedAlarms(names);
  if (names.length === 0) return <Box color="text-body-secondary">No alarms are chosen.</Box>;
  if (query.error) return <Failed error={query.error} />;
  if (!alarms) return <Loading />;
  return (
    <ul className="alarm-list">
      {names.map((name) => {
        const alarm = alarms.find((one) => one.AlarmName === name);
        return (
          <li key={name} title={alarm && conditionOf(alarm)}>
            <Link href={href(`/alarms/${segment(name)}`)}>{name}</Link>
            {alarm ? <StateBadge state={alarm.StateValue} /> : <Box variant="small">does not exist</Box>}
          </li>
        );
      })}
    </ul>
  );
}

function LogBody({ widget, height }: BodyProps) {
  const { properties } = widget;
  const { groups, query } = useMemo(() => logQueryOf(String(properties.query ?? "")), [properties.query]);
  const globals = useGlobals();
  const region = typeof properties.region === "string" ? properties.region : globals.region;
  const asked = { groups, query, ...globals.interval, limit: 500 };
  const result = useQuery({
    queryKey: awsKey("logs", "StartQuery", region, asked),
    queryFn: ({ signal }) => runInsights(asked, region, signal),
    enabled: groups.length > 0 && query !== "",
  });
  const charted = useMemo(
    () =>
      result.data && properties.view !== "table"
        ? seriesOf(result.data.rows, result.data.columns)
        : undefined,
    [result.data, properties.view],
  );
  if (groups.length === 0) {
    return <Box color="text-body-secondary">The query names no log group: it begins with SOURCE.</Box>;
  }
  if (result.error) return <Failed error={result.error} retry={() => void result.refetch()} />;
  if (!result.data) return <Loading text="Querying" />;
  if (charted?.length) {
    return (
      <TimeSeriesChart
        title={titleOf(widget)}
        series={charted}
        kind={properties.view === "bar" ? "bar" : properties.stacked === true ? "stacked" : "line"}
        height={Math.max(60, height - AROUND_CHART)}
        syncKey={SYNC}
      />
    );
  }
  const { columns, rows } = result.data;
  return (
    <Table
      variant="borderless"
      contentDensity="compact"
      wrapLines
      items={rows.slice(0, 100).map((row, index) => ({ row, index }))}
      trackBy={(item) => String(item.index)}
      ariaLabels={{ tableLabel: titleOf(widget) }}
      columnDefinitions={columns.map((column) => ({
        id: column,
        header: column,
        cell: (item: { row: Record<string, string>; index: number }) => item.row[column] ?? "",
      }))}
      footer={rows.length > 100 ? `The first 100 of ${rows.length} rows` : undefined}
      empty="No records"
    />
  );
}
