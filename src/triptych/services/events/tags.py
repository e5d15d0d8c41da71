"""TagResource, UntagResource, ListTagsForResource on rules and buses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from triptych.kernel.arn import Arn
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, operation
from triptych.services.events.documents import BUSES, RULES, Bus, Rule, find_bus, find_rule, validation

_MOST = 50
"""Tags of one resource (AWS quota)."""


def checked_tags(tags: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Key -> value. Raises ValidationException."""
    found: dict[str, str] = {}
    for tag in tags:
        if tag["Key"] in found:
            raise validation(f"Tag key {tag['Key']} is given more than once.")
        if tag["Key"].lower().startswith("aws:"):
            raise validation("Tag keys starting with aws: are reserved for system use.")
        found[tag["Key"]] = tag["Value"]
    return _bounded(found)


def _bounded(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > _MOST:
        raise validation(f"A resource can have at most {_MOST} tags.")
    return tags


async def _tagged(ctx: Ctx, text: str) -> Bus | Rule:
    try:
        parsed = Arn.parse(text)
    except ValueError:
        raise validation(f"Invalid ARN {text}.") from None
    kind, _, path = parsed.resource.partition("/")
    try:
        if kind == "event-bus":
            return await find_bus(ctx, path)
        if kind == "rule":
            bus, _, name = path.rpartition("/")
            return await find_rule(ctx, name, bus or None)
    except ServiceError as error:
        raise ServiceError(error.code, f"Resource {text} does not exist.") from error
    raise validation(f"Only rules and event buses can have tags here, not {text}.")


def _keep(ctx: Ctx, found: Bus | Rule, tags: dict[str, str]) -> None:
    place = {"account": ctx.account, "region": ctx.region}
    if isinstance(found, Bus):
        ctx.unit.put(BUSES, found.name, msgspec.structs.replace(found, tags=tags), **place)
    else:
        ctx.unit.put(RULES, found.key, msgspec.structs.replace(found, tags=tags), **place)


@operation
async def tag_resource(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Add tags to a rule or a bus, or change them."""
    found = await _tagged(ctx, params["ResourceARN"])
    _keep(ctx, found, _bounded(found.tags | checked_tags(params["Tags"])))
    return {}


@operation
async def untag_resource(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Remove tags from a rule or a bus."""
    found = await _tagged(ctx, params["ResourceARN"])
    _keep(ctx, found, {k: v for k, v in found.tags.items() if k not in params["TagKeys"]})
    return {}


@operation
async def list_tags_for_resource(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The tags of a rule or a bus."""
    found = await _tagged(ctx, params["ResourceARN"])
    return {"Tags": [{"Key": key, "Value": value} for key, value in found.tags.items()]}
