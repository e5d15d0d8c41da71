"""Topics and subscriptions as they are kept, and how operations find them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from triptych.control.collection import Collection
from triptych.kernel import pages
from triptych.kernel.arn import Arn, arn
from triptych.kernel.errors import ServiceError
from triptych.services.access import refusal
from triptych.services.contract import Ctx

NO_KEYS: Mapping[str, str] = {}
PAGE = 100
"""Topics or subscriptions on one page (SNS: 100)."""


class Topic(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """:param attributes: those a user may set, as given; ``FifoTopic`` is in ``fifo``."""

    name: str
    account: str
    region: str
    created: datetime
    fifo: bool = False
    attributes: dict[str, str] = {}
    tags: dict[str, str] = {}

    @property
    def arn(self) -> str:
        return arn("sns", self.region, self.account, self.name)

    @property
    def dedupes_by_content(self) -> bool:
        return self.attributes.get("ContentBasedDeduplication", "").lower() == "true"

    @property
    def policy(self) -> str:
        """The access policy, as JSON text."""
        return self.attributes.get("Policy") or _default_policy(self)


def _default_policy(topic: Topic) -> str:
    """What AWS gives a topic nobody set a policy on: everything for its owner."""
    actions = ["GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe",
               "ListSubscriptionsByTopic", "Publish"]  # fmt: skip
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in actions],
        "Resource": topic.arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": topic.account}},
    }
    policy = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
    return json.dumps(policy, separators=(",", ":"))


Protocol = Literal["sqs", "http", "https", "email", "email-json"]


class Subscription(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """:param token: what confirms it, for endpoints that must; kept, so that to confirm again is no error.
    :param owned: only a signed call may end it (AuthenticateOnUnsubscribe), not whoever has the link of a message.
    :param account: the topic's; ``subscriber`` is whose the subscription is, if that is another.
    """

    id: str
    topic: str
    account: str
    region: str
    protocol: Protocol
    endpoint: str
    attributes: dict[str, str] = {}
    token: str = ""
    pending: bool = False
    owned: bool = False
    subscriber: str = ""

    @property
    def owner(self) -> str:
        return self.subscriber or self.account

    @property
    def arn(self) -> str:
        return arn("sns", self.region, self.account, f"{self.topic}:{self.id}")

    @property
    def confirmed(self) -> bool:
        return not self.pending

    @property
    def raw(self) -> bool:
        return self.attributes.get("RawMessageDelivery", "").lower() == "true"


TOPICS = Collection(name="sns.topics", type=Topic)
SUBSCRIPTIONS = Collection(name="sns.subscriptions", type=Subscription, indexes={"topic": lambda s: s.topic})
"""By id, in the topic's account and region."""


class Elsewhere(msgspec.Struct, frozen=True):
    """Says that an account has a subscription of another account's topic."""

    account: str


ELSEWHERE = Collection(name="sns.subscriptions_elsewhere", type=Elsewhere)
"""By the subscription's id, in the subscriber's account."""


def invalid(what: str) -> ServiceError:
    return ServiceError("InvalidParameter", f"Invalid parameter: {what}")


def not_found(what: str) -> ServiceError:
    return ServiceError("NotFound", f"{what} does not exist", status=404)


def _parsed(text: str, member: str) -> Arn:
    try:
        parsed = Arn.parse(text)
    except ValueError:
        raise invalid(
            f"{member} Reason: An ARN must have at least 6 elements, not {text.count(':') + 1}"
        ) from None
    if parsed.service != "sns" or not parsed.resource:
        raise invalid(member)
    return parsed


def _in_account(ctx: Ctx, account: str) -> Ctx:
    """The same call, at work in the account of what it is about."""
    return (
        ctx
        if account == ctx.account
        else ctx.at(account=account, region=ctx.region, cause=ctx.context.because)
    )


