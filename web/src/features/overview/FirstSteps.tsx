/** An empty server: commands that work on this one, to be pasted into a shell. */
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useGlobals } from "../../app/globals";
import { firstSteps } from "../../lib/firstSteps";
import { endpoint, Snippet } from "../../ui/CopyAs";

export function FirstSteps() {
  const { region } = useGlobals();
  return (
    <Container
      header={
        <Header description="Paste these into a shell that has the AWS CLI; everything shows up here as it happens.">
          Start here
        </Header>
      }
    >
      <SpaceBetween size="m">
        {firstSteps({ endpoint: endpoint(), region }).map((step) => (
          <div key={step.title}>
            <Box variant="h3">{step.title}</Box>
            <Snippet text={step.text} label={`Copy: ${step.title}`} />
          </div>
        ))}
      </SpaceBetween>
    </Container>
  );
}
