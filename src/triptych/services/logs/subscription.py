"""Subscription filters as they are stored."""

from __future__ import annotations

import msgspec

from triptych.control.collection import Collection
from triptych.services.logs.group import LogGroup


class Subscription(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``created`` in milliseconds; ``destination`` and ``role`` are ARNs."""

    name: str
    group: str
    pattern: str
    destination: str
    created: int
    role: str = ""
    distribution: str = "ByLogStream"


SUBSCRIPTIONS = Collection(name="logs.subscriptions", type=Subscription)
"""By group id and name."""


def subscription_key(group: LogGroup, name: str) -> str:
    return f"{group.id}:{name}"  # names have no colon
