/** What a call to the server can fail with: the service's own code, words and request id. */
export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly requestId?: string,
    /** Set on 429: seconds until another attempt makes sense. */
    readonly retryAfterSeconds?: number,
    /** Everything the reply's body had: an error may carry more, like where a query is wrong. */
    readonly body: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

/** Codes that more patience may heal; everything else is shown at once. */
const TRANSIENT = new Set([
  "ThrottlingException",
  "ServiceUnavailable",
  "NetworkError",
  "LimitExceededException",
]);

export function isTransient(error: unknown): boolean {
  return error instanceof ApiError && (TRANSIENT.has(error.code) || error.status >= 500);
}

/** The error of a reply that was not successful, whatever of code, message and id its body and headers carry. */
export async function errorOf(reply: Response): Promise<ApiError> {
  const text = await reply.text();
  const body = parsed(text);
  const named = string(body.__type) ?? reply.headers.get("x-amzn-errortype") ?? string(body.code);
  const code = (named ?? `Http${reply.status}`).split(":")[0]?.split("#").at(-1) ?? "";
  const message =
    string(body.message) ?? string(body.Message) ?? (reply.statusText || `HTTP ${reply.status}`);
  const id = reply.headers.get("x-amzn-requestid") ?? string(body.requestId);
  const wait = typeof body.retryAfterSeconds === "number" ? body.retryAfterSeconds : undefined;
  return new ApiError(code, message, reply.status, id ?? undefined, wait, body);
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function string(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
