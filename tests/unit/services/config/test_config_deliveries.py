"""Through the channel: snapshots, history files, notifications; what fails, what is repeated, what is told of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from config_bench import ACCOUNT, REGION, Bench, open_bench

from triptych.kernel.errors import ServiceError
from triptych.kernel.fact import Fact
from triptych.services.config.deliver_snapshot import DELIVER_SNAPSHOT
from triptych.services.config.notifications import message_of, subject_of
from triptych.services.plane_events import events_of
from triptych.services.timeline import summary

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:config"
LEAD = f"AWSLogs/{ACCOUNT}/Config"
FOLDER = f"{LEAD}/{REGION}"
AWAY = ServiceError("ServiceUnavailable", "no sign of life", status=503)


@pytest.fixture
async def lake_bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """With the real lake, which history files are made of."""
    async with open_bench(tmp_path, real_lake=True) as bench:
        yield bench


@pytest.fixture
async def told(bench: Bench) -> Bench:
    """Recording, with a topic that has already been told what is there."""
    bench.estate.topics[TOPIC] = []
    await bench.recording(snsTopicARN=TOPIC)
    bench.estate.topics[TOPIC].clear()
    return bench


def files(bench: Bench, kind: str) -> dict[str, dict[str, Any]]:
    """Key -> content, without what every key begins with."""
    return {
        key.removeprefix(FOLDER): json.loads(gzip.decompress(body))
        for key, body in bench.estate.files.items()
        if f"/{kind}/" in key
    }


def messages(bench: Bench) -> list[dict[str, Any]]:
    return [json.loads(sent["Message"]) for sent in bench.estate.topics[TOPIC]]


async def status(bench: Bench) -> dict[str, Any]:
    (found,) = (await bench.api("DescribeDeliveryChannelStatus"))["DeliveryChannelsStatus"]
    return found


async def refused(code: str, call: Any) -> None:
    with pytest.raises(ServiceError) as caught:
        await call
    assert caught.value.code == code, caught.value


# --- the channel --------------------------------------------------------------------------------------------


async def test_the_bucket_is_written_to_before_a_channel_is_kept(bench: Bench) -> None:
    await bench.recording(s3KeyPrefix="audit", s3KmsKeyArn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k")
    assert bench.estate.files[f"audit/{LEAD}/ConfigWritabilityCheckFile"] == b""
    (put,) = (params for _, _, operation, params in bench.estate.calls if operation == "PutObject")
    assert (put["ACL"], put["ServerSideEncryption"]) == ("bucket-owner-full-control", "aws:kms")
    gone = {"name": "default", "s3BucketName": "deliveries", "snsTopicARN": TOPIC}
    await refused("InvalidSNSTopicARNException", bench.api("PutDeliveryChannel", DeliveryChannel=gone))


async def test_nothing_was_delivered_yet(bench: Bench) -> None:
    await bench.recording()
    found = await status(bench)
    assert found["configSnapshotDeliveryInfo"] == {"lastStatus": "Not_Applicable"}
    assert found["configHistoryDeliveryInfo"] == {
        "lastStatus": "Not_Applicable",
        "nextDeliveryTime": datetime(2026, 11, 20, 18, tzinfo=UTC),
    }
    assert found["configStreamDeliveryInfo"] == {"lastStatus": "Not_Applicable"}


# --- snapshots ----------------------------------------------------------------------------------------------


async def test_a_snapshot_holds_every_living_resource_and_is_announced(told: Bench) -> None:
    told.estate.bucket("gone")
    await told.happened("CreateBucket", {"Bucket": "gone"})
    await told.settle()
    del told.estate.buckets["gone"]
    await told.happened("DeleteBucket", {"Bucket": "gone"})
    await told.settle()
    told.estate.topics[TOPIC].clear()
    snapshot_id = (await told.api("DeliverConfigSnapshot", deliveryChannelName="default"))["configSnapshotId"]
    await told.settle()
    ((key, content),) = files(told, "ConfigSnapshot").items()
    assert key == (
        f"/2026/11/20/ConfigSnapshot/{ACCOUNT}_Config_{REGION}_ConfigSnapshot_20261120T120000Z_{snapshot_id}.json.gz"
    )
    items = content.pop("configurationItems")
    assert content == {"fileVersion": "1.0", "configSnapshotId": snapshot_id}
    known = (await told.api("ListDiscoveredResources", resourceType="AWS::S3::Bucket"))["resourceIdentifiers"]
    assert [i["resourceId"] for i in items if i["resourceType"] == "AWS::S3::Bucket"] == ["deliveries"]
    assert [i["resourceId"] for i in known] == ["deliveries"]
    assert [message["messageType"] for message in messages(told)] == [
        "ConfigurationSnapshotDeliveryStarted",
        "ConfigurationSnapshotDeliveryCompleted",
    ]
    assert messages(told)[1]["s3ObjectKey"] == FOLDER + key
    assert [sent["Subject"] for sent in told.estate.topics[TOPIC]][1] == (
        f"[AWS Config:{REGION}] Configuration Snapshot Delivery Completed for Account {ACCOUNT}"
    )
    info = (await status(told))["configSnapshotDeliveryInfo"]
    assert info["lastStatus"] == "Success"
    assert info["lastAttemptTime"] == info["lastSuccessfulTime"]


async def test_who_may_ask_for_a_snapshot(bench: Bench) -> None:
    await refused(
        "NoAvailableConfigurationRecorderException",
        bench.api("DeliverConfigSnapshot", deliveryChannelName="default"),
    )
    await bench.recording()
    await refused(
        "NoSuchDeliveryChannelException", bench.api("DeliverConfigSnapshot", deliveryChannelName="other")
    )
    await bench.api("StopConfigurationRecorder", ConfigurationRecorderName="default")
    await refused(
        "NoRunningConfigurationRecorderException",
        bench.api("DeliverConfigSnapshot", deliveryChannelName="default"),
    )


async def test_a_snapshot_that_dies_before_its_commit_is_put_once_more_under_the_same_key(
    told: Bench,
) -> None:
    await told.api("DeliverConfigSnapshot", deliveryChannelName="default")
    assert await told.work(crash=True)
    assert len(files(told, "ConfigSnapshot")) == 1
    await told.settle()
    assert len(files(told, "ConfigSnapshot")) == 1
    kinds = [message["messageType"] for message in messages(told)]
    assert kinds.count("ConfigurationSnapshotDeliveryCompleted") == 1


async def test_a_snapshot_that_cannot_be_put_says_so(told: Bench) -> None:
    told.estate.broken["PutObject"] = ServiceError("AccessDenied", "Access Denied", status=403)
    snapshot_id = (await told.api("DeliverConfigSnapshot", deliveryChannelName="default"))["configSnapshotId"]
    await told.settle()
    failed = messages(told)[-1]
    assert failed["messageType"] == "ConfigurationSnapshotDeliveryFailed"
    assert (failed["configSnapshotId"], failed["errorCode"]) == (snapshot_id, "AccessDenied")
    info = (await status(told))["configSnapshotDeliveryInfo"]
    assert (info["lastStatus"], info["lastErrorCode"], info["lastErrorMessage"]) == (
        "Failure",
        "AccessDenied",
        "Access Denied",
    )
    assert "lastSuccessfulTime" not in info


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("ServiceError: ServiceUnavailable: no sign of life", "ServiceUnavailable"),
        ("the process died 5 times while it ran", "InternalError"),
    ],
)
async def test_a_snapshot_that_is_given_up_says_so(told: Bench, reason: str, code: str) -> None:
    told.estate.broken["PutObject"] = AWAY
    await told.api("DeliverConfigSnapshot", deliveryChannelName="default")
    with pytest.raises(ServiceError):
        await told.work()  # to be tried again
    assert (await status(told))["configSnapshotDeliveryInfo"] == {"lastStatus": "Not_Applicable"}
    (job,) = (job for job in await told.jobs() if job.kind == DELIVER_SNAPSHOT.name)
    ctx = told.ctx()
    assert DELIVER_SNAPSHOT.dead is not None
    await DELIVER_SNAPSHOT.dead(ctx, job, reason)
    await ctx.unit.commit()
    await told.react()
    assert (await status(told))["configSnapshotDeliveryInfo"]["lastErrorCode"] == code
    failed = told.of_kind("ConfigDelivered")[-1]
    assert (failed.region, failed.body["errorCode"], failed.body["configSnapshotId"]) == (
        REGION,
        code,
        job.body["id"],
    )


async def test_a_snapshot_is_delivered_as_often_as_the_channel_says(bench: Bench) -> None:
    await bench.recording(configSnapshotDeliveryProperties={"deliveryFrequency": "Three_Hours"})
    start = bench.clock.time
    due = (await status(bench))["configSnapshotDeliveryInfo"]["nextDeliveryTime"]
    assert 0 < 3 * 3600 - (due - start).total_seconds() < 1
    await bench.later(3 * 3600 - 60)
    await bench.tick("config.snapshots")
    assert files(bench, "ConfigSnapshot") == {}
    await bench.later(60)
    await bench.tick("config.snapshots")
    await bench.tick("config.snapshots")
    assert len(files(bench, "ConfigSnapshot")) == 1
    await bench.later(7 * 3600)  # what was missed is made up for by one, in the old rhythm
    await bench.tick("config.snapshots")
    assert len(files(bench, "ConfigSnapshot")) == 2
    again = (await status(bench))["configSnapshotDeliveryInfo"]["nextDeliveryTime"]
    assert (again - due).total_seconds() == 9 * 3600


# --- history files ------------------------------------------------------------------------------------------


async def windows(bench: Bench, hours: float = 6) -> None:
    await bench.later(hours * 3600)
    await bench.tick("config.history_files")


def captured(bench: Bench) -> list[tuple[str, int]]:
    """(id, state) of every item in history files, repeats and all."""
    return sorted(
        (item["resourceId"], item["configurationStateId"])
        for content in files(bench, "ConfigHistory").values()
        for item in content["configurationItems"]
    )


def changed(bench: Bench) -> list[tuple[str, int]]:
    items = (fact.body["item"] for fact in bench.of_kind("ItemChanged"))
    return sorted((item["resourceId"], item["configurationStateId"]) for item in items)


async def change(bench: Bench, name: str, state: str) -> None:
    bench.estate.buckets[name]["GetBucketVersioning"] = {"Status": state}
    await bench.happened("PutBucketVersioning", {"Bucket": name})
    await bench.settle()


async def test_every_six_hours_what_changed_is_in_a_file_for_each_type(lake_bench: Bench) -> None:
    bench = lake_bench
    await bench.recording()
    await bench.tick("config.history_files")
    assert files(bench, "ConfigHistory") == {}
    await change(bench, "deliveries", "Enabled")
    await windows(bench)
    assert captured(bench) == changed(bench)
    assert len(changed(bench)) > 1
    key = next(key for key in files(bench, "ConfigHistory") if "AWS::S3::Bucket" in key)
    first = (
        f"/2026/11/20/ConfigHistory/{ACCOUNT}_Config_{REGION}_ConfigHistory_AWS::S3::Bucket_20261120T120000Z_"
    )
    assert key == first + "20261120T120000Z_1.json.gz"
    content = files(bench, "ConfigHistory")[key]
    assert [item["configurationItemStatus"] for item in content["configurationItems"]] == [
        "ResourceDiscovered",
        "OK",
    ]
    before = files(bench, "ConfigHistory")
    await windows(bench)
    assert files(bench, "ConfigHistory") == before, "no file of a window in which nothing changed"
    await change(bench, "deliveries", "Suspended")
    await windows(bench)
    assert captured(bench) == changed(bench)
    done = [f.body for f in bench.of_kind("ConfigDelivered")]
    assert {body["messageType"] for body in done} == {"ConfigurationHistoryDeliveryCompleted"}
    assert sorted(body["s3ObjectKey"] for body in done) == sorted(
        FOLDER + key for key in files(bench, "ConfigHistory")
    )
    info = (await status(bench))["configHistoryDeliveryInfo"]
    assert info["lastStatus"] == "Success"
    assert info["nextDeliveryTime"] == datetime(2026, 11, 21, 12, tzinfo=UTC)


async def test_history_waits_for_a_bucket_that_is_away_and_is_never_there_twice(lake_bench: Bench) -> None:
    bench = lake_bench
    await bench.recording()
    await bench.tick("config.history_files")
    await bench.later(6 * 3600)
    await bench.start("config.history_files")
    assert await bench.work()  # chosen
    assert await bench.work(crash=True)  # put, and dead before the commit
    first = files(bench, "ConfigHistory")
    assert first
    bench.estate.broken["PutObject"] = AWAY
    assert await bench.work()
    info = (await status(bench))["configHistoryDeliveryInfo"]
    assert (info["lastStatus"], info["lastErrorCode"]) == ("Failure", "ServiceUnavailable")
    await change(bench, "deliveries", "Enabled")
    del bench.estate.broken["PutObject"]
    await bench.later(120)
    assert captured(bench) == changed(bench)
    assert first.items() <= files(bench, "ConfigHistory").items()
    assert (await status(bench))["configHistoryDeliveryInfo"]["lastStatus"] == "Success"


# --- notifications ------------------------------------------------------------------------------------------


async def test_changes_of_items_and_verdicts_are_told(told: Bench) -> None:
    rule = {
        "ConfigRuleName": "versioned",
        "Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"},
    }
    await told.api("PutConfigRule", ConfigRule=rule)
    await told.settle()
    await change(told, "deliveries", "Enabled")
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for message in messages(told):
        by_kind.setdefault(message["messageType"], []).append(message)
    (item,) = by_kind["ConfigurationItemChangeNotification"]
    assert item["configurationItem"]["resourceId"] == "deliveries"
    assert item["configurationItemDiff"]["changeType"] == "UPDATE"
    assert (
        "SupplementaryConfiguration.BucketVersioningConfiguration.Status"
        in (item["configurationItemDiff"]["changedProperties"])
    )
    verdicts = by_kind["ComplianceChangeNotification"]
    assert [v["newEvaluationResult"]["complianceType"] for v in verdicts] == ["NON_COMPLIANT", "COMPLIANT"]
    assert all("rule" not in verdict for verdict in verdicts)
    subjects = [sent["Subject"] for sent in told.estate.topics[TOPIC]]
    assert f"[AWS Config:{REGION}] AWS::S3::Bucket deliveries Updated in Account {ACCOUNT}" in subjects
    assert (await status(told))["configStreamDeliveryInfo"]["lastStatus"] == "Success"


async def test_a_topic_that_is_away_is_told_later_and_one_that_is_gone_never(told: Bench) -> None:
    told.estate.broken["Publish"] = AWAY
    await change(told, "deliveries", "Enabled")
    info = (await status(told))["configStreamDeliveryInfo"]
    assert (info["lastStatus"], info["lastErrorCode"]) == ("Failure", "ServiceUnavailable")
    assert messages(told) == []
    await told.later(30)
    del told.estate.broken["Publish"]
    await told.later(60)
    assert len(messages(told)) == 1
    assert (await status(told))["configStreamDeliveryInfo"]["lastStatus"] == "Success"
    del told.estate.topics[TOPIC]
    await change(told, "deliveries", "Suspended")
    assert (await status(told))["configStreamDeliveryInfo"]["lastErrorCode"] == "NotFound"
    assert await told.jobs() == [], "no use in trying again"


async def test_a_notification_is_told_again_rather_than_lost(told: Bench) -> None:
    told.estate.buckets["deliveries"]["GetBucketVersioning"] = {"Status": "Enabled"}
    await told.happened("PutBucketVersioning", {"Bucket": "deliveries"})
    await told.react()
    assert await told.work()  # captured
    await told.react()
    assert await told.work(crash=True)  # published, and dead before the commit
    await told.settle()
    first, second = messages(told)
    assert first == second


@pytest.mark.parametrize("broken", [False, True])
async def test_an_item_too_long_for_a_message_goes_into_the_bucket(told: Bench, *, broken: bool) -> None:
    policy = json.dumps({"Statement": [{"Sid": "x" * 300_000}]})
    told.estate.bucket("deliveries", GetBucketPolicy={"Policy": policy}, forbidden=broken)
    await told.happened("PutBucketPolicy", {"Bucket": "deliveries"})
    await told.settle()
    (message,) = messages(told)
    where = message["s3DeliverySummary"]
    assert message["configurationItemSummary"]["resourceId"] == "deliveries"
    assert "configuration" not in message["configurationItemSummary"]
    if broken:
        assert message["messageType"] == "OversizedConfigurationItemChangeDeliveryFailed"
        assert (where["s3BucketLocation"], where["errorCode"]) == (None, "AccessDenied")
        return
    assert message["messageType"] == "OversizedConfigurationItemChangeNotification"
    bucket, _, key = where["s3BucketLocation"].partition("/")
    assert bucket == "deliveries"
    folder = f"{FOLDER}/2026/11/20/OversizedChangeNotification/AWS::S3::Bucket/deliveries/"
    assert key.startswith(f"{folder}{ACCOUNT}_Config_{REGION}_ChangeNotification_AWS::S3::Bucket_deliveries_")
    whole = json.loads(gzip.decompress(told.estate.files[key]))
    assert whole["messageType"] == "ConfigurationItemChangeNotification"
    assert "x" * 300_000 in json.dumps(whole)


async def test_a_deleted_channel_forgets_how_it_went(told: Bench) -> None:
    await told.api("DeliverConfigSnapshot", deliveryChannelName="default")
    await told.settle()
    await told.api("StopConfigurationRecorder", ConfigurationRecorderName="default")
    await told.api("DeleteDeliveryChannel", DeliveryChannelName="default")
    channel = {"name": "default", "s3BucketName": "deliveries", "snsTopicARN": TOPIC}
    await told.api("PutDeliveryChannel", DeliveryChannel=channel)
    found = await status(told)
    assert found["configSnapshotDeliveryInfo"] == {"lastStatus": "Not_Applicable"}
    assert found["configStreamDeliveryInfo"] == {"lastStatus": "Not_Applicable"}


# --- words --------------------------------------------------------------------------------------------------


def test_a_subject_is_ascii_and_at_most_100_characters() -> None:
    message = {
        "messageType": "ComplianceChangeNotification",
        "newEvaluationResult": {"complianceType": "NON_COMPLIANT"},
        "resourceType": "AWS::S3::Bucket",
        "resourceId": "b\u00fccher",
        "configRuleName": "a-rule-whose-name-is-rather-long",
    }
    subject = subject_of(message, account=ACCOUNT, region=REGION)
    assert subject == (
        "[AWS Config:eu-west-1] AWS::S3::Bucket b?cher is NON_COMPLIANT with a-rule-whose-name-is-rather-l..."
    )
    assert len(subject) == 100


def test_a_delivery_is_an_event_and_a_line_of_the_timeline() -> None:
    body = {
        "s3ObjectKey": "k",
        "s3Bucket": "b",
        "notificationCreationTime": "2026-11-20T12:00:00.000Z",
        "messageType": "ConfigurationHistoryDeliveryCompleted",
        "recordVersion": "1.1",
    }
    fact = Fact(
        id="f",
        kind="ConfigDelivered",
        account=ACCOUNT,
        region=REGION,
        time=datetime(2026, 11, 20, 12, tzinfo=UTC),
        subject="default",
        body=body,
    )
    (found,) = events_of(fact)
    assert found.event["detail-type"] == "Config Configuration History Delivery Status"
    assert found.event["detail"] == message_of(fact) == body
    assert summary(fact) == "configuration history delivery completed: b/k"
    started = msgspec.structs.replace(fact, body={"messageType": "ConfigurationSnapshotDeliveryStarted"})
    (found,) = events_of(started)
    assert found.event["detail-type"] == "Config Configuration Snapshot Delivery Status"
