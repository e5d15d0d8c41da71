import TopNavigation, { type TopNavigationProps } from "@cloudscape-design/components/top-navigation";
import type { Meta } from "../api/console";
import { signOut } from "../api/console";
import { sessionState } from "../api/session";
import { plural } from "../lib/format";
import { useFlash } from "./flash";
import { GlobalSearch } from "./GlobalSearch";
import { useGlobals } from "./globals";
import { useLive } from "./live";
import { type ColourMode, setPreferences, usePreferences } from "./preferences";
import { useAws, useConsole } from "./queries";
import { useHref } from "./url";

const MODES: Record<ColourMode, string> = { system: "As the system", light: "Light", dark: "Dark" };

export function TopBar() {
  const globals = useGlobals();
  const preferences = usePreferences();
  const href = useHref();
  const flash = useFlash();
  const meta = useConsole<Meta>("meta");
  const state = sessionState();
  const session = state.status === "in" ? state.session : undefined;
  const regions = [...new Set([globals.region, ...(meta.data?.regions ?? [])])].sort();

  const utilities: TopNavigationProps.Utility[] = [
    useBell(),
    {
      type: "menu-dropdown",
      text: globals.region,
      ariaLabel: `Region: ${globals.region}`,
      items: regions.map((id) => ({ id, text: id })),
      onItemClick: ({ detail }) => globals.setRegion(detail.id),
    },
    {
      type: "menu-dropdown",
      iconName: "settings",
      ariaLabel: "Appearance",
      title: "Appearance",
      items: [
        {
          id: "mode",
          text: "Colours",
          items: Object.entries(MODES).map(([id, text]) => ({
            id,
            itemType: "checkbox" as const,
            text,
            checked: preferences.mode === id,
          })),
        },
        {
          id: "zone",
          text: "Times",
          items: [
            { id: "utc", itemType: "checkbox" as const, text: "UTC", checked: globals.zone === "utc" },
            { id: "local", itemType: "checkbox" as const, text: "Local", checked: globals.zone === "local" },
          ],
        },
      ],
      onItemClick: ({ detail }) => {
        if (detail.id === "utc" || detail.id === "local") {
          setPreferences({ zone: detail.id });
          globals.setZone(detail.id);
        } else if (detail.id in MODES) setPreferences({ mode: detail.id as ColourMode });
      },
    },
    {
      type: "menu-dropdown",
      iconName: "user-profile",
      text: session?.account ?? "",
      description: session?.arn ?? "",
      ariaLabel: `Account ${session?.account ?? ""}`,
      items: [
        { id: "settings", text: "Settings", href: href("/settings") },
        { id: "out", text: "Sign out" },
      ],
      onItemClick: ({ detail }) => {
        if (detail.id === "out") signOut().catch((error: unknown) => flash.error(error, "Not signed out"));
      },
    },
  ];
  return (
    <div id="top-bar">
      <TopNavigation
        identity={{ href: href("/"), title: "Triptych" }}
        utilities={utilities}
        search={<GlobalSearch />}
        i18nStrings={{
          searchIconAriaLabel: "Search",
          searchDismissIconAriaLabel: "Close search",
          overflowMenuTriggerText: "More",
          overflowMenuTitleText: "All",
        }}
      />
    </div>
  );
}

const BELL_MS = 300_000;

/** The firing alarms. They come with the stream; the slow poll is for a stream that was cut. */
function useBell(): TopNavigationProps.Utility {
  const href = useHref();
  const firing = useAws(
    "cloudwatch",
    "DescribeAlarms",
    { StateValue: "ALARM", MaxRecords: 20 },
    { everyMs: BELL_MS },
  );
  useLive((topic) => {
    if (topic === "alarm") void firing.refetch();
  });
  const names = [...(firing.data?.MetricAlarms ?? []), ...(firing.data?.CompositeAlarms ?? [])].map(
    (alarm) => alarm.AlarmName ?? "",
  );
  const more = firing.data?.NextToken ? "more than " : "";
  const title = names.length ? `${more}${plural(names.length, "alarm")} firing` : "No alarm is firing";
  return {
    type: "menu-dropdown",
    iconName: "notification",
    badge: names.length > 0,
    ariaLabel: title,
    title,
    items: [
      ...names.map((name) => ({
        id: name,
        text: name,
        href: href("/incident", { alarm: name, from: undefined, to: undefined }),
      })),
      {
        id: "/incidents",
        text: names.length ? "All incidents" : `${title}: see past incidents`,
        href: href("/incidents"),
      },
    ],
  };
}
