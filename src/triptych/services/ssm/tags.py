"""Operations on tags of documents and automations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from triptych.kernel.errors import ServiceError, unbuilt
from triptych.services.contract import Ctx, operation
from triptych.services.ssm import library
from triptych.services.ssm.execution import EXECUTIONS
from triptych.services.ssm.library import DOCUMENTS
from triptych.services.ssm.tagging import tags_from, tags_view

_COLLECTIONS: dict[str, Any] = {"Document": DOCUMENTS, "Automation": EXECUTIONS}


@operation
async def add_tags_to_resource(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Add or replace tags.

    Partly: resources of type Document and Automation.
    """
    await _change(ctx, params, lambda tags: tags_from(params["Tags"], onto=tags))
    return {}


@operation
async def remove_tags_from_resource(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Remove tags; keys that are not there are no error.

    Partly: resources of type Document and Automation.
    """
    gone = set(params["TagKeys"])
    await _change(ctx, params, lambda tags: {key: value for key, value in tags.items() if key not in gone})
    return {}


@operation
async def list_tags_for_resource(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The tags of one resource.

    Partly: resources of type Document and Automation.
    """
    if params["ResourceType"] == "Document" and params["ResourceId"] in library.amazon_documents():
        return {"TagList": []}
    return {"TagList": tags_view((await _resource(ctx, params)).tags)}


async def _change(
    ctx: Ctx, params: dict[str, Any], change: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    resource = await _resource(ctx, params)
    changed = msgspec.structs.replace(resource, tags=change(resource.tags))
    collection = _COLLECTIONS[params["ResourceType"]]
    ctx.unit.put(collection, params["ResourceId"], changed, account=ctx.account, region=ctx.region)


async def _resource(ctx: Ctx, params: dict[str, Any]) -> Any:
    kind = params["ResourceType"]
    collection = _COLLECTIONS.get(kind)
    if collection is None:
        raise unbuilt(f"tags of resources of type {kind}")
    found = await ctx.unit.get(collection, params["ResourceId"], account=ctx.account, region=ctx.region)
    if found is None:
        raise ServiceError(
            "InvalidResourceId", "The resource ID is not valid. Verify that you entered the correct ID."
        )
    return found
