/**
 * Who you are here, and what this server is. Also the pattern of a page: a URL shape, queries, `Page`, `Loadable`,
 * and parts in files of their own.
 */
import Tabs from "@cloudscape-design/components/tabs";
import type { Meta } from "../../api/console";
import { useConsole } from "../../app/queries";
import { useUrlState } from "../../app/url";
import { oneOf } from "../../lib/url";
import { Page } from "../../ui/Page";
import { Loadable } from "../../ui/PageStates";
import { About, Estate, Retention } from "./Server";
import { SessionTab } from "./SessionTab";

const TABS = ["session", "estate", "retention", "about"] as const;
const SHAPE = { tab: oneOf(TABS, "session") };

export default function SettingsPage() {
  const [state, setState] = useUrlState(SHAPE);
  const meta = useConsole<Meta>("meta");
  return (
    <Page title="Settings" description="Who you are here, and what this server is">
      <Tabs
        activeTabId={state.tab}
        onChange={({ detail }) => setState({ tab: detail.activeTabId as (typeof TABS)[number] })}
        tabs={[
          { id: "session", label: "Keys and session", content: <SessionTab /> },
          {
            id: "estate",
            label: "Estate",
            content: <Loadable query={meta}>{(m) => <Estate meta={m} />}</Loadable>,
          },
          {
            id: "retention",
            label: "Retention",
            content: <Loadable query={meta}>{(m) => <Retention meta={m} />}</Loadable>,
          },
          {
            id: "about",
            label: "About",
            content: <Loadable query={meta}>{(m) => <About meta={m} />}</Loadable>,
          },
        ]}
      />
    </Page>
  );
}
