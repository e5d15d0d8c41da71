/** The graph as a dashboard's widget has it: to copy, and to paste. */

import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { lazy, Suspense, useMemo, useState } from "react";
import { type Graph, graphOf, propertiesOf } from "../../lib/graph";
import { syntaxError } from "../../lib/json-path";
import { Loading } from "../../ui/PageStates";

const JsonEditor = lazy(() => import("../../ui/JsonEditor"));

export function SourceTab({ graph, onChange }: { graph: Graph; onChange: (graph: Graph) => void }) {
  const written = useMemo(() => JSON.stringify(propertiesOf(graph), null, 2), [graph]);
  const [typed, setTyped] = useState<string>();
  const text = typed ?? written;
  const errors = useMemo(() => {
    const error = syntaxError(text);
    return error ? [error] : [];
  }, [text]);
  const use = () => {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      onChange(graphOf(value as Record<string, unknown>));
    }
    setTyped(undefined);
  };
  return (
    <SpaceBetween size="s">
      <Suspense fallback={<Loading />}>
        <JsonEditor
          value={text}
          onChange={(value) => setTyped(value === written ? undefined : value)}
          label="Source of the graph"
          errors={errors}
          minLines={10}
        />
      </Suspense>
      <SpaceBetween direction="horizontal" size="xs">
        <Button disabled={typed === undefined || errors.length > 0} onClick={use}>
          Use
        </Button>
        <Button disabled={typed === undefined} onClick={() => setTyped(undefined)}>
          Discard
        </Button>
      </SpaceBetween>
    </SpaceBetween>
  );
}
