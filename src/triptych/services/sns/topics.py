"""CreateTopic, DeleteTopic, ListTopics, GetTopicAttributes, SetTopicAttributes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from triptych.kernel.errors import ServiceError, unbuilt
from triptych.query.resource_policy import InvalidPolicy, parse
from triptych.services.contract import Ctx, operation
from triptych.services.sns.tags import checked_tags
from triptych.services.sns.topic import (
    TOPICS,
    Topic,
    find_topic,
    forget,
    invalid,
    keep,
    paged,
    resumed,
    subscriptions_of,
)

_SETTABLE = frozenset(
    {
        "DisplayName",
        "Policy",
        "DeliveryPolicy",
        "SignatureVersion",
        "ContentBasedDeduplication",
        "FifoThroughputScope",
    }
)
_NOT_BUILT = frozenset({"KmsMasterKeyId", "TracingConfig", "ArchivePolicy"})
_STATUS = re.compile(r"(HTTP|SQS|Lambda|Firehose|Application)(Success|Failure)Feedback(RoleArn|SampleRate)")


def checked_attribute(name: str, value: str, *, fifo: bool) -> None:
    """Raises InvalidParameter for what no topic can have, NotImplemented for what ours cannot."""
    if name in _NOT_BUILT or _STATUS.fullmatch(name):
        if value and value != "PassThrough":
            raise unbuilt(f"the topic attribute {name}")
        return
    if name not in _SETTABLE or (name in ("ContentBasedDeduplication", "FifoThroughputScope") and not fifo):
        raise invalid("AttributeName")
    problem = ""
    if name == "SignatureVersion" and value not in ("1", "2"):
        problem = "SignatureVersion"
    elif name == "ContentBasedDeduplication" and value.lower() not in ("true", "false"):
        problem = "Attributes Reason: ContentBasedDeduplication must be true or false"
    elif name == "FifoThroughputScope" and value not in ("Topic", "MessageGroup"):
        problem = "Attributes Reason: FifoThroughputScope must be Topic or MessageGroup"
    elif name == "DisplayName" and len(value) > 100:
        problem = "DisplayName"
    elif name == "DeliveryPolicy" and value and not _is_object(value):
        problem = "DeliveryPolicy: failed to parse JSON"
    elif name == "Policy" and value:
        problem = _problem_of(value)
    if problem:
        raise invalid(problem)


def _problem_of(policy: str) -> str:
    """SNS says ``null`` of what is no policy; we say what is wrong with one that is."""
    try:
        parse(policy)
    except InvalidPolicy as error:
        return f"Policy Error: {error if _is_object(policy) else 'null'}"
    return ""


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


@operation
async def create_topic(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """A topic, or the one that is there already when nothing differs.

    Partly: encryption, tracing, archives and delivery status logging are refused.
    """
    name, given = params["Name"], dict(params.get("Attributes") or {})
    fifo = given.pop("FifoTopic", "false").lower() == "true"
    _check_name(name, fifo=fifo)
    for attribute, value in given.items():
        checked_attribute(attribute, value, fifo=fifo)
    tags = checked_tags(params.get("Tags") or [])
    if params.get("DataProtectionPolicy"):
        raise unbuilt("data protection policies")
    topic = await ctx.unit.get(TOPICS, name, account=ctx.account, region=ctx.region)
    if topic is None:
        topic = Topic(
            name=name,
            account=ctx.account,
            region=ctx.region,
            created=ctx.now,
            fifo=fifo,
            attributes=given,
            tags=tags,
        )
        ctx.unit.create(TOPICS, name, topic, account=ctx.account, region=ctx.region)
    elif any(topic.attributes.get(key) != value for key, value in given.items()):
        raise invalid("Attributes Reason: Topic already exists with different attributes")
    elif tags and tags != topic.tags:
        raise invalid("Tags Reason: Topic already exists with different tags")
    return {"TopicArn": topic.arn}


def _check_name(name: str, *, fifo: bool) -> None:
    if fifo and not re.fullmatch(r"[A-Za-z0-9_-]{1,251}\.fifo", name):
        raise invalid(
            "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, "
            "numbers, underscores, and hyphens, and must be between 1 and 256 characters long."
        )
    if not fifo and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", name):
        raise invalid("Topic Name")


@operation
async def delete_topic(ctx: Ctx, params: dict[str, Any]) -> None:
    """Gone with its subscriptions; a topic that is not there is no error."""
    try:
        ctx, topic = await find_topic(ctx, params["TopicArn"], "DeleteTopic")
    except ServiceError as error:
        if error.code == "NotFound":
            return
        raise
    for subscription in await subscriptions_of(ctx, topic):
        forget(ctx, subscription)
    ctx.unit.delete(TOPICS, topic.name, account=ctx.account, region=ctx.region)


@operation
async def list_topics(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Topics by name, 100 on a page."""
    after = resumed("ListTopics", params.get("NextToken"))
    stored = await ctx.unit.list(TOPICS, account=ctx.account, region=ctx.region, after=after, limit=101)
    return paged("ListTopics", "Topics", [(d.key, {"TopicArn": d.value.arn}) for d in stored])


@operation
async def get_topic_attributes(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """What was set, and counts of subscriptions."""
    ctx, topic = await find_topic(ctx, params["TopicArn"], "GetTopicAttributes")
    subscriptions = await subscriptions_of(ctx, topic)
    confirmed = sum(subscription.confirmed for subscription in subscriptions)
    attributes: dict[str, str] = {
        "TopicArn": topic.arn,
        "Owner": topic.account,
        "DisplayName": "",
        "Policy": topic.policy,
        "EffectiveDeliveryPolicy": topic.attributes.get("DeliveryPolicy") or _DELIVERY_POLICY,
        "SubscriptionsConfirmed": str(confirmed),
        "SubscriptionsPending": str(len(subscriptions) - confirmed),
        "SubscriptionsDeleted": "0",
    }
    if topic.fifo:
        attributes |= {
            "FifoTopic": "true",
            "ContentBasedDeduplication": "false",
            "FifoThroughputScope": "Topic",
        }
    return {"Attributes": attributes | _set(topic.attributes)}


def _set(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if value or name == "DisplayName"}


_DELIVERY_POLICY = json.dumps(
    {
        "http": {
            "defaultHealthyRetryPolicy": {
                "minDelayTarget": 20, "maxDelayTarget": 20, "numRetries": 3, "numMaxDelayRetries": 0,
                "numNoDelayRetries": 0, "numMinDelayRetries": 0, "backoffFunction": "linear",
            },
            "disableSubscriptionOverrides": False,
        }
    },
    separators=(",", ":"),
)  # fmt: skip


@operation
async def set_topic_attributes(ctx: Ctx, params: dict[str, Any]) -> None:
    """Set one attribute. Partly: as CreateTopic."""
    ctx, topic = await find_topic(ctx, params["TopicArn"], "SetTopicAttributes")
    name, value = params["AttributeName"], params.get("AttributeValue") or ""
    checked_attribute(name, value, fifo=topic.fifo)
    keep(ctx, msgspec.structs.replace(topic, attributes=topic.attributes | {name: value}))
