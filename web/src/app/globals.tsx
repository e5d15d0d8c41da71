/**
 * What every page shares and the URL holds: region, time range, zone, automatic refresh. A relative range is made
 * absolute once per tick, so that all queries of a page ask for the same interval and have the same keys.
 */
import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { sessionState } from "../api/session";
import { formatTime, type Interval, isRelative, resolved, type TimeRange, type Zone } from "../lib/time";
import { integer, oneOf, text } from "../lib/url";
import { usePreferences } from "./preferences";
import { useUrlState } from "./url";

const SHAPE = {
  region: text(),
  from: text(),
  to: text(),
  tz: oneOf(["", "utc", "local"], ""),
  /** Seconds; 0 is off. */
  refresh: integer(0),
};

export interface Globals {
  region: string;
  range: TimeRange;
  /** The range as instants, the same for every query until the next tick. */
  interval: Interval;
  /** When the last tick was; "now" for this page. */
  now: number;
  zone: Zone;
  refreshSeconds: number;
  setRegion(region: string): void;
  setRange(range: TimeRange): void;
  setZone(zone: Zone): void;
  setRefresh(seconds: number): void;
  /** Fetch everything on the page again, with a relative range ending now. */
  refresh(): void;
}

const Context = createContext<Globals | undefined>(undefined);

export function useGlobals(): Globals {
  const globals = use(Context);
  if (!globals) throw new Error("useGlobals needs GlobalsProvider");
  return globals;
}

/** Writes instants in the zone the reader chose. */
export function useFormatTime(): (t: number, options?: { ms?: boolean }) => string {
  const { zone } = useGlobals();
  return useCallback((t, options) => formatTime(t, zone, options), [zone]);
}

/** `defaultRange`: where the URL says nothing. */
export function GlobalsProvider({
  children,
  defaultRange,
}: {
  children: ReactNode;
  defaultRange: TimeRange;
}) {
  const [state, setState] = useUrlState(SHAPE);
  const { zone: preferredZone } = usePreferences();
  const client = useQueryClient();
  const [now, setNow] = useState(Date.now);
  const session = sessionState();
  const region = state.region || (session.status === "in" ? session.session.region : "us-east-1");
  const range = useMemo(
    () => (state.from && state.to ? { from: state.from, to: state.to } : defaultRange),
    [state.from, state.to, defaultRange],
  );
  const interval = useMemo(() => resolved(range, now), [range, now]);

  const refresh = useCallback(() => {
    const tick = Date.now();
    // Queries whose key holds the interval get a new key here; the rest is fetched again under the same key.
    flushSync(() => setNow(tick));
    void client.invalidateQueries({
      predicate: (query) =>
        query.isActive() && query.state.fetchStatus === "idle" && query.state.dataUpdatedAt < tick,
    });
  }, [client]);
  useTicks(state.refresh, refresh);

  const zone = state.tz === "" ? preferredZone : state.tz;
  const value = useMemo<Globals>(
    () => ({
      region,
      range,
      interval,
      now,
      zone,
      refreshSeconds: state.refresh,
      setRegion: (next) => setState({ region: next }),
      setRange: (next) => {
        if (isRelative(next)) setNow(Date.now());
        setState({ from: next.from, to: next.to });
      },
      setZone: (next) => setState({ tz: next }),
      setRefresh: (seconds) => setState({ refresh: seconds }),
      refresh,
    }),
    [region, range, interval, now, zone, state.refresh, setState, refresh],
  );
  return <Context value={value}>{children}</Context>;
}

/** Calls back every `seconds` while the page is visible; at once when it becomes visible after a missed turn. */
function useTicks(seconds: number, onTick: () => void): void {
  const last = useRef(Date.now());
  useEffect(() => {
    if (!seconds) return;
    const due = () => {
      if (document.hidden || Date.now() - last.current < seconds * 1000 - 50) return;
      last.current = Date.now();
      onTick();
    };
    const timer = setInterval(due, seconds * 1000);
    document.addEventListener("visibilitychange", due);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", due);
    };
  }, [seconds, onTick]);
}
