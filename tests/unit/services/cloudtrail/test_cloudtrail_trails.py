"""Trails and their delivery, over a real lake; S3 is a bucket in memory with AWS's answers."""

from __future__ import annotations

import gzip
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from cloudtrail_world import ACCOUNT, NOW, World, policy, refused

from triptych.control.store import Job
from triptych.services.cloudtrail import deliver

# --- the trails -------------------------------------------------------------------------------------------


async def test_a_trail_is_what_was_created(world: World) -> None:
    created = await world.trail(S3KeyPrefix="", TagsList=[{"Key": "team", "Value": "ops"}])
    arn = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/audit"
    assert created == {
        "Name": "audit", "S3BucketName": "logs", "IncludeGlobalServiceEvents": True, "IsMultiRegionTrail": False,
        "TrailARN": arn, "LogFileValidationEnabled": False, "IsOrganizationTrail": False,
    }  # fmt: skip
    described = created | {
        "HomeRegion": "eu-west-1",
        "HasCustomEventSelectors": False,
        "HasInsightSelectors": False,
    }
    assert (await world.call("GetTrail", Name="audit"))["Trail"] == described
    assert (await world.call("GetTrail", Name=arn))["Trail"] == described
    assert (await world.call("DescribeTrails"))["trailList"] == [described]
    assert (await world.call("ListTrails"))["Trails"] == [
        {"TrailARN": arn, "Name": "audit", "HomeRegion": "eu-west-1"}
    ]
    assert world.s3.callers == {"cloudtrail.amazonaws.com"}
    await world.call("DeleteTrail", Name=arn)
    assert (await world.call("DescribeTrails"))["trailList"] == []
    error = await refused("TrailNotFoundException", world.call("GetTrail", Name="audit"))
    assert error.message == f"Unknown trail: {arn} for the user: {ACCOUNT}"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ab", "Trail name too short. Minimum allowed length: 3 characters. Specified name length: 2 characters."),
        ("a" * 129, "Trail name too long. Maximum allowed length: 128 characters. Specified name length: 129 characters."),
        ("-audit", "Trail name must starts with a letter or number."),
        ("audit_", "Trail name must ends with a letter or number."),
        ("au dit", "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_)."),
        ("my--trail", "Trail name cannot have adjacent periods, underscores, or hyphens."),
        ("192.168.5.4", "Trail name cannot be in IP address format."),
    ],
)  # fmt: skip
async def test_names_that_are_none(world: World, name: str, words: str) -> None:
    error = await refused("InvalidTrailNameException", world.trail(name))
    assert error.message == words


async def test_arns_that_are_none(world: World) -> None:
    for arn in ("arn:aws:s3:::bucket", "arn:aws:cloudtrail:eu-west-1:1:channel/x", "arn:nonsense"):
        await refused("CloudTrailARNInvalidException", world.call("GetTrail", Name=arn))
    await refused(
        "TrailNotFoundException",
        world.call("GetTrail", Name="arn:aws:cloudtrail:eu-west-1:999999999999:trail/audit"),
    )


