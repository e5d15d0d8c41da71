/** What is watched: a metric, or an expression over several. */
import Alert from "@cloudscape-design/components/alert";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMemo, useState } from "react";
import type { Graph } from "../../lib/graph";
import { seriesName } from "../../lib/graph";
import { mathError } from "../../lib/math-lang";
import { BrowseTab } from "../metrics/BrowseTab";
import { GraphedTab } from "../metrics/GraphedTab";
import { GraphView, useDrawn } from "../metrics/GraphView";
import { toggled } from "../metrics/toggled";
import type { StepProps } from "./form";

export function MetricStep({ form, errors, change }: StepProps) {
  const { graph, watch } = form;
  const [place, setPlace] = useState({ q: "", namespace: "", dims: [] as string[] });
  const { query } = useDrawn(graph);
  const error = useMemo(() => (query.error ? mathError(query.error.message) : undefined), [query.error]);
  const setGraph = (next: Graph) => {
    const gone = !next.series.some((one) => one.id === watch);
    const added = next.series.length > graph.series.length ? next.series.at(-1) : undefined;
    const instead = added ?? next.series.find((one) => !one.hidden);
    const other = added?.expression !== undefined || gone;
    change({ graph: next, ...(other ? { watch: instead?.id ?? "" } : {}) });
  };
  const watched = graph.series.find((one) => one.id === watch);
  return (
    <SpaceBetween size="l">
      {errors.queries && <Alert type="error">{errors.queries}</Alert>}
      {graph.series.length > 0 && (
        <Container header={<Header variant="h2">What is watched</Header>}>
          <SpaceBetween size="m">
            <FormField
              label="Compared with the threshold"
              description="The other series only serve expressions; those not needed are left out"
            >
              <Select
                selectedOption={watched ? { value: watched.id, label: words(watched, graph) } : null}
                options={graph.series.map((one) => ({ value: one.id, label: words(one, graph) }))}
                onChange={({ detail }) => change({ watch: detail.selectedOption.value ?? "" })}
              />
            </FormField>
            <GraphView title="Metrics" graph={graph} height={200} />
            <GraphedTab plain graph={graph} error={error} onChange={setGraph} />
          </SpaceBetween>
        </Container>
      )}
      <ExpandableSection
        variant="container"
        headerText="Choose a metric"
        defaultExpanded={graph.series.length === 0}
      >
        <BrowseTab
          {...place}
          series={graph.series}
          onPlace={(next) => setPlace((old) => ({ ...old, ...next }))}
          onToggle={(metrics, on) => setGraph(toggled(graph, metrics, on))}
        />
      </ExpandableSection>
    </SpaceBetween>
  );
}

function words(one: Graph["series"][number], graph: Graph): string {
  return `${one.id}: ${one.expression ?? seriesName(one, graph.series)}`;
}
