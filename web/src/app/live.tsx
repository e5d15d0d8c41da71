/** One connection for all of a page's live facts; browsers allow few per host. */
import { createContext, type ReactNode, use, useEffect, useMemo, useRef } from "react";
import { type Fact, openStream } from "../api/console";
import { useGlobals } from "./globals";

export const TOPICS = ["alarm", "item", "compliance", "remediation", "automation"] as const;
export type Topic = (typeof TOPICS)[number];
export type Listener = (topic: Topic, fact: Fact) => void;

const Context = createContext<{ add(listener: Listener): () => void } | undefined>(undefined);

export function LiveProvider({ children }: { children: ReactNode }) {
  const listeners = useRef(new Set<Listener>());
  const { region } = useGlobals();
  useEffect(
    () =>
      openStream([...TOPICS], region, (topic, fact) => {
        if (fact.region && fact.region !== region) return;
        for (const listener of listeners.current) listener(topic as Topic, fact);
      }),
    [region],
  );
  const value = useMemo(
    () => ({
      add(listener: Listener) {
        listeners.current.add(listener);
        return () => void listeners.current.delete(listener);
      },
    }),
    [],
  );
  return <Context value={value}>{children}</Context>;
}

/** Calls back with every fact while the component is on the page. */
export function useLive(listener: Listener): void {
  const live = use(Context);
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => live?.add((topic, fact) => latest.current(topic, fact)), [live]);
}

/** Calls back once, `delayMs` after the first of a burst of facts. */
export function useLiveSoon(onFacts: () => void, enabled = true, delayMs = 700): void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(onFacts);
  useEffect(() => {
    latest.current = onFacts;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  useLive(() => {
    if (!enabled || timer.current !== undefined) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      if (!document.hidden) latest.current();
    }, delayMs);
  });
}
