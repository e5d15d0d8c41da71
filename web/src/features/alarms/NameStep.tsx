import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import type { Outline } from "../../lib/alarm";

interface NameProps {
  form: Outline;
  errors: { name?: string };
  change: (part: Partial<Outline>) => void;
  editing: boolean;
}

export function NameStep({ form, errors, change, editing }: NameProps) {
  return (
    <Container>
      <SpaceBetween size="l">
        <FormField
          label="Alarm name"
          errorText={errors.name}
          description={editing ? "The name of an alarm stays; copy the alarm to rename it." : undefined}
        >
          <Input
            value={form.name}
            disabled={editing}
            onChange={({ detail }) => change({ name: detail.value })}
          />
        </FormField>
        <FormField label="Description" description="What it means, and what to do first">
          <Textarea
            value={form.description}
            rows={3}
            onChange={({ detail }) => change({ description: detail.value })}
          />
        </FormField>
      </SpaceBetween>
    </Container>
  );
}
