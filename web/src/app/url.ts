/** The page's state in the URL, as React state. */
import { useRouter, useRouterState } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import {
  pageHref,
  parseSearch,
  type Raw,
  readState,
  SHARED,
  type Shape,
  type StateOf,
  stringifySearch,
  writeState,
} from "../lib/url";

export interface SetOptions {
  /** Replace the history entry instead of adding one: for typing. */
  replace?: boolean;
}

/**
 * `const [state, setState] = useUrlState(SHAPE)` with a SHAPE declared outside of the component:
 * `{ q: text(), tab: oneOf(["a", "b"], "a") }`.
 */
export function useUrlState<S extends Shape>(
  shape: S,
): [StateOf<S>, (change: Partial<StateOf<S>>, options?: SetOptions) => void] {
  const router = useRouter();
  const written = useRouterState({ select: (state) => state.location.searchStr });
  const state = useMemo(() => readState(shape, parseSearch(written)), [shape, written]);
  const setState = useCallback(
    (change: Partial<StateOf<S>>, options: SetOptions = {}) => {
      const { pathname, search } = router.history.location;
      const next = stringifySearch({ ...parseSearch(search), ...writeState(shape, change) });
      if (next === search) return;
      const go = options.replace ? router.history.replace : router.history.push;
      go(`${pathname}${next}`);
    },
    [router, shape],
  );
  return [state, setState];
}

/** The parameters in the path, unescaped: `/alarms/$name` -> `{ name }`. */
export function usePathParams<K extends string>(): Record<K, string> {
  return useRouterState({ select: (state) => state.matches.at(-1)?.params ?? {} }) as Record<K, string>;
}

/** `href("/alarms", { q: "cpu" })` with region, time range and zone carried along. */
export function useHref(): (path: string, state?: Raw) => string {
  const written = useRouterState({ select: (state) => state.location.searchStr });
  return useCallback(
    (path, state = {}) => {
      const current = parseSearch(written);
      const shared = Object.fromEntries(SHARED.map((key) => [key, current[key]]));
      return pageHref(path, { ...shared, ...state });
    },
    [written],
  );
}

/** Goes to an address made by `useHref`. */
export function useGo(): (href: string, options?: SetOptions) => void {
  const router = useRouter();
  return useCallback(
    (href, options = {}) => {
      const path = href.replace(/^[^#]*#/, "");
      if (options.replace) router.history.replace(path);
      else router.history.push(path);
    },
    [router],
  );
}
