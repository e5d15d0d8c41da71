"""Another bus: the event goes on as it is, under the same id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from triptych.kernel.arn import Arn
from triptych.kernel.context import Cause
from triptych.services.contract import Ctx
from triptych.services.events.access import as_rule, find_bus_for
from triptych.services.events.matching import offer
from triptych.services.events.target_kind import Delivery, TargetKind


def _matches(arn: Arn) -> bool:
    return arn.service == "events" and arn.resource.startswith("event-bus/")


def _check(target: Mapping[str, Any]) -> str:
    if any(target.get(name) for name in ("Input", "InputPath", "InputTransformer")):
        return f"Input, InputPath and InputTransformer are not supported for the event bus of target {target['Id']}."
    return ""


async def _send(ctx: Ctx, delivery: Delivery) -> None:
    """Staged with the job's end: exactly once. Each bus is a link of the chain of causes, so a ring of buses ends."""
    cause = ctx.context.cause
    event_id = str(delivery.event["id"])
    further = (
        msgspec.structs.replace(cause, depth=cause.depth + 1)
        if cause
        else Cause(parent=event_id, origin=event_id)
    )
    there = ctx.at(account=delivery.arn.account, region=delivery.arn.region, cause=further)
    _, bus = await find_bus_for(there, str(delivery.arn), delivery.event, as_rule(ctx, delivery))
    await offer(there, bus.name, delivery.event, cause=further)


KIND = TargetKind(name="event bus", matches=_matches, check=_check, send=_send)
