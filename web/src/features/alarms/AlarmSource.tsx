/** The call that makes an alarm like this, as a command and as a script; and what DescribeAlarms says of it. */
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { useGlobals } from "../../app/globals";
import { type AnyAlarm, draftOf, isComposite, putInput } from "../../lib/alarm";
import { compositeDraftOf, compositeInput } from "../../lib/composite";
import { boto3, cli } from "../../lib/snippets";
import { endpoint, Snippet } from "../../ui/CopyAs";

export function AlarmSource({ alarm }: { alarm: AnyAlarm }) {
  const { region } = useGlobals();
  const where = { endpoint: endpoint(), region };
  const operation = isComposite(alarm) ? "PutCompositeAlarm" : "PutMetricAlarm";
  const input = {
    ...(isComposite(alarm) ? compositeInput(compositeDraftOf(alarm)) : putInput(draftOf(alarm))),
  };
  return (
    <SpaceBetween size="s">
      <Tabs
        tabs={[
          {
            id: "cli",
            label: "AWS CLI",
            content: <Snippet text={cli("cloudwatch", operation, input, where)} />,
          },
          {
            id: "boto3",
            label: "boto3",
            content: <Snippet text={boto3("cloudwatch", operation, input, where)} />,
          },
        ]}
      />
      <ExpandableSection headerText="As DescribeAlarms has it">
        <Snippet text={JSON.stringify(alarm, null, 2)} />
      </ExpandableSection>
    </SpaceBetween>
  );
}
