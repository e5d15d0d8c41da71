"""Subscribe, ConfirmSubscription, Unsubscribe, the lists, and a subscription's attributes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from triptych.bus.mail import is_configured
from triptych.kernel.arn import Arn
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, operation
from triptych.services.sns.deliver import send_confirmation
from triptych.services.sns.filter_policy import check_policy
from triptych.services.sns.mail import is_address
from triptych.services.sns.topic import (
    ELSEWHERE,
    PAGE,
    SUBSCRIPTIONS,
    Elsewhere,
    Protocol,
    Subscription,
    Topic,
    find_subscription,
    find_topic,
    forget,
    invalid,
    keep,
    paged,
    resumed,
    subscriptions_of,
)

_PROTOCOLS = {"http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose"}
_ATTRIBUTES = {"DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy"}
_TOKEN_HEX = 128
_MOST = 1000
"""Subscriptions of one topic (ours: each costs a job a message; SNS allows 12.5 million, 100 for FIFO topics)."""
PENDING = "PendingConfirmation"


@operation
async def subscribe(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """A subscription of a queue, effective at once, or of an http(s) or mail address, which must confirm it first.

    Partly: the protocols sqs, http, https, email and email-json (with an SMTP server in the settings). SMS, mobile
    push, Lambda and Firehose are refused.
    """
    endpoint = params.get("Endpoint") or ""
    keys = {"sns:Protocol": params["Protocol"], "sns:Endpoint": endpoint}
    there, topic = await find_topic(ctx, params["TopicArn"], "Subscribe", keys)
    protocol = _checked_protocol(params["Protocol"], endpoint, topic)
    if protocol.startswith("email"):
        _check_mail(ctx, protocol, endpoint)
    attributes = {k: v for k, v in (params.get("Attributes") or {}).items() if v}
    _check_attributes(protocol, attributes)
    stored = await subscriptions_of(there, topic)
    for known in stored:
        if (known.protocol, known.endpoint) == (protocol, endpoint):
            if attributes and attributes != known.attributes:
                raise invalid("Attributes Reason: Subscription already exists with different attributes")
            if not known.confirmed:
                send_confirmation(there, known)
            return _answer(known, params)
    if len(stored) >= _MOST:
        raise ServiceError(
            "SubscriptionLimitExceeded", f"A topic can have at most {_MOST} subscriptions.", status=403
        )
    subscription = Subscription(
        id=ctx.ids.uuid(),
        topic=topic.name,
        account=topic.account,
        region=topic.region,
        subscriber=ctx.account if ctx.account != topic.account else "",
        protocol=protocol,
        endpoint=endpoint,
        attributes=attributes,
        token="" if protocol == "sqs" else ctx.ids.text(_TOKEN_HEX, "0123456789abcdef"),
        pending=protocol != "sqs",
    )
    keep(there, subscription)
    if subscription.subscriber:
        ctx.unit.create(
            ELSEWHERE, subscription.id, Elsewhere(topic.account), account=ctx.account, region=ctx.region
        )
    if not subscription.confirmed:
        send_confirmation(there, subscription)
    return _answer(subscription, params)


def _answer(subscription: Subscription, params: Mapping[str, Any]) -> dict[str, Any]:
    shown = subscription.confirmed or params.get("ReturnSubscriptionArn")
    return {"SubscriptionArn": subscription.arn if shown else "pending confirmation"}


def _checked_protocol(protocol: str, endpoint: str, topic: Topic) -> Protocol:
    if protocol not in _PROTOCOLS:
        raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    if protocol not in ("sqs", "http", "https", "email", "email-json"):
        raise ServiceError(
            "NotImplemented", f"Triptych does not deliver SNS messages to {protocol} endpoints.", status=501
        )
    if protocol == "sqs":
        if not _is_queue(endpoint):
            raise invalid("SQS endpoint ARN")
        if endpoint.endswith(".fifo") and not topic.fifo:
            raise invalid("Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics")
        return "sqs"
    if topic.fifo:
        raise invalid("Protocol Reason: FIFO topics deliver to SQS queues only")
    if protocol in ("email", "email-json"):
        return "email" if protocol == "email" else "email-json"
    if not endpoint.startswith(f"{protocol}://") or not urlsplit(endpoint).hostname:
        raise invalid("Endpoint must match the specified protocol")
    return "http" if protocol == "http" else "https"


def _check_mail(ctx: Ctx, protocol: str, endpoint: str) -> None:
    if not is_address(endpoint):
        raise invalid("Email address")
    if not is_configured(ctx.runtime.settings.smtp):
        raise ServiceError(
            "NotImplemented",
            f"Triptych has no mail server for the protocol {protocol}: set host and from_address in [smtp].",
            status=501,
        )


def _is_queue(text: str) -> bool:
    try:
        parsed = Arn.parse(text)
    except ValueError:
        return False
    return parsed.service == "sqs" and bool(parsed.region and parsed.account and parsed.resource)


def _check_attributes(protocol: str, attributes: Mapping[str, str]) -> None:
    scope = attributes.get("FilterPolicyScope", "MessageAttributes")
    for name, value in attributes.items():
        if name not in _ATTRIBUTES:
            raise invalid("AttributeName")
        if name == "FilterPolicyScope" and value not in ("MessageAttributes", "MessageBody"):
            raise invalid(
                f"FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
            )
        if name == "RawMessageDelivery" and value.lower() not in ("true", "false"):
            raise invalid("Attributes Reason: RawMessageDelivery: Invalid value. Must be true or false")
        if name == "RawMessageDelivery" and value.lower() == "true" and protocol.startswith("email"):
            raise invalid(
                f"Attributes Reason: RawMessageDelivery: Delivery protocol [{protocol}] does not support raw message "
                "delivery."
            )
        if name == "RedrivePolicy":
            _check_redrive(value)
        if name == "DeliveryPolicy" and not isinstance(_json(value), dict):
            raise invalid("DeliveryPolicy: failed to parse JSON")
    check_policy(attributes.get("FilterPolicy", ""), scope)


def _check_redrive(text: str) -> None:
    policy = _json(text)
    if not isinstance(policy, dict):
        raise invalid("RedrivePolicy: failed to parse JSON.")
    queue = policy.get("deadLetterTargetArn")
    if not isinstance(queue, str) or not _is_queue(queue):
        raise invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


@operation
async def confirm_subscription(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Make a pending subscription effective, with the token its endpoint was sent; again is no error.

    ``AuthenticateOnUnsubscribe`` counts when whoever confirms has signed the call.
    """
    ctx, topic = await find_topic(ctx, params["TopicArn"], action="")
    wanted = (params.get("AuthenticateOnUnsubscribe") or "").lower() == "true"
    stored = await ctx.unit.list(
        SUBSCRIPTIONS, account=ctx.account, region=ctx.region, index=("topic", topic.name)
    )
    for document in stored:
        if document.value.token and document.value.token == params["Token"]:
            confirmed = await ctx.unit.get(
                SUBSCRIPTIONS, document.key, account=ctx.account, region=ctx.region
            )
            if confirmed is None:
                break
            owned = confirmed.owned or (wanted and _has_signed(ctx))
            keep(ctx, msgspec.structs.replace(confirmed, pending=False, owned=owned))
            return {"SubscriptionArn": confirmed.arn}
    raise invalid("Token")


