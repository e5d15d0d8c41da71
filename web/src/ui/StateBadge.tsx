/** AWS's states with their sign: colour, icon and the word itself. */
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { Tone } from "./tokens";

type Look = [StatusIndicatorProps.Type, string, Tone];

const LOOKS: Record<string, Look> = {
  OK: ["success", "OK", "success"],
  ALARM: ["error", "In alarm", "error"],
  INSUFFICIENT_DATA: ["pending", "Insufficient data", "neutral"],
  COMPLIANT: ["success", "Compliant", "success"],
  NON_COMPLIANT: ["error", "Non-compliant", "error"],
  NOT_APPLICABLE: ["stopped", "Not applicable", "neutral"],
  SUCCEEDED: ["success", "Succeeded", "success"],
  FAILED: ["error", "Failed", "error"],
  UNKNOWN: ["stopped", "Unknown", "neutral"],
  QUEUED: ["pending", "Queued", "info"],
  PENDING: ["pending", "Pending", "info"],
  IN_PROGRESS: ["in-progress", "In progress", "info"],
  INPROGRESS: ["in-progress", "In progress", "info"],
  RUNNING: ["in-progress", "Running", "info"],
  SCHEDULED: ["pending", "Scheduled", "info"],
  WAITING: ["pending", "Waiting", "info"],
  SUCCESS: ["success", "Success", "success"],
  COMPLETE: ["success", "Complete", "success"],
  FINISHED: ["success", "Finished", "success"],
  CANCELLED: ["stopped", "Cancelled", "neutral"],
  TIMEOUT: ["error", "Timed out", "error"],
  TIMEDOUT: ["error", "Timed out", "error"],
  ACTIVE: ["success", "Active", "success"],
  ENABLED: ["success", "Enabled", "success"],
  DISABLED: ["stopped", "Disabled", "neutral"],
  DELETING: ["in-progress", "Deleting", "info"],
};

/** Sign, words and tone of a state; an unknown one is shown as it is. */
export function look(state: string): Look {
  return (
    LOOKS[state.toUpperCase()] ?? LOOKS[state.toUpperCase().replaceAll("_", "")] ?? ["info", state, "info"]
  );
}

export function StateBadge({ state, text }: { state: string | undefined; text?: string }) {
  if (!state) return <StatusIndicator type="stopped">Unknown</StatusIndicator>;
  const [type, words] = look(state);
  return (
    <StatusIndicator type={type} wrapText={false}>
      {text ?? words}
    </StatusIndicator>
  );
}
