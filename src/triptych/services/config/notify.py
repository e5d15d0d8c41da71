"""The stream: every change of an item or a verdict, and every delivery of a file, told to the channel's topic.

``config.stream`` (reaction) stages one ``config.notify`` (job) for each fact; the job publishes, and is staged anew with
a delay while the topic does not take it. Told at least once; like AWS's, notifications may overtake each other.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog

from triptych.bus.batch import Batch
from triptych.bus.post import is_permanent
from triptych.control.store import Job
from triptych.kernel.arn import Arn
from triptych.kernel.errors import ServiceError
from triptych.services.config.delivery import note, oversized_key, put_file, the_channel
from triptych.services.config.item import compact
from triptych.services.config.notifications import (
    MESSAGE_BYTES,
    message_of,
    oversized_message,
    subject_of,
)
from triptych.services.config.staging import PRINCIPAL
from triptych.services.contract import Ctx, JobKind, Reaction, caused_by

__all__ = ["NOTIFY", "STREAM"]

log = structlog.get_logger()

_KIND = "config.notify"
_DELAYS = (1.0, 2.0, 5.0, 15.0, 60.0, *(300.0,) * 24)
"""Seconds before each new attempt; after the last one, about two hours, a notification is given up (ours)."""


async def _stream(ctx: Ctx, batch: Batch) -> None:
    told: dict[tuple[str, str], bool] = {}
    for fact in batch.facts:
        here = ctx.at(account=fact.account, region=fact.region, cause=caused_by(fact))
        place = (fact.account, fact.region)
        if place not in told:
            channel = await the_channel(here)
            told[place] = channel is not None and bool(channel.members.get("snsTopicARN"))
        if told[place]:
            here.job(_KIND, {"message": message_of(fact), "attempt": 0})


async def _notify(ctx: Ctx, job: Job) -> None:
    channel = await the_channel(ctx)
    topic = None if channel is None else channel.members.get("snsTopicARN")
    if channel is None or not topic:
        return  # told nobody any more
    message: dict[str, Any] = job.body["message"]
    try:
        told = await _fitting(ctx, channel.members, message)
        await _publish(ctx, topic, told, subject_of(message, account=ctx.account, region=ctx.region))
    except ServiceError as error:
        await note(ctx, "stream", error)
        attempt: int = job.body["attempt"]
        if is_permanent(error.code, error.status) or attempt == len(_DELAYS):
            log.error("config_notification_lost", topic=topic, type=message["messageType"], error=str(error))
            return
        # Another job, not a failure of this one: what is noted must be committed.
        ctx.job(_KIND, {**job.body, "attempt": attempt + 1}, delay_seconds=_DELAYS[attempt])
        return
    await note(ctx, "stream", None)


async def _publish(ctx: Ctx, topic: str, text: str, subject: str) -> None:
    asked = {"TopicArn": topic, "Message": text, "Subject": subject}
    await ctx.call("sns", "Publish", asked, principal=PRINCIPAL, region=Arn.parse(topic).region)


async def _fitting(ctx: Ctx, channel: Mapping[str, Any], message: Mapping[str, Any]) -> str:
    """The message as text; one that is too long is put into the bucket, and its summary returned."""
    text = compact(message)
    if len(text.encode()) <= MESSAGE_BYTES or "configurationItem" not in message:
        return text
    item = message["configurationItem"]
    key = oversized_key(
        prefix=channel.get("s3KeyPrefix") or "",
        account=ctx.account,
        region=ctx.region,
        resource_type=item["resourceType"],
        resource_id=item["resourceId"],
        at=datetime.fromisoformat(item["configurationItemCaptureTime"]),
    )
    failure = None
    try:
        await put_file(ctx, dict(channel), key, gzip.compress(text.encode(), mtime=0))
    except ServiceError as error:
        if not is_permanent(error.code, error.status):
            raise
        failure = error
    told = oversized_message(message, bucket=channel["s3BucketName"], key=key, failure=failure)
    return compact(told)


STREAM = Reaction(
    name="config.stream",
    kinds=frozenset({"ItemChanged", "ComplianceChanged", "ConfigDelivered"}),
    handle=_stream,
    stable=False,
)
NOTIFY = JobKind(name=_KIND, handle=_notify)
