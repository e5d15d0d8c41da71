import type { RemediationConfiguration } from "../../api/gen/config";
import { useAws } from "../../app/queries";

/** A rule's remediation, if it has one. */
export function useRemediation(rule: string): RemediationConfiguration | undefined {
  const found = useAws("config", "DescribeRemediationConfigurations", { ConfigRuleNames: [rule] });
  return found.data?.RemediationConfigurations?.[0];
}
