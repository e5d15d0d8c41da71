/** Loading, empty and failed, the same everywhere. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import type { ReactNode } from "react";
import { ApiError } from "../api/errors";

export function Loading({ text = "Loading" }: { text?: string }) {
  return (
    <Box textAlign="center" padding="l" color="text-body-secondary">
      <Spinner /> {text}
    </Box>
  );
}

export function Failed({ error, retry, doing }: { error: unknown; retry?: () => void; doing?: string }) {
  const known = error instanceof ApiError ? error : undefined;
  return (
    <Alert
      type="error"
      header={doing ?? known?.code ?? "Failed"}
      action={retry && <Button onClick={retry}>Try again</Button>}
    >
      {doing && known ? `${known.code}: ` : ""}
      {error instanceof Error ? error.message : String(error)}
      {known?.requestId && (
        <Box variant="small" color="inherit" display="block">
          Request id {known.requestId}
        </Box>
      )}
    </Alert>
  );
}

/** Nothing here yet: what it would be, and how to get the first one. */
export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <Box textAlign="center" color="inherit" padding="m">
      <SpaceBetween size="s">
        <Box variant="strong" color="inherit">
          {title}
        </Box>
        {children && (
          <Box variant="div" color="text-body-secondary">
            {children}
          </Box>
        )}
        {action}
      </SpaceBetween>
    </Box>
  );
}

interface QueryLike<T> {
  data: T | undefined;
  error: Error | null;
  refetch: () => unknown;
}

/** `<Loadable query={q}>{(data) => …}</Loadable>`: an error keeps what was there before it. */
export function Loadable<T>({ query, children }: { query: QueryLike<T>; children: (data: T) => ReactNode }) {
  return (
    <>
      {query.error && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.data !== undefined ? children(query.data) : !query.error && <Loading />}
    </>
  );
}
