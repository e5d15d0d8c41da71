"""LookupEvents and the timeline over a real lake."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from botocore.validate import ParamValidator

from triptych.bus.batch import Batch
from triptych.kernel.clock import SystemClock
from triptych.kernel.context import Cause, Context, Identity, SessionIssuer
from triptych.kernel.errors import ServiceError
from triptych.kernel.fact import ApiCall, Fact
from triptych.lake.lake import Lake
from triptych.lake.open import open_lake
from triptych.services import timeline
from triptych.services.cloudtrail.lookup import lookup_events
from triptych.services.cloudtrail.tables import EVENTS, RECORD
from triptych.services.contract import Ctx
from triptych.wire.model import operation_model

NOW = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)
ACCOUNT = "111122223333"
JUNIOR = Identity(
    kind="IAMUser", account=ACCOUNT, user_name="junior", access_key_id="AKIAJUNIOR",
    principal_id="AIDAX", arn=f"arn:aws:iam::{ACCOUNT}:user/junior",
)  # fmt: skip
ROLE = Identity(
    kind="AssumedRole", account=ACCOUNT, access_key_id="ASIA1", principal_id="AROA1:nightly",
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/ops/nightly",
    issuer=SessionIssuer(kind="Role", principal_id="AROA1", arn=f"arn:aws:iam::{ACCOUNT}:role/ops", account=ACCOUNT, user_name="ops"),
)  # fmt: skip


@pytest.fixture
async def lake(tmp_path: Path) -> AsyncIterator[Lake]:
    opened = await open_lake(
        path=tmp_path / "lake", tables=[EVENTS, timeline.TIMELINE], clock=SystemClock(), flush_seconds=0.001
    )
    yield opened
    await opened.close()


def ctx(lake: Lake, *, account: str = ACCOUNT, region: str = "eu-west-1", now: datetime = NOW) -> Ctx:
    context = Context(account=account, region=region, identity=JUNIOR, time=now)
    return Ctx(context, None, SimpleNamespace(lake=lake))  # type: ignore[arg-type]


def fact(
    event_id: str,
    service: str = "s3",
    operation: str = "DeleteBucketEncryption",
    *,
    ago: timedelta = timedelta(0),
    identity: Identity = JUNIOR,
    account: str = ACCOUNT,
    region: str = "eu-west-1",
    read_only: bool = False,
    parameters: dict[str, Any] | None = None,
    cause: Cause | None = None,
    seq: int = 0,
) -> Fact:
    model = operation_model(service, operation).service_model
    call = ApiCall(
        service=service,
        operation=operation,
        event_source=f"{model.endpoint_prefix}.amazonaws.com",
        api_version=model.api_version,
        request_id=f"r-{event_id}",
        identity=identity,
        source_ip="203.0.113.9",
        user_agent="test",
        host="localhost",
        read_only=read_only,
        status=200,
        parameters=parameters or {"Bucket": "payroll"},
    )
    return Fact(
        id=event_id, kind="ApiCall", account=account, region=region, time=NOW - ago, subject=f"{service}:{operation}",
        body=msgspec.to_builtins(call), cause=cause, seq=seq,
    )  # fmt: skip


async def recorded(lake: Lake, *facts: Fact, token: str = "t") -> None:
    await RECORD.handle(ctx(lake), Batch(facts=facts, token=token))


async def found(lake: Lake, key: str = "", value: str = "", **more: Any) -> list[str]:
    given = {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]} if key else {}
    answer = await lookup_events(ctx(lake), given | more)
    return [event["EventId"] for event in answer["Events"]]


async def test_every_attribute_finds_its_events_newest_first(lake: Lake) -> None:
    second = timedelta(seconds=1)
    await recorded(
        lake,
        fact("a", ago=9 * second),
        fact("b", "s3", "GetBucketEncryption", ago=8 * second, read_only=True, identity=ROLE),
        fact("c", "kms", "DescribeKey", ago=7 * second, read_only=True, parameters={"KeyId": "k-1"}),
    )
    assert await found(lake) == ["c", "b", "a"]
    assert await found(lake, "EventId", "b") == ["b"]
    assert await found(lake, "EventName", "DeleteBucketEncryption") == ["a"]
    assert await found(lake, "ReadOnly", "true") == ["c", "b"]
    assert await found(lake, "ReadOnly", "false") == ["a"]
    assert await found(lake, "Username", "nightly") == ["b"]
    assert await found(lake, "Username", "junior") == ["c", "a"]
    assert await found(lake, "EventSource", "kms.amazonaws.com") == ["c"]
    assert await found(lake, "AccessKeyId", "ASIA1") == ["b"]
    assert await found(lake, "ResourceType", "AWS::S3::Bucket") == ["b", "a"]
    assert await found(lake, "ResourceName", "payroll") == ["b", "a"]
    assert await found(lake, "ResourceName", "k-1") == ["c"]
    assert await found(lake, "ResourceName", "nothing") == []


async def test_an_event_has_exactly_the_members_aws_answers(lake: Lake) -> None:
    await recorded(lake, fact("a", ago=timedelta(milliseconds=250)))
    answer = await lookup_events(ctx(lake), {})
    event = answer["Events"][0]
    shape = operation_model("cloudtrail", "LookupEvents").output_shape
    assert not ParamValidator().validate(answer, shape).has_errors()
    assert list(event) == [
        "EventId", "EventName", "ReadOnly", "AccessKeyId", "EventTime", "EventSource", "Username", "Resources",
        "CloudTrailEvent",
    ]  # fmt: skip
    assert event["EventTime"] == datetime(2026, 3, 4, 11, 59, 59, tzinfo=UTC)
    assert event["Resources"] == [{"ResourceType": "AWS::S3::Bucket", "ResourceName": "payroll"}]
    record = json.loads(event["CloudTrailEvent"])
    assert record["eventTime"] == "2026-03-04T11:59:59Z"
    assert record["userIdentity"]["userName"] == "junior"
    assert record["requestParameters"] == {"bucketName": "payroll", "Host": "localhost", "encryption": ""}


async def test_only_management_events_of_this_account_and_region(lake: Lake) -> None:
    await recorded(
        lake,
        fact("data", "s3", "GetObject", parameters={"Bucket": "payroll", "Key": "k"}),
        fact("elsewhere", region="us-east-1"),
        fact("others", account="999999999999"),
        fact("ours"),
        fact("global", "iam", "CreateUser", parameters={"UserName": "x"}),
    )
    assert await found(lake) == ["ours"]
    answer = await lookup_events(ctx(lake, region="us-east-1"), {})
    assert {e["EventId"] for e in answer["Events"]} == {"elsewhere", "global"}


async def test_the_time_range_covers_the_seconds_it_names(lake: Lake) -> None:
    await recorded(
        lake,
        fact("old", ago=timedelta(days=91)),
        fact("first", ago=timedelta(seconds=10)),
        fact("last", ago=timedelta(seconds=4.5)),
        fact("after", ago=timedelta(seconds=3)),
    )
    start, end = NOW - timedelta(seconds=10), NOW - timedelta(seconds=5)
    assert await found(lake, StartTime=start, EndTime=end) == ["last", "first"]
    assert await found(lake) == ["after", "last", "first"]
    assert await found(lake, StartTime=NOW + timedelta(hours=1), EndTime=NOW + timedelta(hours=2)) == []


async def test_pages_join_without_gap_or_repeat(lake: Lake) -> None:
    ids = [f"e{n:03}" for n in range(23)]
    await recorded(lake, *(fact(each, ago=timedelta(seconds=n // 4)) for n, each in enumerate(ids)))
    seen: list[str] = []
    token: dict[str, Any] = {}
    sizes = []
    while True:
        answer = await lookup_events(ctx(lake), {"MaxResults": 5, **token})
        seen += [event["EventId"] for event in answer["Events"]]
        sizes.append(len(answer["Events"]))
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert sizes == [5, 5, 5, 5, 3]
    assert sorted(seen) == ids


async def test_the_same_batch_again_is_absorbed(lake: Lake) -> None:
    last_month = fact("m", ago=timedelta(days=10))
    for _ in range(2):
        await recorded(lake, last_month, fact("a"), fact("b"), token="batch-7")
    assert sorted(await found(lake)) == ["a", "b", "m"]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"LookupAttributes": [{"AttributeKey": "EventId", "AttributeValue": "a"}] * 2}, "InvalidLookupAttributesException"),
        ({"LookupAttributes": [{"AttributeKey": "Nope", "AttributeValue": "a"}]}, "InvalidLookupAttributesException"),
        ({"LookupAttributes": [{"AttributeKey": "EventId", "AttributeValue": ""}]}, "InvalidLookupAttributesException"),
        ({"LookupAttributes": [{"AttributeKey": "ReadOnly", "AttributeValue": "yes"}]}, "InvalidLookupAttributesException"),
        ({"StartTime": NOW, "EndTime": NOW - timedelta(seconds=1)}, "InvalidTimeRangeException"),
        ({"MaxResults": 0}, "InvalidMaxResultsException"),
        ({"MaxResults": 51}, "InvalidMaxResultsException"),
        ({"NextToken": "nonsense"}, "InvalidNextTokenException"),
    ],
)  # fmt: skip
async def test_bad_input_gets_awss_error(params: dict[str, Any], code: str) -> None:
    with pytest.raises(ServiceError) as refused:
        await lookup_events(ctx(None), params)  # type: ignore[arg-type]
    assert refused.value.code == code


async def test_a_token_belongs_to_its_call(lake: Lake) -> None:
    await recorded(lake, fact("a"), fact("b"))
    token = (await lookup_events(ctx(lake), {"MaxResults": 1}))["NextToken"]
    with pytest.raises(ServiceError) as refused:
        await found(lake, "EventId", "a", NextToken=token)
    assert refused.value.code == "InvalidNextTokenException"


async def test_one_query_answers_the_whole_chain(lake: Lake) -> None:
    first = fact("1", ago=timedelta(seconds=3))
    story = [
        first,
        Fact(
            id="2", kind="ItemChanged", account=ACCOUNT, region="eu-west-1", time=NOW - timedelta(seconds=2),
            subject="AWS::S3::Bucket/payroll", cause=Cause(parent="1", origin="1"),
            body={"item": {"resourceType": "AWS::S3::Bucket", "resourceId": "payroll", "configurationItemStatus": "OK"}},
        ),
        Fact(
            id="3", kind="ComplianceChanged", account=ACCOUNT, region="eu-west-1", time=NOW - timedelta(seconds=1),
            subject="rule/payroll", cause=Cause(parent="2", origin="1", depth=2),
            body={
                "resourceId": "payroll", "configRuleName": "encrypted",
                "newEvaluationResult": {"complianceType": "NON_COMPLIANT"},
                "oldEvaluationResult": {"complianceType": "COMPLIANT"},
            },
        ),
        fact("4", region="us-east-1", cause=Cause(parent="3", origin="1", depth=3)),
    ]  # fmt: skip
    unrelated = [fact("x"), fact("y", account="999999999999", cause=Cause(parent="1", origin="1"))]
    await timeline.REACTION.handle(ctx(lake), Batch(facts=(*story, *unrelated), token="b"))
    for known in ("1", "3", "4"):
        chain = await timeline.chain(lake, account=ACCOUNT, id=known)
        assert [(each["id"], each["cause"], each["depth"]) for each in chain] == [
            ("1", "", 0), ("2", "1", 1), ("3", "2", 2), ("4", "3", 3),
        ]  # fmt: skip
    assert [each["summary"] for each in chain] == [
        "junior called s3:DeleteBucketEncryption",
        "AWS::S3::Bucket payroll changed",
        "payroll is NON_COMPLIANT, was COMPLIANT under encrypted",
        "junior called s3:DeleteBucketEncryption",
    ]
    assert chain[0]["body"] == first.body
    assert chain[0]["time"] == "2026-03-04T11:59:57.000Z"
    assert await timeline.chain(lake, account=ACCOUNT, id="nobody") == []
    assert await timeline.chain(lake, account="888888888888", id="1") == []


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("RemediationChanged", {"rule": "encrypted", "resource": "AWS::S3::Bucket/payroll", "state": "SUCCEEDED"}, "remediation SUCCEEDED: AWS::S3::Bucket/payroll under encrypted"),
        ("AutomationChanged", {"DocumentName": "Fix", "Status": "Failed", "StepExecutions": [{"StepStatus": "Success"}, {"StepStatus": "Failed"}]}, "Fix: Failed, 1 of 2 steps succeeded"),
        ("ItemChanged", {"item": {"resourceType": "T", "resourceName": "n", "resourceId": "i", "configurationItemStatus": "ResourceDeleted"}}, "T n was deleted"),
        ("ItemChanged", {}, "the subject was recorded"),
        ("ComplianceChanged", {"resourceId": "r", "newEvaluationResult": {"complianceType": "COMPLIANT"}, "oldEvaluationResult": None}, "r is COMPLIANT"),
        ("ApiCall", {"service": "s3", "operation": "X", "identity": {"kind": "AWSService", "invoked_by": "ssm.amazonaws.com"}, "error_code": "AccessDenied"}, "ssm.amazonaws.com called s3:X, refused: AccessDenied"),
        ("ApiCall", {"service": "s3", "operation": "X", "identity": {"kind": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/ops/nightly"}}, "nightly called s3:X"),
    ],
)  # fmt: skip
def test_summaries(kind: Any, body: dict[str, Any], text: str) -> None:
    told = Fact(id="1", kind=kind, account="1", region="r", time=NOW, subject="the subject", body=body)
    assert timeline.summary(told) == text
