"""Tags of alarms and dashboards, by ARN, and the three operations on them.

Whoever creates a resource with tags calls ``put``, whoever deletes one calls ``forget``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from triptych.control.collection import Collection
from triptych.kernel import limits
from triptych.kernel.arn import Arn
from triptych.kernel.errors import ServiceError
from triptych.services.cloudwatch.resources import exists
from triptych.services.contract import Ctx, operation


class Tags(msgspec.Struct, frozen=True, kw_only=True):
    """The tags of one resource; a resource without tags has no document."""

    tags: dict[str, str]


TAGS: Collection[Tags] = Collection(name="cloudwatch.tags", type=Tags, scope="account")
"""Keyed by ARN: dashboards belong to no region, alarms have theirs in the ARN."""


def checked(listed: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    """Key -> value. Raises InvalidParameterValue for a key that is repeated or reserved, or for too many."""
    tags: dict[str, str] = {}
    for tag in listed or ():
        key = tag["Key"]
        if key.lower().startswith("aws:"):
            raise ServiceError(
                "InvalidParameterValue", "System tags cannot be added/updated by requester: " + key
            )
        if key in tags:
            raise ServiceError("InvalidParameterValue", f"Duplicate tag keys found: {key}.")
        tags[key] = tag["Value"]
    return _few_enough(tags)


def _few_enough(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > limits.CLOUDWATCH_TAGS:
        raise ServiceError(
            "InvalidParameterValue", f"A resource can have at most {limits.CLOUDWATCH_TAGS} tags."
        )
    return tags


async def of(ctx: Ctx, arn: str) -> dict[str, str]:
    found = await ctx.unit.get(TAGS, arn, account=ctx.account)
    return found.tags if found else {}


async def put(ctx: Ctx, arn: str, tags: Mapping[str, str]) -> None:
    """Stage these tags in addition to those there are; a key that is there gets the new value."""
    if tags:
        together = _few_enough(await of(ctx, arn) | dict(tags))
        ctx.unit.put(TAGS, arn, Tags(tags=together), account=ctx.account)


def forget(ctx: Ctx, arn: str) -> None:
    """Stage that a resource that is deleted has no tags."""
    ctx.unit.delete(TAGS, arn, account=ctx.account)


@operation
async def tag_resource(ctx: Ctx, params: dict[str, Any]) -> None:
    """Add tags to an alarm or a dashboard."""
    tags = checked(params["Tags"])
    await _found(ctx, params["ResourceARN"])
    await put(ctx, params["ResourceARN"], tags)


@operation
async def untag_resource(ctx: Ctx, params: dict[str, Any]) -> None:
    """Remove tags by key; keys that are not there are no error."""
    arn = params["ResourceARN"]
    await _found(ctx, arn)
    left = {key: value for key, value in (await of(ctx, arn)).items() if key not in params["TagKeys"]}
    if left:
        ctx.unit.put(TAGS, arn, Tags(tags=left), account=ctx.account)
    else:
        forget(ctx, arn)


@operation
async def list_tags_for_resource(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The tags of an alarm or a dashboard."""
    await _found(ctx, params["ResourceARN"])
    tags = await of(ctx, params["ResourceARN"])
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}


async def _found(ctx: Ctx, text: str) -> None:
    """Raises InvalidParameterValue for what is no ARN of ours, ResourceNotFoundException for what is not there."""
    try:
        arn = Arn.parse(text)
    except ValueError:
        raise ServiceError(
            "InvalidParameterValue", f"The value {text} for ResourceARN is not an ARN."
        ) from None
    if arn.service != "cloudwatch":
        raise ServiceError(
            "InvalidParameterValue", f"The value {text} for ResourceARN is not a CloudWatch ARN."
        )
    if not await exists(ctx, arn):
        kind, _, name = arn.resource.replace("/", ":", 1).partition(":")
        raise ServiceError(
            "ResourceNotFoundException",
            f"Unknown resource {text}",
            status=404,
            fields={"ResourceType": kind, "ResourceId": name},
        )
