"""A queue of the estate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.kernel.arn import Arn
from triptych.services.contract import Ctx
from triptych.services.events.queue import send_to_queue
from triptych.services.events.target_kind import Delivery, TargetKind


def _check(target: Mapping[str, Any]) -> str:
    fifo = str(target["Arn"]).endswith(".fifo")
    if fifo and not (target.get("SqsParameters") or {}).get("MessageGroupId"):
        return f"Parameter(s) SqsParameters must be specified for target: {target['Id']}."
    return ""


def _matches(arn: Arn) -> bool:
    return arn.service == "sqs"


async def _send(ctx: Ctx, delivery: Delivery) -> None:
    group = (delivery.target.get("SqsParameters") or {}).get("MessageGroupId") or ""
    await send_to_queue(ctx, delivery.arn, delivery.text, group=group, dedupe=str(delivery.event["id"]))


KIND = TargetKind(name="sqs", matches=_matches, check=_check, send=_send)