@operation
async def unsubscribe(ctx: Ctx, params: dict[str, Any]) -> None:
    """Delete a subscription; one that is not there is no error. The link in messages ends only those nobody owns."""
    try:
        ctx, found = await find_subscription(ctx, params["SubscriptionArn"])
    except ServiceError as error:
        if error.code == "NotFound":
            return
        raise
    if found.owned and not _has_signed(ctx):
        raise ServiceError("AuthorizationError", "The subscription's owner must unsubscribe it.", status=403)
    forget(ctx, found)


def _has_signed(ctx: Ctx) -> bool:
    """Links of messages are followed without a signature."""
    return ctx.context.identity.kind != "Unknown"


def _listed(subscription: Subscription) -> dict[str, str]:
    return {
        "SubscriptionArn": subscription.arn if subscription.confirmed else PENDING,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.arn.rpartition(":")[0],
    }


@operation
async def list_subscriptions(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Subscriptions of every topic, and of other accounts' topics, 100 on a page."""
    after = resumed("ListSubscriptions", params.get("NextToken"))
    account, region = ctx.account, ctx.region
    own = await ctx.unit.list(SUBSCRIPTIONS, account=account, region=region, after=after, limit=PAGE + 1)
    elsewhere = await ctx.unit.list(ELSEWHERE, account=account, region=region, after=after, limit=PAGE + 1)
    accounts = {document.key: account for document in own} | {d.key: d.value.account for d in elsewhere}
    known = {document.key: document.value for document in own}
    found = []
    for key in sorted(accounts)[: PAGE + 1]:
        one = known.get(key) or await ctx.unit.get(SUBSCRIPTIONS, key, account=accounts[key], region=region)
        if one is not None:
            found.append((key, _listed(one)))
    return paged("ListSubscriptions", "Subscriptions", found)


@operation
async def list_subscriptions_by_topic(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Subscriptions of one topic, 100 on a page."""
    ctx, topic = await find_topic(ctx, params["TopicArn"], "ListSubscriptionsByTopic")
    listing = f"ListSubscriptionsByTopic/{topic.name}"
    stored = await ctx.unit.list(
        SUBSCRIPTIONS,
        account=ctx.account,
        region=ctx.region,
        index=("topic", topic.name),
        after=resumed(listing, params.get("NextToken")),
        limit=101,
    )
    return paged(listing, "Subscriptions", [(d.key, _listed(d.value)) for d in stored])


@operation
async def get_subscription_attributes(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """What was set, and what follows from it."""
    ctx, found = await find_subscription(ctx, params["SubscriptionArn"])
    attributes = {
        "SubscriptionArn": found.arn,
        "Owner": found.owner,
        "TopicArn": ctx.arn("sns", found.topic),
        "Protocol": found.protocol,
        "Endpoint": found.endpoint,
        "ConfirmationWasAuthenticated": "true" if found.owned or found.protocol == "sqs" else "false",
        "PendingConfirmation": "false" if found.confirmed else "true",
        "RawMessageDelivery": "false",
        "SubscriptionPrincipal": f"arn:aws:iam::{found.owner}:root",
    }
    if found.attributes.get("FilterPolicy"):
        attributes["FilterPolicyScope"] = "MessageAttributes"
    return {"Attributes": attributes | {k: v for k, v in found.attributes.items() if v}}


@operation
async def set_subscription_attributes(ctx: Ctx, params: dict[str, Any]) -> None:
    """Set one attribute; an empty value takes it away."""
    ctx, found = await find_subscription(ctx, params["SubscriptionArn"])
    name, value = params["AttributeName"], params.get("AttributeValue") or ""
    attributes = {k: v for k, v in found.attributes.items() if k != name}
    if name not in _ATTRIBUTES:
        raise invalid("AttributeName")
    if value:
        attributes[name] = value
    _check_attributes(found.protocol, attributes)
    keep(ctx, msgspec.structs.replace(found, attributes=attributes))
