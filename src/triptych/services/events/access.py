"""Whose bus an event may be put on: one's own, and another account's whose policy allows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from triptych.kernel.arn import Arn
from triptych.kernel.context import Context, Identity
from triptych.kernel.errors import ServiceError
from triptych.services.access import refusal
from triptych.services.contract import Ctx
from triptych.services.events.documents import Bus, find_bus, missing
from triptych.services.events.target_kind import PRINCIPAL, Delivery

__all__ = ["as_rule", "find_bus_for"]


async def find_bus_for(
    ctx: Ctx, name: str | None, event: Mapping[str, Any], context: Context
) -> tuple[Ctx, Bus]:
    """The bus of a name or ARN, and the call at work in its account.

    Raises AccessDeniedException if the caller of ``context`` may not put the event there; whether another account
    has such a bus is nobody's business.
    """
    there = ctx
    if name and name.startswith("arn:"):
        there = _there(ctx, name)
    try:
        bus = await find_bus(there, name)
    except ServiceError:
        if there.account == context.account:
            raise
        bus = None
    why = refusal(
        context,
        owner=there.account,
        policy=bus.policy if bus is not None else "",
        action="events:PutEvents",
        resource=bus.arn if bus is not None else str(name),
        keys={
            "events:source": event["source"],
            "events:detail-type": event["detail-type"],
            "events:eventBusInvocation": "true" if context.source_arn else "false",
        },
    )
    if why or bus is None:
        raise ServiceError("AccessDeniedException", why)
    return there, bus


def _there(ctx: Ctx, name: str) -> Ctx:
    try:
        arn = Arn.parse(name)
    except ValueError:
        raise missing(f"Event bus {name} does not exist.") from None
    if arn.account == ctx.account or arn.region != ctx.region:
        return ctx
    return ctx.at(account=arn.account, region=arn.region, cause=ctx.context.because)


def as_rule(ctx: Ctx, delivery: Delivery) -> Context:
    """A rule asks as EventBridge on its behalf and as its account, or as the role its target names."""
    role = delivery.target.get("RoleArn") or f"arn:aws:iam::{ctx.account}:root"
    identity = Identity(kind="AWSService", account=ctx.account, arn=role, invoked_by=PRINCIPAL)
    return msgspec.structs.replace(ctx.context, identity=identity, source_arn=delivery.rule)
