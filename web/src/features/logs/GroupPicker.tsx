import Multiselect from "@cloudscape-design/components/multiselect";
import { usePages } from "../../app/queries";

/** Log groups by name; names that are not there (any more) stay chosen, so that the error says so. */
export function GroupPicker(props: { chosen: string[]; most: number; onChange: (names: string[]) => void }) {
  const groups = usePages("logs", "DescribeLogGroups", {}, (page) => page.logGroups, {
    token: "nextToken",
    upTo: 1000,
  });
  return (
    <Multiselect
      options={groups.items.map((group) => ({
        value: group.logGroupName ?? "",
        label: group.logGroupName ?? "",
      }))}
      selectedOptions={props.chosen.map((name) => ({ value: name, label: name }))}
      onChange={({ detail }) =>
        props.onChange(detail.selectedOptions.map((option) => option.value ?? "").slice(0, props.most))
      }
      filteringType="auto"
      statusType={groups.isPending ? "loading" : groups.error ? "error" : "finished"}
      errorText={groups.error?.message ?? ""}
      placeholder={`Choose up to ${props.most} log groups`}
      ariaLabel="Log groups"
      empty="There are no log groups in this Region."
      deselectAriaLabel={(option) => `Remove ${option.label}`}
      tokenLimit={4}
    />
  );
}
