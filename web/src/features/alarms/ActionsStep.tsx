/** Who is told: ARNs of topics, functions and other targets, per state. */
import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import type { Outline } from "../../lib/alarm";

const LISTS = [
  { member: "alarmActions", title: "In alarm", description: "When the state becomes ALARM" },
  { member: "okActions", title: "OK again", description: "When the state becomes OK" },
  {
    member: "insufficientActions",
    title: "Insufficient data",
    description: "When there is not enough data to tell",
  },
] as const;

const MOST = 5;

interface ActionsProps {
  form: Outline;
  change: (part: Partial<Outline>) => void;
}

export function ActionsStep({ form, change }: ActionsProps) {
  return (
    <SpaceBetween size="l">
      <Container>
        <Toggle
          checked={form.actionsEnabled}
          onChange={({ detail }) => change({ actionsEnabled: detail.checked })}
          description="Disabled, the alarm changes its state and does nothing else"
        >
          Actions enabled
        </Toggle>
      </Container>
      {LISTS.map(({ member, title, description }) => (
        <Container
          key={member}
          header={
            <Header variant="h2" description={description}>
              {title}
            </Header>
          }
        >
          <AttributeEditor
            items={form[member]}
            definition={[
              {
                label: "ARN",
                control: (arn, index) => (
                  <Input
                    value={arn}
                    placeholder="arn:aws:sns:us-east-1:000000000000:on-call"
                    ariaLabel={`${title}: ARN ${index + 1}`}
                    onChange={({ detail }) =>
                      change({ [member]: form[member].map((one, at) => (at === index ? detail.value : one)) })
                    }
                  />
                ),
                errorText: (arn) => (arn && !/^arn:[^:]+:[^:]+:/.test(arn) ? "This is no ARN." : undefined),
              },
            ]}
            onAddButtonClick={() => change({ [member]: [...form[member], ""] })}
            onRemoveButtonClick={({ detail }) =>
              change({ [member]: form[member].filter((_, at) => at !== detail.itemIndex) })
            }
            addButtonText="Add action"
            removeButtonText="Remove"
            disableAddButton={form[member].length >= MOST}
            empty="Nothing is done."
          />
        </Container>
      ))}
    </SpaceBetween>
  );
}
