"""Trails that deliver to a log group: the checks, the cursor, what a crash does; CloudWatch Logs is in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from botocore.validate import ParamValidator
from cloudtrail_world import ACCOUNT, NOW, Buckets, World, refused
from hypothesis import given
from hypothesis import strategies as st

from triptych.control.store import Job
from triptych.jobs.kind import Later
from triptych.kernel.context import Context, service_identity
from triptych.kernel.errors import ServiceError
from triptych.services.cloudtrail import deliver, deliver_logs
from triptych.services.cloudtrail.log_group import group_name, trusts
from triptych.wire.model import operation_model

GROUP = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/audit/all:*"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service/to-logs"
TRUST = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]
}


@dataclass
class Estate:
    """The buckets, one log group, one role."""

    s3: Buckets
    groups: set[str] = field(default_factory=lambda: {"/audit/all"})
    roles: dict[str, Any] = field(default_factory=lambda: {"to-logs": TRUST})
    streams: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    puts: int = 0
    error: str = ""

    async def __call__(
        self, context: Context, service: str, operation: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        if service == "s3":
            return await self.s3(context, service, operation, params)
        assert context.identity.invoked_by == "cloudtrail.amazonaws.com"
        shape = operation_model(service, operation).input_shape
        assert not ParamValidator().validate(params, shape).has_errors()
        if operation == "GetRole":
            if params["RoleName"] not in self.roles:
                raise ServiceError("NoSuchEntity", "not found", status=404)
            return {"Role": {"AssumeRolePolicyDocument": self.roles[params["RoleName"]]}}
        if operation == "DescribeLogGroups":
            names = sorted(name for name in self.groups if name.startswith(params["logGroupNamePrefix"]))
            return {"logGroups": [{"logGroupName": name} for name in names[: params["limit"]]]}
        if self.error:
            raise ServiceError(self.error, "no")
        key = (params["logGroupName"], params["logStreamName"])
        assert context.region == "eu-west-1"
        if params["logGroupName"] not in self.groups:
            raise ServiceError("ResourceNotFoundException", "The specified log group does not exist.")
        if operation == "CreateLogStream":
            assert key not in self.streams
            self.streams[key] = []
            return {}
        assert operation == "PutLogEvents"
        if key not in self.streams:
            raise ServiceError("ResourceNotFoundException", "The specified log stream does not exist.")
        times = [event["timestamp"] for event in params["logEvents"]]
        assert times == sorted(times)
        self.streams[key] += params["logEvents"]
        self.puts += 1
        return {}

    def ids(self, region: str = "eu-west-1") -> list[str]:
        """The eventIDs in the region's stream."""
        events = self.streams.get(("/audit/all", f"{ACCOUNT}_CloudTrail_{region}"), [])
        return [json.loads(event["message"])["eventID"] for event in events]


@pytest.fixture
def estate(world: World) -> Estate:
    made = Estate(world.s3)
    world.runtime = replace(world.runtime, caller=made)
    return made


async def step(world: World, *, crash: bool = False) -> float | None:
    """One run of the job; what it asks to wait, or None when it is done."""
    ctx = world.ctx()
    body = {"trail": "audit"}
    job = Job(
        id="j", kind="cloudtrail.deliver_logs", account=ACCOUNT, region="eu-west-1", body=body, run_at=NOW
    )
    wait = None
    try:
        await deliver_logs.deliver_logs(ctx, job)
    except Later as later:
        wait = later.seconds
    if not crash:
        await ctx.unit.commit()
    return wait


async def to_logs(world: World, **more: Any) -> dict[str, Any]:
    return await world.trail(CloudWatchLogsLogGroupArn=GROUP, CloudWatchLogsRoleArn=ROLE, **more)


async def test_a_trail_says_where_it_delivers(world: World, estate: Estate) -> None:
    created = await to_logs(world)
    assert (created["CloudWatchLogsLogGroupArn"], created["CloudWatchLogsRoleArn"]) == (GROUP, ROLE)
    described = (await world.call("GetTrail", Name="audit"))["Trail"]
    assert described["CloudWatchLogsLogGroupArn"] == GROUP
    changed = await world.call(
        "UpdateTrail", Name="audit", CloudWatchLogsLogGroupArn="", CloudWatchLogsRoleArn=""
    )
    assert "CloudWatchLogsLogGroupArn" not in changed
    await world.happened("a")
    assert await step(world) is None and estate.ids() == []


