"""SSM from an unmodified client, against a real server: documents, automations, the errors it raises."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from triptych.testing.server import ServerProcess

DOCUMENT = """\
schemaVersion: '0.3'
description: Creates a bucket and looks whether it is there.
assumeRole: '{{ AutomationAssumeRole }}'
parameters:
  AutomationAssumeRole: {type: String, default: ''}
  Name: {type: String, allowedPattern: '[a-z0-9-]+'}
mainSteps:
  - name: create
    action: aws:executeAwsApi
    inputs: {Service: s3, Api: CreateBucket, Bucket: '{{ Name }}'}
  - name: settle
    action: aws:sleep
    inputs: {Duration: PT1S}
  - name: list
    action: aws:executeAwsApi
    inputs: {Service: s3, Api: ListBuckets}
    outputs:
      - {Name: Names, Selector: '$.Buckets[*].Name', Type: StringList}
  - name: check
    action: aws:branch
    inputs:
      Choices:
        - {NextStep: version, Variable: '{{ list.Names }}', Contains: '"{{ Name }}"'}
    isEnd: true
  - name: version
    action: aws:executeAwsApi
    inputs:
      Service: s3
      Api: PutBucketVersioning
      Bucket: '{{ Name }}'
      VersioningConfiguration: {Status: Enabled}
  - name: wait
    action: aws:waitForAwsResourceProperty
    timeoutSeconds: 30
    isEnd: true
    inputs:
      Service: s3
      Api: GetBucketVersioning
      Bucket: '{{ Name }}'
      PropertySelector: $.Status
      DesiredValues: [Enabled]
outputs: [list.Names]
"""


def finished(ssm, execution_id: str):
    def look():
        found = ssm.get_automation_execution(AutomationExecutionId=execution_id)["AutomationExecution"]
        return found if "ExecutionEndTime" in found else None

    return look


def test_a_document_of_ones_own(server: ServerProcess, client, eventually) -> None:
    ssm = client("ssm")
    made = ssm.create_document(
        Name="Make-Bucket", Content=DOCUMENT, DocumentType="Automation", DocumentFormat="YAML"
    )["DocumentDescription"]
    assert (made["Status"], made["SchemaVersion"]) == ("Active", "0.3")
    assert ssm.get_document(Name="Make-Bucket")["Content"] == DOCUMENT
    execution_id = ssm.start_automation_execution(
        DocumentName="Make-Bucket", Parameters={"Name": ["made-by-automation"]}
    )["AutomationExecutionId"]
    execution = eventually(finished(ssm, execution_id), what="the automation to end")
    assert execution["AutomationExecutionStatus"] == "Success", execution
    assert [s["StepStatus"] for s in execution["StepExecutions"]] == ["Success"] * 6
    assert execution["Outputs"]["list.Names"] == ["made-by-automation"]
    assert client("s3").get_bucket_versioning(Bucket="made-by-automation")["Status"] == "Enabled"


def test_the_role_makes_the_calls(server: ServerProcess, client, eventually) -> None:
    iam = client("iam")
    trust = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ssm.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'
    role = iam.create_role(RoleName="automation-hand", AssumeRolePolicyDocument=trust)["Role"]
    client("s3").create_bucket(Bucket="roles-bucket")
    client("s3").delete_bucket_encryption(Bucket="roles-bucket")
    ssm = client("ssm")
    execution_id = ssm.start_automation_execution(
        DocumentName="AWS-EnableS3BucketEncryption",
        Parameters={"BucketName": ["roles-bucket"], "AutomationAssumeRole": [role["Arn"]]},
    )["AutomationExecutionId"]
    execution = eventually(finished(ssm, execution_id), what="the automation to end")
    assert execution["AutomationExecutionStatus"] == "Success", execution
    rules = client("s3").get_bucket_encryption(Bucket="roles-bucket")["ServerSideEncryptionConfiguration"]
    assert rules["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"

    import json

    def recorded():
        events = client("cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "PutBucketEncryption"}]
        )["Events"]
        records = [json.loads(e["CloudTrailEvent"]) for e in events]
        return [r for r in records if r["requestParameters"]["bucketName"] == "roles-bucket"]

    (record,) = eventually(recorded, what="the repair in the audit trail")
    assert record["userIdentity"]["type"] == "AssumedRole"
    assert record["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == role["Arn"]
    assert record["userIdentity"]["arn"].endswith(f"assumed-role/automation-hand/Automation-{execution_id}")
    assert record["sourceIPAddress"] == "ssm.amazonaws.com"


@pytest.mark.parametrize(
    ("operation", "params", "error"),
    [
        ("get_document", {"Name": "Nope"}, "InvalidDocument"),
        (
            "create_document",
            {"Name": "Bad", "Content": "{}", "DocumentType": "Automation"},
            "InvalidDocumentSchemaVersion",
        ),
        ("start_automation_execution", {"DocumentName": "Nope"}, "AutomationDefinitionNotFoundException"),
        (
            "start_automation_execution",
            {"DocumentName": "AWS-EnableS3BucketEncryption"},
            "InvalidAutomationExecutionParametersException",
        ),
        (
            "get_automation_execution",
            {"AutomationExecutionId": "x" * 36},
            "AutomationExecutionNotFoundException",
        ),
    ],
)
def test_errors_are_the_clients_exceptions(
    server: ServerProcess, client, operation: str, params: dict, error: str
) -> None:
    ssm = client("ssm")
    with pytest.raises(getattr(ssm.exceptions, error)):
        getattr(ssm, operation)(**params)


def test_what_is_not_built_says_so_and_parameters_are_the_estates(server: ServerProcess, client) -> None:
    ssm = client("ssm")
    with pytest.raises(ClientError, match=r"NotImplemented.*SendAutomationSignal"):
        ssm.send_automation_signal(AutomationExecutionId="x" * 36, SignalType="Approve")
    ssm.put_parameter(Name="/a/b", Value="v", Type="String")
    assert ssm.get_parameter(Name="/a/b")["Parameter"]["Value"] == "v"
