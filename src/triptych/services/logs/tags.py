"""Tags of log groups, in the two APIs that exist for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, operation
from triptych.services.logs.group import LogGroup, group_called, invalid, name_of, save_group

TAGS_PER_GROUP = 50
"""AWS quota."""


def checked_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Raises InvalidParameterException."""
    for key in tags:
        if key.lower().startswith("aws:"):
            raise invalid("aws: prefixed tag key names are not allowed for external use.")
    return dict(tags)


def _tagged(group: LogGroup, added: Mapping[str, str], too_many: str) -> LogGroup:
    tags = group.tags | checked_tags(added)
    if len(tags) > TAGS_PER_GROUP:
        raise ServiceError(
            too_many,
            f"A log group can have at most {TAGS_PER_GROUP} tags.",
            fields={} if too_many == "InvalidParameterException" else {"resourceName": group.name},
        )
    return msgspec.structs.replace(group, tags=tags)


def _untagged(group: LogGroup, keys: list[str]) -> LogGroup:
    return msgspec.structs.replace(group, tags={k: v for k, v in group.tags.items() if k not in keys})


async def _with_arn(ctx: Ctx, arn: str) -> LogGroup:
    if not arn.startswith("arn:") or ":log-group:" not in arn:
        raise invalid(f"'{arn}' is not the ARN of a log group; only log groups can have tags here.")
    return await group_called(ctx, name_of(ctx, arn))


@operation
async def tag_resource(ctx: Ctx, params: dict[str, Any]) -> None:
    group = await _with_arn(ctx, params["resourceArn"])
    save_group(ctx, _tagged(group, params["tags"], "TooManyTagsException"))


@operation
async def untag_resource(ctx: Ctx, params: dict[str, Any]) -> None:
    group = await _with_arn(ctx, params["resourceArn"])
    save_group(ctx, _untagged(group, params["tagKeys"]))


@operation
async def list_tags_for_resource(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    return {"tags": (await _with_arn(ctx, params["resourceArn"])).tags}


@operation
async def tag_log_group(ctx: Ctx, params: dict[str, Any]) -> None:
    group = await group_called(ctx, params["logGroupName"])
    save_group(ctx, _tagged(group, params["tags"], "InvalidParameterException"))


@operation
async def untag_log_group(ctx: Ctx, params: dict[str, Any]) -> None:
    group = await group_called(ctx, params["logGroupName"])
    save_group(ctx, _untagged(group, params["tags"]))


@operation
async def list_tags_log_group(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    return {"tags": (await group_called(ctx, params["logGroupName"])).tags}
