"""TagResource, UntagResource, ListTagsForResource on topics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, operation
from triptych.services.sns.topic import Topic, find_topic, invalid, keep

_MOST = 50
"""Tags of one topic (AWS quota)."""


def checked_tags(tags: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Key -> value. Raises InvalidParameter and TagLimitExceeded."""
    found: dict[str, str] = {}
    for tag in tags:
        if tag["Key"] in found:
            raise invalid("Duplicated keys are not allowed.")
        if tag["Key"].lower().startswith("aws:"):
            raise invalid("Tag keys starting with aws: are reserved for system use.")
        found[tag["Key"]] = tag["Value"]
    return _bounded(found)


def _bounded(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > _MOST:
        raise ServiceError(
            "TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded"
        )
    return tags


async def _tagged(ctx: Ctx, params: Mapping[str, Any], action: str) -> Topic:
    try:
        _, topic = await find_topic(ctx, params["ResourceArn"], action)
    except ServiceError as error:
        if error.code != "NotFound":
            raise
        raise ServiceError("ResourceNotFound", "Resource does not exist", status=404) from error
    return topic


@operation
async def tag_resource(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Add tags to a topic, or change them."""
    topic = await _tagged(ctx, params, "TagResource")
    keep(ctx, msgspec.structs.replace(topic, tags=_bounded(topic.tags | checked_tags(params["Tags"]))))
    return {}


@operation
async def untag_resource(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Remove tags from a topic."""
    topic = await _tagged(ctx, params, "UntagResource")
    left = {key: value for key, value in topic.tags.items() if key not in params["TagKeys"]}
    keep(ctx, msgspec.structs.replace(topic, tags=left))
    return {}


@operation
async def list_tags_for_resource(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The tags of a topic."""
    topic = await _tagged(ctx, params, "ListTagsForResource")
    return {"Tags": [{"Key": key, "Value": value} for key, value in topic.tags.items()]}
