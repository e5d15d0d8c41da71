/** When it alarms: statistic, period, threshold, M of N, missing data; with the graph beside it. */
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tiles from "@cloudscape-design/components/tiles";
import type { ReactNode } from "react";
import type { ComparisonOperator } from "../../api/gen/cloudwatch";
import { BANDS, COMPARISONS, isBand, isPercentile, MISSING } from "../../lib/alarm";
import { formatDuration } from "../../lib/time";
import { Choice, PeriodChoice } from "../metrics/GraphedTab";
import { STATISTICS } from "../metrics/state";
import { DraftGraph } from "./DraftGraph";
import type { StepProps } from "./form";

export function ConditionStep(props: StepProps & { backtest: ReactNode }) {
  const { form, draft, errors, change } = props;
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">How it would look</Header>}>
        <DraftGraph draft={draft} />
        {props.backtest}
      </Container>
      <Container header={<Header variant="h2">Threshold</Header>}>
        <SpaceBetween size="l">
          <Tiles
            value={form.comparison}
            ariaLabel="Alarms when the value is"
            columns={4}
            items={[
              ...COMPARISONS.map(({ value, sign, words }) => ({
                value,
                label: `${sign} Threshold`,
                description: words,
              })),
              ...BANDS.map(({ value, words }) => ({
                value,
                label: words[0]?.toUpperCase() + words.slice(1),
                description: "told from its two weeks before",
              })),
            ]}
            onChange={({ detail }) => {
              const comparison = detail.value as ComparisonOperator;
              const width = isBand(comparison) && form.threshold.trim() === "" ? { threshold: "2" } : {};
              change({ comparison, ...width });
            }}
          />
          <ColumnLayout columns={3}>
            <FormField
              label={isBand(form.comparison) ? "Standard deviations" : "Threshold"}
              errorText={errors.threshold}
            >
              <Input
                value={form.threshold}
                inputMode="decimal"
                onChange={({ detail }) => change({ threshold: detail.value })}
              />
            </FormField>
            <StatisticField {...props} />
            <FormField label="Period" description="One datapoint">
              <PeriodChoice
                fixed
                least={10}
                label="Period"
                value={form.period}
                onChange={(period) => change({ period: period ?? 60 })}
              />
            </FormField>
          </ColumnLayout>
        </SpaceBetween>
      </Container>
      <Counting {...props} />
    </SpaceBetween>
  );
}

/** Of the watched series; an expression has none. */
function StatisticField({ form, change }: StepProps) {
  const watched = form.graph.series.find((one) => one.id === form.watch);
  if (!watched || watched.expression !== undefined) return null;
  const { graph } = form;
  return (
    <FormField label="Statistic" description="Of the values within a period">
      <Choice
        label="Statistic"
        value={watched.stat ?? graph.stat ?? "Average"}
        options={STATISTICS}
        onChange={(stat) =>
          change({
            graph: {
              ...graph,
              series: graph.series.map((one) => (one === watched ? { ...one, stat } : one)),
            },
          })
        }
      />
    </FormField>
  );
}

function Counting({ form, draft, errors, change }: StepProps) {
  const within = formatDuration(Number(form.periods) * form.period * 1000 || 0);
  return (
    <Container header={<Header variant="h2">Datapoints</Header>}>
      <SpaceBetween size="l">
        <FormField
          label="Datapoints to alarm (M of N)"
          description={`Alarms when M of the last N datapoints breach; N datapoints are ${within}`}
          errorText={errors.needed ?? errors.periods}
        >
          <SpaceBetween direction="horizontal" size="xs" alignItems="center">
            <Input
              value={form.needed}
              inputMode="numeric"
              ariaLabel="Datapoints to alarm, M"
              onChange={({ detail }) => change({ needed: detail.value })}
            />
            <span>of</span>
            <Input
              value={form.periods}
              inputMode="numeric"
              ariaLabel="Evaluation periods, N"
              onChange={({ detail }) => change({ periods: detail.value })}
            />
          </SpaceBetween>
        </FormField>
        <FormField label="Missing data is treated as">
          <RadioGroup
            value={form.missing}
            items={MISSING}
            onChange={({ detail }) => change({ missing: detail.value })}
          />
        </FormField>
        {isPercentile(draft) && (
          <FormField label="Percentiles of few samples">
            <Select
              selectedOption={{
                value: form.lowSamples || "evaluate",
                label: form.lowSamples === "ignore" ? "Ignore: keep the state" : "Evaluate as any other",
              }}
              options={[
                { value: "evaluate", label: "Evaluate as any other" },
                { value: "ignore", label: "Ignore: keep the state" },
              ]}
              onChange={({ detail }) => change({ lowSamples: detail.selectedOption.value ?? "" })}
            />
          </FormField>
        )}
      </SpaceBetween>
    </Container>
  );
}
