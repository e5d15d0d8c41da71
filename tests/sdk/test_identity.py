"""Who is who: credentials the estate issues are learned, followed and told apart; wrong ones are refused."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}],
    }
)


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


def refused(call, **params) -> str:
    with pytest.raises(ClientError) as error:
        call(**params)
    return code(error)


@pytest.fixture(scope="module")
def ann(client):
    iam = client("iam")
    iam.create_user(UserName="ann", Path="/people/")
    return iam.create_access_key(UserName="ann")["AccessKey"]


def record_of(client, eventually, **attribute):
    ((name, value),) = attribute.items()

    def look():
        return client("cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": name, "AttributeValue": value}]
        )["Events"]

    return json.loads(eventually(look, what=f"{name}={value} in the event history")[0]["CloudTrailEvent"])


def test_root(client) -> None:
    me = client("sts").get_caller_identity()
    assert (me["Account"], me["UserId"], me["Arn"]) == (
        "000000000000",
        "000000000000",
        "arn:aws:iam::000000000000:root",
    )


def test_user(client, ann, eventually) -> None:
    me = client("sts", ann["AccessKeyId"], ann["SecretAccessKey"]).get_caller_identity()
    assert me["Arn"] == "arn:aws:iam::000000000000:user/people/ann"
    assert me["UserId"] == client("iam").get_user(UserName="ann")["User"]["UserId"]
    client("s3", ann["AccessKeyId"], ann["SecretAccessKey"]).create_bucket(Bucket="anns-bucket")
    record = record_of(client, eventually, EventName="CreateBucket")
    assert record["userIdentity"] == {
        "type": "IAMUser",
        "principalId": me["UserId"],
        "arn": me["Arn"],
        "accountId": "000000000000",
        "accessKeyId": ann["AccessKeyId"],
        "userName": "ann",
    }


def test_assumed_role_with_session_context(client, eventually) -> None:
    role = client("iam").create_role(RoleName="auditor", AssumeRolePolicyDocument=TRUST)["Role"]
    issued = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="night-shift")
    keys = issued["Credentials"]
    session = (keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    me = client("sts", *session).get_caller_identity()
    assert me["Arn"] == "arn:aws:sts::000000000000:assumed-role/auditor/night-shift"
    client("iam", *session).create_group(GroupName="by-a-role")
    record = record_of(client, eventually, EventName="CreateGroup")
    who = record["userIdentity"]
    assert who["type"] == "AssumedRole"
    assert who["principalId"] == f"{role['RoleId']}:night-shift"
    assert who["sessionContext"]["sessionIssuer"] == {
        "type": "Role",
        "principalId": role["RoleId"],
        "arn": role["Arn"],
        "accountId": "000000000000",
        "userName": "auditor",
    }
    assert who["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"
    assert "userName" not in who
    issued_record = record_of(client, eventually, EventName="AssumeRole")
    assert keys["SecretAccessKey"] not in json.dumps(issued_record)
    assert issued_record["requestParameters"]["roleSessionName"] == "night-shift"
    assert refused(client("sts", session[0], session[1], "forged").get_caller_identity) in (
        "InvalidClientTokenId", "UnrecognizedClientException",
    )  # fmt: skip
    assert refused(client("sts", session[0], session[1]).get_caller_identity) == "InvalidClientTokenId"


def test_federated_user(client) -> None:
    keys = client("sts").get_federation_token(Name="guest")["Credentials"]
    me = client(
        "sts", keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]
    ).get_caller_identity()
    assert me["Arn"] == "arn:aws:sts::000000000000:federated-user/guest"
    assert me["UserId"] == "000000000000:guest"


def test_key_life_cycle(client) -> None:
    iam = client("iam")
    iam.create_user(UserName="ben")
    key = iam.create_access_key(UserName="ben")["AccessKey"]
    bens = client("sts", key["AccessKeyId"], key["SecretAccessKey"])
    assert bens.get_caller_identity()["Arn"].endswith("user/ben")
    iam.update_access_key(UserName="ben", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert refused(bens.get_caller_identity) == "InvalidClientTokenId"
    iam.update_access_key(UserName="ben", AccessKeyId=key["AccessKeyId"], Status="Active")
    assert bens.get_caller_identity()["Arn"].endswith("user/ben")
    iam.delete_access_key(UserName="ben", AccessKeyId=key["AccessKeyId"])
    assert refused(bens.get_caller_identity) == "InvalidClientTokenId"


def test_wrong_secret_and_unknown_key_in_every_protocol(client, ann) -> None:
    wrong = (ann["AccessKeyId"], "not-the-secret")
    assert refused(client("sts", *wrong).get_caller_identity) == "SignatureDoesNotMatch"
    assert refused(client("s3", *wrong).list_buckets) == "SignatureDoesNotMatch"
    assert refused(client("config", *wrong).describe_config_rules) == "InvalidSignatureException"
    assert refused(client("ec2", *wrong).describe_vpcs) == "SignatureDoesNotMatch"
    unknown = ("AKIAUNKNOWN000000000", "x")
    assert refused(client("sts", *unknown).get_caller_identity) == "InvalidClientTokenId"
    assert refused(client("s3", *unknown).list_buckets) == "InvalidAccessKeyId"
    assert refused(client("config", *unknown).describe_config_rules) == "UnrecognizedClientException"
    assert refused(client("ec2", *unknown).describe_vpcs) == "AuthFailure"


def test_twelve_digits_select_an_account_in_the_sandbox(client) -> None:
    other = ("111122223333", "test")
    assert client("sts", *other).get_caller_identity()["Account"] == "111122223333"
    client("s3", *other).create_bucket(Bucket="of-another-account")
    assert "of-another-account" not in [b["Name"] for b in client("s3").list_buckets()["Buckets"]]
    assert "of-another-account" in [b["Name"] for b in client("s3", *other).list_buckets()["Buckets"]]
    assert refused(client("sts", "111122223333", "guess").get_caller_identity) == "SignatureDoesNotMatch"


def test_secrets_are_nowhere_in_the_data_directory(server, client, ann) -> None:
    """Issued secrets are encrypted at rest and never recorded or logged."""
    secret = ann["SecretAccessKey"].encode()
    client("sts", ann["AccessKeyId"], ann["SecretAccessKey"]).get_caller_identity()
    seen = []
    looked = 0
    for folder, _, names in os.walk(server.data_dir):  # which passes over folders that vanish
        for path in (Path(folder) / name for name in names):
            with contextlib.suppress(FileNotFoundError):  # the engine merges while we look
                looked += 1
                if secret in path.read_bytes():
                    seen.append(path)
    assert looked and seen == []


def test_what_is_not_built_says_so(client) -> None:
    for service, call in (
        ("cloudwatch", lambda c: c.describe_insight_rules()),
        ("logs", lambda c: c.describe_deliveries()),
        ("sns", lambda c: c.list_platform_applications()),
        ("lambda", lambda c: c.list_functions()),
        ("cloudtrail", lambda c: c.list_queries(EventDataStore="a" * 36)),
        ("config", lambda c: c.describe_conformance_packs()),
        ("ssm", lambda c: c.describe_activations()),
        ("events", lambda c: c.list_endpoints()),
    ):
        with pytest.raises(ClientError) as error:
            call(client(service))
        assert code(error) == "NotImplemented"
        assert f"{service}:" in error.value.response["Error"]["Message"]
