"""The record of a fact: identities, redaction, bounds, casing that the real records do not show."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from triptych.kernel.context import Identity, SessionIssuer
from triptych.kernel.fact import HIDDEN, ApiCall, Fact
from triptych.kernel.limits import AUDIT_VALUE_BYTES
from triptych.services.cloudtrail.events import is_data_event
from triptych.services.cloudtrail.identity import user_identity, username
from triptych.services.cloudtrail.record import record
from triptych.services.cloudtrail.resources import lookup_resources
from triptych.wire.model import operation_model

ACCOUNT = "111122223333"
CREATED = datetime(2026, 3, 4, 11, 0, 0, 999_000, tzinfo=UTC)
USER = Identity(
    kind="IAMUser", account=ACCOUNT, user_name="junior", access_key_id="AKIA1",
    principal_id="AIDA1", arn=f"arn:aws:iam::{ACCOUNT}:user/junior",
)  # fmt: skip


def made(
    service: str, operation: str, parameters: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    model = operation_model(service, operation).service_model
    values: dict[str, Any] = {
        "service": service, "operation": operation, "event_source": f"{model.endpoint_prefix}.amazonaws.com",
        "api_version": model.api_version, "request_id": "r-1", "identity": USER, "source_ip": "203.0.113.9",
        "user_agent": "test", "host": "localhost:4566", "read_only": False, "status": 200, "parameters": parameters,
    }  # fmt: skip
    call = ApiCall(**(values | more))
    return record(
        Fact(
            id="e-1", kind="ApiCall", account=ACCOUNT, region="eu-west-1", subject="",
            time=datetime(2026, 3, 4, 12, 0, 0, 1, tzinfo=UTC), body=msgspec.to_builtins(call),
        )
    )  # fmt: skip


def test_a_whole_record_member_by_member() -> None:
    assert made(
        "s3",
        "DeleteBucketEncryption",
        {"Bucket": "payroll"},
        auth_method="AuthHeader",
        bytes_in=0,
        bytes_out=17,
        tls_version="TLSv1.3",
        cipher_suite="TLS_AES_128_GCM_SHA256",
        status=204,
    ) == {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDA1",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/junior",
            "accountId": ACCOUNT,
            "accessKeyId": "AKIA1",
            "userName": "junior",
        },
        "eventTime": "2026-03-04T12:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "DeleteBucketEncryption",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "203.0.113.9",
        "userAgent": "test",
        "requestParameters": {"bucketName": "payroll", "Host": "localhost:4566", "encryption": ""},
        "responseElements": None,
        "additionalEventData": {
            "SignatureVersion": "SigV4",
            "CipherSuite": "TLS_AES_128_GCM_SHA256",
            "bytesTransferredIn": 0,
            "AuthenticationMethod": "AuthHeader",
            "bytesTransferredOut": 17,
        },
        "requestID": "r-1",
        "eventID": "e-1",
        "readOnly": False,
        "resources": [{"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::payroll"}],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": "localhost:4566",
        },
    }


ISSUER = SessionIssuer(
    kind="Role",
    principal_id="AROA1",
    arn=f"arn:aws:iam::{ACCOUNT}:role/ops",
    account=ACCOUNT,
    user_name="ops",
)
SESSION = {"attributes": {"creationDate": "2026-03-04T11:00:00Z", "mfaAuthenticated": "false"}}


@pytest.mark.parametrize(
    ("identity", "recorded", "name"),
    [
        (
            Identity(kind="Root", account=ACCOUNT, principal_id=ACCOUNT, arn=f"arn:aws:iam::{ACCOUNT}:root", access_key_id="test"),
            {"type": "Root", "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT, "accessKeyId": "test"},
            "root",
        ),
        (
            msgspec.structs.replace(USER, session_created=CREATED, mfa=True),
            {
                "type": "IAMUser", "principalId": "AIDA1", "arn": USER.arn, "accountId": ACCOUNT, "accessKeyId": "AKIA1",
                "userName": "junior",
                "sessionContext": {"attributes": {"creationDate": "2026-03-04T11:00:00Z", "mfaAuthenticated": "true"}},
            },
            "junior",
        ),
        (
            Identity(
                kind="AssumedRole", account=ACCOUNT, principal_id="AROA1:nightly", access_key_id="ASIA1", user_name="ops",
                arn="arn:role", issuer=ISSUER, session_created=CREATED, source_identity="ann", invoked_by="ssm.amazonaws.com",
            ),
            {
                "type": "AssumedRole", "principalId": "AROA1:nightly", "arn": "arn:role", "accountId": ACCOUNT, "accessKeyId": "ASIA1",
                "sessionContext": {
                    "sessionIssuer": {
                        "type": "Role", "principalId": "AROA1", "arn": ISSUER.arn, "accountId": ACCOUNT, "userName": "ops",
                    },
                    **SESSION, "sourceIdentity": "ann",
                },
                "invokedBy": "ssm.amazonaws.com",
            },
            "nightly",
        ),
        (
            Identity(kind="FederatedUser", account=ACCOUNT, principal_id=f"{ACCOUNT}:bob", arn="arn:fed", access_key_id="ASIA2"),
            {"type": "FederatedUser", "principalId": f"{ACCOUNT}:bob", "arn": "arn:fed", "accountId": ACCOUNT, "accessKeyId": "ASIA2"},
            "bob",
        ),
        (
            Identity(kind="AWSService", account=ACCOUNT, invoked_by="config.amazonaws.com"),
            {"type": "AWSService", "invokedBy": "config.amazonaws.com"},
            "config.amazonaws.com",
        ),
        (
            Identity(kind="AWSAccount", account="999999999999", principal_id="AIDAX"),
            {"type": "AWSAccount", "principalId": "AIDAX", "accountId": "999999999999"},
            "",
        ),
        (
            Identity(kind="Unknown", account=ACCOUNT, access_key_id="AKIAGONE"),
            {"type": "Unknown", "accountId": ACCOUNT, "accessKeyId": "AKIAGONE"},
            "",
        ),
    ],
)  # fmt: skip
def test_every_kind_of_caller(identity: Identity, recorded: dict[str, Any], name: str) -> None:
    assert user_identity(identity) == recorded
    assert username(identity) == name


def test_an_aws_service_stands_where_its_address_would() -> None:
    service = Identity(kind="AWSService", account=ACCOUNT, invoked_by="config.amazonaws.com")
    out = made("s3", "GetBucketAcl", {"Bucket": "b"}, identity=service, source_ip="", user_agent="", host="")
    assert out["sourceIPAddress"] == out["userAgent"] == "config.amazonaws.com"
    assert "tlsDetails" not in out


def test_secrets_are_masked_or_dropped_as_the_service_does() -> None:
    assert made("ssm", "PutParameter", {"Name": "n", "Value": HIDDEN})["requestParameters"]["value"] == HIDDEN
    assert made("secretsmanager", "CreateSecret", {"Name": "n", "SecretString": HIDDEN})[
        "requestParameters"
    ] == {"name": "n"}
    assert made(
        "lambda", "UpdateFunctionConfiguration", {"FunctionName": "f", "Environment": {"Variables": HIDDEN}}
    )["requestParameters"] == {"functionName": "f", "environment": {}}
    key = made(
        "iam",
        "CreateAccessKey",
        {"UserName": "u"},
        response={
            "AccessKey": {
                "UserName": "u",
                "AccessKeyId": "AKIA2",
                "SecretAccessKey": HIDDEN,
                "CreateDate": "2026-03-04T00:05:09Z",
            }
        },
    )
    assert key["responseElements"] == {
        "accessKey": {"userName": "u", "accessKeyId": "AKIA2", "createDate": "Mar 4, 2026 12:05:09 AM"}
    }
    user_data = made("ec2", "RunInstances", {"MinCount": 1, "MaxCount": 1, "UserData": HIDDEN})
    assert user_data["requestParameters"]["userData"] == "<sensitiveDataRemoved>"


def test_assume_role_answers_although_it_reads() -> None:
    out = made(
        "sts",
        "AssumeRole",
        {"RoleArn": ISSUER.arn, "RoleSessionName": "s"},
        read_only=True,
        response={
            "Credentials": {
                "AccessKeyId": "ASIA1",
                "SecretAccessKey": HIDDEN,
                "SessionToken": "t",
                "Expiration": "2026-03-04T13:00:00Z",
            }
        },
    )
    assert out["responseElements"] == {
        "credentials": {"accessKeyId": "ASIA1", "sessionToken": "t", "expiration": "Mar 4, 2026, 1:00:00 PM"}
    }
    assert out["resources"] == [{"accountId": ACCOUNT, "type": "AWS::IAM::Role", "ARN": ISSUER.arn}]


def test_security_group_rules_as_ec2_records_them() -> None:
    out = made(
        "ec2",
        "AuthorizeSecurityGroupIngress",
        {
            "GroupId": "sg-1",
            "IpPermissions": [
                {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            ],
        },
        response={
            "Return": True,
            "SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-1"}],
        },
    )
    assert out["requestParameters"] == {
        "groupId": "sg-1",
        "ipPermissions": {
            "items": [
                {
                    "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]},
                    "groups": {}, "ipv6Ranges": {}, "prefixListIds": {},
                }
            ]
        },
    }  # fmt: skip
    assert out["responseElements"] == {
        "requestId": "r-1",
        "_return": True,
        "securityGroupRuleSet": {"items": [{"securityGroupRuleId": "sgr-1", "groupId": "sg-1"}]},
    }
    assert ("AWS::EC2::SecurityGroup", "sg-1") in lookup_resources(out)
    assert made("ec2", "DeleteVpc", {"VpcId": "v"}, response={})["responseElements"] == {
        "requestId": "r-1",
        "_return": True,
    }
    refused = made(
        "ec2", "DeleteVpc", {"VpcId": "v"}, status=400, error_code="DependencyViolation", error_message="no"
    )
    assert (refused["errorCode"], refused["responseElements"]) == ("Client.DependencyViolation", None)


def test_newer_ec2_operations_are_recorded_as_their_query() -> None:
    out = made("ec2", "DeleteFlowLogs", {"FlowLogIds": ["fl-1", "fl-2"]}, response={"Unsuccessful": []})
    assert out["requestParameters"] == {
        "DeleteFlowLogsRequest": {"FlowLogId": [{"content": "fl-1", "tag": 1}, {"content": "fl-2", "tag": 2}]}
    }
    assert out["responseElements"] == {
        "DeleteFlowLogsResponse": {
            "xmlns": "http://ec2.amazonaws.com/doc/2016-11-15/",
            "requestId": "r-1",
            "unsuccessful": "",
        }
    }


def test_s3_bodies_are_parsed_and_names_are_s3s() -> None:
    out = made(
        "s3",
        "PutBucketEncryption",
        {
            "Bucket": "b",
            "ServerSideEncryptionConfiguration": {
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        },
    )
    assert out["requestParameters"]["ServerSideEncryptionConfiguration"] == {
        "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/",
        "Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}},
    }
    policy = made("s3", "PutBucketPolicy", {"Bucket": "b", "Policy": '{"Version":"2012-10-17"}'})
    assert policy["requestParameters"]["bucketPolicy"] == {"Version": "2012-10-17"}
    assert made("s3", "PutPublicAccessBlock", {"Bucket": "b"})["eventName"] == "PutBucketPublicAccessBlock"
    put = made(
        "s3",
        "PutObject",
        {"Bucket": "b", "Key": "a/b", "ACL": "private", "ContentType": "text/plain"},
        response={"ETag": "x", "VersionId": "v"},
    )
    assert put["requestParameters"] == {
        "bucketName": "b",
        "key": "a/b",
        "Host": "localhost:4566",
        "x-amz-acl": "private",
    }
    assert put["responseElements"] == {"x-amz-version-id": "v"}
    assert (put["eventCategory"], put["managementEvent"]) == ("Data", False)
    assert [r["ARN"] for r in put["resources"]] == ["arn:aws:s3:::b/a/b", "arn:aws:s3:::b"]


def test_global_services_are_recorded_in_us_east_1() -> None:
    assert made("iam", "CreateUser", {"UserName": "u"})["awsRegion"] == "us-east-1"
    assert made("sts", "GetCallerIdentity", host="sts.amazonaws.com")["awsRegion"] == "us-east-1"
    assert made("sts", "GetCallerIdentity")["awsRegion"] == "eu-west-1"


def test_event_names_and_versions_that_deviate() -> None:
    assert made("lambda", "CreateFunction", {"FunctionName": "f"})["eventName"] == "CreateFunction20150331"
    assert made("cloudfront", "CreateInvalidation")["eventName"] == "CreateInvalidation2020_05_31"
    assert made("logs", "CreateLogGroup", {"logGroupName": "g"})["apiVersion"] == "20140328"
    assert "apiVersion" not in made("config", "DescribeConfigRules")


@pytest.mark.parametrize(
    ("service", "operation", "data"),
    [
        ("s3", "GetObject", True), ("s3", "DeleteObjects", True), ("s3", "ListObjectsV2", True), ("s3", "UploadPart", True),
        ("s3", "PutObjectLockConfiguration", False), ("s3", "PutBucketPolicy", False), ("s3", "CreateBucket", False),
        ("s3", "GetObjectLockConfiguration", False), ("s3", "PutObjectRetention", True), ("s3", "ListBuckets", False),
        ("lambda", "Invoke", True), ("lambda", "GetFunction", False), ("dynamodb", "PutItem", True),
        ("dynamodb", "CreateTable", False), ("sns", "Publish", True), ("sqs", "SendMessageBatch", True),
        ("cloudwatch", "PutMetricData", True), ("cloudwatch", "PutMetricAlarm", False), ("logs", "PutLogEvents", True),
        ("kms", "Decrypt", False), ("events", "PutEvents", True),
    ],
)  # fmt: skip
def test_what_is_a_data_event(service: str, operation: str, data: bool) -> None:
    assert operation_model(service, operation)
    assert is_data_event(service, operation) is data


def test_what_is_too_large_is_left_out_or_cut() -> None:
    at_most = AUDIT_VALUE_BYTES - len('{"name":"","description":""}')
    kept = made("ssm", "UpdateDocumentMetadata", {"Name": "x" * at_most})
    assert kept["requestParameters"] is not None
    over = made("ssm", "UpdateDocumentMetadata", {"Name": "x" * (AUDIT_VALUE_BYTES + 1)})
    assert over["requestParameters"] is None
    assert len(made("ssm", "GetDocument", {"Name": "x"}, user_agent="ä" * 1000)["userAgent"].encode()) == 1024


def test_no_parameters_is_null() -> None:
    assert made("iam", "ListUsers", {}, read_only=True)["requestParameters"] is None
    assert made("iam", "DeleteUser", {"UserName": "u"}, response={})["responseElements"] is None


def test_queues_and_topics_are_resources() -> None:
    queue = made("sqs", "SendMessage", {"QueueUrl": f"http://localhost:4566/{ACCOUNT}/jobs"})
    assert queue["resources"] == [
        {"accountId": ACCOUNT, "type": "AWS::SQS::Queue", "ARN": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs"}
    ]
    topic = made("sns", "Publish", {"TopicArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:news"})
    assert topic["resources"][0]["ARN"] == f"arn:aws:sns:eu-west-1:{ACCOUNT}:news"
    assert "resources" not in made("sqs", "SendMessage", {"QueueUrl": "nonsense"})