@pytest.mark.parametrize(
    ("params", "code", "words"),
    [
        ({"CloudWatchLogsLogGroupArn": GROUP}, "Role", "You must specify a role ARN as well as a log group."),
        ({"CloudWatchLogsRoleArn": ROLE}, "LogGroup", "You must specify a log group as well as a role ARN."),
        ({"CloudWatchLogsLogGroupArn": GROUP.removesuffix(":*"), "CloudWatchLogsRoleArn": ROLE}, "LogGroup", "CloudTrail cannot validate the specified log group ARN."),
        ({"CloudWatchLogsLogGroupArn": GROUP.replace("all", "none"), "CloudWatchLogsRoleArn": ROLE}, "LogGroup", "CloudTrail cannot validate the specified log group ARN."),
        ({"CloudWatchLogsLogGroupArn": GROUP.replace("all", "a"), "CloudWatchLogsRoleArn": ROLE}, "LogGroup", "CloudTrail cannot validate the specified log group ARN."),
        ({"CloudWatchLogsLogGroupArn": GROUP.replace("eu-west-1", "eu-west-2"), "CloudWatchLogsRoleArn": ROLE}, "LogGroup", "CloudTrail cannot validate the specified log group ARN."),
        ({"CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": ROLE + "x"}, "Role", "Access denied. Check the trust relationships for your role."),
        ({"CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": "to-logs"}, "Role", "CloudTrail cannot validate the specified role ARN."),
    ],
)  # fmt: skip
async def test_what_is_refused(
    world: World, estate: Estate, params: dict[str, str], code: str, words: str
) -> None:
    error = await refused(f"InvalidCloudWatchLogs{code}ArnException", world.trail(**params))
    assert error.message == words
    assert (await world.call("DescribeTrails"))["trailList"] == []
    await world.trail()
    error = await refused(
        f"InvalidCloudWatchLogs{code}ArnException", world.call("UpdateTrail", Name="audit", **params)
    )
    assert error.message == words


async def test_a_role_that_does_not_trust_cloudtrail(world: World, estate: Estate) -> None:
    estate.roles["to-logs"] = json.loads(json.dumps(TRUST).replace("cloudtrail", "ec2"))
    await refused("InvalidCloudWatchLogsRoleArnException", to_logs(world))
    estate.roles["to-logs"] = json.dumps(TRUST)
    await to_logs(world)


def test_trust() -> None:
    statement = TRUST["Statement"][0]
    assert trusts(TRUST) and trusts({"Statement": statement}) and trusts(json.dumps(TRUST))
    assert trusts(quote(json.dumps(TRUST)))
    assert trusts({"Statement": statement | {"Principal": {"Service": ["a", "cloudtrail.amazonaws.com"]}}})
    assert not trusts({"Statement": [statement, statement | {"Effect": "Deny"}]})
    assert not trusts({"Statement": statement | {"Action": "sts:TagSession"}})
    assert not trusts(None) and not trusts("{") and not trusts({"Statement": ["x"]})


def test_the_name_in_an_arn() -> None:
    assert group_name(GROUP) == "/audit/all"
    for text in ("", "x", GROUP + ":*", GROUP.replace("log-group", "stream"), GROUP.removesuffix(":*")):
        assert group_name(text) == ""


async def test_one_record_is_one_event_in_its_regions_stream(world: World, estate: Estate) -> None:
    await to_logs(world, IsMultiRegionTrail=True)
    await world.happened("a", "b")
    await world.happened("there", region="ap-south-1")
    await world.happened("read", operation="GetObject", parameters={"Bucket": "b", "Key": "k"})
    assert await step(world) is None
    assert estate.ids() == ["a", "b"] and estate.ids("ap-south-1") == ["there"]
    first = estate.streams["/audit/all", f"{ACCOUNT}_CloudTrail_eu-west-1"][0]
    assert first["timestamp"] == int(NOW.timestamp() * 1000)
    await world.happened("c")
    await step(world)
    await step(world)
    assert estate.ids() == ["a", "b", "c"]
    assert sorted(await world.delivered()) == ["a", "b", "c", "there"]  # the files have them too


async def test_a_crash_after_the_put_repeats_and_loses_nothing(world: World, estate: Estate) -> None:
    await to_logs(world)
    await world.happened("a")
    await step(world, crash=True)
    assert estate.ids() == ["a"]
    await world.happened("b")
    await step(world)
    assert estate.ids() == ["a", "a", "b"]
    await step(world)
    assert estate.ids() == ["a", "a", "b"]


