/** The incident to take along: a report, the data, or its address. */
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import { useState } from "react";
import { consoleText, type Query } from "../../api/console";
import { useFlash } from "../../app/flash";
import { useGlobals } from "../../app/globals";
import { save } from "../../ui/save";

export function Export({ asked }: { asked: Query }) {
  const flash = useFlash();
  const { region, interval } = useGlobals();
  const [busy, setBusy] = useState(false);

  const report = async (format: "markdown" | "json") => {
    setBusy(true);
    try {
      const written = await consoleText("timeline/export", { ...asked, format }, { region });
      const name = `incident-${new Date(interval.to).toISOString().slice(0, 16).replace(":", "")}`;
      save(
        `${name}.${format === "json" ? "json" : "md"}`,
        written,
        format === "json" ? "application/json" : "text/markdown",
      );
    } catch (error) {
      flash.error(error, "The report was not made");
    } finally {
      setBusy(false);
    }
  };

  const link = async () => {
    await navigator.clipboard.writeText(window.location.href);
    flash.success("The address of this view is in the clipboard.");
  };

  return (
    <ButtonDropdown
      loading={busy}
      items={[
        { id: "markdown", text: "Post-mortem (Markdown)" },
        { id: "json", text: "Data (JSON)" },
        { id: "link", text: "Copy link" },
      ]}
      onItemClick={({ detail }) => {
        if (detail.id === "link") link().catch((error: unknown) => flash.error(error, "Not copied"));
        else void report(detail.id as "markdown" | "json");
      }}
    >
      Export
    </ButtonDropdown>
  );
}
