import Alert from "@cloudscape-design/components/alert";
import Checkbox from "@cloudscape-design/components/checkbox";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { sessionState } from "../../api/session";
import { useGlobals } from "../../app/globals";
import { ChangeDialog } from "../../ui/Confirm";
import { endpoint, Snippet } from "../../ui/CopyAs";

export function CreateTrail({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [bucket, setBucket] = useState("");
  const [prefix, setPrefix] = useState("");
  const [group, setGroup] = useState("");
  const [role, setRole] = useState("");
  const [regions, setRegions] = useState(true);
  const [signed, setSigned] = useState(true);
  const wrong = name !== "" && !/^[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]$/.test(name);
  return (
    <ChangeDialog
      title="Create trail"
      service="cloudtrail"
      operation="CreateTrail"
      input={{
        Name: name,
        S3BucketName: bucket,
        ...(prefix ? { S3KeyPrefix: prefix } : {}),
        IsMultiRegionTrail: regions,
        EnableLogFileValidation: signed,
        ...(group ? { CloudWatchLogsLogGroupArn: group, CloudWatchLogsRoleArn: role } : {}),
      }}
      action="Create"
      done={`${name} created; start its logging next`}
      invalid={!name || wrong || !bucket || (group !== "" && role === "")}
      wide
      onClose={onClose}
    >
      <ColumnLayout columns={2}>
        <FormField
          label="Name"
          constraintText="3 to 128 characters: letters, digits, . - _"
          errorText={wrong ? "The name does not fit." : ""}
        >
          <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus />
        </FormField>
        <FormField label="Bucket">
          <Input value={bucket} onChange={({ detail }) => setBucket(detail.value)} />
        </FormField>
        <FormField label="Key prefix" description="Optional">
          <Input value={prefix} onChange={({ detail }) => setPrefix(detail.value)} />
        </FormField>
        <FormField label="Log group ARN" description="Optional: each record becomes a line there too">
          <Input
            value={group}
            onChange={({ detail }) => setGroup(detail.value)}
            placeholder="arn:aws:logs:us-east-1:000000000000:log-group:audit:*"
          />
        </FormField>
        {group && (
          <FormField label="Role ARN" description="With a log group, AWS asks for a role">
            <Input value={role} onChange={({ detail }) => setRole(detail.value)} />
          </FormField>
        )}
      </ColumnLayout>
      <Checkbox checked={regions} onChange={({ detail }) => setRegions(detail.checked)}>
        Calls of all Regions
      </Checkbox>
      <Checkbox checked={signed} onChange={({ detail }) => setSigned(detail.checked)}>
        Signed digests, so that nobody can change a file unnoticed
      </Checkbox>
      <Alert type="info">
        The bucket's policy must let CloudTrail write.
        <ExpandableSection headerText="Make such a bucket from a shell">
          <DeliveryBucket bucket={bucket || "my-audit-logs"} />
        </ExpandableSection>
      </Alert>
    </ChangeDialog>
  );
}

/** A bucket with the policy AWS documents for CloudTrail, made on this server. */
export function DeliveryBucket({ bucket }: { bucket: string }) {
  const { region } = useGlobals();
  const state = sessionState();
  const account = state.status === "in" ? state.session.account : "000000000000";
  const service = { Service: "cloudtrail.amazonaws.com" };
  const policy = {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: service, Action: "s3:GetBucketAcl", Resource: `arn:aws:s3:::${bucket}` },
      {
        Effect: "Allow",
        Principal: service,
        Action: "s3:PutObject",
        Resource: `arn:aws:s3:::${bucket}/AWSLogs/${account}/*`,
        Condition: { StringEquals: { "s3:x-amz-acl": "bucket-owner-full-control" } },
      },
    ],
  };
  const aws = `aws --endpoint-url ${endpoint()} --region ${region} s3api`;
  const place = region === "us-east-1" ? "" : ` --create-bucket-configuration LocationConstraint=${region}`;
  return (
    <Snippet
      text={[
        `${aws} create-bucket --bucket ${bucket}${place}`,
        `${aws} put-bucket-policy --bucket ${bucket} --policy '${JSON.stringify(policy)}'`,
      ].join("\n")}
    />
  );
}
