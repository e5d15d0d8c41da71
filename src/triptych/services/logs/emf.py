"""Embedded metric format: a JSON event that says which of its members are metrics. Pure.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from triptych.services.logs.moments import LATEST, moment

_DIMENSIONS = 30
_METRICS = 100
"""Metrics one directive may name, and values one metric may have (the specification)."""


MARK = '"CloudWatchMetrics"'
"""An event without it measures nothing."""


def metrics_of(message: str) -> list[tuple[str, dict[str, Any]]]:
    """(namespace, MetricDatum) for everything the event measures; a directive that is not right measures nothing."""
    if MARK not in message:
        return []
    try:
        event = msgspec.json.decode(message)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return []
    about = event.get("_aws") if isinstance(event, dict) else None
    if not isinstance(about, dict):
        return []
    time, directives = about.get("Timestamp"), about.get("CloudWatchMetrics")
    if type(time) is not int or not 0 <= time <= LATEST or not isinstance(directives, list):
        return []
    found: list[tuple[str, dict[str, Any]]] = []
    for directive in directives:
        if isinstance(directive, dict):
            found += _measured(event, directive, time)
    return found


def _measured(
    event: dict[str, Any], directive: dict[str, Any], time: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    namespace, metrics = directive.get("Namespace"), directive.get("Metrics")
    if not isinstance(namespace, str) or not namespace or not isinstance(metrics, list):
        return
    for dimensions in _dimension_sets(event, directive.get("Dimensions", [[]])):
        for metric in metrics[:_METRICS]:
            if (datum := _datum(event, metric)) is not None:
                yield namespace, {**datum, "Dimensions": dimensions, "Timestamp": moment(time)}


def _dimension_sets(event: dict[str, Any], sets: Any) -> Iterator[list[dict[str, str]]]:
    for names in sets if isinstance(sets, list) else []:
        if not isinstance(names, list) or len(names) > _DIMENSIONS:
            continue
        pairs = [(name, event.get(name)) for name in names if isinstance(name, str)]
        known = [{"Name": name, "Value": value} for name, value in pairs if isinstance(value, str) and value]
        if len(known) == len(names):
            yield known


def _datum(event: dict[str, Any], metric: Any) -> dict[str, Any] | None:
    name = metric.get("Name") if isinstance(metric, dict) else None
    if not isinstance(name, str) or not name:
        return None
    given = event.get(name)
    several = given if isinstance(given, list) else [given]
    values = [
        float(value) for value in several if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    if not values or len(values) != len(several) or len(values) > _METRICS:
        return None
    datum: dict[str, Any] = {"MetricName": name, "Unit": metric.get("Unit", "None")}
    if metric.get("StorageResolution") == 1:
        datum["StorageResolution"] = 1
    if isinstance(given, list):
        return datum | {"Values": values}
    return datum | {"Value": values[0]}
