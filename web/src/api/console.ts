/** The console's own endpoints, for what AWS has no operation. Times are epoch milliseconds. */
import { type CallOptions, send, serverRoot } from "./client";
import { ApiError } from "./errors";
import { type Session, sessionState, signedIn, signedOut } from "./session";

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

export interface Meta {
  version: string;
  account: string;
  region: string;
  regions: string[];
  endpoint: string;
  estate: { service: string; upstream: string }[];
  /** Days; by what is kept. */
  retention: Record<string, number>;
  limits: Record<string, number>;
  /** Service -> operations that are built. */
  features: Record<string, string[]>;
}

export type SearchKind =
  | "metric"
  | "logGroup"
  | "alarm"
  | "dashboard"
  | "resource"
  | "rule"
  | "event"
  | "page";

export interface SearchHit {
  kind: SearchKind;
  title: string;
  subtitle: string;
  href: string;
}

export interface EventFilter {
  field: string;
  op: "=" | "!=" | ":" | "!:";
  value: string;
}

export interface EventsSearch {
  from: number;
  to: number;
  filters?: EventFilter[];
  join?: "and" | "or";
  text?: string;
  limit?: number;
  nextToken?: string;
  facets?: string[];
  bucketSeconds?: number;
}

/** A CloudTrail record as delivered, by AWS's names. */
export interface TrailRecord {
  eventID: string;
  eventTime: string;
  eventName: string;
  eventSource: string;
  awsRegion: string;
  sourceIPAddress?: string;
  userAgent?: string;
  userIdentity?: Record<string, unknown>;
  requestParameters?: Record<string, unknown> | null;
  responseElements?: Record<string, unknown> | null;
  readOnly?: boolean;
  errorCode?: string;
  errorMessage?: string;
  resources?: { ARN?: string; accountId?: string; type?: string }[];
  [member: string]: unknown;
}

export interface EventsFound {
  events: (TrailRecord & { eventId?: string })[];
  total: number;
  facets: Record<string, { value: string; count: number }[]>;
  histogram: { t: number; count: number }[];
  nextToken?: string;
}

export interface WhyPeriod {
  start: number;
  value?: number;
  breaching: boolean;
  treatment: string;
}

export interface Why {
  periods: WhyPeriod[];
  m: number;
  n: number;
  state: string;
  reason: string;
  missing: string;
}

export const signIn = async (credentials: Credentials): Promise<void> =>
  signedIn(await call<Session>("POST", "session", credentials));

export async function signOut(): Promise<void> {
  await call<void>("DELETE", "session");
  signedOut(false);
}

/** Asks once at start whether the cookie of an earlier visit is still good. */
export async function resumeSession(): Promise<void> {
  try {
    signedIn(await call<Session>("GET", "session"));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    signedOut(false);
  }
}

/** `GET /console/api/<path>?<query>`; absent values are left out. */
export function consoleGet<T>(path: string, query: Query = {}, options: CallOptions = {}): Promise<T> {
  return call<T>("GET", `${path}${queryText(query)}`, undefined, options);
}

/** An answer that is no JSON: a report to save. */
export async function consoleText(
  path: string,
  query: Query = {},
  options: CallOptions = {},
): Promise<string> {
  const region: Record<string, string> = options.region ? { "x-triptych-region": options.region } : {};
  const reply = await send(consoleUrl(`${path}${queryText(query)}`), {
    headers: region,
    signal: options.signal ?? null,
  });
  return reply.text();
}

export function consolePost<T>(path: string, body: unknown, options: CallOptions = {}): Promise<T> {
  return call<T>("POST", path, body, options);
}

export type Query = Record<string, string | number | boolean | undefined>;

export function queryText(query: Query): string {
  const given = Object.entries(query).flatMap(([k, v]) =>
    v === undefined || v === "" ? [] : [[k, String(v)]],
  );
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

export function consoleUrl(path: string): string {
  return `${serverRoot()}console/api/${path}`;
}

async function call<T>(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (options.region) headers["x-triptych-region"] = options.region;
  const reply = await send(consoleUrl(path), {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
    signal: options.signal ?? null,
  });
  return (reply.status === 204 ? undefined : await reply.json()) as T;
}

/** A fact as the stream tells it. */
export interface Fact {
  id: string;
  kind: string;
  t: number;
  region: string;
  subject: string;
  summary: string;
  body: Record<string, unknown>;
  cause: Record<string, unknown> | null;
}

/**
 * Facts of the account as they happen. The browser reconnects by itself; `onFact` gets the topic and the fact.
 * Returns how to close it.
 */
export function openStream(
  topics: string[],
  region: string,
  onFact: (topic: string, fact: Fact) => void,
  onConnection: (open: boolean) => void = () => undefined,
): () => void {
  if (typeof EventSource === "undefined" || sessionState().status !== "in") return () => undefined;
  const source = new EventSource(consoleUrl(`stream${queryText({ topics: topics.join(","), region })}`));
  const read = (topic: string) => (event: MessageEvent<string>) =>
    onFact(topic, JSON.parse(event.data) as Fact);
  for (const topic of topics) source.addEventListener(topic, read(topic));
  // The session is over: connecting again would be refused for ever.
  source.addEventListener("end", () => source.close());
  source.addEventListener("open", () => onConnection(true));
  source.addEventListener("error", () => onConnection(false));
  return () => source.close();
}
