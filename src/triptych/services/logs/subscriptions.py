"""PutSubscriptionFilter, DescribeSubscriptionFilters, DeleteSubscriptionFilter."""

from __future__ import annotations

from typing import Any

import msgspec

from triptych.kernel import limits, pages
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, operation
from triptych.services.logs.backlog import done_with, entries_of
from triptych.services.logs.deliver import KINDS, destination_of, send
from triptych.services.logs.envelope import control_message
from triptych.services.logs.group import group_called, invalid, position, save_group
from triptych.services.logs.metric_filters import check_regexes, refuse_unbuilt
from triptych.services.logs.moments import millis
from triptych.services.logs.read_events import pattern_of
from triptych.services.logs.subscription import SUBSCRIPTIONS, Subscription, subscription_key

_DESCRIBED = 50


@operation
async def put_subscription_filter(ctx: Ctx, params: dict[str, Any]) -> None:
    """Create or replace a subscription filter; a control message is sent to the destination first.

    Partly: destinations are Kinesis and Firehose streams of the same account and region; the role is not assumed.
    applyOnTransformedLogs, fieldSelectionCriteria and emitSystemFields are refused.
    """
    refuse_unbuilt(params, "applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFields")
    group = await group_called(ctx, params["logGroupName"])
    name = params["filterName"]
    pattern = pattern_of(params["filterPattern"])
    arn = destination_of(ctx, params["destinationArn"])
    if not params.get("roleArn"):
        raise invalid(f"destinationArn for vendor {arn.service} cannot be used without roleArn")
    key = subscription_key(group, name)
    if pattern is not None and pattern.regexes:
        await check_regexes(ctx, group, key)
    if name not in group.subscriptions:
        if len(group.subscriptions) >= limits.LOG_SUBSCRIPTION_FILTERS:
            raise ServiceError("LimitExceededException", "Resource limit exceeded.")
        save_group(ctx, msgspec.structs.replace(group, subscriptions=(*group.subscriptions, name)))
    kind = KINDS[arn.service]
    try:
        await send(ctx, arn, control_message(millis(ctx.now), kind), ctx.ids.uuid())
    except ServiceError as error:
        raise invalid(
            f"Could not deliver test message to specified {kind}. Check if the given {kind} is in ACTIVE state. ({error.code})"
        ) from error
    made = Subscription(
        name=name,
        group=group.name,
        pattern=params["filterPattern"],
        destination=params["destinationArn"],
        role=params["roleArn"],
        distribution=params.get("distribution") or "ByLogStream",
        created=millis(ctx.now),
    )
    ctx.unit.put(SUBSCRIPTIONS, key, made, account=ctx.account, region=ctx.region)


@operation
async def describe_subscription_filters(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Subscription filters of a group by name."""
    group = await group_called(ctx, params["logGroupName"])
    lead, prefix = f"{group.id}:", params.get("filterNamePrefix") or ""
    listing = f"DescribeSubscriptionFilters|{group.id}|{prefix}"
    after = position(listing, params.get("nextToken")) or ""
    count = params.get("limit") or _DESCRIBED
    found = await ctx.unit.list(
        SUBSCRIPTIONS,
        account=ctx.account,
        region=ctx.region,
        prefix=f"{lead}{prefix}",
        after=f"{lead}{after}" if after else "",
        limit=count + 1,
    )
    answer: dict[str, Any] = {"subscriptionFilters": [_described(d.value) for d in found[:count]]}
    if len(found) > count:
        answer["nextToken"] = pages.token(listing, found[count - 1].value.name)
    return answer


def _described(each: Subscription) -> dict[str, Any]:
    return {
        "filterName": each.name,
        "logGroupName": each.group,
        "filterPattern": each.pattern,
        "destinationArn": each.destination,
        "roleArn": each.role,
        "distribution": each.distribution,
        "creationTime": each.created,
    }


@operation
async def delete_subscription_filter(ctx: Ctx, params: dict[str, Any]) -> None:
    """Delete a subscription filter; what was not delivered yet is not delivered any more."""
    group = await group_called(ctx, params["logGroupName"])
    name = params["filterName"]
    key = subscription_key(group, name)
    if await ctx.unit.get(SUBSCRIPTIONS, key, account=ctx.account, region=ctx.region) is None:
        raise ServiceError("ResourceNotFoundException", "The specified subscription filter does not exist.")
    ctx.unit.delete(SUBSCRIPTIONS, key, account=ctx.account, region=ctx.region)
    done_with(ctx, await entries_of(ctx, group, name))
    left = tuple(each for each in group.subscriptions if each != name)
    save_group(ctx, msgspec.structs.replace(group, subscriptions=left))
