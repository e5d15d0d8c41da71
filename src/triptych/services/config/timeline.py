"""GetResourceConfigHistory: a resource's items through time, from the lake and the current item."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlglot import exp, select

from triptych.kernel.errors import ServiceError
from triptych.kernel.pages import token
from triptych.services.config.documents import ITEMS
from triptych.services.config.item import Item, api_item, from_event, item_key, state_id
from triptych.services.config.paging import resume, with_token
from triptych.services.config.recorders import needs_recorder
from triptych.services.config.tables import CONFIG_ITEMS
from triptych.services.contract import Ctx, operation

_PAGE = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EVER = datetime(2299, 12, 31, tzinfo=UTC)


@operation
async def get_resource_config_history(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Items of one resource between two times, newest first unless asked otherwise."""
    await needs_recorder(
        ctx, "Configuration recorder is not available to get configuration history for the resource."
    )
    current = await ctx.unit.get(
        ITEMS,
        item_key(params["resourceType"], params["resourceId"]),
        account=ctx.account,
        region=ctx.region,
    )
    if current is None:
        raise ServiceError(
            "ResourceNotDiscoveredException",
            f"Resource {params['resourceId']} of resourceType:{params['resourceType']} is unknown or has not been "
            "discovered",
        )
    earlier, later = params.get("earlierTime") or _EPOCH, params.get("laterTime") or _EVER
    if earlier > later:
        raise ServiceError(
            "InvalidTimeRangeException", "The earlierTime must not be later than the laterTime."
        )
    forward = params.get("chronologicalOrder") == "Forward"
    listing = f"GetResourceConfigHistory/{current.key}/{forward}"
    last = resume(listing, params.get("nextToken"))
    # The token's item bounds the page exclusively, on the side the order moves away from.
    if last is not None and forward:
        earlier = max(earlier, _EPOCH + timedelta(milliseconds=last + 1))
    elif last is not None:
        later = min(later, _EPOCH + timedelta(milliseconds=last - 1))
    limit = params.get("limit") or _PAGE
    stored = await _stored(ctx, current, earlier, later, forward=forward, limit=limit + 1)
    items = merge(stored, current, earlier, later, forward=forward)
    reply = {"configurationItems": [api_item(item) for item in items[:limit]]}
    more = token(listing, state_id(items[limit - 1].captured)) if len(items) > limit else None
    return with_token(reply, more, "nextToken")


def merge(
    stored: Sequence[Item], current: Item, earlier: datetime, later: datetime, *, forward: bool
) -> list[Item]:
    """The lake's items and the current one, which the lake gets a moment later; each once, in order. Pure."""
    by_state = {state_id(item.captured): item for item in stored}
    if earlier <= current.captured <= later:
        by_state[state_id(current.captured)] = current
    return [by_state[state] for state in sorted(by_state, reverse=not forward)]


async def _stored(
    ctx: Ctx, current: Item, earlier: datetime, later: datetime, *, forward: bool, limit: int
) -> list[Item]:
    def column(name: str) -> exp.Column:
        return exp.column(name)

    def value(name: str) -> exp.Placeholder:
        return exp.Placeholder(this=name)

    query = (
        select("item")
        .from_(CONFIG_ITEMS.name)
        .where(
            column("resource_type").eq(value("resource_type")),
            column("resource_id").eq(value("resource_id")),
            exp.GTE(this=column("state_id"), expression=value("earliest")),
            exp.LTE(this=column("state_id"), expression=value("latest")),
        )
        .order_by(exp.Ordered(this=column("state_id"), desc=not forward))
        .limit(limit)
    )
    rows = await ctx.runtime.lake.select(
        query,
        {
            "resource_type": current.resource_type,
            "resource_id": current.resource_id,
            "earliest": max(0, state_id(earlier)),
            "latest": max(0, state_id(later)),
        },
        account=ctx.account,
        region=ctx.region,
    )
    return [from_event(json.loads(row["item"])) for row in rows]
