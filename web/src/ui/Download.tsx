/** What is shown, as a file. */
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import { csv } from "../lib/export";

export function Download(props: {
  name: string;
  columns: readonly string[];
  rows: () => readonly Record<string, unknown>[];
  disabled?: boolean;
}) {
  const save = (kind: string) => {
    const rows = props.rows();
    const text = kind === "csv" ? csv(props.columns, rows) : `${JSON.stringify(rows, null, 2)}\n`;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(
      new Blob([text], { type: kind === "csv" ? "text/csv" : "application/json" }),
    );
    link.download = `${props.name}.${kind}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return (
    <ButtonDropdown
      disabled={props.disabled ?? false}
      items={[
        { id: "csv", text: "CSV" },
        { id: "json", text: "JSON" },
      ]}
      onItemClick={({ detail }) => save(detail.id)}
    >
      Export
    </ButtonDropdown>
  );
}
