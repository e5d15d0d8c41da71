"""AddPermission and RemovePermission: statements of a topic's access policy."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from triptych.services.contract import Ctx, operation
from triptych.services.sns.topic import Topic, find_topic, invalid, keep

_ACTIONS = frozenset(
    {
        "AddPermission",
        "DeleteTopic",
        "GetTopicAttributes",
        "ListSubscriptionsByTopic",
        "Publish",
        "Receive",
        "RemovePermission",
        "SetTopicAttributes",
        "Subscribe",
    }
)
"""What a topic's policy may speak of."""


@operation
async def add_permission(ctx: Ctx, params: dict[str, Any]) -> None:
    """Allow other accounts some actions on a topic."""
    ctx, topic = await find_topic(ctx, params["TopicArn"], "AddPermission")
    label, accounts, actions = params["Label"], params["AWSAccountId"], params["ActionName"]
    if not accounts or any(not re.fullmatch(r"\d{12}", account) for account in accounts):
        raise invalid("AWSAccountId")
    if not actions or not set(actions) <= _ACTIONS:
        raise invalid("Policy statement action out of service scope!")
    policy, statements = _parts(topic)
    if any(statement.get("Sid") == label for statement in statements):
        raise invalid("Statement already exists")
    statement = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": _one_or_many([f"arn:aws:iam::{account}:root" for account in accounts])},
        "Action": _one_or_many([f"SNS:{action}" for action in actions]),
        "Resource": topic.arn,
    }
    _keep(ctx, topic, policy, [*statements, statement])


@operation
async def remove_permission(ctx: Ctx, params: dict[str, Any]) -> None:
    """Take a statement out of the topic's policy."""
    ctx, topic = await find_topic(ctx, params["TopicArn"], "RemovePermission")
    policy, statements = _parts(topic)
    left = [statement for statement in statements if statement.get("Sid") != params["Label"]]
    if len(left) == len(statements):
        raise invalid("Statement does not exist")
    _keep(ctx, topic, policy, left)


def _parts(topic: Topic) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The topic's policy, and its statements as a list."""
    policy: dict[str, Any] = json.loads(topic.policy)
    found = policy.get("Statement") or []
    statements = found if isinstance(found, list) else [found]
    return policy, [statement for statement in statements if isinstance(statement, dict)]


def _keep(ctx: Ctx, topic: Topic, policy: dict[str, Any], statements: list[dict[str, Any]]) -> None:
    text = json.dumps({**policy, "Statement": statements}, separators=(",", ":"))
    keep(ctx, msgspec.structs.replace(topic, attributes=topic.attributes | {"Policy": text}))


def _one_or_many(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
