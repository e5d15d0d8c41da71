"""A trail delivers to a log group on a real server, also across ``kill -9``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from triptych.testing.server import ServerProcess

ACCOUNT = "000000000000"
SETTINGS = {"INTERVALS__CONFIG_SWEEP_SECONDS": "3600", "INTERVALS__TRAIL_DELIVERY_SECONDS": "1"}


def client_of(server: ServerProcess, service: str):
    return boto3.client(
        service, endpoint_url=server.url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )  # fmt: skip


def document(service: str, actions: list[str], resource: str = "") -> str:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions}
    if resource:
        statement["Resource"] = [f"arn:aws:s3:::{resource}", f"arn:aws:s3:::{resource}/*"]
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def logging_trail(server: ServerProcess) -> None:
    cloudtrail = "cloudtrail.amazonaws.com"
    s3 = client_of(server, "s3")
    s3.create_bucket(Bucket="trails")
    s3.put_bucket_policy(
        Bucket="trails", Policy=document(cloudtrail, ["s3:GetBucketAcl", "s3:PutObject"], "trails")
    )
    role = client_of(server, "iam").create_role(
        RoleName="to-logs", AssumeRolePolicyDocument=document(cloudtrail, ["sts:AssumeRole"])
    )["Role"]["Arn"]
    logs = client_of(server, "logs")
    logs.create_log_group(logGroupName="audit")
    (group,) = logs.describe_log_groups()["logGroups"]
    trails = client_of(server, "cloudtrail")
    trails.create_trail(
        Name="audit",
        S3BucketName="trails",
        CloudWatchLogsLogGroupArn=group["arn"],
        CloudWatchLogsRoleArn=role,
    )
    trails.start_logging(Name="audit")


def logged(server: ServerProcess) -> list[dict[str, Any]]:
    pages = client_of(server, "logs").get_paginator("filter_log_events").paginate(logGroupName="audit")
    events = [event for page in pages for event in page["events"]]
    assert {event["logStreamName"] for event in events} <= {f"{ACCOUNT}_CloudTrail_us-east-1"}
    return [json.loads(event["message"]) for event in events]


def made(server: ServerProcess) -> set[str]:
    return {
        record["requestParameters"]["bucketName"]
        for record in logged(server)
        if record["eventName"] == "CreateBucket"
    }


def test_every_acknowledged_call_reaches_the_log_group(tmp_path: Path, eventually) -> None:
    server = ServerProcess(tmp_path, settings=SETTINGS)
    server.start()
    logging_trail(server)
    before = {f"before-{n}" for n in range(5)}
    for name in sorted(before):
        client_of(server, "s3").create_bucket(Bucket=name)
    eventually(lambda: before <= made(server), what="the first records", seconds=60)
    burst = {f"burst-{n}" for n in range(20)}
    for name in sorted(burst):
        client_of(server, "s3").create_bucket(Bucket=name)
    server.kill()  # at whatever point of the burst's delivery
    server.start()
    try:
        eventually(lambda: before | burst <= made(server), what="all records", seconds=60)
        status = client_of(server, "cloudtrail").get_trail_status(Name="audit")
        assert "LatestCloudWatchLogsDeliveryTime" in status
        assert "LatestCloudWatchLogsDeliveryError" not in status
        # It comes to rest: putting log events makes nothing to deliver.
        assert not [r for r in logged(server) if r["eventName"] == "PutLogEvents"]
        streams = [r for r in logged(server) if r["eventName"] == "CreateLogStream"]
        assert {r["userIdentity"]["invokedBy"] for r in streams} == {"cloudtrail.amazonaws.com"}
        # And the group is one like any other.
        query = client_of(server, "logs").filter_log_events(
            logGroupName="audit", filterPattern='{ $.eventName = "CreateBucket" && $.requestParameters.bucketName = "burst-1*" }'
        )  # fmt: skip
        found = {json.loads(e["message"])["requestParameters"]["bucketName"] for e in query["events"]}
        assert found == {name for name in burst if name.startswith("burst-1")}
    finally:
        server.stop()
