/** A board while it is edited: what it was, what it is, what was undone. */
import { useCallback, useState } from "react";
import type { Board } from "../../lib/widget";

const STEPS = 100;

interface History {
  past: Board[];
  now: Board;
  future: Board[];
  /** What is stored on the server. */
  saved: Board;
}

export interface Editing {
  board: Board;
  changed: boolean;
  canUndo: boolean;
  canRedo: boolean;
  change: (board: Board) => void;
  undo: () => void;
  redo: () => void;
  /** What is stored is this now. */
  store: (board: Board) => void;
  /** Back to what is stored. */
  discard: () => void;
}

export function useBoard(initial: Board): Editing {
  const [history, setHistory] = useState<History>({ past: [], now: initial, future: [], saved: initial });
  const change = useCallback((board: Board) => setHistory((old) => changed(old, board)), []);
  const undo = useCallback(() => setHistory(undone), []);
  const redo = useCallback(() => setHistory(redone), []);
  const store = useCallback(
    (board: Board) => setHistory((old) => ({ ...changed(old, board), saved: board })),
    [],
  );
  const discard = useCallback(
    () => setHistory(({ saved }) => ({ past: [], now: saved, future: [], saved })),
    [],
  );
  return {
    board: history.now,
    changed: history.now !== history.saved,
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    change,
    undo,
    redo,
    store,
    discard,
  };
}

export function changed(history: History, board: Board): History {
  if (board === history.now) return history;
  return { ...history, past: [...history.past, history.now].slice(-STEPS), now: board, future: [] };
}

export function undone(history: History): History {
  const { past, now, future } = history;
  const before = past.at(-1);
  return before ? { ...history, past: past.slice(0, -1), now: before, future: [now, ...future] } : history;
}

export function redone(history: History): History {
  const { past, now, future } = history;
  const [next, ...rest] = future;
  return next ? { ...history, past: [...past, now], now: next, future: rest } : history;
}
