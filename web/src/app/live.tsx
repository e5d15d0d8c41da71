/** One connection for all of a page's live facts; browsers allow few per host. */
import { createContext, type ReactNode, use, useEffect, useMemo, useRef } from "react";
import { openStream } from "../api/console";

export const TOPICS = ["alarm", "item", "compliance", "remediation", "automation"] as const;
export type Topic = (typeof TOPICS)[number];
export type Listener = (topic: Topic, fact: unknown) => void;

const Context = createContext<{ add(listener: Listener): () => void } | undefined>(undefined);

export function LiveProvider({ children }: { children: ReactNode }) {
  const listeners = useRef(new Set<Listener>());
  useEffect(
    () =>
      openStream([...TOPICS], (topic, fact) => {
        for (const listener of listeners.current) listener(topic as Topic, fact);
      }),
    [],
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
