"""AddTags, RemoveTags, ListTags on trails, and what a tag may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from triptych.kernel.errors import ServiceError
from triptych.services.cloudtrail import trail as trail_room
from triptych.services.cloudtrail.trail import Trail, located
from triptych.services.contract import Ctx, operation

TAGS_PER_TRAIL = 50
"""AWS quota."""
_KEY_CHARACTERS = 128
_VALUE_CHARACTERS = 256
_RESOURCES_LISTED = 20
"""ARNs ListTags takes at once (AWS)."""


def checked_tags(tags: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Key -> value. Raises InvalidTagParameterException and TagsLimitExceededException."""
    found: dict[str, str] = {}
    for tag in tags:
        key, value = tag.get("Key") or "", tag.get("Value") or ""
        if not 1 <= len(key) <= _KEY_CHARACTERS or len(value) > _VALUE_CHARACTERS:
            raise ServiceError(
                "InvalidTagParameterException",
                f"A tag key must have 1 to {_KEY_CHARACTERS} characters and a value at most {_VALUE_CHARACTERS}.",
            )
        if key.lower().startswith("aws:"):
            raise ServiceError(
                "InvalidTagParameterException", "Tag keys cannot start with aws:, it is reserved."
            )
        if key in found:
            raise ServiceError("InvalidTagParameterException", f"Tag key {key} is specified more than once.")
        found[key] = value
    return _within_limit(found)


def _within_limit(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > TAGS_PER_TRAIL:
        raise ServiceError(
            "TagsLimitExceededException", f"A trail can have at most {TAGS_PER_TRAIL} tags, not {len(tags)}."
        )
    return tags


async def _tagged(ctx: Ctx, resource: str) -> Trail:
    """The trail with this ARN; anything else that can have tags on AWS is not built."""
    if not resource.startswith("arn:"):
        raise ServiceError("CloudTrailARNInvalidException", f"{resource} is not a trail ARN.")
    if ":eventdatastore/" in resource or ":channel/" in resource or ":dashboard/" in resource:
        raise ServiceError(
            "ResourceTypeNotSupportedException", f"Only trails can have tags here, not {resource}."
        )
    account, region, name = located(ctx, resource)
    trail = None
    if account == ctx.account:
        trail = await ctx.unit.get(trail_room.TRAILS, name, account=account, region=region)
    if trail is None or not trail.seen_from(ctx.region):
        raise ServiceError("ResourceNotFoundException", f"There is no trail {resource}.")
    return trail


@operation
async def add_tags(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Add tags to a trail; a key it has gets the new value."""
    added = checked_tags(params["TagsList"])
    trail = await _tagged(ctx, params["ResourceId"])
    trail_room.save(ctx, msgspec.structs.replace(trail, tags=_within_limit(trail.tags | added)))
    return {}


@operation
async def remove_tags(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Remove tags from a trail by key; a value that is given must be the tag's."""
    trail = await _tagged(ctx, params["ResourceId"])
    gone = {
        tag["Key"] for tag in params["TagsList"] if tag.get("Value") in (None, "", trail.tags.get(tag["Key"]))
    }
    left = {key: value for key, value in trail.tags.items() if key not in gone}
    trail_room.save(ctx, msgspec.structs.replace(trail, tags=left))
    return {}


@operation
async def list_tags(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The tags of up to 20 trails by ARN, on one page: 20 trails have at most 1,000 tags."""
    wanted = params["ResourceIdList"]
    if len(wanted) > _RESOURCES_LISTED:
        raise ServiceError(
            "InvalidParameterException",
            f"ListTags takes at most {_RESOURCES_LISTED} ARNs, not {len(wanted)}.",
        )
    if params.get("NextToken"):
        raise ServiceError(
            "InvalidTokenException", "The NextToken is not valid: ListTags answers on one page."
        )
    return {
        "ResourceTagList": [
            {
                "ResourceId": resource,
                "TagsList": [{"Key": k, "Value": v} for k, v in (await _tagged(ctx, resource)).tags.items()],
            }
            for resource in wanted
        ]
    }
