/** A graph becomes a widget of a dashboard, one that is there or a new one. */
import Autosuggest from "@cloudscape-design/components/autosuggest";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Link from "@cloudscape-design/components/link";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { useAws, useAwsChange, usePages } from "../../app/queries";
import { useHref } from "../../app/url";
import { type Graph, propertiesOf } from "../../lib/graph";
import { segment } from "../../lib/url";
import { added, boardOf, bodyText } from "../../lib/widget";
import { CopyAs } from "../../ui/CopyAs";
import { Failed } from "../../ui/PageStates";

export const DASHBOARD_NAME = /^[A-Za-z0-9_-]{1,255}$/;
const EMPTY_BODY = '{"widgets": []}';

export function AddToDashboard({ graph, onClose }: { graph: Graph; onClose: () => void }) {
  const [name, setName] = useState("");
  const flash = useFlash();
  const href = useHref();
  const dashboards = usePages("cloudwatch", "ListDashboards", {}, (page) => page.DashboardEntries, {
    upTo: 1000,
  });
  const names = dashboards.items.map((entry) => entry.DashboardName ?? "");
  const known = names.includes(name);
  const current = useAws(
    "cloudwatch",
    "GetDashboard",
    { DashboardName: name },
    { enabled: known, keep: false },
  );
  const put = useAwsChange("cloudwatch", "PutDashboard", {
    onSuccess: (_, input) => {
      const link = href(`/dashboards/${segment(input.DashboardName)}`);
      flash.success(
        <>
          Added to{" "}
          <Link color="inverted" href={link}>
            {input.DashboardName}
          </Link>
          .
        </>,
      );
      onClose();
    },
  });
  const body = known ? current.data?.DashboardBody : EMPTY_BODY;
  const input = { DashboardName: name, DashboardBody: body === undefined ? "" : withGraph(body, graph) };
  const valid = DASHBOARD_NAME.test(name);
  return (
    <Modal
      visible
      onDismiss={onClose}
      header="Add to a dashboard"
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            {valid && body !== undefined && (
              <CopyAs service="cloudwatch" operation="PutDashboard" input={input} />
            )}
            <Button variant="link" onClick={onClose}>
              Cancel
            </Button>
            <Button
              variant="primary"
              disabled={!valid || body === undefined}
              loading={put.isPending}
              onClick={() => put.mutate(input)}
            >
              {known || !name ? "Add" : "Create and add"}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="s">
        <FormField
          label="Dashboard"
          description="One that is there, or the name of a new one"
          errorText={name && !valid ? "Letters, digits, dashes and underscores." : undefined}
        >
          <Autosuggest
            value={name}
            onChange={({ detail }) => setName(detail.value)}
            options={names.map((value) => ({ value }))}
            enteredTextLabel={(value) => `New: ${value}`}
            ariaLabel="Dashboard"
            placeholder="Name"
            empty="No dashboards yet"
          />
        </FormField>
        {current.error && <Failed error={current.error} />}
      </SpaceBetween>
    </Modal>
  );
}

function withGraph(body: string, graph: Graph): string {
  return bodyText(added(boardOf(body), "metric", propertiesOf(graph)));
}
