"""``kill -9`` under load, many rounds: ``make kill-test``; a few rounds of it run with every ``make test``.

Each round: clients make mutating calls as fast as they are answered, a junior switches a bucket's encryption
off, and at a random moment the server is killed and started again on the same data. Afterwards

- every acknowledged mutating call has exactly one record, and no record stands twice;
- what an acknowledged call of ours wrote is still there;
- the interrupted repair finishes: the bucket is encrypted again.

The estate is a process of its own, as in production, and survives.
"""

from __future__ import annotations

import collections
import json
import random
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from triptych.demo.story import ENCRYPTION, Story
from triptych.testing.server import ServerProcess

LOADERS = 3


class Load(threading.Thread):
    """One client that changes things until told to stop; remembers every call that was acknowledged."""

    def __init__(self, s3: Any, config: Any, number: int, round_: int) -> None:
        super().__init__(daemon=True)
        self.name_ = f"load-{round_}-{number}"
        self.acknowledged: list[str] = []
        self.rules: list[str] = []
        self.stopped = threading.Event()
        self._clients = s3, config

    def run(self) -> None:
        s3, config = self._clients
        bucket = self.name_
        for i in range(100_000):
            if self.stopped.is_set():
                return
            try:
                if i == 0:
                    reply = s3.create_bucket(Bucket=bucket)
                elif i % 5 == 1:
                    rule = f"{self.name_}-{i}"
                    reply = config.put_config_rule(
                        ConfigRule={
                            "ConfigRuleName": rule,
                            "Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"},
                            "Scope": {
                                "ComplianceResourceTypes": ["AWS::S3::Bucket"],
                                "ComplianceResourceId": "nobody",
                            },
                        }
                    )
                    self.rules.append(rule)
                    self.acknowledged.append(reply["ResponseMetadata"]["RequestId"])
                    if len(self.rules) <= 3:
                        continue
                    reply = config.delete_config_rule(ConfigRuleName=self.rules.pop(0))
                else:
                    tags = {"TagSet": [{"Key": "turn", "Value": str(i)}]}
                    reply = s3.put_bucket_tagging(Bucket=bucket, Tagging=tags)
            except (BotoCoreError, ClientError, OSError):
                return  # the server is gone; what was not answered was not acknowledged
            self.acknowledged.append(reply["ResponseMetadata"]["RequestId"])


@cache
def client(url: str, service: str) -> Any:
    return boto3.Session("test", "test", region_name="us-east-1").client(
        service,
        endpoint_url=url,
        config=Config(
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
            connect_timeout=60,
            read_timeout=60,
        ),
    )


def until(what: str, look, seconds: float = 60.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.05)
    pytest.fail(f"waited {seconds} s for {what}")


def records_since(url: str, start: datetime) -> Iterator[dict[str, Any]]:
    pages = client(url, "cloudtrail").get_paginator("lookup_events")
    for page in pages.paginate(
        StartTime=start, LookupAttributes=[{"AttributeKey": "ReadOnly", "AttributeValue": "false"}]
    ):
        for event in page["Events"]:
            yield json.loads(event["CloudTrailEvent"])


def check_records(url: str, start: datetime, acknowledged: set[str]) -> int:
    """Every acknowledged request has one record; no event id stands twice. Returns the number of records."""

    def complete() -> collections.Counter[str] | None:
        counted = collections.Counter(r["requestID"] for r in records_since(url, start))
        return counted if acknowledged <= counted.keys() else None

    counted = until(f"records of {len(acknowledged)} acknowledged calls", complete)
    assert [r for r in acknowledged if counted[r] != 1] == []
    assert [r for r, n in counted.items() if n != 1] == []
    return counted.total()


def test_kill9(tmp_path: Path, estate_process: str, rounds: int) -> None:
    chance = random.Random(20_26)
    server = ServerProcess(
        tmp_path / "data",
        settings={
            "ESTATE__DEFAULT": estate_process,
            "ACCOUNT": "123456789012",
            "INTERVALS__CONFIG_SWEEP_SECONDS": "3600",
            "INTERVALS__TRAIL_DELIVERY_SECONDS": "3600",
        },
    )
    server.start()
    try:
        story = Story(url=server.url, access_key_id="test", secret_access_key="test", region="us-east-1")
        list(story._prepare())
        for round_ in range(rounds):
            seen = one_round(server, story, round_, chance)
            sys.stdout.write(f"round {round_ + 1} of {rounds}: {seen} acknowledged calls, one record each\n")
            sys.stdout.flush()
    finally:
        server.stop()


def one_round(server: ServerProcess, story: Story, round_: int, chance: random.Random) -> int:
    """The number of calls that were acknowledged."""
    start = datetime.now(UTC) - timedelta(seconds=1)
    s3, config = client(server.url, "s3"), client(server.url, "config")
    loads = [Load(s3, config, number, round_) for number in range(LOADERS)]
    for load in loads:
        load.start()
    until("the load", lambda: sum(len(load.acknowledged) for load in loads) > 20)
    time.sleep(chance.uniform(0.0, 0.5))
    slip = s3.delete_bucket_encryption(Bucket=story.bucket)
    time.sleep(chance.uniform(0.0, 0.4))  # somewhere between the slip and its repair
    server.kill()
    for load in loads:
        load.stopped.set()
        load.join(timeout=30)
    server.start()
    acknowledged = {slip["ResponseMetadata"]["RequestId"], *(r for load in loads for r in load.acknowledged)}
    until("the interrupted repair", lambda: encrypted(server.url, story.bucket))
    check_records(server.url, start, acknowledged)
    rules = {r["ConfigRuleName"] for load in loads for r in rules_of(server.url, load)}
    assert {rule for load in loads for rule in load.rules} <= rules
    return len(acknowledged)


def rules_of(url: str, load: Load) -> list[dict[str, Any]]:
    if not load.rules:
        return []
    return client(url, "config").describe_config_rules(ConfigRuleNames=load.rules)["ConfigRules"]


def encrypted(url: str, bucket: str) -> bool:
    try:
        found = client(url, "s3").get_bucket_encryption(Bucket=bucket)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ServerSideEncryptionConfigurationNotFoundError"
        return False
    rule = found["ServerSideEncryptionConfiguration"]["Rules"][0]
    return (
        rule["ApplyServerSideEncryptionByDefault"]
        == ENCRYPTION["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    )
