/** Settings, and the pattern of a page: a URL shape, queries, `Page`, `Loadable`, parts in files of their own. */
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Tabs from "@cloudscape-design/components/tabs";
import type { Meta } from "../../api/console";
import { sessionState } from "../../api/session";
import { useFormatTime } from "../../app/globals";
import { useConsole } from "../../app/queries";
import { useUrlState } from "../../app/url";
import { oneOf } from "../../lib/url";
import { Page } from "../../ui/Page";
import { Loadable } from "../../ui/PageStates";

const SHAPE = { tab: oneOf(["session", "about"], "session") };

export default function SettingsPage() {
  const [state, setState] = useUrlState(SHAPE);
  return (
    <Page title="Settings" description="Who you are here, and what this server is">
      <Tabs
        activeTabId={state.tab}
        onChange={({ detail }) => setState({ tab: detail.activeTabId as typeof state.tab })}
        tabs={[
          { id: "session", label: "Session", content: <SessionTab /> },
          { id: "about", label: "About", content: <AboutTab /> },
        ]}
      />
    </Page>
  );
}

function SessionTab() {
  const formatTime = useFormatTime();
  const state = sessionState();
  if (state.status !== "in") return null;
  const { account, arn, region, expires } = state.session;
  return (
    <Container header={<Header>Signed in as</Header>}>
      <KeyValuePairs
        columns={4}
        items={[
          { label: "Account", value: account },
          { label: "Identity", value: <Box fontSize="body-m">{arn}</Box> },
          { label: "Region", value: region },
          { label: "Session ends", value: formatTime(expires) },
        ]}
      />
    </Container>
  );
}

function AboutTab() {
  const meta = useConsole<Meta>("meta");
  return (
    <Container header={<Header>This server</Header>}>
      <Loadable query={meta}>
        {(data) => (
          <KeyValuePairs
            columns={3}
            items={[
              { label: "Version", value: data.version },
              { label: "Endpoint", value: data.endpoint },
              { label: "Region", value: data.region },
            ]}
          />
        )}
      </Loadable>
    </Container>
  );
}
