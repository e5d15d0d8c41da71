/** The most frequent values among what was found; a click narrows the search. */
import Box from "@cloudscape-design/components/box";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import type { EventFilter } from "../../api/console";
import { FIELDS, hasFilter } from "../../lib/events";
import { ValueActions } from "../../ui/ValueActions";

export function FacetsPanel(props: {
  facets: Record<string, { value: string; count: number }[]>;
  filters: EventFilter[];
  onAdd: (field: string, op: "=" | "!=", value: string) => void;
}) {
  const shown = Object.entries(props.facets).filter(([, values]) => values.some(({ value }) => value !== ""));
  return (
    <aside className="fields" aria-label="Values">
      <ExpandableSection headerText="Values" defaultExpanded={window.innerWidth > 900}>
        {shown.map(([field, values]) => (
          <div key={field}>
            <Box variant="h4" padding={{ top: "xs" }}>
              {FIELDS.find((each) => each.key === field)?.label ?? field}
            </Box>
            <ul className="fields-values">
              {values
                .filter(({ value }) => value !== "")
                .slice(0, 8)
                .map(({ value, count }) => (
                  <li key={value}>
                    <span
                      className={`fields-value${hasFilter(props.filters, field, value) ? " fields-chosen" : ""}`}
                      title={value}
                    >
                      {value}
                    </span>
                    <span className="log-count">{count.toLocaleString("en-US")}</span>
                    <ValueActions
                      name={field}
                      value={value}
                      onFilter={(name, chosen, exclude) => props.onAdd(name, exclude ? "!=" : "=", chosen)}
                    />
                  </li>
                ))}
            </ul>
          </div>
        ))}
        {shown.length === 0 && <Box variant="small">Nothing was found to count.</Box>}
      </ExpandableSection>
    </aside>
  );
}