async def test_what_create_trail_refuses(world: World) -> None:
    world.s3.policies.update({"logs": policy("logs"), "bare": None, "others": policy("others", account="9")})

    async def create(**params: Any) -> dict[str, Any]:
        return await world.call("CreateTrail", **({"Name": "audit", "S3BucketName": "logs"} | params))

    missing = await refused("S3BucketDoesNotExistException", create(S3BucketName="nobody"))
    assert missing.message == "S3 bucket nobody does not exist!"
    bare = await refused("InsufficientS3BucketPolicyException", create(S3BucketName="bare"))
    assert bare.message == "Incorrect S3 bucket policy is detected for bucket: bare"
    await refused("InsufficientS3BucketPolicyException", create(S3BucketName="others"))
    await refused("InsufficientS3BucketPolicyException", create(S3KeyPrefix="elsewhere"))
    await refused("InvalidS3BucketNameException", create(S3BucketName="No_Bucket"))
    await refused("InvalidS3PrefixException", create(S3KeyPrefix="x" * 201))
    await refused(
        "InvalidParameterCombinationException",
        create(IsMultiRegionTrail=True, IncludeGlobalServiceEvents=False),
    )
    await refused("InvalidTagParameterException", create(TagsList=[{"Key": "a"}, {"Key": "a"}]))
    await refused("TagsLimitExceededException", create(TagsList=[{"Key": f"k{n}"} for n in range(51)]))
    for unbuilt in (
        {"SnsTopicName": "t"}, {"KmsKeyId": "k"}, {"IsOrganizationTrail": True}, {"RecursiveLogging": True},
    ):  # fmt: skip
        error = await refused("NotImplemented", create(**unbuilt))
        assert next(iter(unbuilt)) in error.message and error.status == 501
    assert (await world.call("DescribeTrails"))["trailList"] == []
    await create(EnableLogFileValidation=False, IsOrganizationTrail=False)
    taken = await refused("TrailAlreadyExistsException", create())
    assert taken.message == f"Trail audit already exists for customer: {ACCOUNT}"


async def test_five_trails_a_region_shadows_included(world: World) -> None:
    await world.trail("everywhere", region="us-east-1", IsMultiRegionTrail=True)
    for n in range(4):
        await world.trail(f"trail-{n}")
    error = await refused("MaximumNumberOfTrailsExceededException", world.trail("one-more"))
    assert error.message == f"User: {ACCOUNT} already has 5 trails in eu-west-1."
    await world.trail("elsewhere", region="us-west-2")


async def test_a_multi_region_trail_has_shadows_everywhere(world: World) -> None:
    arn = (await world.trail("everywhere", region="us-east-1", IsMultiRegionTrail=True))["TrailARN"]
    await world.trail("local", region="us-east-1")
    names = lambda answer: [trail["Name"] for trail in answer["trailList"]]  # noqa: E731
    assert names(await world.call("DescribeTrails", region="us-east-1")) == ["everywhere", "local"]
    assert names(await world.call("DescribeTrails")) == ["everywhere"]
    assert names(await world.call("DescribeTrails", includeShadowTrails=False)) == []
    assert names(await world.call("DescribeTrails", trailNameList=[arn])) == ["everywhere"]
    assert names(await world.call("DescribeTrails", trailNameList=["everywhere"])) == []
    assert (await world.call("GetTrail", Name=arn))["Trail"]["HomeRegion"] == "us-east-1"
    assert (await world.call("GetTrailStatus", Name=arn))["IsLogging"] is True
    await refused("TrailNotFoundException", world.call("GetTrail", Name="everywhere"))
    await refused("TrailNotFoundException", world.call("GetTrail", Name=arn.replace("everywhere", "local")))
    for operation in ("UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"):
        await refused("InvalidHomeRegionException", world.call(operation, Name=arn))
    assert len((await world.call("ListTrails"))["Trails"]) == 2


async def test_update_changes_what_is_given(world: World) -> None:
    await world.trail(TagsList=[{"Key": "a", "Value": "1"}])
    world.s3.policies["other"] = policy("other", prefix="p")
    await refused(
        "S3BucketDoesNotExistException", world.call("UpdateTrail", Name="audit", S3BucketName="nobody")
    )
    await refused(
        "InsufficientS3BucketPolicyException", world.call("UpdateTrail", Name="audit", S3BucketName="other")
    )
    await refused("NotImplemented", world.call("UpdateTrail", Name="audit", SnsTopicName="t"))
    updated = await world.call(
        "UpdateTrail", Name="audit", S3BucketName="other", S3KeyPrefix="p", IsMultiRegionTrail=True
    )
    assert (updated["S3BucketName"], updated["S3KeyPrefix"], updated["IsMultiRegionTrail"]) == (
        "other",
        "p",
        True,
    )
    assert (await world.call("GetTrailStatus", Name="audit"))["IsLogging"] is True
    tags = await world.call("ListTags", ResourceIdList=[updated["TrailARN"]])
    assert tags["ResourceTagList"][0]["TagsList"] == [{"Key": "a", "Value": "1"}]


