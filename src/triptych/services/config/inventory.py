"""What is there now: discovered resources, their counts and their current items."""

from __future__ import annotations

from typing import Any

from triptych.control.collection import Document
from triptych.kernel.errors import ServiceError
from triptych.services.config.documents import ITEMS
from triptych.services.config.item import Item, base_item, item_key
from triptych.services.config.paging import key_page, with_token
from triptych.services.config.recorders import needs_recorder
from triptych.services.contract import Ctx, operation

_NO_RECORDER = "Configuration recorder is not available to get configuration history or discovered resources."
_IDS = 20  # ListDiscoveredResources: resourceIds


@operation
async def list_discovered_resources(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Identifiers of the resources of one type, deleted ones on request."""
    await needs_recorder(ctx, _NO_RECORDER)
    ids, name = params.get("resourceIds") or (), params.get("resourceName")
    if ids and name:
        raise ServiceError(
            "ValidationException", "Provide either resourceIds or resourceName in the request, not both."
        )
    if len(ids) > _IDS:
        raise ServiceError(
            "ValidationException", f"The number of resourceIds must be less than or equal to {_IDS}."
        )
    documents = await _of_type(ctx, params["resourceType"])
    chosen = [
        (document.key, _identifier(document.value))
        for document in documents
        if (not document.value.is_deleted or params.get("includeDeletedResources"))
        and (not ids or document.value.resource_id in ids)
        and (not name or document.value.resource_name == name)
    ]
    listing = f"ListDiscoveredResources/{params['resourceType']}"
    page = key_page(listing, chosen, text=params.get("nextToken"), limit=params.get("limit"), size=100)
    return with_token({"resourceIdentifiers": page.entries}, page.next_token, "nextToken")


async def _of_type(ctx: Ctx, resource_type: str) -> list[Document[Item]]:
    return await ctx.unit.list(ITEMS, account=ctx.account, region=ctx.region, index=("type", resource_type))


def _identifier(item: Item) -> dict[str, Any]:
    identifier: dict[str, Any] = {"resourceType": item.resource_type, "resourceId": item.resource_id}
    if item.resource_name:
        identifier["resourceName"] = item.resource_name
    if item.is_deleted:
        identifier["resourceDeletionTime"] = item.captured
    return identifier


@operation
async def get_discovered_resource_counts(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """How many resources there are, in all and by type, most first."""
    wanted = set(params.get("resourceTypes") or ())
    counts: dict[str, int] = {}
    for document in await ctx.unit.list(ITEMS, account=ctx.account, region=ctx.region):
        item = document.value
        if not item.is_deleted and (not wanted or item.resource_type in wanted):
            counts[item.resource_type] = counts.get(item.resource_type, 0) + 1
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    # The rank in digits orders the pages; counts may change between them, types do not repeat within one.
    ordered = [
        (f"{place:08}", {"resourceType": name, "count": count}) for place, (name, count) in enumerate(ranked)
    ]
    page = key_page(
        "GetDiscoveredResourceCounts",
        ordered,
        text=params.get("nextToken"),
        limit=params.get("limit"),
        size=100,
    )
    reply = {"totalDiscoveredResources": sum(counts.values()), "resourceCounts": page.entries}
    return with_token(reply, page.next_token, "nextToken")


@operation
async def batch_get_resource_config(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The current items of up to 100 resources; what is not recorded here comes back unprocessed."""
    await needs_recorder(ctx, _NO_RECORDER)
    items, unprocessed = [], []
    for key in params["resourceKeys"]:
        item = await ctx.unit.get(
            ITEMS,
            item_key(key["resourceType"], key["resourceId"]),
            account=ctx.account,
            region=ctx.region,
        )
        if item is None or item.is_deleted:
            unprocessed.append(key)
        else:
            items.append(base_item(item))
    return {"baseConfigurationItems": items, "unprocessedResourceKeys": unprocessed}
