"""What the channel's topic is told: messages and their subjects, in AWS's words. Pure.

EventBridge's events carry the same messages as their detail (``services/plane_events``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from triptych.kernel.errors import ServiceError
from triptych.kernel.fact import Fact
from triptych.services.config.item import iso

__all__ = ["MESSAGE_BYTES", "delivery_message", "message_of", "oversized_message", "subject_of"]

MESSAGE_BYTES = 256 * 1024
"""The longest message SNS takes; a longer one goes into the bucket, and a summary to the topic."""
_SUBJECT = 100
"""The longest subject SNS takes."""
_CHANGES = {"CREATE": "Created", "UPDATE": "Updated", "DELETE": "Deleted"}

Stage = Literal[
    "ConfigurationSnapshotDeliveryStarted",
    "ConfigurationSnapshotDeliveryCompleted",
    "ConfigurationSnapshotDeliveryFailed",
    "ConfigurationHistoryDeliveryCompleted",
]


def message_of(fact: Fact) -> dict[str, Any]:
    """The notification of an ItemChanged, ComplianceChanged or ConfigDelivered fact."""
    if fact.kind == "ItemChanged":
        return {
            "configurationItemDiff": fact.body.get("diff"),
            "configurationItem": fact.body["item"],
            "notificationCreationTime": iso(fact.time),
            "messageType": "ConfigurationItemChangeNotification",
            "recordVersion": "1.3",
        }
    if fact.kind == "ComplianceChanged":
        return {name: value for name, value in fact.body.items() if name not in ("rule", "resource")}
    return dict(fact.body)


def delivery_message(
    stage: Stage,
    now: datetime,
    *,
    bucket: str = "",
    key: str = "",
    snapshot_id: str = "",
    failure: ServiceError | None = None,
) -> dict[str, Any]:
    """How the delivery of a file goes; what is empty is left out."""
    members = {
        "configSnapshotId": snapshot_id,
        "s3ObjectKey": key,
        "s3Bucket": bucket,
        "errorCode": "" if failure is None else failure.code,
        "errorMessage": "" if failure is None else failure.message,
    }
    return {name: value for name, value in members.items() if value} | {
        "notificationCreationTime": iso(now),
        "messageType": stage,
        "recordVersion": "1.1",
    }


def oversized_message(
    message: Mapping[str, Any], *, bucket: str, key: str, failure: ServiceError | None
) -> dict[str, Any]:
    """What stands for an item change that is too long for SNS: what it is about, and where all of it is."""
    item: Mapping[str, Any] = message["configurationItem"]
    left_out = ("relatedEvents", "relationships", "configuration", "supplementaryConfiguration", "tags")
    summary = {name: value for name, value in item.items() if name not in left_out}
    kind = "ChangeNotification" if failure is None else "ChangeDeliveryFailed"
    return {
        "configurationItemSummary": {"changeType": message["configurationItemDiff"]["changeType"], **summary},
        "s3DeliverySummary": {
            "s3BucketLocation": f"{bucket}/{key}" if failure is None else None,
            "errorCode": None if failure is None else failure.code,
            "errorMessage": None if failure is None else failure.message,
        },
        "notificationCreationTime": message["notificationCreationTime"],
        "messageType": f"OversizedConfigurationItem{kind}",
        "recordVersion": "1.0",
    }


def subject_of(message: Mapping[str, Any], *, account: str, region: str) -> str:
    """As AWS has it; cut to 100 characters, the last three dots, and ASCII only, as SNS wants it."""
    text = f"[AWS Config:{region}] {_subject(message)} Account {account}"
    text = re.sub(r"[^ -~]", "?", text)
    return text if len(text) <= _SUBJECT else f"{text[: _SUBJECT - 3]}..."


def _subject(message: Mapping[str, Any]) -> str:
    kind: str = message["messageType"]
    if kind == "ConfigurationItemChangeNotification":
        item, change = message["configurationItem"], message["configurationItemDiff"]["changeType"]
        return f"{item['resourceType']} {item['resourceId']} {_CHANGES[change]} in"
    if kind == "ComplianceChangeNotification":
        verdict = message["newEvaluationResult"]["complianceType"]
        resource = f"{message['resourceType']} {message['resourceId']}"
        return f"{resource} is {verdict} with {message['configRuleName']} in"
    what, stage = re.fullmatch(r"Configuration(Snapshot|History)Delivery(\w+)", kind).groups()  # type: ignore[union-attr]
    return f"Configuration {what} Delivery {stage} for"
