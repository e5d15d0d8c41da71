"""Delivery: one durable job for each message and subscription, retried, and at last put into the dead letter queue.

A FIFO subscription has one job for each message group, which sends the group's messages one after the other.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

import msgspec
import structlog

from triptych.bus.mail import send_mail
from triptych.bus.post import Undelivered, is_permanent, post
from triptych.control.collection import Collection
from triptych.control.store import Job
from triptych.jobs.kind import Later, Retry
from triptych.kernel.arn import Arn
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, JobKind
from triptych.services.sns.envelope import CONFIRMATION, UNSUBSCRIPTION, address, document, stamp
from triptych.services.sns.mail import (
    CONFIRMATION_SUBJECT,
    SUBJECT,
    confirmation_text,
    mail,
    notification_text,
)
from triptych.services.sns.signer import signed
from triptych.services.sns.topic import SUBSCRIPTIONS, TOPICS, Subscription, Topic

__all__ = ["DELIVER", "DELIVER_IN_ORDER", "QUEUED", "Message", "send_confirmation", "stage"]

log = structlog.get_logger()

PRINCIPAL = "sns.amazonaws.com"
_SECONDS = 15.0
"""How long an endpoint may take to answer (SNS: 15 s)."""
_HTTP_RETRIES = 3
"""Retries of an http endpoint unless its delivery policy says otherwise (SNS)."""
_QUEUE_RETRIES = 50
"""Retries of a queue or a mail server (ours: about four hours; SNS tries queues for 23 days, mail for six hours)."""
_FIRST_SECONDS, _LONGEST_SECONDS = 0.5, 300.0


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one subscription is to be sent. ``attributes`` have ``Type`` and ``Value``; Binary values are Base64.

    :param token: of a confirmation request; empty for a notification.
    """

    id: str
    text: str
    published: datetime
    subject: str | None = None
    attributes: dict[str, dict[str, str]] = {}
    group: str = ""
    dedupe: str = ""
    sequence: str = ""
    token: str = ""


