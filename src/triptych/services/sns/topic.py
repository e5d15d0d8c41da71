"""Topics and subscriptions as they are kept, and how operations find them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from triptych.control.collection import Collection
from triptych.kernel import pages
from triptych.kernel.arn import Arn, arn
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx

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


Protocol = Literal["sqs", "http", "https", "email", "email-json"]


class Subscription(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """:param token: what confirms it, for endpoints that must; kept, so that to confirm again is no error.
    :param owned: only a signed call may end it (AuthenticateOnUnsubscribe), not whoever has the link of a message.
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


def invalid(what: str) -> ServiceError:
    return ServiceError("InvalidParameter", f"Invalid parameter: {what}")


def not_found(what: str) -> ServiceError:
    return ServiceError("NotFound", f"{what} does not exist", status=404)


def _resource(ctx: Ctx, text: str, member: str) -> str:
    """The resource part of an ARN of this account and region."""
    try:
        parsed = Arn.parse(text)
    except ValueError:
        raise invalid(
            f"{member} Reason: An ARN must have at least 6 elements, not {text.count(':') + 1}"
        ) from None
    if parsed.service != "sns" or not parsed.resource:
        raise invalid(member)
    if parsed.account != ctx.account:
        raise ServiceError("AuthorizationError", f"{text} belongs to another account.", status=403)
    return parsed.resource if parsed.region == ctx.region else ""


async def find_topic(ctx: Ctx, topic_arn: str) -> Topic:
    name = _resource(ctx, topic_arn, "TopicArn")
    topic = await ctx.unit.get(TOPICS, name, account=ctx.account, region=ctx.region) if name else None
    if topic is None:
        raise not_found("Topic")
    return topic


async def find_subscription(ctx: Ctx, subscription_arn: str) -> Subscription:
    _, colon, number = _resource(ctx, subscription_arn, "SubscriptionArn").partition(":")
    if not colon:
        raise invalid("SubscriptionArn Reason: An ARN must have at least 7 elements, not 6")
    found = await ctx.unit.get(SUBSCRIPTIONS, number, account=ctx.account, region=ctx.region)
    if found is None:
        raise not_found("Subscription")
    return found


async def subscriptions_of(ctx: Ctx, topic: Topic) -> list[Subscription]:
    stored = await ctx.unit.list(
        SUBSCRIPTIONS, account=topic.account, region=topic.region, index=("topic", topic.name)
    )
    return [document.value for document in stored]


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
