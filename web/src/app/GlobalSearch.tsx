/** Anything by a part of its name: `/` or Ctrl+K from anywhere. */
import Autosuggest, { type AutosuggestProps } from "@cloudscape-design/components/autosuggest";
import { useEffect, useRef, useState } from "react";
import type { SearchHit } from "../api/console";
import { useBuilt } from "./built";
import { useConsole } from "./queries";
import { grouped, pageHits } from "./search";
import { useGo, useHref } from "./url";

const PAUSE_MS = 150;

export function GlobalSearch() {
  const [typed, setTyped] = useState("");
  const [asked, setAsked] = useState("");
  const box = useRef<AutosuggestProps.Ref>(null);
  const href = useHref();
  const go = useGo();
  const built = useBuilt();
  useEffect(() => {
    const timer = setTimeout(() => setAsked(typed.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const found = useConsole<SearchHit[]>("search", { q: asked, limit: 30 }, { enabled: asked !== "" });
  useShortcut(() => box.current?.focus());

  const hits = [...pageHits(typed, built), ...(asked && found.data ? found.data : [])];
  const options = grouped(hits);
  return (
    <Autosuggest
      ref={box}
      value={typed}
      onChange={({ detail }) => setTyped(detail.value)}
      onSelect={({ detail }) => {
        const hit = hits.find((one) => one.href === detail.selectedOption?.value);
        if (!hit) return;
        const [path = "/", search = ""] = hit.href.split("?");
        go(href(path, Object.fromEntries(new URLSearchParams(search))));
        setTyped("");
      }}
      options={options}
      filteringType="manual"
      enteredTextLabel={(value) => `Search for "${value}"`}
      ariaLabel="Search"
      placeholder="Search (/ or Ctrl+K)"
      statusType={found.isFetching ? "loading" : found.error ? "error" : "finished"}
      loadingText="Searching"
      errorText="The search failed"
      empty={typed ? "Nothing by that name" : "Alarms, log groups, resources, events, pages"}
      hideEnteredTextOption
      selectedAriaLabel="Selected"
    />
  );
}

/** `/` where nobody is typing; Ctrl+K (Cmd+K) everywhere. */
function useShortcut(onSearch: () => void): void {
  const latest = useRef(onSearch);
  useEffect(() => {
    latest.current = onSearch;
  });
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const target = event.target as Element | null;
      const typing = target?.closest("input, textarea, select, [contenteditable=true], .cm-editor") != null;
      const wanted = event.key === "/" ? !typing && !event.ctrlKey && !event.metaKey : isCtrlK(event);
      if (!wanted) return;
      event.preventDefault();
      latest.current();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
}

const isCtrlK = (event: KeyboardEvent) => event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
