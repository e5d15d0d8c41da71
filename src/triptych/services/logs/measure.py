"""What metric filters and embedded metrics make of events: data points. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from triptych.query.filter_pattern import Pattern, parse
from triptych.services.logs.emf import metrics_of
from triptych.services.logs.metric_filter import MetricFilter, Transformation
from triptych.services.logs.moments import moment
from triptych.services.logs.search import Event

MINUTE = 60_000
_VALUES = 150
"""Different values one datum may carry (PutMetricData)."""

Datum = tuple[str, dict[str, Any]]
"""Namespace and MetricDatum."""


class _Series(NamedTuple):
    """Events of one minute that count together."""

    namespace: str
    name: str
    unit: str
    dimensions: tuple[tuple[str, str], ...]
    minute: int


class Measured(NamedTuple):
    """:ivar matched: (minute of arrival, filter) for every filter that found something then."""

    data: list[Datum]
    matched: frozenset[tuple[int, str]]


def measured(filters: Sequence[MetricFilter], events: Sequence[Event]) -> Measured:
    """The data points of some events: those of filters summed up by the minute, embedded ones as they are."""
    series: dict[_Series, Counter[float]] = {}
    matched: set[tuple[int, str]] = set()
    for each in filters:
        pattern = parse(each.pattern)
        for event in events:
            if not pattern.matches(event.message):
                continue
            matched.add((event.ingested // MINUTE, each.name))
            if (found := _observed(each.transformation, pattern, event)) is not None:
                series.setdefault(found[0], Counter())[found[1]] += 1
    data = [datum for key, values in series.items() for datum in _data(key, values)]
    for event in events:
        data += metrics_of(event.message)
    return Measured(data, frozenset(matched))


def _observed(made: Transformation, pattern: Pattern, event: Event) -> tuple[_Series, float] | None:
    """The series and value of one event; None if it lacks the value, or a dimension."""
    text = pattern.value_of(event.message, made.value) if made.value.startswith("$") else made.value
    try:
        value = float(text or "")
    except ValueError:
        return None
    dimensions = []
    for name, reference in made.dimensions.items():
        content = pattern.value_of(event.message, reference)
        if not content:
            return None
        dimensions.append((name, content))
    if not math.isfinite(value):
        return None
    minute = event.place.time // MINUTE
    return _Series(made.namespace, made.name, made.unit or "None", tuple(dimensions), minute), value


def _data(key: _Series, values: Counter[float]) -> Iterator[Datum]:
    items = list(values.items())
    for start in range(0, len(items), _VALUES):
        some = items[start : start + _VALUES]
        yield (
            key.namespace,
            {
                "MetricName": key.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in key.dimensions],
                "Timestamp": moment(key.minute * MINUTE),
                "Values": [value for value, _ in some],
                "Counts": [float(count) for _, count in some],
                "Unit": key.unit,
            },
        )


def defaults(filters: Sequence[MetricFilter], matched: Sequence[str], minute: int) -> list[Datum]:
    """What filters with a default value say of a minute in which events came and none of them matched."""
    return [
        (
            made.namespace,
            {
                "MetricName": made.name,
                "Timestamp": moment(minute * MINUTE),
                "Value": made.default,
                "Unit": made.unit or "None",
            },
        )
        for each in filters
        if (made := each.transformation).default is not None and each.name not in matched
    ]
