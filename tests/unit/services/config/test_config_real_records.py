"""Real CloudTrail records drive the change detection of every type they touch.

A record spells its members CloudTrail's way and a fact AWS's API's way, so ``as_api`` turns one into the other,
independently of the code that makes records.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from config_bench import REGION, ROLE, Bench

from triptych.services.config.parts import TYPES
from triptych.wire.model import event_source, operation_model

DATA = Path(__file__).parents[1] / "cloudtrail" / "data"
SOURCES = {event_source(service): service for kind in TYPES.values() for service, _ in kind.touched_by}
TOUCHING = {call for kind in TYPES.values() for call in kind.touched_by}

# What records call otherwise than by a rule.
NAMES = {
    "Bucket": ("bucketName",),
    "InstanceIds": ("instancesSet",),
    "Instances": ("instancesSet",),
    "Resources": ("resourcesSet",),
    "SecurityGroupRules": ("securityGroupRuleSet",),
}
IDS = {
    "AWS::EC2::Instance": r"i-[0-9a-f]{17}",
    "AWS::EC2::SecurityGroup": r"sg-[0-9a-f]{17}",
    "AWS::EC2::VPC": r"vpc-[0-9a-f]{17}",
    "AWS::EC2::Volume": r"vol-[0-9a-f]{17}",
    "AWS::IAM::Policy": r"ANPA[A-Z0-9]{17}",
    "AWS::IAM::Role": r"AROA[A-Z0-9]{17}",
    "AWS::IAM::User": r"AIDA[A-Z0-9]{17}",
    "AWS::RDS::DBInstance": r"db-[A-Z0-9]{26}",
    "AWS::S3::Bucket": r"[a-z0-9.-]{3,63}",
    "AWS::CloudTrail::Trail": r"[a-z0-9-]{3,128}",
    "AWS::Logs::LogGroup": r"/[a-z0-9/-]+",
}


def as_api(shape: Any, value: Any) -> Any:
    """A record's member as the API's, as far as the model knows it."""
    if shape.type_name == "list":
        if isinstance(value, dict):
            value = value.get("items") or []
        return [as_api(shape.member, one) for one in value]
    if shape.type_name == "structure" and isinstance(value, dict):
        found = {}
        for name, member in shape.members.items():
            for spelling in (*NAMES.get(name, ()), name[0].lower() + name[1:], name):
                if spelling in value and value[spelling] is not None:
                    found[name] = as_api(member, value[spelling])
                    break
        return found
    if isinstance(value, dict) and shape.type_name == "string":
        return next(iter(value.values()))  # a list of ids is a list of objects with an id each
    return value


def touching_records() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(DATA.glob("*.jsonl.gz")):
        with gzip.open(path, "rt") as lines:
            for line in lines:
                record = json.loads(line)
                service = SOURCES.get(record["eventSource"], "")
                if (service, record["eventName"]) in TOUCHING and not record.get("errorCode"):
                    yield service, record


async def happened(bench: Bench, service: str, record: dict[str, Any]) -> None:
    model = operation_model(service, record["eventName"])
    response = record["responseElements"]
    if service == "rds" and response:
        response = {"DBInstance": response}  # a record leaves out the one member of RDS's replies
    await bench.happened(
        record["eventName"],
        as_api(model.input_shape, record["requestParameters"] or {}),
        service=service,
        response=as_api(model.output_shape, response) if response and model.output_shape else None,
    )


async def record_everything(bench: Bench, region: str = REGION) -> None:
    await bench.recording(region=region)
    group = {"allSupported": True, "includeGlobalResourceTypes": True}
    recorder = {"name": "default", "roleARN": ROLE, "recordingGroup": group}
    await bench.api("PutConfigurationRecorder", region=region, ConfigurationRecorder=recorder)
    await bench.settle()


async def test_records_lead_to_a_look_at_what_they_touched(bench: Bench) -> None:
    await record_everything(bench)
    records = list(touching_records())
    assert len(records) > 150
    for service, record in records:
        await happened(bench, service, record)
    await bench.react()
    captured: dict[str, set[str]] = {}
    listed: set[str] = set()
    for job in await bench.jobs():
        if job.kind == "config.capture":
            captured.setdefault(job.body["type"], set()).add(job.body["id"])
        elif job.kind == "config.sweep_region":
            listed.add(job.body["type"])
    assert set(captured) == set(IDS)
    for kind, ids in captured.items():
        assert [one for one in ids if not re.fullmatch(IDS[kind], one)] == [], kind
    # whatever the records say was made has been looked at
    assert captured["AWS::IAM::User"] == made(records, "CreateUser", "user", "userId")
    assert captured["AWS::IAM::Role"] == made(records, "CreateRole", "role", "roleId")
    assert captured["AWS::EC2::VPC"] >= made(records, "CreateVpc", "vpc", "vpcId")
    assert captured["AWS::EC2::Volume"] >= made(records, "CreateVolume", "volumeId")
    assert captured["AWS::EC2::SecurityGroup"] == made(records, "CreateSecurityGroup", "groupId")
    assert captured["AWS::RDS::DBInstance"] >= made(records, "CreateDBInstance", "dbiResourceId")
    assert captured["AWS::CloudTrail::Trail"] >= made(records, "CreateTrail", "name")
    # and what a call changed without naming it the way Config does is found by listing
    assert {
        "AWS::IAM::User",
        "AWS::IAM::Role",
        "AWS::IAM::Policy",
        "AWS::EC2::Volume",
        "AWS::EC2::VPC",
    } <= listed


def made(records: list[tuple[str, dict[str, Any]]], operation: str, *path: str) -> set[str]:
    found = set()
    for _, record in records:
        if record["eventName"] == operation:
            value = record["responseElements"]
            for name in path:
                value = value[name]
            found.add(value)
    assert found
    return found


@pytest.mark.parametrize("call", sorted({(s, r["eventName"]) for s, r in touching_records()}), ids="-".join)
async def test_each_recorded_call_by_itself_is_noticed(bench: Bench, call: tuple[str, str]) -> None:
    await record_everything(bench)
    record = next(r for s, r in touching_records() if (s, r["eventName"]) == call)
    await happened(bench, call[0], record)
    await bench.react()
    touched = {kind.name for kind in TYPES.values() if call in kind.touched_by}
    seen = {job.body["type"] for job in await bench.jobs() if job.kind.startswith("config.")}
    if call == ("ec2", "CreateTags"):
        assert seen == set()  # it tags an image
    else:
        assert seen == touched


async def test_iam_is_looked_at_in_every_region_that_records_it(bench: Bench) -> None:
    await record_everything(bench, "eu-west-2")
    await record_everything(bench)
    record = next(r for s, r in touching_records() if r["eventName"] == "CreateUser")
    await happened(bench, "iam", record)
    await bench.react()
    assert {job.region for job in await bench.jobs() if job.kind == "config.capture"} == {REGION, "eu-west-2"}
