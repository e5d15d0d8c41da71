/** Providers, and the gate: nothing but the sign-in page without a session. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import { I18nProvider } from "@cloudscape-design/components/i18n";
import messages from "@cloudscape-design/components/i18n/messages/all.en";
import Spinner from "@cloudscape-design/components/spinner";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useState, useSyncExternalStore } from "react";
import { resumeSession } from "../api/console";
import { ApiError, isTransient } from "../api/errors";
import { sessionState, subscribeSession } from "../api/session";
import { router } from "./routes";
import { SignIn } from "./SignIn";

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        refetchOnWindowFocus: true,
        retry: (count, error) => count < 2 && isTransient(error),
      },
      mutations: { retry: false },
    },
  });
}

export function App() {
  return (
    <I18nProvider locale="en" messages={[messages]}>
      <Gate />
    </I18nProvider>
  );
}

function Gate() {
  const state = useSyncExternalStore(subscribeSession, sessionState);
  const [failure, setFailure] = useState<ApiError>();
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt is another run
  useEffect(() => {
    setFailure(undefined);
    resumeSession().catch((error: unknown) =>
      setFailure(error instanceof ApiError ? error : new ApiError("Error", String(error), 0)),
    );
  }, [attempt]);
  if (state.status === "in") return <SignedIn key={`${state.session.arn} ${state.session.expires}`} />;
  if (state.status === "out") return <SignIn expired={state.expired} />;
  return (
    <div className="centred">
      {failure ? (
        <Alert
          type="error"
          header="The console cannot reach its server"
          action={<Button onClick={() => setAttempt(attempt + 1)}>Try again</Button>}
        >
          {failure.message}
        </Alert>
      ) : (
        <Box color="text-body-secondary">
          <Spinner size="large" /> <span className="visually-hidden">Loading</span>
        </Box>
      )}
    </div>
  );
}

/** A new session starts with an empty cache: what another identity saw is none of its business. */
function SignedIn() {
  const [client] = useState(newQueryClient);
  return (
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