async def test_tags(world: World) -> None:
    arn = (await world.trail())["TrailARN"]
    await world.call(
        "AddTags", ResourceId=arn, TagsList=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    )
    await world.call("AddTags", ResourceId=arn, TagsList=[{"Key": "a", "Value": "3"}])
    await world.call("RemoveTags", ResourceId=arn, TagsList=[{"Key": "b"}, {"Key": "a", "Value": "not this"}])
    assert await world.call("ListTags", ResourceIdList=[arn]) == {
        "ResourceTagList": [{"ResourceId": arn, "TagsList": [{"Key": "a", "Value": "3"}]}]
    }
    await refused(
        "TagsLimitExceededException",
        world.call("AddTags", ResourceId=arn, TagsList=[{"Key": f"k{n}"} for n in range(50)]),
    )
    await refused(
        "InvalidTagParameterException", world.call("AddTags", ResourceId=arn, TagsList=[{"Key": "aws:x"}])
    )
    await refused(
        "ResourceNotFoundException", world.call("AddTags", ResourceId=arn + "x", TagsList=[{"Key": "x"}])
    )
    await refused(
        "CloudTrailARNInvalidException", world.call("AddTags", ResourceId="audit", TagsList=[{"Key": "x"}])
    )


async def test_event_selectors_are_kept_and_answered(world: World) -> None:
    arn = (await world.trail())["TrailARN"]
    default = {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }
    assert await world.call("GetEventSelectors", TrailName="audit") == {
        "TrailARN": arn,
        "EventSelectors": [default],
    }
    given = [
        {
            "ReadWriteType": "WriteOnly",
            "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/"]}],
        }
    ]
    put = await world.call("PutEventSelectors", TrailName="audit", EventSelectors=given)
    assert put == {"TrailARN": arn, "EventSelectors": [default | given[0]]}
    assert await world.call("GetEventSelectors", TrailName=arn) == put
    assert (await world.call("GetTrail", Name="audit"))["Trail"]["HasCustomEventSelectors"] is True
    advanced = [{"Name": "m", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]
    put = await world.call("PutEventSelectors", TrailName="audit", AdvancedEventSelectors=advanced)
    assert put == {"TrailARN": arn, "AdvancedEventSelectors": advanced}
    assert await world.call("GetEventSelectors", TrailName="audit") == put
    await refused("InvalidEventSelectorsException", world.call("PutEventSelectors", TrailName="audit"))
    await refused(
        "InvalidEventSelectorsException",
        world.call(
            "PutEventSelectors", TrailName="audit", EventSelectors=given, AdvancedEventSelectors=advanced
        ),
    )
    await refused("TrailNotFoundException", world.call("GetEventSelectors", TrailName="nobody"))


# --- the delivery -----------------------------------------------------------------------------------------

KEY = re.compile(
    rf"AWSLogs/{ACCOUNT}/CloudTrail/([a-z0-9-]+)/2026/03/04/{ACCOUNT}_CloudTrail_([a-z0-9-]+)_20260304T1200Z_[A-Z0-9]{{16}}\.json\.gz"
)


async def test_what_happened_while_logging_is_delivered_once(world: World) -> None:
    await world.trail(log=False)
    await world.happened("before")
    world.clock.time += timedelta(milliseconds=5)
    await world.call("StartLogging", Name="audit")
    await world.happened("a", "b")
    await world.happened("elsewhere", region="us-east-1")
    assert await world.delivered() == ["a", "b"]
    (key,) = [key for _, key in world.s3.objects]
    assert (match := KEY.fullmatch(key)) and match.groups() == ("eu-west-1", "eu-west-1")
    (put,) = world.s3.puts
    assert (put["ContentEncoding"], put["ACL"]) == ("gzip", "bucket-owner-full-control")
    assert await world.delivered() == ["a", "b"]
    await world.happened("c")
    assert sorted(await world.delivered()) == ["a", "b", "c"]
    assert len(world.s3.objects) == 2
    world.clock.time += timedelta(milliseconds=5)
    await world.call("StopLogging", Name="audit")
    world.clock.time += timedelta(milliseconds=5)
    await world.happened("while-off")
    assert sorted(await world.delivered()) == ["a", "b", "c"]


async def test_the_delivered_record_is_the_one_lookup_answers(world: World) -> None:
    await world.trail()
    await world.happened("a")
    await world.delivered()
    (body,) = world.s3.objects.values()
    found = await world.call("LookupEvents")
    assert json.loads(gzip.decompress(body))["Records"] == [json.loads(found["Events"][0]["CloudTrailEvent"])]


async def test_rows_that_arrive_late_are_not_skipped(world: World) -> None:
    await world.trail()
    world.clock.time += timedelta(minutes=2)
    await world.happened("now")
    assert await world.delivered() == ["now"]
    await world.happened("late", time=world.clock.now() - timedelta(minutes=1))
    assert sorted(await world.delivered()) == ["late", "now"]


async def test_a_crash_after_the_put_repeats_the_same_file(world: World) -> None:
    await world.trail()
    await world.happened("a", "b")
    assert await world.step() == 0  # planned
    await world.step(crash=True)  # put, but the commit never came
    await world.happened("c")
    assert await world.delivered() == ["a", "b"]
    assert sorted(await world.delivered()) == ["a", "b", "c"]
    first, again = (put for put in world.s3.puts if put["Key"] == world.s3.puts[0]["Key"])
    assert first == again


async def test_a_crash_before_the_plan_is_committed_leaves_nothing(world: World) -> None:
    await world.trail()
    await world.happened("a")
    await world.step(crash=True)
    assert world.s3.objects == {}
    assert await world.delivered() == ["a"]


async def test_errors_are_told_and_what_waits_is_delivered_later(world: World) -> None:
    await world.trail()
    before = await world.call("GetTrailStatus", Name="audit")
    assert before == {
        "IsLogging": True, "StartLoggingTime": NOW, "LatestDeliveryAttemptTime": "", "LatestNotificationAttemptTime": "",
        "LatestNotificationAttemptSucceeded": "", "LatestDeliveryAttemptSucceeded": "",
        "TimeLoggingStarted": "2026-03-04T12:03:00Z", "TimeLoggingStopped": "",
    }  # fmt: skip
    await world.happened("a")
    world.s3.error = "AccessDenied"
    world.clock.time += timedelta(minutes=1)
    assert await world.step() == 0
    assert await world.step() == world.runtime.settings.intervals.trail_delivery_seconds
    failed = await world.call("GetTrailStatus", Name="audit")
    assert failed["LatestDeliveryError"] == "AccessDenied"
    assert failed["LatestDeliveryAttemptTime"] == "2026-03-04T12:04:00Z"
    assert "LatestDeliveryTime" not in failed and failed["LatestDeliveryAttemptSucceeded"] == ""
    del world.s3.policies["logs"]
    await world.step()
    assert (await world.call("GetTrailStatus", Name="audit"))["LatestDeliveryError"] == "NoSuchBucket"
    world.s3.policies["logs"], world.s3.error = policy("logs"), ""
    await world.happened("b")
    world.clock.time += timedelta(minutes=1)
    assert sorted(await world.delivered()) == ["a", "b"]
    fine = await world.call("GetTrailStatus", Name="audit")
    assert "LatestDeliveryError" not in fine
    assert fine["LatestDeliveryTime"] == NOW + timedelta(minutes=2)
    assert fine["LatestDeliveryAttemptSucceeded"] == "2026-03-04T12:05:00Z"
    await world.call("StopLogging", Name="audit")
    stopped = await world.call("GetTrailStatus", Name="audit")
    assert (stopped["IsLogging"], stopped["StopLoggingTime"]) == (False, NOW + timedelta(minutes=2))


async def test_another_bucket_gets_what_the_old_one_did_not_take(world: World) -> None:
    await world.trail()
    await world.happened("a")
    await world.step()
    world.s3.error = "AccessDenied"
    await world.step()
    world.s3.policies["other"], world.s3.error = policy("other", prefix="p"), ""
    await world.call("UpdateTrail", Name="audit", S3BucketName="other", S3KeyPrefix="p")
    assert await world.delivered() == ["a"]
    ((bucket, key),) = world.s3.objects
    assert bucket == "other" and key.startswith(f"p/AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/")


async def test_a_multi_region_trail_delivers_a_file_per_region(world: World) -> None:
    await world.trail(IsMultiRegionTrail=True)
    await world.happened("here")
    await world.happened("there", region="ap-south-1")
    await world.happened("global", service="iam", operation="CreateUser", parameters={"UserName": "u"})
    assert sorted(await world.delivered()) == ["global", "here", "there"]
    regions = sorted(match.group(1) for _, key in world.s3.objects if (match := KEY.fullmatch(key)))
    assert regions == ["ap-south-1", "eu-west-1", "us-east-1"]


async def test_global_service_events_only_if_asked(world: World) -> None:
    await world.trail(region="us-east-1", IncludeGlobalServiceEvents=False)
    await world.happened("iam", service="iam", operation="CreateUser", parameters={"UserName": "u"})
    await world.happened("s3", region="us-east-1")
    assert await world.delivered(region="us-east-1") == ["s3"]


async def test_selectors_decide_what_is_delivered(world: World) -> None:
    await world.trail()
    await world.call(
        "PutEventSelectors",
        TrailName="audit",
        EventSelectors=[
            {
                "ReadWriteType": "WriteOnly",
                "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/logs/"]}],
            }
        ],
    )
    await world.happened("reads", operation="GetBucketAcl", read_only=True)
    await world.happened("writes")
    await world.happened("object", operation="PutObject", parameters={"Bucket": "b", "Key": "logs/1"})
    await world.happened("other", operation="PutObject", parameters={"Bucket": "b", "Key": "else/1"})
    assert await world.delivered() == ["writes", "object"]


