"""The account's trails, as the region's CloudTrail tells of them, with their status and event selectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from triptych.services.config.item import Item
from triptych.services.config.resource_type import Call

__all__ = ["LOGGING", "TRAIL", "ask_trails", "basic", "logging_trails", "meets"]


async def ask_trails(call: Call, _item: Item) -> Mapping[str, Any]:
    """``trails``: each with ``status`` and ``selectors``."""
    found = []
    for trail in (await call("cloudtrail", "DescribeTrails", {}))["trailList"]:
        arn = trail["TrailARN"]
        status = await call("cloudtrail", "GetTrailStatus", {"Name": arn})
        selectors = await call("cloudtrail", "GetEventSelectors", {"TrailName": arn})
        found.append({**trail, "status": status, "selectors": selectors})
    return {"trails": found}


def logging_trails(item: Item) -> list[Mapping[str, Any]]:
    return [trail for trail in item.supplementary.get("trails") or () if trail["status"].get("IsLogging")]


def meets(trail: Mapping[str, Any], parameters: Mapping[str, str]) -> bool:
    """Whether a trail delivers where the parameters say; what they do not say does not matter."""
    wanted = {
        "S3BucketName": parameters.get("s3BucketName"),
        "SnsTopicARN": parameters.get("snsTopicArn"),
        "CloudWatchLogsLogGroupArn": parameters.get("cloudWatchLogsLogGroupArn"),
    }
    return all(not value or trail.get(member) == value for member, value in wanted.items())


def basic(trail: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return trail["selectors"].get("EventSelectors") or ()


# For the rules' cases.

TRAIL: Mapping[str, Any] = {
    "Name": "audit",
    "TrailARN": "arn:aws:cloudtrail:us-east-1:123456789012:trail/audit",
    "S3BucketName": "logs",
    "IsMultiRegionTrail": True,
}
LOGGING: Mapping[str, Any] = {
    "DescribeTrails": {"trailList": [TRAIL]},
    "GetTrailStatus": {"IsLogging": True},
    "GetEventSelectors": {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]},
}
