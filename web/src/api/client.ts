/**
 * AWS calls from the browser: the AWS JSON protocols over fetch, same origin, with the session's cookie instead of a
 * signature. Types come from botocore (gen/); what is asked and answered is exactly what any AWS client sees.
 */
import { ApiError, errorOf } from "./errors";
import type { Api } from "./gen";
import { SERVICES } from "./gen";
import { sessionState, signedOut } from "./session";

export type Service = keyof Api;
export type Operation<S extends Service> = keyof Api[S] & string;
export type Input<S extends Service, O extends Operation<S>> = Api[S][O] extends { input: infer I }
  ? I
  : never;
export type Output<S extends Service, O extends Operation<S>> = Api[S][O] extends { output: infer R }
  ? R
  : never;

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** The session's region when absent. */
  region?: string | undefined;
}

/** Where the server is: one level above the console, below whatever prefix a proxy gave both. */
export function serverRoot(): string {
  return new URL("../", document.baseURI.split("#")[0]).href;
}

/** Codes with which the server says that the session, not the call, is the problem. */
const SESSION_ENDED = new Set([
  "ExpiredToken",
  "ExpiredTokenException",
  "MissingAuthenticationToken",
  // So answers AWS JSON where the cookie is gone; others leave the end of the name out.
  "MissingAuthenticationTokenException",
  "InvalidSession",
]);

export async function aws<S extends Service, O extends Operation<S>>(
  service: S,
  operation: O,
  input: Input<S, O>,
  options: CallOptions = {},
): Promise<Output<S, O>> {
  const reply = await awsReply(service, operation, input, options);
  const text = await reply.text();
  return (text === "" ? {} : JSON.parse(text)) as Output<S, O>;
}

/** The raw reply, for operations that answer with an event stream. */
export async function awsReply<S extends Service, O extends Operation<S>>(
  service: S,
  operation: O,
  input: Input<S, O>,
  options: CallOptions = {},
): Promise<Response> {
  const { target, json } = SERVICES[service];
  const headers: Record<string, string> = {
    "content-type": `application/x-amz-json-${json}`,
    "x-amz-target": `${target}.${operation}`,
  };
  if (options.region) headers["x-triptych-region"] = options.region;
  return send(serverRoot(), {
    method: "POST",
    headers,
    body: JSON.stringify(input),
    signal: options.signal ?? null,
  });
}

/** One request with cookie and CSRF token; raises ApiError, and ends the session where the server says it is over. */
export async function send(
  url: string,
  request: RequestInit & { headers: Record<string, string> },
): Promise<Response> {
  const state = sessionState();
  const csrf: Record<string, string> = state.status === "in" ? { "x-triptych-csrf": state.session.csrf } : {};
  let reply: Response;
  try {
    reply = await fetch(url, {
      credentials: "same-origin",
      ...request,
      headers: { ...request.headers, ...csrf },
    });
  } catch (cause) {
    if (request.signal?.aborted) throw cause;
    throw new ApiError("NetworkError", "The server cannot be reached.", 0);
  }
  if (reply.ok) return reply;
  const error = await errorOf(reply);
  if (state.status === "in" && (reply.status === 401 || SESSION_ENDED.has(error.code))) signedOut(true);
  throw error;
}
