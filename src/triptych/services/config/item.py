"""A configuration item and its serialisations: A (what the API returns) and B (events, facts, history files).

The four forms AWS uses differ in names, times and in what is JSON text; nothing but this module knows how.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

__all__ = [
    "Item",
    "ItemStatus",
    "Relationship",
    "api_item",
    "base_item",
    "compact",
    "deleted",
    "event_item",
    "from_event",
    "iso",
    "item_key",
    "later_than",
    "state_id",
]

VERSION = "1.3"

ItemStatus = Literal["OK", "ResourceDiscovered", "ResourceDeleted"]


class Relationship(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``name`` is AWS's sentence: ``Is contained in Vpc``."""

    name: str
    resource_type: str
    resource_id: str


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one resource looked like at one moment.

    :param captured: when the state was read, to the millisecond; strictly increasing for a resource.
    :param configuration: the type's ``configuration`` with AWS Config's key casing; None once deleted.
    :param supplementary: part name -> JSON value; S3's AccessControlList is JSON text, as in AWS.
    """

    account: str
    region: str
    resource_type: str
    resource_id: str
    resource_name: str = ""
    arn: str = ""
    availability_zone: str = "Not Applicable"
    status: ItemStatus
    captured: datetime
    created: datetime | None = None
    tags: dict[str, str] = {}
    relationships: tuple[Relationship, ...] = ()
    configuration: dict[str, Any] | None = None
    supplementary: dict[str, Any] = {}

    @property
    def key(self) -> str:
        return item_key(self.resource_type, self.resource_id)

    @property
    def is_deleted(self) -> bool:
        return self.status == "ResourceDeleted"


def item_key(resource_type: str, resource_id: str) -> str:
    """How a resource is addressed within an account and region, in collections, jobs and fact subjects."""
    return f"{resource_type}/{resource_id}"


def state_id(captured: datetime) -> int:
    """``configurationStateId``: the capture time in milliseconds since the epoch."""
    return round(captured.timestamp() * 1000)


def later_than(previous: Item | None, now: datetime) -> datetime:
    """A capture time at millisecond precision, after the previous item's even within one millisecond."""
    captured = now.astimezone(UTC).replace(microsecond=now.microsecond // 1000 * 1000)
    if previous is not None and captured <= previous.captured:
        return previous.captured + timedelta(milliseconds=1)
    return captured


def deleted(item: Item, now: datetime) -> Item:
    """The item that says a resource is gone: configuration null, no tags, no relationships."""
    return msgspec.structs.replace(
        item,
        status="ResourceDeleted",
        captured=later_than(item, now),
        configuration=None,
        supplementary={},
        tags={},
        relationships=(),
    )


def iso(time: datetime) -> str:
    """``2017-09-15T02:08:26.719Z``, as events carry times."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def compact(value: Any) -> str:
    """JSON text as AWS puts it into strings: no spaces, characters as they are."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def event_item(item: Item) -> dict[str, Any]:
    """Form B, JSON-safe: SNS, EventBridge, Lambda's invokingEvent, S3 files and the ItemChanged fact."""
    return {
        "relatedEvents": [],
        "relationships": [
            {
                "resourceId": related.resource_id,
                "resourceName": None,
                "resourceType": related.resource_type,
                "name": related.name,
            }
            for related in item.relationships
        ],
        "configuration": item.configuration,
        "supplementaryConfiguration": item.supplementary,
        "tags": item.tags,
        "configurationItemVersion": VERSION,
        "configurationItemCaptureTime": iso(item.captured),
        "configurationStateId": state_id(item.captured),
        "awsAccountId": item.account,
        "configurationItemStatus": item.status,
        "resourceType": item.resource_type,
        "resourceId": item.resource_id,
        "resourceName": item.resource_name or None,
        "ARN": item.arn,
        "awsRegion": item.region,
        "availabilityZone": item.availability_zone,
        "configurationStateMd5Hash": "",
        "resourceCreationTime": None if item.created is None else iso(item.created),
    }


def from_event(body: Mapping[str, Any]) -> Item:
    """The item a form B body was made of."""
    created = body["resourceCreationTime"]
    return Item(
        account=body["awsAccountId"],
        region=body["awsRegion"],
        resource_type=body["resourceType"],
        resource_id=body["resourceId"],
        resource_name=body["resourceName"] or "",
        arn=body["ARN"],
        availability_zone=body["availabilityZone"],
        status=body["configurationItemStatus"],
        captured=datetime.fromisoformat(body["configurationItemCaptureTime"]),
        created=None if created is None else datetime.fromisoformat(created),
        tags=dict(body["tags"]),
        relationships=tuple(
            Relationship(
                name=related["name"], resource_type=related["resourceType"], resource_id=related["resourceId"]
            )
            for related in body["relationships"]
        ),
        configuration=body["configuration"],
        supplementary=dict(body["supplementaryConfiguration"]),
    )


def base_item(item: Item) -> dict[str, Any]:
    """Form A as BatchGetResourceConfig returns it (BaseConfigurationItem): configuration is JSON text."""
    base: dict[str, Any] = {
        "version": VERSION,
        "accountId": item.account,
        "configurationItemCaptureTime": item.captured,
        "configurationItemStatus": item.status,
        "configurationStateId": str(state_id(item.captured)),
        "arn": item.arn,
        "resourceType": item.resource_type,
        "resourceId": item.resource_id,
        "awsRegion": item.region,
        "availabilityZone": item.availability_zone,
        "configuration": compact(item.configuration),
        "supplementaryConfiguration": {name: compact(part) for name, part in item.supplementary.items()},
        "recordingFrequency": "CONTINUOUS",
        # The item is at its reader's disposal the moment it is stored: nothing is delivered later.
        "configurationItemDeliveryTime": item.captured,
    }
    if item.resource_name:
        base["resourceName"] = item.resource_name
    if item.created is not None:
        base["resourceCreationTime"] = item.created
    return base


def api_item(item: Item) -> dict[str, Any]:
    """Form A as GetResourceConfigHistory returns it (ConfigurationItem)."""
    return base_item(item) | {
        "configurationItemMD5Hash": "",
        "tags": item.tags,
        "relatedEvents": [],
        "relationships": [
            {
                "resourceType": related.resource_type,
                "resourceId": related.resource_id,
                "relationshipName": related.name,
            }
            for related in item.relationships
        ],
    }
