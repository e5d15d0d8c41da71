/** Saved queries (query definitions): picked into the editor, and made from it. */

import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { usePages } from "../../app/queries";
import { ChangeDialog } from "../../ui/Confirm";

export function useDefinitions() {
  return usePages("logs", "DescribeQueryDefinitions", {}, (page) => page.queryDefinitions, {
    token: "nextToken",
    upTo: 1000,
  });
}

export function SavedQueries(props: {
  samples: [string, string][];
  onPick: (query: string, groups: string[]) => void;
}) {
  const saved = useDefinitions();
  const samples = props.samples.map(([text], index) => ({ id: `sample-${index}`, text }));
  const own = saved.items.map((each) => ({ id: each.queryDefinitionId ?? "", text: each.name ?? "" }));
  return (
    <ButtonDropdown
      items={[
        ...(own.length > 0 ? [{ text: "Saved", items: own }] : []),
        { text: "Examples", items: samples },
      ]}
      onItemClick={({ detail }) => {
        const sample = props.samples[Number(/^sample-(\d+)$/.exec(detail.id)?.[1] ?? -1)];
        if (sample) return props.onPick(sample[1], []);
        const found = saved.items.find((each) => each.queryDefinitionId === detail.id);
        if (found) props.onPick(found.queryString ?? "", found.logGroupNames ?? []);
      }}
    >
      Queries
    </ButtonDropdown>
  );
}

export function SaveQuery({ query, groups }: { query: string; groups: string[] }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)} disabled={query.trim() === ""}>
        Save
      </Button>
      {open && <Save query={query} groups={groups} onClose={() => setOpen(false)} />}
    </>
  );
}

function Save({ query, groups, onClose }: { query: string; groups: string[]; onClose: () => void }) {
  const saved = useDefinitions();
  const [name, setName] = useState("");
  const [withGroups, setWithGroups] = useState(groups.length > 0);
  const same = saved.items.find((each) => each.name === name);
  return (
    <ChangeDialog
      title="Save query"
      service="logs"
      operation="PutQueryDefinition"
      input={{
        name,
        queryString: query,
        ...(same?.queryDefinitionId ? { queryDefinitionId: same.queryDefinitionId } : {}),
        ...(withGroups ? { logGroupNames: groups } : {}),
      }}
      action={same ? "Replace" : "Save"}
      done={`${name} saved`}
      invalid={name.trim() === ""}
      onClose={onClose}
    >
      <FormField
        label="Name"
        description="Slashes make folders."
        warningText={same ? "A query of this name is there; it will be replaced." : ""}
      >
        <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus />
      </FormField>
      <Checkbox
        checked={withGroups}
        disabled={groups.length === 0}
        onChange={({ detail }) => setWithGroups(detail.checked)}
      >
        With its log groups
      </Checkbox>
    </ChangeDialog>
  );
}
