"""Our runbooks against the sandbox's own S3 and EC2: what they send is understood, what they repair is repaired."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from moto import mock_aws

from ssm_harness import Bench
from triptych.kernel.context import Context
from triptych.kernel.errors import ServiceError


@pytest.fixture
async def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Bench, Any]]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():

        def client(service: str) -> Any:
            return boto3.client(service, region_name="us-east-1")

        async def call(
            context: Context, service: str, operation: str, params: dict[str, Any]
        ) -> dict[str, Any]:
            try:
                reply = getattr(client(service), xform_name(operation))(**params)
            except ClientError as error:
                raise ServiceError(
                    error.response["Error"]["Code"], error.response["Error"]["Message"]
                ) from error
            reply.pop("ResponseMetadata")
            return reply

        bench = await Bench(tmp_path).open()
        bench.gateway = call  # type: ignore[assignment]
        yield bench, client
        await bench.close()


async def test_bucket_is_encrypted_again(estate: tuple[Bench, Any]) -> None:
    bench, client = estate
    s3 = client("s3")
    s3.create_bucket(Bucket="plain")
    s3.delete_bucket_encryption(Bucket="plain")
    for _ in range(2):  # a second time changes nothing
        execution = await bench.finish(
            await bench.start("AWS-EnableS3BucketEncryption", BucketName=["plain"])
        )
        assert execution.status == "Success", execution.failure
    rule = s3.get_bucket_encryption(Bucket="plain")["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    execution = await bench.finish(await bench.start("AWS-EnableS3BucketEncryption", BucketName=["gone"]))
    assert execution.status == "Failed"
    assert "NoSuchBucket" in execution.failure


async def test_bucket_is_versioned(estate: tuple[Bench, Any]) -> None:
    bench, client = estate
    s3 = client("s3")
    s3.create_bucket(Bucket="flat")
    for state in ("Enabled", "Suspended"):
        execution = await bench.finish(
            await bench.start("AWS-ConfigureS3BucketVersioning", BucketName=["flat"], VersioningState=[state])
        )
        assert execution.status == "Success", execution.failure
        assert s3.get_bucket_versioning(Bucket="flat")["Status"] == state


ANY4 = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
ANY6 = {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
OFFICE = {"IpRanges": [{"CidrIp": "203.0.113.0/24"}]}
LAN = {"IpRanges": [{"CidrIp": "10.0.0.0/8"}]}


def rule(port: int, to: dict[str, Any]) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **to}


@pytest.mark.parametrize(
    ("rules", "block", "left"),
    [
        ([rule(22, ANY4), rule(22, ANY6), rule(3389, ANY4), rule(3389, ANY6)], None, 0),
        ([rule(22, ANY4), rule(443, ANY4)], None, 1),
        ([rule(3389, ANY6), rule(22, LAN)], None, 1),
        ([rule(22, LAN), rule(22, OFFICE), rule(443, OFFICE)], "203.0.113.0/24", 2),
        ([rule(22, {"IpRanges": [*ANY4["IpRanges"], *LAN["IpRanges"]]})], None, 1),
        ([rule(443, ANY4)], None, 1),
        ([], None, 0),
    ],
)
async def test_security_group_is_closed(
    estate: tuple[Bench, Any], rules: list[dict[str, Any]], block: str | None, left: int
) -> None:
    bench, client = estate
    ec2 = client("ec2")
    group = ec2.create_security_group(GroupName="g", Description="d")["GroupId"]
    other = ec2.create_security_group(GroupName="o", Description="d")["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[rule(22, ANY4)])
    if rules:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)
    parameters = {"GroupId": [group]} | ({"IpAddressToBlock": [block]} if block else {})
    execution = await bench.finish(await bench.start("AWS-DisablePublicAccessForSecurityGroup", **parameters))
    assert execution.status == "Success", execution.failure

    def ingress(of: str) -> list[dict[str, Any]]:
        filters = [{"Name": "group-id", "Values": [of]}]
        found = ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
        return [one for one in found if not one["IsEgress"]]

    assert len(ingress(group)) == left
    closed = {"0.0.0.0/0", "::/0", block}
    for one in ingress(group):
        assert one["FromPort"] == 443 or {one.get("CidrIpv4"), one.get("CidrIpv6")}.isdisjoint(
            closed - {None}
        )
    assert len(ingress(other)) == 1, "another group is none of its business"