async def find_topic(
    ctx: Ctx, topic_arn: str, action: str, keys: Mapping[str, str] = NO_KEYS
) -> tuple[Ctx, Topic]:
    """A topic, maybe another account's, and the call at work in that account.

    Raises AuthorizationError unless its policy lets the caller do that, in the policy's words (``Publish``); an empty
    action is everybody's.
    """
    arn = _parsed(topic_arn, "TopicArn")
    there = _in_account(ctx, arn.account)
    place = {"account": arn.account, "region": arn.region}
    topic = await ctx.unit.get(TOPICS, arn.resource, **place) if arn.region == ctx.region else None
    if topic is None and arn.account == ctx.account:
        raise not_found("Topic")
    if action:
        # Without a policy of its own, a topic lets in its own account: what the default policy says.
        policy = topic.attributes.get("Policy", "") if topic is not None else ""
        _check_access(ctx, arn.account, policy, f"SNS:{action}", topic_arn, keys)
    if topic is None:
        raise not_found("Topic")
    return there, topic


def _check_access(
    ctx: Ctx, owner: str, policy: str, action: str, resource: str, keys: Mapping[str, str]
) -> None:
    if why := refusal(ctx.context, owner=owner, policy=policy, action=action, resource=resource, keys=keys):
        raise ServiceError("AuthorizationError", why, status=403)


async def find_subscription(ctx: Ctx, subscription_arn: str) -> tuple[Ctx, Subscription]:
    """A subscription of the caller or of the caller's topic, and the call at work in the topic's account."""
    arn = _parsed(subscription_arn, "SubscriptionArn")
    name, colon, number = arn.resource.partition(":")
    if not colon:
        raise invalid("SubscriptionArn Reason: An ARN must have at least 7 elements, not 6")
    place = {"account": arn.account, "region": arn.region}
    found = await ctx.unit.get(SUBSCRIPTIONS, number, **place) if arn.region == ctx.region else None
    if ctx.account != arn.account and (found is None or found.owner != ctx.account):
        raise ServiceError(
            "AuthorizationError", f"{subscription_arn} belongs to another account.", status=403
        )
    if found is None or found.topic != name:
        raise not_found("Subscription")
    return _in_account(ctx, arn.account), found


async def subscriptions_of(ctx: Ctx, topic: Topic) -> list[Subscription]:
    stored = await ctx.unit.list(
        SUBSCRIPTIONS, account=topic.account, region=topic.region, index=("topic", topic.name)
    )
    return [document.value for document in stored]


def forget(ctx: Ctx, subscription: Subscription) -> None:
    """Delete a subscription, and what its owner knows of it."""
    place = {"account": subscription.account, "region": subscription.region}
    ctx.unit.delete(SUBSCRIPTIONS, subscription.id, **place)
    if subscription.subscriber:
        ctx.unit.delete(
            ELSEWHERE, subscription.id, account=subscription.subscriber, region=subscription.region
        )


def keep(ctx: Ctx, value: Topic | Subscription) -> None:
    place = {"account": value.account, "region": value.region}
    if isinstance(value, Topic):
        ctx.unit.put(TOPICS, value.name, value, **place)
    else:
        ctx.unit.put(SUBSCRIPTIONS, value.id, value, **place)


def resumed(listing: str, token: str | None) -> str:
    """The key a page begins behind."""
    if not token:
        return ""
    try:
        return str(pages.position(listing, token))
    except pages.InvalidToken as error:
        raise invalid(f"NextToken Reason: the token was not given by {listing}") from error


def paged(listing: str, member: str, keyed: list[tuple[str, Any]]) -> dict[str, Any]:
    """One page of (key, entry) pairs; whoever calls asked for at most one more than a page."""
    answer: dict[str, Any] = {member: [entry for _, entry in keyed[:PAGE]]}
    if len(keyed) > PAGE:
        answer["NextToken"] = pages.token(listing, keyed[PAGE - 1][0])
    return answer
