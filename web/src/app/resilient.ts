/** Page modules that cannot be fetched, because the server is away or has other files since it was updated. */
import type { ComponentType } from "react";
import { consoleUrl } from "../api/console";

export type Load = () => Promise<{ default: ComponentType }>;

const PAUSE_MS = 2000;
const MARK = "triptych-reloaded";
/** A module that fails again so soon after loading anew is broken; that is for the error page. */
const ONCE_MS = 60_000;

/** `load`; where it fails the whole console is loaded anew, at the same address, as soon as the server answers. */
export function resilient(load: Load): Load {
  return () =>
    load().catch(async (error: unknown) => {
      if (Date.now() - Number(sessionStorage.getItem(MARK) ?? 0) < ONCE_MS) throw error;
      while (!(await answers())) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      sessionStorage.setItem(MARK, String(Date.now()));
      location.reload();
      return new Promise<never>(() => undefined);
    });
}

/** Any answer will do, also that there is no session. */
const answers = () =>
  fetch(consoleUrl("session")).then(
    () => true,
    () => false,
  );
