/** What a trail takes: which calls, as its selectors say; and changing that. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import type { EventSelector, GetEventSelectorsResponse, ReadWriteType } from "../../api/gen/cloudtrail";
import { useAws } from "../../app/queries";
import { stableJson } from "../../lib/diff";
import { ChangeDialog } from "../../ui/Confirm";
import { Snippet } from "../../ui/CopyAs";
import { Loadable } from "../../ui/PageStates";

export function Selectors({ name }: { name: string }) {
  const selectors = useAws("cloudtrail", "GetEventSelectors", { TrailName: name });
  const [editing, setEditing] = useState(false);
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Which calls it delivers"
          actions={
            <Button disabled={!selectors.data} onClick={() => setEditing(true)}>
              Edit
            </Button>
          }
        >
          Event selectors
        </Header>
      }
    >
      <Loadable query={selectors}>
        {(data) => (
          <>
            <Words data={data} />
            <Snippet text={stableJson(data.AdvancedEventSelectors ?? data.EventSelectors ?? [])} />
            {editing && <Edit name={name} data={data} onClose={() => setEditing(false)} />}
          </>
        )}
      </Loadable>
    </Container>
  );
}

function Words({ data }: { data: GetEventSelectorsResponse }) {
  const parts = data.AdvancedEventSelectors?.length
    ? data.AdvancedEventSelectors.map((each) => each.Name || `${each.FieldSelectors.length} conditions`)
    : (data.EventSelectors ?? []).map(inWords);
  return <Box margin={{ bottom: "s" }}>{parts.join("; ") || "Nothing"}</Box>;
}

function inWords(selector: EventSelector): string {
  const kinds = { All: "reads and changes", ReadOnly: "reads", WriteOnly: "changes" };
  const management = selector.IncludeManagementEvents
    ? `Management events, ${kinds[selector.ReadWriteType ?? "All"]}`
    : "No management events";
  const data = (selector.DataResources ?? []).map((each) => `${each.Type} of ${each.Values?.join(", ")}`);
  return [management, ...data].join("; ");
}

const KINDS: { value: ReadWriteType; label: string }[] = [
  { value: "All", label: "Reads and changes" },
  { value: "WriteOnly", label: "Changes only" },
  { value: "ReadOnly", label: "Reads only" },
];

function Edit({
  name,
  data,
  onClose,
}: {
  name: string;
  data: GetEventSelectorsResponse;
  onClose: () => void;
}) {
  const advanced = (data.AdvancedEventSelectors?.length ?? 0) > 0;
  const [text, setText] = useState(() =>
    stableJson(data.AdvancedEventSelectors ?? data.EventSelectors ?? []),
  );
  const value = parsed(text);
  const simple = !advanced && value?.length === 1 ? (value[0] as EventSelector) : undefined;
  const input = { TrailName: name, [advanced ? "AdvancedEventSelectors" : "EventSelectors"]: value ?? [] };
  return (
    <ChangeDialog
      title={`Event selectors of ${name}`}
      service="cloudtrail"
      operation="PutEventSelectors"
      input={input}
      action="Save"
      done={`Event selectors of ${name} saved`}
      invalid={!value}
      wide
      onClose={onClose}
    >
      {simple && (
        <FormField label="Management events">
          <Select
            options={KINDS}
            selectedOption={KINDS.find((kind) => kind.value === (simple.ReadWriteType ?? "All")) ?? null}
            onChange={({ detail }) =>
              setText(stableJson([{ ...simple, ReadWriteType: detail.selectedOption.value }]))
            }
          />
        </FormField>
      )}
      <FormField
        label="Selectors as JSON"
        stretch
        errorText={value ? "" : "This is not a list of selectors in JSON."}
      >
        <Textarea
          value={text}
          rows={12}
          spellcheck={false}
          onChange={({ detail }) => setText(detail.value)}
        />
      </FormField>
      <Alert type="info">Only calls from now on are concerned.</Alert>
    </ChangeDialog>
  );
}

function parsed(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
