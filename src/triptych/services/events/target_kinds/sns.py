"""A topic."""

from __future__ import annotations

from triptych.kernel.arn import Arn
from triptych.services.contract import Ctx
from triptych.services.events.target_kind import PRINCIPAL, Delivery, TargetKind


def _matches(arn: Arn) -> bool:
    return arn.service == "sns"


async def _send(ctx: Ctx, delivery: Delivery) -> None:
    asked = {"TopicArn": str(delivery.arn), "Message": delivery.text}
    await ctx.call(
        "sns", "Publish", asked, principal=PRINCIPAL, region=delivery.arn.region, source_arn=delivery.rule
    )


KIND = TargetKind(name="sns", matches=_matches, send=_send)
