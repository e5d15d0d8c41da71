"""Filter policies: event patterns over a message's attributes or its body. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from triptych.query.event_pattern import InvalidPattern, Pattern, matches, parse
from triptych.services.sns.topic import invalid

__all__ = ["check_policy", "wants"]

_CACHED = 4096
"""Parsed policies kept; a policy that left is parsed again."""


@lru_cache(maxsize=_CACHED)
def _parsed(policy: str) -> Pattern | None:
    """None: the empty policy, which lets everything through."""
    return None if policy.strip().replace(" ", "") in ("", "{}") else parse(policy)


def check_policy(policy: str, scope: str) -> None:
    """Raises InvalidParameter in SNS's words."""
    try:
        pattern = _parsed(policy)
    except InvalidPattern as error:
        raise invalid(f"FilterPolicy: {error}") from error
    if pattern is not None and scope == "MessageAttributes" and _is_nested(pattern):
        raise invalid("Filter policy scope MessageAttributes does not support nested filter policy")


def _is_nested(pattern: Pattern) -> bool:
    return bool(pattern.nested) or any(_is_nested(each) for choice in pattern.choices for each in choice)


def wants(attributes: Mapping[str, str], message: Mapping[str, Any]) -> bool:
    """Whether a subscription with these attributes gets a message (``Message``, ``MessageAttributes``)."""
    pattern = _parsed(attributes.get("FilterPolicy", ""))
    if pattern is None:
        return True
    if attributes.get("FilterPolicyScope") == "MessageBody":
        try:
            body = json.loads(message["Message"])
        except (ValueError, RecursionError):
            return False
        return isinstance(body, dict) and matches(pattern, body)
    return matches(pattern, _fields(message.get("MessageAttributes") or {}))


def _fields(attributes: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Attributes as an event: numbers as numbers, String.Array as what it lists; Binary cannot be asked for."""
    fields: dict[str, Any] = {}
    for name, attribute in attributes.items():
        kind, value = attribute["Type"], attribute["Value"]
        if kind.startswith("Binary"):
            continue
        if kind == "String.Array" or kind.startswith("Number"):
            try:
                fields[name] = json.loads(value)
            except (ValueError, RecursionError):
                fields[name] = value
        else:
            fields[name] = value
    return fields
