import { useConsole } from "../../app/queries";
import type { Catalogue } from "../logs/insightsLanguage";

export type ManagedRule = Catalogue["managedRules"][number];

/** Types this server can record; asked for when wanted. */
export function useResourceTypes(enabled = true): string[] | undefined {
  return useConsole<Catalogue>("catalogue", {}, { enabled }).data?.resourceTypes;
}

export function useManagedRules() {
  return useConsole<Catalogue>("catalogue");
}
