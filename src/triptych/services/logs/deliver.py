"""Events to subscriptions: the job that delivers what has arrived, and the destinations it knows."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import structlog

from triptych.control.store import Job
from triptych.jobs.kind import Later, Retry
from triptych.kernel import limits
from triptych.kernel.arn import Arn
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, JobKind
from triptych.services.logs.backlog import DELIVER_JOB, done_with, events_waiting, waiting
from triptych.services.logs.envelope import data_messages
from triptych.services.logs.group import GROUPS, invalid
from triptych.services.logs.moments import millis
from triptych.services.logs.read_events import pattern_of
from triptych.services.logs.subscription import SUBSCRIPTIONS, Subscription, subscription_key

log = structlog.get_logger()

PRINCIPAL = "logs.amazonaws.com"
KINDS = {"kinesis": "Kinesis stream", "firehose": "Firehose stream"}
"""Services that take deliveries."""


def destination_of(ctx: Ctx, text: str) -> Arn:
    """The destination's ARN. Raises InvalidParameterException for what cannot take deliveries."""
    try:
        arn = Arn.parse(text)
    except ValueError:
        raise invalid("destinationArn is not a valid ARN.") from None
    if arn.service == "lambda":
        raise invalid("Lambda functions cannot be destinations yet: Triptych does not run them.")
    prefix = {"kinesis": "stream/", "firehose": "deliverystream/"}.get(arn.service)
    if prefix is None or not arn.resource.startswith(prefix) or arn.resource == prefix:
        raise invalid(f"Invalid destination {text}: it must be a Kinesis or Firehose stream.")
    if (arn.account, arn.region) != (ctx.account, ctx.region):
        raise invalid("The destination must be in the log group's account and region.")
    return arn


async def send(ctx: Ctx, arn: Arn, data: bytes, partition_key: str) -> None:
    """Put one record. Raises ServiceError as the destination answers."""
    name = arn.resource.partition("/")[2]
    params: dict[str, Any]
    if arn.service == "kinesis":
        params = {"StreamName": name, "Data": data, "PartitionKey": partition_key}
    else:
        params = {"DeliveryStreamName": name, "Record": {"Data": data}}
    await ctx.call(arn.service, "PutRecord", params, principal=PRINCIPAL)


async def _deliver(ctx: Ctx, job: Job) -> None:
    name = job.body["group"]
    # Listed, not got: a change to the group while the job runs is no conflict.
    found = await ctx.unit.list(GROUPS, account=ctx.account, region=ctx.region, prefix=name, limit=1)
    group = found[0].value if found and found[0].key == name else None
    if group is None:
        return
    consumer = job.body["consumer"]
    subscription = await ctx.unit.get(
        SUBSCRIPTIONS, subscription_key(group, consumer), account=ctx.account, region=ctx.region
    )
    documents, more = await waiting(ctx, group, consumer)
    if not documents:
        return
    given_up = millis(ctx.now - timedelta(seconds=limits.LOG_DELIVERY_SECONDS))
    late = [document for document in documents if document.value.ingested < given_up]
    due = [document for document in documents if document.value.ingested >= given_up]
    if late:
        count = sum(document.value.count for document in late)
        log.error("log_delivery_given_up", group=name, subscription=consumer, events=count)
    if subscription is not None and due:
        events = await events_waiting(ctx, group, [document.value for document in due])
        messages = data_messages(
            owner=ctx.account,
            group=name,
            subscription=consumer,
            pattern=pattern_of(subscription.pattern),
            events=events,
        )
        for stream, data in messages:
            await _send_surely(ctx, subscription, stream, data)
    done_with(ctx, documents)
    if more:
        raise Later(0)


async def _send_surely(ctx: Ctx, subscription: Subscription, stream: str, data: bytes) -> None:
    """One message; one that the destination would never take is logged and left out."""
    arn = Arn.parse(subscription.destination)
    by_stream = hashlib.md5(f"{subscription.group}:{stream}".encode(), usedforsecurity=False).hexdigest()
    key = by_stream if subscription.distribution == "ByLogStream" else ctx.ids.uuid()
    try:
        await send(ctx, arn, data, key)
    except ServiceError as error:
        if error.code not in ("ValidationException", "InvalidArgumentException", "SerializationException"):
            raise
        log.error(
            "log_delivery_refused",
            group=subscription.group,
            stream=stream,
            destination=subscription.destination,
            error=str(error),
        )


DELIVER = JobKind(name=DELIVER_JOB, handle=_deliver, retry=Retry(max_attempts=40, max_delay_seconds=300.0))
