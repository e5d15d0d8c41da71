/** Fields of log groups as the server found them; a note where it cannot say. */
import { useQueries } from "@tanstack/react-query";
import { aws } from "../../api/client";
import { ApiError } from "../../api/errors";
import { awsKey } from "../../api/keys";
import { useGlobals } from "../../app/globals";
import { type FieldShare, mergedFields } from "../../lib/insights";

const MOST_GROUPS = 5;

export function useGroupFields(groups: string[]): { fields: FieldShare[]; note: string } {
  const { region } = useGlobals();
  return useQueries({
    queries: groups.slice(0, MOST_GROUPS).map((logGroupName) => ({
      queryKey: awsKey("logs", "GetLogGroupFields", region, { logGroupName }),
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        aws("logs", "GetLogGroupFields", { logGroupName }, { region, signal }),
      staleTime: 60_000,
      retry: false,
    })),
    combine: (found) => {
      const error = found.find((each) => each.error)?.error;
      const lists = found.map((each) =>
        (each.data?.logGroupFields ?? []).map(({ name = "", percent = 0 }) => ({ name, percent })),
      );
      const note = error
        ? error instanceof ApiError && error.code === "NotImplemented"
          ? "This server does not discover fields; these are the results' own."
          : `The groups' fields could not be read: ${error.message}`
        : "";
      return { fields: mergedFields(...lists), note };
    },
  });
}