class Queued(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message that waits for its turn in a FIFO group."""

    message: Message
    attempts: int = 0


QUEUED = Collection(name="sns.queued_messages", type=Queued)
"""By ``<subscription id>/<group>/<sequence number>``."""


def stage(ctx: Ctx, subscription: Subscription, message: Message) -> None:
    """Stage the delivery of a message."""
    if not message.sequence:
        ctx.job("sns.deliver", {"subscription": subscription.id, "message": msgspec.to_builtins(message)})
        return
    # A group's name may contain anything: encoded, it cannot be mistaken for the beginning of another's.
    lane = f"{subscription.id}/{base64.urlsafe_b64encode(message.group.encode()).decode()}/"
    ctx.unit.create(
        QUEUED, lane + message.sequence, Queued(message=message), account=ctx.account, region=ctx.region
    )
    ctx.job("sns.deliver_in_order", {"subscription": subscription.id, "lane": lane}, key=lane)


def send_confirmation(ctx: Ctx, subscription: Subscription) -> None:
    """Stage the request that an endpoint confirm its subscription."""
    topic_arn = ctx.arn("sns", subscription.topic)
    text = (
        f"You have chosen to subscribe to the topic {topic_arn}.\nTo confirm the subscription, visit the SubscribeURL "
        "included in this message."
    )
    stage(
        ctx, subscription, Message(id=ctx.ids.uuid(), text=text, published=ctx.now, token=subscription.token)
    )


async def _deliver(ctx: Ctx, job: Job) -> None:
    subscription = await _subscription(ctx, job)
    if subscription is None:
        return
    message = msgspec.convert(job.body["message"], Message)
    try:
        await _send(ctx, subscription, message)
    except Undelivered as failure:
        if not failure.permanent and job.attempt < _retries(subscription):
            raise
        await _give_up(ctx, subscription, message, failure)


async def _deliver_in_order(ctx: Ctx, job: Job) -> None:
    place = {"account": ctx.account, "region": ctx.region}
    subscription = await _subscription(ctx, job)
    waiting = await ctx.unit.list(
        QUEUED, account=ctx.account, region=ctx.region, prefix=job.body["lane"], limit=2
    )
    if not waiting:
        return
    key, queued = waiting[0].key, waiting[0].value
    try:
        if subscription is not None:
            await _send(ctx, subscription, queued.message)
    except Undelivered as failure:
        assert subscription is not None
        if not failure.permanent and queued.attempts < _retries(subscription):
            ctx.unit.put(QUEUED, key, msgspec.structs.replace(queued, attempts=queued.attempts + 1), **place)
            raise Later(min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** min(queued.attempts, 30))) from failure
        await _give_up(ctx, subscription, queued.message, failure)
    ctx.unit.delete(QUEUED, key, **place)
    if len(waiting) > 1:
        raise Later(0)


async def _subscription(ctx: Ctx, job: Job) -> Subscription | None:
    """None: it was deleted meanwhile, and its messages with it."""
    listed = await ctx.unit.list(
        SUBSCRIPTIONS, account=ctx.account, region=ctx.region, prefix=job.body["subscription"], limit=1
    )
    return listed[0].value if listed else None


def _retries(subscription: Subscription) -> int:
    if subscription.protocol not in ("http", "https"):
        return _QUEUE_RETRIES
    try:
        policy = json.loads(subscription.attributes.get("DeliveryPolicy") or "{}")
        retries = policy.get("healthyRetryPolicy", {}).get("numRetries", _HTTP_RETRIES)
        return min(100, max(0, int(retries)))
    except (ValueError, TypeError, AttributeError):
        return _HTTP_RETRIES


async def _send(ctx: Ctx, subscription: Subscription, message: Message) -> None:
    """Raises Undelivered."""
    if subscription.protocol == "sqs":
        body = message.text if subscription.raw else await _envelope(ctx, subscription, message)
        attributes = _queue_attributes(message) if subscription.raw else {}
        await _to_queue(ctx, subscription.endpoint, body, attributes, message)
    elif subscription.protocol in ("http", "https"):
        await _to_endpoint(ctx, subscription, message)
    else:
        await _to_reader(ctx, subscription, message)


async def _to_endpoint(ctx: Ctx, subscription: Subscription, message: Message) -> None:
    notification = not message.token
    raw = subscription.raw and notification
    body = message.text if raw else await _envelope(ctx, subscription, message)
    headers = {
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
        "x-amz-sns-message-type": "Notification" if notification else "SubscriptionConfirmation",
        "x-amz-sns-message-id": message.id,
        "x-amz-sns-topic-arn": ctx.arn("sns", subscription.topic),
    }
    if notification:
        headers["x-amz-sns-subscription-arn"] = subscription.arn
    if raw:
        headers["x-amz-sns-rawdelivery"] = "true"
    await post(subscription.endpoint, body.encode(), headers, seconds=_SECONDS)


async def _to_reader(ctx: Ctx, subscription: Subscription, message: Message) -> None:
    smtp, topic_arn = ctx.runtime.settings.smtp, ctx.arn("sns", subscription.topic)
    if subscription.protocol == "email-json":
        text = await _envelope(ctx, subscription, message)
    elif message.token:
        text = confirmation_text(topic_arn, _confirmation_url(ctx, topic_arn, message))
    else:
        text = notification_text(message.text, _unsubscription_url(ctx, subscription))
    topic = await _topic(ctx, subscription)
    made = mail(
        sender=smtp.from_address,
        name=topic.attributes.get("DisplayName", "") if topic else "",
        to=subscription.endpoint,
        subject=CONFIRMATION_SUBJECT if message.token else message.subject or SUBJECT,
        text=text,
        sent=message.published,
        number=f"{message.id}.{subscription.id}",
    )
    await send_mail(smtp, made)


async def _topic(ctx: Ctx, subscription: Subscription) -> Topic | None:
    """A list, not a get: reading what others may change meanwhile is no reason to deliver twice."""
    listed = await ctx.unit.list(
        TOPICS, account=ctx.account, region=ctx.region, prefix=subscription.topic, limit=1
    )
    return listed[0].value if listed and listed[0].key == subscription.topic else None


def _confirmation_url(ctx: Ctx, topic_arn: str, message: Message) -> str:
    return f"{address(ctx.runtime.settings)}{CONFIRMATION}?TopicArn={topic_arn}&Token={message.token}"


def _unsubscription_url(ctx: Ctx, subscription: Subscription) -> str:
    return f"{address(ctx.runtime.settings)}{UNSUBSCRIPTION}?SubscriptionArn={subscription.arn}"


async def _envelope(ctx: Ctx, subscription: Subscription, message: Message) -> str:
    topic_arn, topic = ctx.arn("sns", subscription.topic), await _topic(ctx, subscription)
    version = topic.attributes.get("SignatureVersion", "1") if topic else "1"
    members: dict[str, Any] = {
        "Type": "SubscriptionConfirmation" if message.token else "Notification",
        "MessageId": message.id,
        "SequenceNumber": message.sequence or None,
        "Token": message.token or None,
        "TopicArn": topic_arn,
        "Subject": message.subject,
        "Message": message.text,
        "SubscribeURL": _confirmation_url(ctx, topic_arn, message) if message.token else None,
        "Timestamp": stamp(message.published),
    }
    members = await signed(ctx, members, version)
    if not message.token:
        members["UnsubscribeURL"] = _unsubscription_url(ctx, subscription)
        members["MessageAttributes"] = message.attributes or None
    return document(members)


def _queue_attributes(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, attribute in list(message.attributes.items())[:10]:  # SQS takes ten
        kind, value = attribute["Type"], attribute["Value"]
        binary = kind.startswith("Binary")
        content = {"BinaryValue": base64.b64decode(value)} if binary else {"StringValue": value}
        found[name] = {"DataType": kind, **content}
    return found


async def _to_queue(
    ctx: Ctx, queue_arn: str, body: str, attributes: dict[str, Any], message: Message
) -> None:
    queue = Arn.parse(queue_arn)
    try:
        asked = {"QueueName": queue.resource, "QueueOwnerAWSAccountId": queue.account}
        url = (await ctx.call("sqs", "GetQueueUrl", asked, principal=PRINCIPAL, region=queue.region))[
            "QueueUrl"
        ]
        sent: dict[str, Any] = {"QueueUrl": url, "MessageBody": body}
        if attributes:
            sent["MessageAttributes"] = attributes
        if queue.resource.endswith(".fifo"):
            sent |= {
                "MessageGroupId": message.group or message.id,
                "MessageDeduplicationId": message.dedupe or message.id,
            }
        await ctx.call("sqs", "SendMessage", sent, principal=PRINCIPAL, region=queue.region)
    except ServiceError as error:
        raise Undelivered(
            error.code, error.message, permanent=is_permanent(error.code, error.status)
        ) from error


async def _give_up(ctx: Ctx, subscription: Subscription, message: Message, failure: Undelivered) -> None:
    """Into the dead letter queue; without one the message is lost, and the log says so (as SNS's metrics do)."""
    queue = _dead_letters(subscription)
    if message.token or not queue:
        log.error(
            "sns_message_undelivered",
            subscription=subscription.arn,
            message=message.id,
            error=str(failure),
            kept=False,
        )
        return
    body = message.text if subscription.raw else await _envelope(ctx, subscription, message)
    attributes = _queue_attributes(message) if subscription.raw else {}
    # If this fails the job comes again, tries its endpoint once more, and then this: nothing is dropped half-way.
    await _to_queue(ctx, queue, body, attributes, message)
    log.warning(
        "sns_message_undelivered",
        subscription=subscription.arn,
        message=message.id,
        error=str(failure),
        kept=True,
    )


def _dead_letters(subscription: Subscription) -> str:
    text = subscription.attributes.get("RedrivePolicy")
    return str(json.loads(text).get("deadLetterTargetArn", "")) if text else ""


_PATIENCE = Retry(max_attempts=200, first_delay_seconds=_FIRST_SECONDS, max_delay_seconds=_LONGEST_SECONDS)
"""Beyond every subscription's own retries, for dead letter queues that cannot be reached; then the job is buried."""

DELIVER = JobKind(name="sns.deliver", handle=_deliver, retry=_PATIENCE, concurrency=16)
DELIVER_IN_ORDER = JobKind(
    name="sns.deliver_in_order", handle=_deliver_in_order, retry=_PATIENCE, concurrency=16
)
