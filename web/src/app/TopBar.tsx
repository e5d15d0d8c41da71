import TopNavigation, { type TopNavigationProps } from "@cloudscape-design/components/top-navigation";
import type { Meta } from "../api/console";
import { signOut } from "../api/console";
import { sessionState } from "../api/session";
import { useFlash } from "./flash";
import { useGlobals } from "./globals";
import { type ColourMode, setPreferences, usePreferences } from "./preferences";
import { useConsole } from "./queries";
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
        i18nStrings={{ overflowMenuTriggerText: "More", overflowMenuTitleText: "All" }}
      />
    </div>
  );
}
