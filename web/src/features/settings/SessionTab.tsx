import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { signOut } from "../../api/console";
import { sessionState } from "../../api/session";
import { useFlash } from "../../app/flash";
import { useFormatTime, useGlobals } from "../../app/globals";
import { type ColourMode, setPreferences, usePreferences } from "../../app/preferences";
import type { Zone } from "../../lib/time";
import { endpoint, Snippet } from "../../ui/CopyAs";

export function SessionTab() {
  const formatTime = useFormatTime();
  const flash = useFlash();
  const { region } = useGlobals();
  const state = sessionState();
  if (state.status !== "in") return null;
  const { account, arn, expires } = state.session;
  const leave = () => signOut().catch((error: unknown) => flash.error(error, "Not signed out"));
  return (
    <SpaceBetween size="l">
      <Container header={<Header actions={<Button onClick={leave}>Sign out</Button>}>Signed in as</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: "Identity", value: <span className="breaks">{arn}</span> },
            { label: "Account", value: account },
            { label: "Session ends", value: formatTime(expires) },
          ]}
        />
      </Container>
      <Container
        header={
          <Header description="For every AWS client on your machine">Use the same server elsewhere</Header>
        }
      >
        <SpaceBetween size="s">
          <Snippet
            label="Copy the environment"
            text={`export AWS_ENDPOINT_URL=${endpoint()} AWS_REGION=${region} AWS_DEFAULT_REGION=${region}`}
          />
          <Box color="text-body-secondary">
            Access keys belong to users, and users to the estate: <code>aws iam create-access-key</code> makes
            one, and it works for signing in here as well.
          </Box>
        </SpaceBetween>
      </Container>
      <Appearance />
    </SpaceBetween>
  );
}

function Appearance() {
  const { mode, zone } = usePreferences();
  const globals = useGlobals();
  return (
    <Container header={<Header description="Remembered by this browser">Appearance</Header>}>
      <SpaceBetween direction="horizontal" size="xl">
        <FormField label="Colours">
          <SegmentedControl
            label="Colours"
            selectedId={mode}
            options={[
              { id: "system", text: "As the system" },
              { id: "light", text: "Light" },
              { id: "dark", text: "Dark" },
            ]}
            onChange={({ detail }) => setPreferences({ mode: detail.selectedId as ColourMode })}
          />
        </FormField>
        <FormField label="Times">
          <SegmentedControl
            label="Times"
            selectedId={zone}
            options={[
              { id: "utc", text: "UTC" },
              { id: "local", text: "Local" },
            ]}
            onChange={({ detail }) => {
              setPreferences({ zone: detail.selectedId as Zone });
              globals.setZone(detail.selectedId as Zone);
            }}
          />
        </FormField>
      </SpaceBetween>
    </Container>
  );
}
