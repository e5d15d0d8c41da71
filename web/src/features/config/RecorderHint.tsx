/** Nothing is recorded without a recorder: say so where it matters, and how to start one. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import { useGlobals } from "../../app/globals";
import { useAws } from "../../app/queries";
import { useHref } from "../../app/url";
import { endpoint, Snippet } from "../../ui/CopyAs";

export function RecorderHint() {
  const href = useHref();
  const status = useAws("config", "DescribeConfigurationRecorderStatus", {});
  const recorder = status.data?.ConfigurationRecordersStatus?.[0];
  if (!status.data || recorder?.recording) return null;
  return (
    <Alert
      type="warning"
      header={recorder ? "Recording is stopped" : "There is no configuration recorder"}
      action={<Button href={href("/recorder")}>Recorder</Button>}
    >
      Changes are not seen, and rules that wait for changes judge nothing new.
    </Alert>
  );
}

export function StartRecording() {
  const { region } = useGlobals();
  const aws = `aws --endpoint-url ${endpoint()} --region ${region}`;
  return (
    <Box textAlign="left">
      <Box color="text-body-secondary" margin={{ bottom: "xs" }}>
        A recorder sees every resource of the estate, and every change of one. From a shell:
      </Box>
      <Snippet
        text={[
          `${aws} configservice put-configuration-recorder \\`,
          "  --configuration-recorder name=default,roleARN=arn:aws:iam::000000000000:role/config \\",
          "  --recording-group allSupported=true,includeGlobalResourceTypes=true",
          `${aws} s3api create-bucket --bucket config-history`,
          `${aws} configservice put-delivery-channel --delivery-channel name=default,s3BucketName=config-history`,
          `${aws} configservice start-configuration-recorder --configuration-recorder-name default`,
        ].join("\n")}
      />
    </Box>
  );
}
