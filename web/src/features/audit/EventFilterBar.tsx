/** Filters of the event history as tokens, with the values that are there to choose from. */
import PropertyFilter, { type PropertyFilterProps } from "@cloudscape-design/components/property-filter";
import type { EventFilter } from "../../api/console";
import { FIELDS, queryOf, type Token, tokensOf } from "../../lib/events";
import { plural } from "../../lib/format";

const OPERATORS: PropertyFilterProps.FilteringProperty["operators"] = ["=", "!=", ":", "!:"];

interface State {
  f: EventFilter[];
  text: string;
  join: "and" | "or";
}

export function EventFilterBar(props: {
  filters: EventFilter[];
  text: string;
  join: "and" | "or";
  total: number;
  facets: Record<string, { value: string; count: number }[]>;
  onChange: (change: State) => void;
}) {
  const known = new Set(FIELDS.map((field) => field.key));
  const others = props.filters.map((filter) => filter.field).filter((field) => !known.has(field));
  const fields = [...FIELDS, ...[...new Set(others)].map((key) => ({ key, label: key, group: "fields" }))];
  const options = Object.entries(props.facets).flatMap(([propertyKey, values]) =>
    values
      .filter(({ value }) => value !== "")
      .map(({ value, count }) => ({ propertyKey, value, label: `${value} (${count})` })),
  );
  return (
    <PropertyFilter
      query={{
        operation: props.join,
        tokens: tokensOf(props.filters, props.text) as PropertyFilterProps.Token[],
      }}
      onChange={({ detail }) => {
        const { filters, text } = queryOf(detail.tokens as Token[]);
        props.onChange({ f: filters, text, join: detail.operation });
      }}
      filteringProperties={fields.map((field) => ({
        key: field.key,
        propertyLabel: field.label,
        groupValuesLabel: `Values of ${field.label.toLowerCase()}`,
        operators: field.key === "readOnly" ? ["=", "!="] : OPERATORS,
      }))}
      filteringOptions={[
        ...options.filter((option) => option.propertyKey !== "readOnly"),
        { propertyKey: "readOnly", value: "true" },
        { propertyKey: "readOnly", value: "false" },
      ]}
      freeTextFiltering={{ operators: [":"] }}
      filteringPlaceholder="Find by any field, by words, or by a path: requestParameters.key = value"
      filteringAriaLabel="Find events"
      countText={plural(props.total, "event")}
      expandToViewport
      hideOperations={false}
    />
  );
}
