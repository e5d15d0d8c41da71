import { ChangeDialog } from "../../ui/Confirm";

export function Logging({ name, on, onClose }: { name: string; on: boolean; onClose: () => void }) {
  const shared = { service: "cloudtrail", input: { Name: name }, onClose } as const;
  if (on) {
    return (
      <ChangeDialog
        {...shared}
        title={`Start logging of ${name}`}
        operation="StartLogging"
        action="Start logging"
        done={`${name} logs`}
      >
        Calls from now on are delivered.
      </ChangeDialog>
    );
  }
  return (
    <ChangeDialog
      {...shared}
      title={`Stop logging of ${name}`}
      operation="StopLogging"
      action="Stop logging"
      done={`${name} no longer logs`}
    >
      Calls are no longer delivered to its bucket; event history still has them. This call is itself recorded.
    </ChangeDialog>
  );
}

export function DeleteTrail(props: { name: string; onClose: () => void; onDone: () => void }) {
  return (
    <ChangeDialog
      title={`Delete ${props.name}`}
      service="cloudtrail"
      operation="DeleteTrail"
      input={{ Name: props.name }}
      action="Delete"
      done={`${props.name} deleted`}
      onClose={props.onClose}
      onDone={props.onDone}
    >
      What it has delivered stays in its bucket.
    </ChangeDialog>
  );
}
