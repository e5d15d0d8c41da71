/** The configuration recorder and where its history would be delivered. */
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Multiselect from "@cloudscape-design/components/multiselect";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { ConfigurationRecorder, DeliveryChannel } from "../../api/gen/config";
import { useFormatTime } from "../../app/globals";
import { useAws } from "../../app/queries";
import { ChangeDialog } from "../../ui/Confirm";
import { Page } from "../../ui/Page";
import { Empty, Loadable } from "../../ui/PageStates";
import { shortType } from "../../ui/ResourceLink";
import { StateBadge } from "../../ui/StateBadge";
import { useResourceTypes } from "./catalogue";
import { StartRecording } from "./RecorderHint";

export default function RecorderPage() {
  const recorders = useAws("config", "DescribeConfigurationRecorders", {});
  const channels = useAws("config", "DescribeDeliveryChannels", {});
  const [dialog, setDialog] = useState<"recorder" | "channel" | "switch">();
  const status = useAws("config", "DescribeConfigurationRecorderStatus", {}, { everyMs: 10_000 });
  const recorder = recorders.data?.ConfigurationRecorders?.[0];
  const channel = channels.data?.DeliveryChannels?.[0];
  const on = status.data?.ConfigurationRecordersStatus?.[0]?.recording ?? false;
  const close = () => setDialog(undefined);
  return (
    <Page
      title="Recorder"
      description="What of the estate's configuration is recorded"
      info={
        recorder && <StateBadge state={on ? "ENABLED" : "DISABLED"} text={on ? "Recording" : "Stopped"} />
      }
      actions={
        recorder && (
          <Button variant="primary" onClick={() => setDialog("switch")}>
            {on ? "Stop recording" : "Start recording"}
          </Button>
        )
      }
    >
      <SpaceBetween size="l">
        <Container
          header={
            <Header
              variant="h2"
              actions={
                <Button onClick={() => setDialog("recorder")}>{recorder ? "Edit" : "Create recorder"}</Button>
              }
            >
              Configuration recorder
            </Header>
          }
        >
          <Loadable query={recorders}>
            {() =>
              recorder ? (
                <Recorder recorder={recorder} />
              ) : (
                <Empty title="There is no recorder in this Region">
                  <StartRecording />
                </Empty>
              )
            }
          </Loadable>
        </Container>
        <Container
          header={
            <Header
              variant="h2"
              actions={
                <Button onClick={() => setDialog("channel")}>{channel ? "Edit" : "Create channel"}</Button>
              }
            >
              Delivery channel
            </Header>
          }
        >
          <Loadable query={channels}>
            {() =>
              channel ? (
                <KeyValuePairs
                  columns={3}
                  items={[
                    { label: "Name", value: channel.name ?? "–" },
                    { label: "Bucket", value: channel.s3BucketName ?? "–" },
                    { label: "Topic", value: channel.snsTopicARN ?? "–" },
                  ]}
                />
              ) : (
                <Empty title="No delivery channel">AWS asks for one before recording starts.</Empty>
              )
            }
          </Loadable>
        </Container>
      </SpaceBetween>
      {dialog === "recorder" && <EditRecorder {...(recorder ? { old: recorder } : {})} onClose={close} />}
      {dialog === "channel" && <EditChannel {...(channel ? { old: channel } : {})} onClose={close} />}
      {dialog === "switch" && <Switch name={recorder?.name ?? "default"} on={!on} onClose={close} />}
    </Page>
  );
}

function Recorder({ recorder }: { recorder: ConfigurationRecorder }) {
  const formatTime = useFormatTime();
  const status = useAws("config", "DescribeConfigurationRecorderStatus", {});
  const last = status.data?.ConfigurationRecordersStatus?.[0];
  const time = (t: number | undefined) => (t ? formatTime(t * 1000) : "–");
  const types = recorder.recordingGroup?.resourceTypes ?? [];
  return (
    <KeyValuePairs
      columns={3}
      items={[
        { label: "Name", value: recorder.name ?? "–" },
        {
          label: "Records",
          value: recorder.recordingGroup?.allSupported
            ? "All types this server knows"
            : types.map(shortType).join(", ") || "Nothing",
        },
        { label: "Role", value: <span className="mono breaks">{recorder.roleARN ?? "–"}</span> },
        { label: "Started", value: time(last?.lastStartTime) },
        { label: "Stopped", value: time(last?.lastStopTime) },
        {
          label: "Last error",
          value: last?.lastErrorCode ? `${last.lastErrorCode}: ${last.lastErrorMessage}` : "–",
        },
      ]}
    />
  );
}

