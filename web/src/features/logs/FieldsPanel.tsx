/** What fields there are, how often, with which values; a click puts them into the query. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { type FieldShare, type Row, topValues } from "../../lib/insights";
import { ValueActions } from "../../ui/ValueActions";

export interface FieldActions {
  onAdd: (name: string) => void;
  onFilter: (name: string, value: string, exclude: boolean) => void;
}

export function FieldsPanel(props: FieldActions & { fields: FieldShare[]; rows: Row[]; note: string }) {
  const [find, setFind] = useState("");
  const [open, setOpen] = useState("");
  const shown = props.fields.filter(({ name }) => name.toLowerCase().includes(find.toLowerCase()));
  return (
    <aside className="fields" aria-label="Fields">
      <ExpandableSection
        headerText={`Fields (${props.fields.length})`}
        defaultExpanded={window.innerWidth > 900}
      >
        <Input
          type="search"
          value={find}
          placeholder="Find a field"
          ariaLabel="Find a field"
          onChange={({ detail }) => setFind(detail.value)}
        />
        {props.note && <Box variant="small">{props.note}</Box>}
        <ul className="fields-list">
          {shown.slice(0, 200).map(({ name, percent }) => (
            <li key={name}>
              <div className="fields-row">
                <button
                  type="button"
                  className="fields-name mono"
                  aria-expanded={open === name}
                  title={`${name}: in ${percent}% of the events`}
                  onClick={() => setOpen(open === name ? "" : name)}
                >
                  {name}
                </button>
                <span className="log-count">{percent}%</span>
                <Button
                  variant="inline-icon"
                  iconName="add-plus"
                  ariaLabel={`Add ${name} to the query's fields`}
                  onClick={() => props.onAdd(name)}
                />
              </div>
              {open === name && <Values {...props} name={name} />}
            </li>
          ))}
        </ul>
        {shown.length === 0 && <Box variant="small">No fields are known here.</Box>}
      </ExpandableSection>
    </aside>
  );
}

function Values({ name, rows, onFilter }: FieldActions & { name: string; rows: Row[] }) {
  const values = topValues(rows, name);
  if (values.length === 0) return <Box variant="small">None of the results has it.</Box>;
  return (
    <ul className="fields-values">
      {values.map(({ value, count }) => (
        <li key={value}>
          <span className="mono fields-value" title={value}>
            {value || "(empty)"}
          </span>
          <span className="log-count">{count}</span>
          <ValueActions name={name} value={value} onFilter={onFilter} />
        </li>
      ))}
    </ul>
  );
}
