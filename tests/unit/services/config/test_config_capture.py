"""From a call, or from none, to an item: recorders, captures, sweeps, history, inventory."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from config_bench import ACCOUNT, REGION, ROLE, Bench, open_bench

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.kernel.fact import Fact
from triptych.services.config.sweep import SWEEP_REGION

ENCRYPTED = {
    "ServerSideEncryptionConfiguration": {
        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    }
}


def group(group_id: str, *cidrs: str) -> dict[str, Any]:
    return {
        "GroupId": group_id,
        "GroupName": "web",
        "Description": "",
        "OwnerId": ACCOUNT,
        "VpcId": "vpc-1",
        "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": c} for c in cidrs]}
        ],
        "IpPermissionsEgress": [],
    }


def changes(bench: Bench, resource_id: str) -> list[Fact]:
    return [f for f in bench.of_kind("ItemChanged") if f.body["item"]["resourceId"] == resource_id]


def statuses(bench: Bench, resource_id: str) -> list[str]:
    return [fact.body["item"]["configurationItemStatus"] for fact in changes(bench, resource_id)]


async def refused(code: str, call: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await call
    assert caught.value.code == code, caught.value
    return caught.value


# --- the recorder and its channel ------------------------------------------------------------------------


async def test_a_recorder_and_a_channel_live_their_lives(bench: Bench) -> None:
    recorder = {"name": "default", "roleARN": ROLE}
    name = {"ConfigurationRecorderName": "default"}
    channel = {"name": "default", "s3BucketName": "files"}
    await refused(
        "NoAvailableConfigurationRecorderException", bench.api("PutDeliveryChannel", DeliveryChannel=channel)
    )
    await refused("NoSuchConfigurationRecorderException", bench.api("StartConfigurationRecorder", **name))
    await bench.api("PutConfigurationRecorder", ConfigurationRecorder=recorder)
    (shown,) = (await bench.api("DescribeConfigurationRecorders"))["ConfigurationRecorders"]
    assert (shown["name"], shown["roleARN"], shown["recordingGroup"]["allSupported"]) == (
        "default",
        ROLE,
        True,
    )
    await refused("NoAvailableDeliveryChannelException", bench.api("StartConfigurationRecorder", **name))
    await refused("NoSuchBucketException", bench.api("PutDeliveryChannel", DeliveryChannel=channel))
    bench.estate.bucket("files", forbidden=True)
    await refused(
        "InsufficientDeliveryPolicyException", bench.api("PutDeliveryChannel", DeliveryChannel=channel)
    )
    bench.estate.bucket("files")
    await bench.api("PutDeliveryChannel", DeliveryChannel=channel)
    assert (await bench.api("DescribeDeliveryChannels"))["DeliveryChannels"] == [channel]
    await bench.api("StartConfigurationRecorder", **name)
    (status,) = (await bench.api("DescribeConfigurationRecorderStatus"))["ConfigurationRecordersStatus"]
    assert (status["recording"], status["lastStatus"]) == (True, "Pending")
    await bench.settle()
    (status,) = (await bench.api("DescribeConfigurationRecorderStatus"))["ConfigurationRecordersStatus"]
    assert status["lastStatus"] == "Success"
    await refused(
        "LastDeliveryChannelDeleteFailedException",
        bench.api("DeleteDeliveryChannel", DeliveryChannelName="default"),
    )
    await bench.api("StopConfigurationRecorder", **name)
    (status,) = (await bench.api("DescribeConfigurationRecorderStatus"))["ConfigurationRecordersStatus"]
    assert status["recording"] is False
    assert status["lastStopTime"] > status["lastStartTime"]
    await bench.api("DeleteDeliveryChannel", DeliveryChannelName="default")
    await refused(
        "NoSuchDeliveryChannelException", bench.api("DeleteDeliveryChannel", DeliveryChannelName="default")
    )
    await bench.api("DeleteConfigurationRecorder", **name)
    assert (await bench.api("DescribeConfigurationRecorders"))["ConfigurationRecorders"] == []
    await refused("NoSuchConfigurationRecorderException", bench.api("DeleteConfigurationRecorder", **name))


@pytest.mark.parametrize(
    ("code", "recorder"),
    [
        ("InvalidRoleException", {"name": "default"}),
        ("InvalidRoleException", {"name": "default", "roleARN": "arn:aws:s3:::bucket"}),
        ("ValidationException", {"roleARN": ROLE, "recordingMode": {"recordingFrequency": "DAILY"}}),
        ("InvalidRecordingGroupException", {"roleARN": ROLE, "recordingGroup": {"allSupported": False}}),
    ],
)
async def test_bad_recorders_are_refused(bench: Bench, code: str, recorder: dict[str, Any]) -> None:
    await refused(code, bench.api("PutConfigurationRecorder", ConfigurationRecorder=recorder))


@pytest.mark.parametrize(
    ("code", "channel"),
    [
        ("NoSuchBucketException", {"name": "default"}),
        ("InvalidS3KeyPrefixException", {"s3BucketName": "deliveries", "s3KeyPrefix": ""}),
        ("InvalidSNSTopicARNException", {"s3BucketName": "deliveries", "snsTopicARN": "topic"}),
        ("InvalidS3KmsKeyArnException", {"s3BucketName": "deliveries", "s3KmsKeyArn": "key"}),
        ("MaxNumberOfDeliveryChannelsExceededException", {"name": "second", "s3BucketName": "deliveries"}),
    ],
)
async def test_bad_channels_are_refused(bench: Bench, code: str, channel: dict[str, Any]) -> None:
    await bench.recording()
    await refused(code, bench.api("PutDeliveryChannel", DeliveryChannel=channel))


async def test_there_is_one_recorder(bench: Bench) -> None:
    await bench.recording()
    await refused(
        "MaxNumberOfConfigurationRecordersExceededException",
        bench.api("PutConfigurationRecorder", ConfigurationRecorder={"name": "other", "roleARN": ROLE}),
    )
    listed = (await bench.api("ListConfigurationRecorders"))["ConfigurationRecorderSummaries"]
    assert [one["name"] for one in listed] == ["default"]


# --- capture ---------------------------------------------------------------------------------------------


async def test_starting_the_recorder_finds_what_is_there(bench: Bench) -> None:
    bench.estate.bucket("b", GetBucketEncryption=ENCRYPTED)
    bench.estate.groups["sg-1"] = group("sg-1")
    await bench.recording()
    assert statuses(bench, "b") == ["ResourceDiscovered"]
    assert statuses(bench, "sg-1") == ["ResourceDiscovered"]
    (counts,) = [await bench.api("GetDiscoveredResourceCounts")]
    assert counts["totalDiscoveredResources"] == 3
    assert counts["resourceCounts"][0] == {"resourceType": "AWS::S3::Bucket", "count": 2}


async def test_a_change_becomes_an_item_with_its_difference_and_its_cause(bench: Bench) -> None:
    bench.estate.bucket("b", GetBucketEncryption=ENCRYPTED)
    await bench.recording()
    del bench.estate.buckets["b"]["GetBucketEncryption"]
    slip = await bench.happened("DeleteBucketEncryption", {"Bucket": "b"})
    await bench.settle()
    change = changes(bench, "b")[-1]
    assert change.cause is not None
    assert (change.cause.parent, change.cause.origin) == (slip.id, slip.id)
    assert (change.account, change.region) == (ACCOUNT, REGION)
    assert change.body["item"]["configurationItemStatus"] == "OK"
    assert list(change.body["diff"]["changedProperties"]) == [
        "SupplementaryConfiguration.ServerSideEncryptionConfiguration"
    ]
    # every look was made as Config, because of the slip
    looks = [context for context, _, operation, _ in bench.estate.calls if operation == "GetBucketEncryption"]
    assert looks[-1].cause == change.cause
    assert looks[-1].identity.invoked_by == "config.amazonaws.com"


@pytest.mark.parametrize(
    "outcome",
    [{"read_only": True}, {"status": 403, "error_code": "AccessDenied"}, {"status": 500}],
)
async def test_reads_and_failures_are_not_looked_after(bench: Bench, outcome: dict[str, Any]) -> None:
    await bench.recording()
    await bench.happened("DeleteBucketEncryption", {"Bucket": "deliveries"}, **outcome)
    await bench.react()
    assert await bench.jobs() == []


async def test_nothing_different_is_no_item(bench: Bench) -> None:
    bench.estate.bucket("b")
    await bench.recording()
    await bench.happened("PutBucketTagging", {"Bucket": "b"})
    await bench.settle()
    assert statuses(bench, "b") == ["ResourceDiscovered"]


async def test_many_changes_wait_for_one_capture(bench: Bench) -> None:
    bench.estate.bucket("b")
    await bench.recording()
    for _ in range(5):
        await bench.happened("PutBucketVersioning", {"Bucket": "b"})
    await bench.react()
    assert [job.kind for job in await bench.jobs()] == ["config.capture"]


async def test_deleted_and_made_again(bench: Bench) -> None:
    bench.estate.bucket("b")
    await bench.recording()
    gone = bench.estate.buckets.pop("b")
    await bench.happened("DeleteBucket", {"Bucket": "b"})
    await bench.settle()
    last = changes(bench, "b")[-1].body
    assert last["item"]["configuration"] is None
    assert last["diff"]["changeType"] == "DELETE"
    bench.estate.buckets["b"] = gone
    await bench.happened("CreateBucket", {"Bucket": "b"})
    await bench.settle()
    assert statuses(bench, "b") == ["ResourceDiscovered", "ResourceDeleted", "ResourceDiscovered"]


async def test_a_bucket_belongs_to_its_own_region(bench: Bench) -> None:
    """The calls about it are signed for wherever the caller likes."""
    await bench.recording()
    await bench.recording(region="us-east-1")
    bench.estate.bucket("b", "us-east-1")
    await bench.happened("CreateBucket", {"Bucket": "b"}, region=REGION)
    await bench.settle()
    (change,) = changes(bench, "b")
    assert change.region == "us-east-1"
    assert change.body["item"]["awsRegion"] == "us-east-1"
    found = await bench.api(
        "ListDiscoveredResources", region="us-east-1", resourceType="AWS::S3::Bucket", resourceIds=["b"]
    )
    assert len(found["resourceIdentifiers"]) == 1
    found = await bench.api("ListDiscoveredResources", resourceType="AWS::S3::Bucket", resourceIds=["b"])
    assert found["resourceIdentifiers"] == []
    # made again elsewhere: the old one ends where it was
    bench.estate.bucket("b", REGION)
    await bench.happened("CreateBucket", {"Bucket": "b"}, region=REGION)
    await bench.settle()
    assert [(f.region, f.body["item"]["configurationItemStatus"]) for f in changes(bench, "b")][1:] == [
        (REGION, "ResourceDiscovered"),
        ("us-east-1", "ResourceDeleted"),
    ]


async def test_a_region_without_recorder_records_nothing(bench: Bench) -> None:
    await bench.recording()
    bench.estate.bucket("far", "ap-southeast-2")
    bench.estate.groups["sg-9"] = group("sg-9")
    await bench.happened("CreateBucket", {"Bucket": "far"})
    await bench.happened(
        "CreateSecurityGroup", {}, service="ec2", region="ap-southeast-2", response={"GroupId": "sg-9"}
    )
    await bench.settle()
    assert changes(bench, "far") == []
    assert changes(bench, "sg-9") == []


async def test_types_the_recorder_leaves_out_are_left_out(bench: Bench) -> None:
    bench.estate.groups["sg-1"] = group("sg-1")
    await bench.recording("AWS::S3::Bucket")
    await bench.happened("DeleteSecurityGroup", {"GroupId": "sg-1"}, service="ec2")
    await bench.settle()
    assert changes(bench, "sg-1") == []
    # wanted from now on: found at once
    await bench.api(
        "PutConfigurationRecorder",
        ConfigurationRecorder={"name": "default", "roleARN": ROLE, "recordingGroup": {"allSupported": True}},
    )
    await bench.settle()
    assert statuses(bench, "sg-1") == ["ResourceDiscovered"]


async def test_a_stopped_recorder_records_nothing(bench: Bench) -> None:
    bench.estate.bucket("b")
    await bench.recording()
    await bench.happened("PutBucketEncryption", {"Bucket": "b"})
    await bench.react()
    await bench.api("StopConfigurationRecorder", ConfigurationRecorderName="default")
    bench.estate.buckets["b"]["GetBucketEncryption"] = ENCRYPTED
    await bench.settle()
    assert statuses(bench, "b") == ["ResourceDiscovered"]


async def test_a_group_without_its_id_in_the_call_is_found_by_listing(bench: Bench) -> None:
    bench.estate.groups["sg-1"] = group("sg-1")
    await bench.recording()
    bench.estate.groups["sg-1"] = group("sg-1", "0.0.0.0/0")
    await bench.happened("RevokeSecurityGroupIngress", {"GroupName": "web"}, service="ec2")
    await bench.settle()
    diff = changes(bench, "sg-1")[-1].body["diff"]["changedProperties"]
    assert {name.rpartition(".")[0] for name in diff} == {"Configuration.IpPermissions"}


async def test_a_broken_upstream_fails_the_job_and_invents_nothing(bench: Bench) -> None:
    bench.estate.bucket("b")
    await bench.recording()
    bench.estate.broken["GetBucketAcl"] = ServiceError("ServiceUnavailable", "later", status=503)
    bench.estate.bucket("b", GetBucketEncryption=ENCRYPTED)
    await bench.happened("PutBucketEncryption", {"Bucket": "b"})
    await refused("ServiceUnavailable", bench.settle())
    assert statuses(bench, "b") == ["ResourceDiscovered"]
    bench.estate.broken.clear()
    await bench.settle()
    assert statuses(bench, "b") == ["ResourceDiscovered", "OK"]


# --- sweeps ----------------------------------------------------------------------------------------------


async def test_a_sweep_finds_what_nobody_told(bench: Bench) -> None:
    for name in ("changed", "deleted", "same"):
        bench.estate.bucket(name)
    bench.estate.groups = {"sg-1": group("sg-1"), "sg-2": group("sg-2"), "sg-3": group("sg-3")}
    await bench.recording()
    bench.estate.bucket("changed", GetBucketVersioning={"Status": "Enabled"})
    del bench.estate.buckets["deleted"], bench.estate.groups["sg-2"]
    bench.estate.bucket("new")
    bench.estate.groups["sg-1"] = group("sg-1", "10.0.0.0/8")
    before = len(bench.estate.calls)
    await bench.tick("config.sweep")
    assert statuses(bench, "changed") == ["ResourceDiscovered", "OK"]
    assert statuses(bench, "deleted") == ["ResourceDiscovered", "ResourceDeleted"]
    assert statuses(bench, "new") == ["ResourceDiscovered"]
    assert statuses(bench, "same") == ["ResourceDiscovered"]
    assert statuses(bench, "sg-1") == ["ResourceDiscovered", "OK"]
    assert statuses(bench, "sg-2") == ["ResourceDiscovered", "ResourceDeleted"]
    assert changes(bench, "changed")[-1].cause is None
    # the listing of groups tells everything: the unchanged one was not asked for again
    asked = [p["GroupIds"] for _, _, o, p in bench.estate.calls[before:] if "GroupIds" in p]
    assert sorted(asked) == [["sg-1"], ["sg-2"]]


async def test_sweeps_leave_other_regions_buckets_alone(bench: Bench) -> None:
    bench.estate.bucket("here")
    bench.estate.bucket("there", "us-east-1")
    await bench.recording()
    await bench.recording(region="us-east-1")
    bench.estate.bucket("deliveries", REGION)
    await bench.tick("config.sweep")
    assert [(f.region) for f in changes(bench, "here")] == [REGION]
    assert [(f.region) for f in changes(bench, "there")] == ["us-east-1"]


async def test_very_many_buckets_are_looked_at_in_turn(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONFIG_SWEEP_CHECKS", 3)
    for number in range(6):
        bench.estate.bucket(f"b-{number}")
    await bench.recording("AWS::S3::Bucket")
    looked: list[list[str]] = []
    for _ in range(3):
        await bench.start("config.sweep")
        await bench.work()
        looked.append(sorted(job.body["id"] for job in await bench.jobs()))
        await bench.settle()
    assert looked == [["b-0", "b-1", "b-2"], ["b-3", "b-4", "b-5"], ["b-0", "b-1", "deliveries"]]
    # what is new does not wait for its turn
    bench.estate.bucket("new")
    await bench.tick("config.sweep")
    assert statuses(bench, "new") == ["ResourceDiscovered"]


async def test_a_failed_sweep_shows_in_the_recorders_status(bench: Bench) -> None:
    await bench.recording()
    await bench.start("config.sweep")
    (job,) = await bench.jobs()
    ctx = bench.ctx(account=ACCOUNT, region=REGION)
    assert SWEEP_REGION.dead is not None
    await SWEEP_REGION.dead(ctx, job, "the estate is down")
    await ctx.unit.commit()
    (status,) = (await bench.api("DescribeConfigurationRecorderStatus"))["ConfigurationRecordersStatus"]
    assert (status["lastStatus"], status["lastErrorMessage"]) == ("Failure", "the estate is down")
    await bench.settle()
    (status,) = (await bench.api("DescribeConfigurationRecorderStatus"))["ConfigurationRecordersStatus"]
    assert status["lastStatus"] == "Success"
    assert "lastErrorMessage" not in status


async def test_a_service_that_fails_keeps_no_other_type_waiting(bench: Bench) -> None:
    await bench.recording()
    bench.estate.bucket("new")
    bench.estate.groups["sg-1"] = group("sg-1")
    bench.estate.broken["DescribeSecurityGroups"] = ServiceError("InternalError", "down", status=500)
    await bench.start("config.sweep")
    await bench.work()
    staged = {(job.kind, job.body["type"], job.body.get("id", "")) for job in await bench.jobs()}
    assert ("config.capture", "AWS::S3::Bucket", "new") in staged
    assert ("config.sweep_region", "AWS::EC2::SecurityGroup", "") in staged
    del bench.estate.broken["DescribeSecurityGroups"]
    await bench.settle()
    assert statuses(bench, "new") == statuses(bench, "sg-1") == ["ResourceDiscovered"]


# --- reads -----------------------------------------------------------------------------------------------


async def test_history_from_the_lake_and_the_current_item(tmp_path: Path) -> None:
    async with open_bench(tmp_path, real_lake=True) as bench:
        bench.estate.bucket("b")
        await bench.recording()
        times = [bench.clock.now()]
        for algorithm in ("AES256", "aws:kms", "AES256"):
            bench.clock.time += timedelta(minutes=1)
            rules = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}]
            bench.estate.bucket(
                "b", GetBucketEncryption={"ServerSideEncryptionConfiguration": {"Rules": rules}}
            )
            await bench.happened("PutBucketEncryption", {"Bucket": "b"})
            await bench.settle()
            times.append(bench.clock.now())
        asked = {"resourceType": "AWS::S3::Bucket", "resourceId": "b"}

        async def history(**more: Any) -> list[str]:
            found = await bench.api("GetResourceConfigHistory", **asked, **more)
            return [algorithm_of(item) for item in found["configurationItems"]]

        assert await history() == ["AES256", "aws:kms", "AES256", ""]
        assert await history(chronologicalOrder="Forward") == ["", "AES256", "aws:kms", "AES256"]
        assert await history(laterTime=times[1]) == ["AES256", ""]
        assert await history(earlierTime=times[1] + timedelta(seconds=1)) == ["AES256", "aws:kms"]
        assert await history(limit=1) == ["AES256"]
        for order in ("Reverse", "Forward"):
            pages, token = [], {}
            while True:
                page = await bench.api(
                    "GetResourceConfigHistory", **asked, limit=1, chronologicalOrder=order, **token
                )
                pages.append(algorithm_of(page["configurationItems"][0]))
                if "nextToken" not in page:
                    break
                token = {"nextToken": page["nextToken"]}
            assert pages == await history(chronologicalOrder=order)
        await refused(
            "InvalidNextTokenException", bench.api("GetResourceConfigHistory", **asked, nextToken="x")
        )
        await refused(
            "InvalidTimeRangeException",
            bench.api("GetResourceConfigHistory", **asked, earlierTime=times[2], laterTime=times[1]),
        )
        (first,) = (await bench.api("GetResourceConfigHistory", **asked, laterTime=times[0]))[
            "configurationItems"
        ]
        assert first["configurationItemStatus"] == "ResourceDiscovered"
        assert json.loads(first["configuration"])["name"] == "b"
        # the lake is behind: the newest item is there all the same
        bench.estate.bucket("b")
        await bench.happened("DeleteBucketEncryption", {"Bucket": "b"})
        await bench.react()
        await bench.work()
        assert (await history())[0] == ""
        await bench.settle()
        assert await history() == ["", "AES256", "aws:kms", "AES256", ""]


def algorithm_of(item: dict[str, Any]) -> str:
    part = json.loads(item["supplementaryConfiguration"].get("ServerSideEncryptionConfiguration", "null"))
    return part["rules"][0]["applyServerSideEncryptionByDefault"]["sseAlgorithm"] if part else ""


async def test_unknown_resources_have_no_history(bench: Bench) -> None:
    asked = {"resourceType": "AWS::S3::Bucket", "resourceId": "nope"}
    await refused("NoAvailableConfigurationRecorderException", bench.api("GetResourceConfigHistory", **asked))
    await bench.recording()
    await refused("ResourceNotDiscoveredException", bench.api("GetResourceConfigHistory", **asked))


async def test_inventory(bench: Bench) -> None:
    for name in ("a", "b", "c"):
        bench.estate.bucket(name)
    await bench.recording()
    del bench.estate.buckets["b"]
    await bench.happened("DeleteBucket", {"Bucket": "b"})
    await bench.settle()

    async def listed(**more: Any) -> list[str]:
        found = await bench.api("ListDiscoveredResources", resourceType="AWS::S3::Bucket", **more)
        return [one["resourceId"] for one in found["resourceIdentifiers"]]

    assert await listed() == ["a", "c", "deliveries"]
    assert await listed(includeDeletedResources=True) == ["a", "b", "c", "deliveries"]
    assert await listed(resourceIds=["b", "c"]) == ["c"]
    assert await listed(resourceName="a") == ["a"]
    await refused(
        "ValidationException",
        bench.api(
            "ListDiscoveredResources", resourceType="AWS::S3::Bucket", resourceIds=["a"], resourceName="a"
        ),
    )
    page = await bench.api("ListDiscoveredResources", resourceType="AWS::S3::Bucket", limit=2)
    assert [one["resourceId"] for one in page["resourceIdentifiers"]] == ["a", "c"]
    assert await listed(limit=2, nextToken=page["nextToken"]) == ["deliveries"]
    got = await bench.api(
        "BatchGetResourceConfig",
        resourceKeys=[{"resourceType": "AWS::S3::Bucket", "resourceId": name} for name in ("a", "b")],
    )
    assert [item["resourceId"] for item in got["baseConfigurationItems"]] == ["a"]
    assert [key["resourceId"] for key in got["unprocessedResourceKeys"]] == ["b"]
    counts = await bench.api("GetDiscoveredResourceCounts", resourceTypes=["AWS::EC2::SecurityGroup"])
    assert counts == {"totalDiscoveredResources": 0, "resourceCounts": []}
