import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { useAws } from "../../app/queries";
import { ChangeDialog } from "../../ui/Confirm";
import { ListTable } from "../../ui/ListTable";
import { Empty } from "../../ui/PageStates";

type Tag = [string, string];

export function TagsTab({ arn }: { arn: string }) {
  const tags = useAws("logs", "ListTagsForResource", { resourceArn: arn });
  const [dialog, setDialog] = useState<"add" | "remove">();
  const [selected, setSelected] = useState<Tag[]>([]);
  const key = selected[0]?.[0] ?? "";
  return (
    <>
      <ListTable<Tag>
        title="Tags"
        items={Object.entries(tags.data?.tags ?? {})}
        keyOf={([name]) => name}
        loading={tags.isPending}
        error={tags.error}
        retry={() => void tags.refetch()}
        selected={selected}
        onSelect={setSelected}
        noFilter
        actions={
          <>
            <Button disabled={!key} onClick={() => setDialog("remove")}>
              Remove
            </Button>
            <Button onClick={() => setDialog("add")}>Add tag</Button>
          </>
        }
        columns={[
          { id: "key", header: "Key", cell: ([name]) => name },
          { id: "value", header: "Value", cell: ([, value]) => value || "–" },
        ]}
        empty={<Empty title="No tags">Tags say whose a log group is and what it is for.</Empty>}
      />
      {dialog === "add" && <AddTag arn={arn} onClose={() => setDialog(undefined)} />}
      {dialog === "remove" && (
        <ChangeDialog
          title="Remove tag"
          service="logs"
          operation="UntagResource"
          input={{ resourceArn: arn, tagKeys: [key] }}
          action="Remove"
          done={`Tag ${key} removed`}
          onClose={() => setDialog(undefined)}
          onDone={() => setSelected([])}
        >
          <Box>
            The tag <b>{key}</b> is removed.
          </Box>
        </ChangeDialog>
      )}
    </>
  );
}

function AddTag({ arn, onClose }: { arn: string; onClose: () => void }) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  return (
    <ChangeDialog
      title="Add tag"
      service="logs"
      operation="TagResource"
      input={{ resourceArn: arn, tags: { [key]: value } }}
      action="Add"
      done={`Tag ${key} added`}
      invalid={key === ""}
      onClose={onClose}
    >
      <FormField label="Key">
        <Input value={key} onChange={({ detail }) => setKey(detail.value)} autoFocus />
      </FormField>
      <FormField label="Value">
        <Input value={value} onChange={({ detail }) => setValue(detail.value)} />
      </FormField>
    </ChangeDialog>
  );
}
