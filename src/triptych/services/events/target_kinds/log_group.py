"""A CloudWatch Logs group: every event is one log event in a stream of its own, as EventBridge does it."""

from __future__ import annotations

from triptych.kernel.arn import Arn
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx
from triptych.services.events.target_kind import PRINCIPAL, Delivery, TargetKind

_KIND = "log-group:"


def _matches(arn: Arn) -> bool:
    return arn.service == "logs" and arn.resource.startswith(_KIND)


async def _send(ctx: Ctx, delivery: Delivery) -> None:
    group = delivery.arn.resource.removeprefix(_KIND).removesuffix(":*")
    where = {"logGroupName": group, "logStreamName": str(delivery.event["id"])}
    region = delivery.arn.region
    try:
        await ctx.call("logs", "CreateLogStream", where, principal=PRINCIPAL, region=region)
    except ServiceError as error:
        if error.code != "ResourceAlreadyExistsException":  # an attempt before this one made it
            raise
    line = {"timestamp": int(ctx.runtime.clock.now().timestamp() * 1000), "message": delivery.text}
    await ctx.call("logs", "PutLogEvents", where | {"logEvents": [line]}, principal=PRINCIPAL, region=region)


KIND = TargetKind(name="log group", matches=_matches, send=_send)
