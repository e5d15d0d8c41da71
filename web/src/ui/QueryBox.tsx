/** A query and what is wrong with it; its editor is loaded when one is first shown. */
import Box from "@cloudscape-design/components/box";
import { lazy, Suspense } from "react";
import { Loading } from "./PageStates";
import type { QueryEditorProps } from "./QueryEditor";

const QueryEditor = lazy(() => import("./QueryEditor"));

export function QueryBox(props: QueryEditorProps) {
  const error = props.errors?.[0];
  return (
    <>
      <Suspense fallback={<Loading text="Loading the editor" />}>
        <QueryEditor {...props} />
      </Suspense>
      {error && (
        <Box color="text-status-error" fontSize="body-s">
          {error.message}
        </Box>
      )}
    </>
  );
}
