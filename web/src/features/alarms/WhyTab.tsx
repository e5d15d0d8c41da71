/** Why an alarm is in its state: the periods its last evaluation looked at, and what became of each. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useFormatTime } from "../../app/globals";
import { MISSING, signOf } from "../../lib/alarm";
import { formatNumber } from "../../lib/format";
import { Loadable } from "../../ui/PageStates";
import { StateBadge } from "../../ui/StateBadge";
import { useWhy, type Why, type WhyPeriod } from "./queries";

export function WhyTab({ name }: { name: string }) {
  const why = useWhy(name);
  return <Loadable query={why}>{(data) => <Explained why={data} />}</Loadable>;
}

function Explained({ why }: { why: Why }) {
  const formatTime = useFormatTime();
  const differs = why.verdict && why.verdict !== why.state;
  return (
    <SpaceBetween size="m">
      <Box variant="p" fontSize="heading-s">
        {why.sentence}
      </Box>
      {differs && (
        <Alert type="info">
          The state is {why.state}, set at {formatTime(why.since)}; the data now call for {why.verdict}. The
          next evaluation decides.
        </Alert>
      )}
      <KeyValuePairs
        columns={4}
        items={[
          { label: "State", value: <StateBadge state={why.state} /> },
          { label: "Since", value: formatTime(why.since) },
          {
            label: "Last evaluated",
            value: why.evaluatedAt ? formatTime(why.evaluatedAt) : "On each change",
          },
          ...(why.n
            ? [{ label: "Breaching", value: `${why.breaching} of ${why.n}; ${why.m} make it alarm` }]
            : []),
          ...(why.missing ? [{ label: "Missing data", value: missingText(why.missing) }] : []),
        ]}
      />
      {why.periods.length > 0 && <Periods why={why} />}
      {why.reason && (
        <Box color="text-body-secondary" variant="p">
          Reason of its last change: {why.reason}
        </Box>
      )}
    </SpaceBetween>
  );
}

function missingText(treatment: string): string {
  const known = MISSING.find((one) => one.value === treatment);
  return known ? `${known.label} (${known.value})` : treatment;
}

function Periods({ why }: { why: Why }) {
  const formatTime = useFormatTime();
  const condition = `${signOf(why.comparison)} ${why.threshold ?? ""}`.trim();
  return (
    <Table
      variant="borderless"
      contentDensity="compact"
      wrapLines
      items={why.periods}
      trackBy={(period) => String(period.start)}
      ariaLabels={{ tableLabel: "Periods of the last evaluation" }}
      columnDefinitions={[
        { id: "start", header: "Period from", cell: (one) => formatTime(one.start), isRowHeader: true },
        { id: "end", header: "To", cell: (one) => formatTime(one.end) },
        {
          id: "value",
          header: "Value",
          cell: (one) => (one.value === undefined ? <em>No data</em> : formatNumber(one.value)),
        },
        ...(why.periods.some((one) => one.upper !== undefined)
          ? [{ id: "expected", header: "Expected", cell: expectedText }]
          : []),
        { id: "breaching", header: `Breaching (${condition})`, cell: (one) => <Verdict period={one} /> },
        { id: "treatment", header: "What became of it", cell: treatmentText },
      ]}
    />
  );
}

function expectedText({ lower, upper }: WhyPeriod): string {
  return lower === undefined || upper === undefined
    ? "–"
    : `${formatNumber(lower)} to ${formatNumber(upper)}`;
}

function Verdict({ period }: { period: WhyPeriod }) {
  if (period.breaching) return <StatusIndicator type="error">Breaching</StatusIndicator>;
  if (period.value === undefined) return <StatusIndicator type="stopped">No</StatusIndicator>;
  if (period.treatment !== "counted") return <StatusIndicator type="stopped">Not counted</StatusIndicator>;
  return <StatusIndicator type="success">No</StatusIndicator>;
}

const TREATMENTS: Record<string, string> = {
  counted: "Counted",
  spare: "Not needed: there are enough newer datapoints",
  "too few samples": "Too few samples for this percentile: not counted",
  breaching: "Missing: counted as breaching",
  notBreaching: "Missing: counted as not breaching",
  ignore: "Missing: left out",
  missing: "Missing: left out",
};

export function treatmentText(period: WhyPeriod): string {
  return TREATMENTS[period.treatment] ?? period.treatment;
}
