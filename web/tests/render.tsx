/** Components in the providers a page has, with a server that answers what the test says. */
import { I18nProvider } from "@cloudscape-design/components/i18n";
import messages from "@cloudscape-design/components/i18n/messages/all.en";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { act, type RenderResult, render } from "@testing-library/react";
import type { ReactNode } from "react";
import { vi } from "vitest";
import { type Session, signedIn } from "../src/api/session";
import { FlashProvider } from "../src/app/flash";
import { GlobalsProvider } from "../src/app/globals";
import { SplitPanelProvider } from "../src/app/splitPanel";
import { DEFAULT_RANGE } from "../src/lib/time";
import { parseSearch, stringifySearch } from "../src/lib/url";

export const SESSION: Session = {
  account: "000000000000",
  arn: "arn:aws:iam::000000000000:root",
  region: "us-east-1",
  expires: Date.UTC(2100, 0, 1),
  csrf: "csrf-token",
};

/** `address`: path and parameters, e.g. `/alarms?q=cpu`. */
export async function renderPage(
  children: ReactNode,
  address = "/",
): Promise<RenderResult & { address(): string }> {
  signedIn(SESSION);
  const root = createRootRoute({
    component: () => (
      <GlobalsProvider defaultRange={DEFAULT_RANGE}>
        <FlashProvider>
          <SplitPanelProvider>{children}</SplitPanelProvider>
        </FlashProvider>
      </GlobalsProvider>
    ),
    notFoundComponent: () => null,
  });
  const history = createMemoryHistory({ initialEntries: [address] });
  const router = createRouter({ routeTree: root, history, parseSearch, stringifySearch });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  await act(() => router.load());
  const result = render(
    <I18nProvider locale="en" messages={[messages]}>
      <QueryClientProvider client={client}>
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </I18nProvider>,
  );
  return { ...result, address: () => history.location.href };
}

export interface Call {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: unknown;
}

type Answer = { status?: number; body: unknown; headers?: Record<string, string> };

/**
 * Answers fetch. Keys are operations (`DescribeAlarms`) or `GET meta` for the console's endpoints; a call nobody
 * expected fails the test. Returns the calls made so far.
 */
export function answering(answers: Record<string, (call: Call) => Answer>): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal("fetch", async (url: string, request: RequestInit = {}) => {
    request.signal?.throwIfAborted();
    const headers = Object.fromEntries(new Headers(request.headers));
    const body = typeof request.body === "string" ? JSON.parse(request.body) : undefined;
    const call = { method: request.method ?? "GET", url: String(url), headers, body };
    calls.push(call);
    const operation = headers["x-amz-target"]?.split(".").at(-1);
    const path = /\/console\/api\/([^?]*)/.exec(call.url)?.[1];
    const name = operation ?? `${call.method} ${path}`;
    const answer = answers[name]?.(call);
    if (!answer) throw new Error(`nobody answers ${name}`);
    const status = answer.status ?? 200;
    const text = status === 204 ? null : JSON.stringify(answer.body);
    return new Response(text, { status, headers: answer.headers ?? {} });
  });
  return calls;
}
