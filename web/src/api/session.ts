/** Who is signed in, held in memory only: the secret is a cookie that scripts cannot read. */

export interface Session {
  account: string;
  arn: string;
  region: string;
  /** Epoch milliseconds. */
  expires: number;
  csrf: string;
}

type State = { status: "unknown" } | { status: "out"; expired: boolean } | { status: "in"; session: Session };

let state: State = { status: "unknown" };
const listeners = new Set<() => void>();

export function sessionState(): State {
  return state;
}

export function subscribeSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function signedIn(session: Session): void {
  set({ status: "in", session });
}

/** No session (any more); `expired` when there was one, which the sign-in page says. */
export function signedOut(expired: boolean): void {
  set({ status: "out", expired });
}

function set(next: State): void {
  state = next;
  for (const listener of listeners) listener();
}
