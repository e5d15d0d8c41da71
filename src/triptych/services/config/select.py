"""SelectResourceConfig: advanced queries over the current items of an account and region.

The items are documents in the control store; they are filtered here, one by one, after the index by type has
narrowed them where the query names its types. That is fine for tens of thousands of resources.
"""

from __future__ import annotations

from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.kernel.pages import token
from triptych.query.config_rows import run
from triptych.query.config_sql import ConfigSqlError, Plan, conjoined, parse
from triptych.services.config.documents import ITEMS
from triptych.services.config.item import VERSION, Item, compact, iso, state_id
from triptych.services.config.paging import resume, with_token
from triptych.services.contract import Ctx, operation

_PAGE = 25
_AGGREGATES = 500
_LIMIT = 100


@operation
async def select_resource_config(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The rows of a query as JSON text, and the names of its columns.

    Partly: properties below ``configuration`` are not checked against a schema; where no item has them, nothing
    is found. There are no items of compliance (AWS::Config::ResourceCompliance) to query.
    """
    expression, limit = params["Expression"], params.get("Limit") or 0
    if not 0 <= limit <= _LIMIT:
        raise ServiceError("InvalidLimitException", "The specified limit is outside the allowable range.")
    try:
        plan = parse(expression)
    except ConfigSqlError as error:
        raise ServiceError("InvalidExpressionException", str(error)) from error
    listing = f"SelectResourceConfig/{expression}"
    start = resume(listing, params.get("NextToken")) or 0
    rows = run(plan, [document(item) for item in await _items(ctx, plan)])
    size = limit or (_AGGREGATES if plan.is_aggregation else _PAGE)
    page = rows[start : start + size]
    # Results ordered by an aggregate are one page only, as documented.
    more = len(rows) > start + size and not plan.orders_by_aggregate
    reply = {
        "Results": [compact(row) for row in page],
        "QueryInfo": {"SelectFields": [{"Name": column.name} for column in plan.columns]},
    }
    return with_token(reply, token(listing, start + size) if more else None)


async def _items(ctx: Ctx, plan: Plan) -> list[Item]:
    """The items a query can be about, by key, so that pages follow each other."""
    types = conjoined(plan, "resourceType")
    indexes = [None] if types is None else [("type", name) for name in sorted(types)]
    found = [
        one
        for index in indexes
        for one in await ctx.unit.list(ITEMS, account=ctx.account, region=ctx.region, index=index)
    ]
    items = [one.value for one in found if not one.value.is_deleted]
    return sorted(items, key=lambda item: item.key)


def document(item: Item) -> dict[str, Any]:
    """An item as queries see it: form D of its serialisations, tags and relationships as lists."""
    return {
        "version": VERSION,
        "accountId": item.account,
        "configurationItemCaptureTime": iso(item.captured),
        "configurationItemStatus": item.status,
        "configurationStateId": str(state_id(item.captured)),
        "arn": item.arn,
        "resourceType": item.resource_type,
        "resourceId": item.resource_id,
        "resourceName": item.resource_name or None,
        "awsRegion": item.region,
        "availabilityZone": item.availability_zone,
        "resourceCreationTime": None if item.created is None else iso(item.created),
        "tags": [{"key": key, "value": value, "tag": f"{key}={value}"} for key, value in item.tags.items()],
        "relationships": [
            {"resourceId": one.resource_id, "resourceType": one.resource_type, "name": one.name}
            for one in item.relationships
        ],
        "configuration": item.configuration,
        "supplementaryConfiguration": item.supplementary,
    }
