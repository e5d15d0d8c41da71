import { describe, expect, it } from "vitest";
import { boto3, cli, python, shellWord, snake } from "../../src/lib/snippets";

const HERE = { endpoint: "http://127.0.0.1:4566", region: "us-east-1" };

describe("names", () => {
  it.each([
    ["DescribeAlarms", "describe_alarms"],
    ["SNSTopicARN", "sns_topic_arn"],
    ["AlarmARNs", "alarm_arns"],
    ["logGroupName", "log_group_name"],
    ["EC2InstanceId", "ec2_instance_id"],
  ])("%s", (name, expected) => expect(snake(name)).toBe(expected));
});

describe("a shell's words", () => {
  it.each([
    ["plain-1.x", "plain-1.x"],
    ["two words", "'two words'"],
    ["it's $HOME", "'it'\\''s $HOME'"],
    ["", "''"],
  ])("%s", (text, quoted) => expect(shellWord(text)).toBe(quoted));
});

describe("the command line", () => {
  it("has options, lists and switches as the AWS CLI takes them", () => {
    const line = cli("cloudwatch", "DisableAlarmActions", { AlarmNames: ["cpu high", "b"] }, HERE);
    expect(line).toBe(
      "aws cloudwatch disable-alarm-actions \\\n  --alarm-names 'cpu high' b \\\n  --endpoint-url http://127.0.0.1:4566 \\\n  --region us-east-1",
    );
    expect(cli("logs", "X", { startFromHead: false, limit: 5, unset: undefined }, HERE)).toContain(
      "--no-start-from-head \\\n  --limit 5",
    );
  });

  it("calls Config by the name it has there, and gives records as JSON", () => {
    const line = cli("config", "StartRemediationExecution", { ResourceKeys: [{ resourceId: "b'1" }] }, HERE);
    expect(line).toContain("aws configservice start-remediation-execution");
    expect(line).toContain(`--resource-keys '[{"resourceId":"b'\\''1"}]'`);
  });

  it.each(["-1", "file:///etc/passwd", "https://example.com/x"])(
    "does not let the CLI interpret %s",
    (value) => {
      const line = cli("cloudwatch", "DeleteAlarms", { AlarmNames: [value] }, HERE);
      expect(line).toContain("--cli-input-json");
    },
  );
});

describe("the script", () => {
  it("has Python's literals", () => {
    expect(python({ a: true, b: null, c: ['"', 1.5], d: undefined })).toBe(
      '{"a": True, "b": None, "c": ["\\"", 1.5]}',
    );
  });

  it("calls the operation with its members", () => {
    expect(boto3("cloudwatch", "DeleteAlarms", { AlarmNames: ["a"] }, HERE)).toBe(
      [
        "import boto3\n",
        'client = boto3.client("cloudwatch", endpoint_url="http://127.0.0.1:4566", region_name="us-east-1")',
        'reply = client.delete_alarms(\n    AlarmNames=["a"],\n)',
      ].join("\n"),
    );
  });
});