function Switch({ name, on, onClose }: { name: string; on: boolean; onClose: () => void }) {
  const shared = { service: "config", input: { ConfigurationRecorderName: name }, onClose } as const;
  if (on) {
    return (
      <ChangeDialog
        {...shared}
        title="Start recording"
        operation="StartConfigurationRecorder"
        action="Start"
        done="Recording"
      >
        Every resource of its types is looked at, and every change from now on is recorded.
      </ChangeDialog>
    );
  }
  return (
    <ChangeDialog
      {...shared}
      title="Stop recording"
      operation="StopConfigurationRecorder"
      action="Stop"
      done="Recording stopped"
    >
      Changes are no longer seen, and rules that wait for them judge nothing new. What was recorded stays.
    </ChangeDialog>
  );
}

function EditRecorder({ old, onClose }: { old?: ConfigurationRecorder; onClose: () => void }) {
  const known = useResourceTypes();
  const [all, setAll] = useState(old?.recordingGroup?.allSupported ?? true);
  const [types, setTypes] = useState(old?.recordingGroup?.resourceTypes ?? []);
  const [role, setRole] = useState(old?.roleARN ?? "");
  return (
    <ChangeDialog
      title={old ? "Edit recorder" : "Create recorder"}
      service="config"
      operation="PutConfigurationRecorder"
      input={{
        ConfigurationRecorder: {
          name: old?.name ?? "default",
          roleARN: role,
          recordingGroup: all
            ? { allSupported: true, includeGlobalResourceTypes: true }
            : { allSupported: false, resourceTypes: types as never[] },
        },
      }}
      action="Save"
      done="Recorder saved"
      invalid={role === "" || (!all && types.length === 0)}
      wide
      onClose={onClose}
    >
      <Checkbox checked={all} onChange={({ detail }) => setAll(detail.checked)}>
        All types this server knows, global ones too
      </Checkbox>
      {!all && (
        <FormField label="Resource types" stretch>
          <Multiselect
            options={(known ?? []).map((value) => ({ value, label: shortType(value), description: value }))}
            selectedOptions={types.map((value) => ({ value, label: shortType(value) }))}
            onChange={({ detail }) =>
              setTypes(detail.selectedOptions.map((option) => (option.value ?? "") as never))
            }
            filteringType="auto"
            placeholder="Choose types"
            expandToViewport
          />
        </FormField>
      )}
      <FormField label="Role ARN" description="AWS asks for the role that reads the resources." stretch>
        <Input
          value={role}
          onChange={({ detail }) => setRole(detail.value)}
          placeholder="arn:aws:iam::000000000000:role/config"
        />
      </FormField>
    </ChangeDialog>
  );
}

function EditChannel({ old, onClose }: { old?: DeliveryChannel; onClose: () => void }) {
  const [bucket, setBucket] = useState(old?.s3BucketName ?? "");
  return (
    <ChangeDialog
      title={old ? "Edit delivery channel" : "Create delivery channel"}
      service="config"
      operation="PutDeliveryChannel"
      input={{ DeliveryChannel: { ...old, name: old?.name ?? "default", s3BucketName: bucket } }}
      action="Save"
      done="Delivery channel saved"
      invalid={bucket === ""}
      onClose={onClose}
    >
      <FormField label="Bucket">
        <Input value={bucket} onChange={({ detail }) => setBucket(detail.value)} autoFocus />
      </FormField>
      <Alert type="info">History is kept by this server; nothing is delivered to the bucket yet.</Alert>
    </ChangeDialog>
  );
}
