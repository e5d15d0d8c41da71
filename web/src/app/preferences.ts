/** What this browser remembers: the colour mode and the time zone times are written in. */

import {
  colorBackgroundContainerContent,
  colorBackgroundItemSelected,
  colorBackgroundLayoutMain,
  colorBorderDividerDefault,
  colorBorderItemFocused,
  colorTextBodyDefault,
  colorTextBodySecondary,
  colorTextLinkDefault,
} from "@cloudscape-design/design-tokens";
import { applyMode, Mode } from "@cloudscape-design/global-styles";
import { useSyncExternalStore } from "react";
import type { Zone } from "../lib/time";

export type ColourMode = "system" | "light" | "dark";

export interface Preferences {
  mode: ColourMode;
  zone: Zone;
}

const KEY = "triptych.preferences";
const DEFAULTS: Preferences = { mode: "system", zone: "utc" };

/** Tokens that styles/app.css uses, as `--own-<name>`. */
const OWN = {
  text: colorTextBodyDefault,
  secondary: colorTextBodySecondary,
  surface: colorBackgroundContainerContent,
  inset: colorBackgroundLayoutMain,
  line: colorBorderDividerDefault,
  focus: colorBorderItemFocused,
  selected: colorBackgroundItemSelected,
  link: colorTextLinkDefault,
};
const listeners = new Set<() => void>();
const systemDark = () => window.matchMedia("(prefers-color-scheme: dark)");
let preferences = stored();

function stored(): Preferences {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>;
    const mode = found.mode === "light" || found.mode === "dark" ? found.mode : DEFAULTS.mode;
    return { mode, zone: found.zone === "local" ? "local" : DEFAULTS.zone };
  } catch {
    return DEFAULTS; // storage is off, or somebody else wrote there
  }
}

export function setPreferences(change: Partial<Preferences>): void {
  preferences = { ...preferences, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // storage is off: the choice holds until the page is closed
  }
  applyDark();
}

function isDark(): boolean {
  return preferences.mode === "dark" || (preferences.mode === "system" && systemDark().matches);
}

function applyDark(): void {
  applyMode(isDark() ? Mode.Dark : Mode.Light);
  for (const listener of listeners) listener();
}

/** Once, before the first paint; follows the system from then on. */
export function applyPreferences(): void {
  // On the body, where the mode's class is: a token is resolved where the property that uses it is declared.
  for (const [name, token] of Object.entries(OWN)) document.body.style.setProperty(`--own-${name}`, token);
  applyDark();
  systemDark().addEventListener("change", applyDark);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, () => preferences);
}

/** Whether the dark mode is on; canvases redraw when it changes. */
export function useDark(): boolean {
  return useSyncExternalStore(subscribe, isDark);
}