async def test_errors_are_told_and_what_waits_is_delivered_later(world: World, estate: Estate) -> None:
    await to_logs(world)
    await world.happened("a")
    estate.error = "AccessDeniedException"
    assert await step(world) == world.runtime.settings.intervals.trail_delivery_seconds
    status = await world.call("GetTrailStatus", Name="audit")
    assert status["LatestCloudWatchLogsDeliveryError"] == "AccessDeniedException"
    assert "LatestCloudWatchLogsDeliveryTime" not in status and "LatestDeliveryError" not in status
    estate.error = ""
    estate.groups.clear()
    await step(world)
    status = await world.call("GetTrailStatus", Name="audit")
    assert status["LatestCloudWatchLogsDeliveryError"] == "ResourceNotFoundException"
    estate.groups.add("/audit/all")
    world.clock.time += timedelta(minutes=1)
    assert await step(world) is None
    assert estate.ids() == ["a"]
    status = await world.call("GetTrailStatus", Name="audit")
    assert "LatestCloudWatchLogsDeliveryError" not in status
    assert status["LatestCloudWatchLogsDeliveryTime"] == NOW + timedelta(minutes=1)


async def test_what_happened_before_the_trail_got_its_group_is_not_delivered(
    world: World, estate: Estate
) -> None:
    await world.trail()
    await world.happened("before")
    world.clock.time += timedelta(seconds=1)
    await world.call("UpdateTrail", Name="audit", CloudWatchLogsLogGroupArn=GROUP, CloudWatchLogsRoleArn=ROLE)
    await world.happened("after")
    await step(world)
    assert estate.ids() == ["after"]
    estate.groups.add("/other")
    other = GROUP.replace("/audit/all", "/other")
    await world.happened("waits")
    await world.call("UpdateTrail", Name="audit", CloudWatchLogsLogGroupArn=other)
    await step(world)
    ((_, moved),) = [each for each in estate.streams.items() if each[0][0] == "/other"]
    assert [json.loads(event["message"])["eventID"] for event in moved] == ["waits"]


async def test_delivery_does_not_feed_itself(world: World, estate: Estate) -> None:
    """A trail that selects its own group's data events logs others' PutLogEvents, not the delivery's."""
    await to_logs(world)
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::Logs::LogGroup"]},
    ]
    await world.call(
        "PutEventSelectors", TrailName="audit", AdvancedEventSelectors=[{"FieldSelectors": fields}]
    )
    put = {"service": "logs", "operation": "PutLogEvents", "parameters": {"logGroupName": "/audit/all"}}
    await world.happened("theirs", **put)
    await world.happened("ours", identity=service_identity(ACCOUNT, "cloudtrail.amazonaws.com"), **put)
    await step(world)
    assert estate.ids() == ["theirs"]


async def test_more_than_one_read_holds_all(
    world: World, estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "RECORDS_AT_ONCE", 7)
    await to_logs(world)
    ids = [f"e{n:02}" for n in range(25)]
    await world.happened(*ids)
    for _ in range(10):
        if await step(world) is None:
            break
    assert sorted(estate.ids()) == ids


async def test_only_trails_with_a_group_and_something_to_deliver_get_a_job(
    world: World, estate: Estate
) -> None:
    await world.trail("files-only")
    await to_logs(world)

    async def staged() -> list[str]:
        ctx = world.ctx()
        seen: list[Job] = []
        ctx.unit.job = seen.append  # type: ignore[method-assign]
        await deliver_logs.LOGS_DUE.handle(ctx)
        return [job.body["trail"] for job in seen]

    assert await staged() == ["audit"]
    await world.call("StopLogging", Name="audit")
    assert await staged() == ["audit"]
    world.clock.time += timedelta(days=2)
    await step(world)
    assert await staged() == []
    await world.call("StartLogging", Name="audit")
    assert await staged() == ["audit"]
    await world.call("DeleteTrail", Name="audit")
    assert await staged() == []


@given(
    st.lists(
        st.tuples(st.integers(0, 40 * 24 * 60), st.integers(1, 300_000), st.sampled_from("aé")), max_size=40
    )
)
def test_batches_keep_what_cloudwatch_logs_asks(drawn: list[tuple[int, int, str]]) -> None:
    rows = [
        {"time": NOW - timedelta(minutes=age), "seq": n, "record": text * size}
        for n, (age, size, text) in enumerate(drawn)
    ]
    made = list(deliver_logs.batches(rows, oldest=NOW - timedelta(days=13), newest=NOW))
    fit = sorted(row["record"] for row in rows if len(row["record"].encode()) + 26 <= 256 * 1024)
    assert sorted(event["message"] for batch in made for event in batch) == fit
    for batch in made:
        times = [event["timestamp"] for event in batch]
        assert times == sorted(times) and times[-1] - times[0] <= 24 * 3600 * 1000
        assert sum(len(event["message"].encode()) + 26 for event in batch) <= 1_048_576
        assert times[0] >= (NOW - timedelta(days=13)).timestamp() * 1000
