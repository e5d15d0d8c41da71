"""Config's delivery channel on a real server: the snapshot in the bucket, the notifications in a queue on the topic."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

CHANNEL = "default"


@pytest.fixture(scope="module")
def queue(client) -> str:
    """A recorder that runs, whose channel's topic has a queue; its URL."""
    client("s3").create_bucket(Bucket="config-files")
    topic = client("sns").create_topic(Name="config")["TopicArn"]
    url = client("sqs").create_queue(QueueName="config")["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    config = client("config")
    config.put_configuration_recorder(
        ConfigurationRecorder={
            "name": "default",
            "roleARN": "arn:aws:iam::000000000000:role/config",
            "recordingGroup": {"allSupported": False, "resourceTypes": ["AWS::S3::Bucket"]},
        }
    )
    config.put_delivery_channel(
        DeliveryChannel={
            "name": CHANNEL,
            "s3BucketName": "config-files",
            "s3KeyPrefix": "audit",
            "snsTopicARN": topic,
        }
    )
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    return url


def test_a_snapshot_is_in_the_bucket_and_everything_is_told(queue: str, client, eventually) -> None:
    told: list[tuple[str, dict[str, Any]]] = []

    def of_kind(kind: str) -> list[dict[str, Any]]:
        """All messages of the kind so far, after a look into the queue."""
        got = client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in got:
            client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            envelope = json.loads(message["Body"])
            told.append((envelope["Subject"], json.loads(envelope["Message"])))
        return [message for _, message in told if message["messageType"] == kind]

    (found,) = eventually(
        lambda: of_kind("ConfigurationItemChangeNotification"), what="the bucket to be told", seconds=60
    )
    assert found["configurationItem"]["resourceId"] == "config-files"
    assert found["configurationItemDiff"]["changeType"] == "CREATE"

    asked = client("config").deliver_config_snapshot(deliveryChannelName=CHANNEL)["configSnapshotId"]
    (done,) = eventually(
        lambda: of_kind("ConfigurationSnapshotDeliveryCompleted"), what="the snapshot to be told", seconds=60
    )
    (started,) = eventually(
        lambda: of_kind("ConfigurationSnapshotDeliveryStarted"), what="its start to be told", seconds=60
    )
    assert started["configSnapshotId"] == done["configSnapshotId"] == asked
    assert done["s3Bucket"] == "config-files"
    assert done["s3ObjectKey"].startswith("audit/AWSLogs/000000000000/Config/us-east-1/")
    assert done["s3ObjectKey"].endswith(f"_{asked}.json.gz")
    body = client("s3").get_object(Bucket="config-files", Key=done["s3ObjectKey"])["Body"].read()
    snapshot = json.loads(gzip.decompress(body))
    assert (snapshot["fileVersion"], snapshot["configSnapshotId"]) == ("1.0", asked)
    (item,) = snapshot["configurationItems"]
    assert item == found["configurationItem"]
    assert "[AWS Config:us-east-1] Configuration Snapshot Delivery Completed for Account 000000000000" in [
        subject for subject, _ in told
    ]

    client("s3").put_bucket_versioning(Bucket="config-files", VersioningConfiguration={"Status": "Enabled"})
    eventually(
        lambda: len(of_kind("ConfigurationItemChangeNotification")) >= 2, what="the change", seconds=60
    )

    def status() -> dict[str, Any]:
        return client("config").describe_delivery_channel_status()["DeliveryChannelsStatus"][0]

    assert status()["configSnapshotDeliveryInfo"]["lastStatus"] == "Success"
    assert "nextDeliveryTime" in status()["configHistoryDeliveryInfo"]
    eventually(
        lambda: status()["configStreamDeliveryInfo"]["lastStatus"] == "Success", what="the stream's status"
    )


def test_a_snapshot_that_fails_is_told_to_the_rules_of_the_default_bus(
    queue: str, client, eventually
) -> None:
    sqs, events, config = client("sqs"), client("events"), client("config")
    url = sqs.create_queue(QueueName="config-events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.config"], "detail-type": ["Config Configuration Snapshot Delivery Status"]}
    events.put_rule(Name="snapshots", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="snapshots", Targets=[{"Id": "1", "Arn": arn}])
    (channel,) = config.describe_delivery_channels()["DeliveryChannels"]
    client("s3").create_bucket(Bucket="short-lived")
    config.put_delivery_channel(DeliveryChannel=channel | {"s3BucketName": "short-lived"})
    client("s3").delete_object(
        Bucket="short-lived", Key="audit/AWSLogs/000000000000/Config/ConfigWritabilityCheckFile"
    )
    client("s3").delete_bucket(Bucket="short-lived")
    asked = config.deliver_config_snapshot(deliveryChannelName=CHANNEL)["configSnapshotId"]
    told: dict[str, dict[str, Any]] = {}

    def failed() -> dict[str, Any] | None:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            detail = json.loads(message["Body"])["detail"]
            told[detail["messageType"]] = detail
        return told.get("ConfigurationSnapshotDeliveryFailed")

    detail = eventually(failed, what="the failure", seconds=60)
    assert (detail["configSnapshotId"], detail["errorCode"]) == (asked, "NoSuchBucket")
    (status,) = config.describe_delivery_channel_status()["DeliveryChannelsStatus"]
    assert status["configSnapshotDeliveryInfo"]["lastErrorCode"] == "NoSuchBucket"
    config.put_delivery_channel(DeliveryChannel=channel)