async def test_more_than_one_file_holds_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver, "RECORDS_AT_ONCE", 7)
    await world.trail()
    ids = [f"e{n:02}" for n in range(25)]
    for start in range(0, len(ids), 5):
        await world.happened(*ids[start : start + 5])
    assert sorted(await world.delivered()) == ids
    assert len(world.s3.objects) == 4


async def test_only_trails_with_something_to_deliver_get_a_job(world: World) -> None:
    await world.trail("silent", log=False)
    await world.trail("logging")
    await world.trail("stopped")
    await world.call("StopLogging", Name="stopped")

    async def staged() -> set[str]:
        ctx = world.ctx()
        seen: list[Job] = []
        ctx.unit.job = seen.append  # type: ignore[method-assign]
        await deliver.DUE.handle(ctx)
        assert all(job.key == f"{ACCOUNT}/eu-west-1/{job.body['trail']}" for job in seen)
        return {job.body["trail"] for job in seen}

    assert await staged() == {"logging", "stopped"}
    world.clock.time += timedelta(days=2)
    await world.step("stopped")
    assert await staged() == {"logging"}


async def test_a_deleted_trail_is_let_go(world: World) -> None:
    await world.trail()
    await world.happened("a")
    await world.step()
    await world.call("DeleteTrail", Name="audit")
    assert await world.delivered() == []
    world.clock.time += timedelta(seconds=1)
    await world.trail()
    await world.happened("b")
    assert await world.delivered() == ["b"]
