"""Metric filters as they are stored."""

from __future__ import annotations

import msgspec

from triptych.control.collection import Collection
from triptych.services.logs.group import LogGroup


class Transformation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What becomes of a matching event; ``value`` and ``dimensions`` hold ``$references`` or, a value, a number."""

    name: str
    namespace: str
    value: str
    default: float | None = None
    dimensions: dict[str, str] = {}
    unit: str = ""


class MetricFilter(msgspec.Struct, frozen=True, kw_only=True):
    """``created`` in milliseconds."""

    name: str
    group: str
    pattern: str
    transformation: Transformation
    created: int


METRIC_FILTERS = Collection(name="logs.metric_filters", type=MetricFilter)
"""By group id and name."""


def filter_key(group: LogGroup, name: str) -> str:
    return f"{group.id}:{name}"  # names have no colon
