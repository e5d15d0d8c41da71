"""The scenario that must always work, with boto3 and once with the AWS CLI, against a real server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from triptych.demo.story import Story
from triptych.testing.server import ServerProcess

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow")


@pytest.fixture(scope="module")
def told(server: ServerProcess):
    story = Story(url=server.url, access_key_id="test", secret_access_key="test", region="us-east-1")
    hops = list(story.tell())
    return story, hops, story.result()


def test_record_names_the_junior_the_source_and_the_parameters(told) -> None:
    story, _, result = told
    record = result["record"]
    assert record["eventName"] == "DeleteBucketEncryption"
    assert record["eventSource"] == "s3.amazonaws.com"
    assert record["userIdentity"]["type"] == "IAMUser"
    assert record["userIdentity"]["userName"] == "junior-developer"
    assert record["userIdentity"]["arn"] == f"arn:aws:iam::{story.account}:user/junior-developer"
    assert record["userIdentity"]["principalId"]
    assert record["sourceIPAddress"] == "127.0.0.1"
    assert "Boto3" in record["userAgent"]
    assert record["requestParameters"]["bucketName"] == story.bucket
    assert record["readOnly"] is False


def test_every_hop_was_seen(told) -> None:
    _, hops, _ = told
    titles = [(h.chapter, h.title) for h in hops if h.milliseconds is not None]
    assert titles == [
        ("incident", "the slip"),
        ("incident", "a second try"),
        ("audit", "recorded"),
        ("configuration", "changed"),
        ("compliance", "NON_COMPLIANT"),
        ("remediation", "SUCCEEDED"),
        ("compliance", "COMPLIANT"),
        ("alarm", "ALARM"),
        ("delivery", "in the queue"),
        ("story", "encrypted again"),
    ]
    changed = next(h for h in hops if h.title == "changed")
    assert any(
        line.startswith("- ServerSideEncryptionConfiguration") and "AES256" in line for line in changed.lines
    )


def test_bucket_is_encrypted_again(told, client) -> None:
    story, _, _ = told
    rules = client("s3").get_bucket_encryption(Bucket=story.bucket)["ServerSideEncryptionConfiguration"][
        "Rules"
    ]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_one_query_returns_the_whole_chain_in_order(told) -> None:
    _, _, result = told
    chain = result["chain"]
    known = {chain[0]["id"]}
    for event in chain[1:]:
        assert event["cause"] in known, f"{event['summary']} has no cause in the chain before it"
        known.add(event["id"])
    kinds = [e["kind"] for e in chain]
    for kind in ("ApiCall", "ItemChanged", "ComplianceChanged", "RemediationChanged", "AutomationChanged"):
        assert kind in kinds
    repair = next(e for e in chain if e["subject"] == "s3:PutBucketEncryption")
    assert repair["kind"] == "ApiCall"


def test_trail_delivers_the_slip_to_the_bucket(told, client, eventually) -> None:
    import gzip

    story, _, result = told
    s3 = client("s3")

    def delivered() -> list[dict]:
        records = []
        for item in s3.list_objects_v2(
            Bucket=story.logs_bucket, Prefix=f"AWSLogs/{story.account}/CloudTrail/"
        ).get("Contents", []):
            body = s3.get_object(Bucket=story.logs_bucket, Key=item["Key"])["Body"].read()
            records += json.loads(gzip.decompress(body))["Records"]
        return [r for r in records if r["eventID"] == result["record"]["eventID"]]

    records = eventually(delivered, what="the trail to deliver")
    assert records == [result["record"]]


def aws(server: ServerProcess, *words: str, key: str = "test", secret: str = "test") -> dict:
    """Run the AWS CLI as a user would."""
    command = shutil.which("aws", path=str(Path(sys.executable).parent)) or shutil.which("aws")
    assert command, "the AWS CLI is a development dependency"
    done = subprocess.run(
        [command, *words, "--output", "json"],
        env={
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "AWS_ENDPOINT_URL": server.url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
        },
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else {}


def test_the_same_with_the_aws_cli(told, server: ServerProcess, eventually) -> None:
    story, _, _ = told
    user = f"cli-{story.suffix}"
    aws(server, "iam", "create-user", "--user-name", user)
    key = aws(server, "iam", "create-access-key", "--user-name", user)["AccessKey"]
    aws(
        server,
        "s3api",
        "delete-bucket-encryption",
        "--bucket",
        story.bucket,
        key=key["AccessKeyId"],
        secret=key["SecretAccessKey"],
    )

    def looked_up() -> list:
        return aws(
            server,
            "cloudtrail",
            "lookup-events",
            "--lookup-attributes",
            f"AttributeKey=Username,AttributeValue={user}",
        )["Events"]

    events = eventually(looked_up, what="the CLI's call in lookup-events", seconds=120)
    assert [e["EventName"] for e in events] == ["DeleteBucketEncryption"]
    assert "aws-cli" in json.loads(events[0]["CloudTrailEvent"])["userAgent"]

    def items() -> list:
        found = aws(
            server,
            "configservice",
            "get-resource-config-history",
            "--resource-type",
            "AWS::S3::Bucket",
            "--resource-id",
            story.bucket,
        )["configurationItems"]
        return found if len(found) >= 5 else []

    eventually(items, what="the items of two slips and two repairs", seconds=120)

    def compliant() -> bool:
        verdict = aws(
            server, "configservice", "get-compliance-details-by-config-rule", "--config-rule-name", story.rule
        )
        return [r["ComplianceType"] for r in verdict["EvaluationResults"]] == ["COMPLIANT"]

    eventually(compliant, what="the second repair to be judged", seconds=120)
    rules = aws(server, "s3api", "get-bucket-encryption", "--bucket", story.bucket)
    assert (
        rules["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"][
            "SSEAlgorithm"
        ]
        == "AES256"
    )


def test_demo_command_tells_the_story_as_json(server: ServerProcess) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "triptych", "demo", "--json", "--endpoint", server.url],
        capture_output=True, text=True, timeout=280, check=False,
        env={k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    story = json.loads(done.stdout)
    assert story["ok"] is True
    assert story["seconds_to_repair"] > 0


def test_demo_command_says_what_is_wrong(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "triptych", "demo", "--endpoint", "http://127.0.0.1:9"],
        capture_output=True, text=True, timeout=180, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert "does not answer" in done.stdout + done.stderr
