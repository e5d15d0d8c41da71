/** What an alarm like this would have done in the past days, on the data that is there. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import Table from "@cloudscape-design/components/table";
import { useMemo } from "react";
import { ApiError } from "../../api/errors";
import { useFormatTime } from "../../app/globals";
import { type Draft, type DraftField, putInput } from "../../lib/alarm";
import { plural } from "../../lib/format";
import { formatDuration } from "../../lib/time";
import { StateBadge } from "../../ui/StateBadge";
import { useSettled } from "../metrics/BrowseTab";
import { type Backtest, useBacktest } from "./queries";

const DAYS = 7;
const SHOWN = 20;

export function Backtested({ draft, errors }: { draft: Draft; errors: Partial<Record<DraftField, string>> }) {
  const valid = Object.keys(errors).every((field) => field === "name");
  const input = useMemo(() => putInput(draft), [draft]);
  const settled = useSettled(input, 400);
  const tested = useBacktest(settled, DAYS, valid);
  if (!valid) {
    return (
      <Box color="text-body-secondary">
        With a metric and a threshold, here stands how often it would have fired in the last {DAYS} days.
      </Box>
    );
  }
  if (tested.error) {
    const { message } = tested.error;
    const code = tested.error instanceof ApiError ? tested.error.code : "Not tested";
    return (
      <Alert type="warning" header="This condition could not be tested on the past">
        {code}: {message}
      </Alert>
    );
  }
  if (!tested.data) {
    return (
      <Box color="text-body-secondary">
        <Spinner /> Evaluating the last {DAYS} days
      </Box>
    );
  }
  return <Result result={tested.data} />;
}

/** `Would have fired 3 times in the last 7 days, 42 min in alarm altogether.` */
export function outcome({ fired, from, to, alarmSeconds, datapoints }: Backtest): string {
  const days = Math.round((to - from) / 86_400_000);
  const span = days >= 1 ? `${days === 1 ? "day" : `${days} days`}` : formatDuration(to - from);
  if (datapoints === 0) return `There is no data in the last ${span}: nothing could be tested.`;
  if (fired === 0) return `Would not have fired in the last ${span}.`;
  const times = ["", "once", "twice"][fired] ?? `${fired} times`;
  return `Would have fired ${times} in the last ${span}, ${formatDuration(alarmSeconds * 1000)} in alarm altogether.`;
}

function Result({ result }: { result: Backtest }) {
  const formatTime = useFormatTime();
  const shown = [...result.transitions].reverse().slice(0, SHOWN);
  const coarse = result.stepSeconds > result.intervalSeconds;
  return (
    <SpaceBetween size="xs">
      <Alert type={result.fired > 0 || result.datapoints === 0 ? "warning" : "success"}>
        {outcome(result)}
        <Box variant="small" display="block" color="inherit">
          {plural(result.evaluations, "evaluation")} of {plural(result.datapoints, "datapoint")}
          {coarse && `, one every ${formatDuration(result.stepSeconds * 1000)}`}.
        </Box>
      </Alert>
      {shown.length > 0 && (
        <ExpandableSection headerText={`Changes of state (${result.transitions.length})`}>
          <Table
            variant="borderless"
            contentDensity="compact"
            wrapLines
            items={shown}
            trackBy={(one) => String(one.t)}
            ariaLabels={{ tableLabel: "Changes of state" }}
            columnDefinitions={[
              { id: "t", header: "Time", width: 180, cell: (one) => formatTime(one.t), isRowHeader: true },
              { id: "to", header: "State", width: 170, cell: (one) => <StateBadge state={one.to} /> },
              { id: "reason", header: "Reason", cell: (one) => one.reason },
            ]}
          />
        </ExpandableSection>
      )}
    </SpaceBetween>
  );
}
