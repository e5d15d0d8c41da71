"""Sending to a queue of the estate, as a target and as the place for dead letters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.kernel.arn import Arn
from triptych.services.contract import Ctx
from triptych.services.events.target_kind import PRINCIPAL


async def send_to_queue(
    ctx: Ctx,
    queue: Arn,
    text: str,
    *,
    group: str = "",
    dedupe: str = "",
    attributes: Mapping[str, str] | None = None,
) -> None:
    """Raises ServiceError as SQS answered. ``group`` and ``dedupe`` matter to FIFO queues only."""
    asked = {"QueueName": queue.resource, "QueueOwnerAWSAccountId": queue.account}
    found = await ctx.call("sqs", "GetQueueUrl", asked, principal=PRINCIPAL, region=queue.region)
    sent: dict[str, Any] = {"QueueUrl": found["QueueUrl"], "MessageBody": text}
    if attributes:
        sent["MessageAttributes"] = {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
        }
    if queue.resource.endswith(".fifo"):
        sent |= {"MessageGroupId": group or dedupe, "MessageDeduplicationId": dedupe}
    await ctx.call("sqs", "SendMessage", sent, principal=PRINCIPAL, region=queue.region)
