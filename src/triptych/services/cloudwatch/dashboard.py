"""Dashboards: what is stored of one, and what its body may be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from triptych.control.collection import Collection
from triptych.kernel import limits
from triptych.query import statistic as statistics


class Dashboard(msgspec.Struct, frozen=True, kw_only=True):
    """:param body: the JSON text as it was put."""

    name: str
    body: str
    modified: datetime


DASHBOARDS: Collection[Dashboard] = Collection(name="cloudwatch.dashboards", type=Dashboard, scope="account")
"""Dashboards belong to no region (their ARNs have none): every region shows the same."""


class Finding(NamedTuple):
    """A word on one place of a body.

    :param fatal: whether the dashboard is refused; it is stored with the others, and they are told.
    """

    path: str
    message: str
    fatal: bool


_WIDGETS = frozenset({"metric", "text", "log", "alarm", "explorer", "custom", "trace"})
_BODY = frozenset({"start", "end", "periodOverride", "widgets", "variables"})
_WIDGET = frozenset({"type", "x", "y", "width", "height", "properties"})
_REQUIRED = {"text": "markdown", "log": "query", "alarm": "alarms", "custom": "endpoint"}
_COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})\Z")
_DEFAULT_SIZE = 6
_COLUMNS, _ROWS = 24, 1000


def findings(body: Any) -> Iterator[Finding]:
    """Everything worth saying about a decoded body.

    Source: "Dashboard Body Structure and Syntax" in the CloudWatch API Reference. Paths and words are those of
    the JSON schema validator AWS uses.
    """
    for name in sorted(body.keys() - _BODY):
        yield Finding("", f"Should NOT have additional properties: '{name}'", fatal=False)
    if body.get("periodOverride", "auto") not in ("auto", "inherit"):
        yield Finding("/periodOverride", "Should be equal to one of the allowed values", fatal=True)
    widgets = body.get("widgets")
    if widgets is None:
        yield Finding("", "Should have required property 'widgets'", fatal=True)
        return
    if not isinstance(widgets, list):
        yield Finding("/widgets", "Should be array", fatal=True)
        return
    if len(widgets) > limits.DASHBOARD_WIDGETS:
        yield Finding("/widgets", f"Should NOT have more than {limits.DASHBOARD_WIDGETS} items", fatal=True)
        return
    for number, widget in enumerate(widgets):
        yield from _widget(f"/widgets/{number}", widget)
    if sum(map(_metric_count, widgets)) > limits.DASHBOARD_METRICS:
        yield Finding("/widgets", f"Should NOT have more than {limits.DASHBOARD_METRICS} metrics", fatal=True)


def _metric_count(widget: Any) -> int:
    properties = widget.get("properties") if isinstance(widget, dict) else None
    metrics = properties.get("metrics") if isinstance(properties, dict) else None
    return len(metrics) if isinstance(metrics, list) else 0


def _widget(path: str, widget: Any) -> Iterator[Finding]:
    if not isinstance(widget, dict):
        yield Finding(path, "Should be object", fatal=True)
        return
    for name in sorted(widget.keys() - _WIDGET):
        yield Finding(path, f"Should NOT have additional properties: '{name}'", fatal=False)
    yield from _place(path, widget)
    kind, properties = widget.get("type"), widget.get("properties")
    if kind is None:
        yield Finding(path, "Should have required property 'type'", fatal=True)
    elif kind not in _WIDGETS:
        yield Finding(f"{path}/type", "Should be equal to one of the allowed values", fatal=True)
    if properties is None:
        yield Finding(path, "Should have required property 'properties'", fatal=True)
    elif not isinstance(properties, dict):
        yield Finding(f"{path}/properties", "Should be object", fatal=True)
    elif kind == "metric":
        yield from _metric_widget(f"{path}/properties", properties)
    elif kind in _REQUIRED and _REQUIRED[kind] not in properties:
        yield Finding(f"{path}/properties", f"Should have required property '{_REQUIRED[kind]}'", fatal=True)


def _place(path: str, widget: dict[str, Any]) -> Iterator[Finding]:
    if ("x" in widget) != ("y" in widget):
        missing = "y" if "x" in widget else "x"
        yield Finding(path, f"Should have required property '{missing}'", fatal=True)
    for name, low, high in (
        ("x", 0, _COLUMNS - 1),
        ("y", 0, None),
        ("width", 1, _COLUMNS),
        ("height", 1, _ROWS),
    ):
        number = widget.get(name, low)
        if not isinstance(number, int) or isinstance(number, bool):
            yield Finding(f"{path}/{name}", "Should be integer", fatal=True)
        elif number < low:
            yield Finding(f"{path}/{name}", f"Should be >= {low}", fatal=True)
        elif high is not None and number > high:
            yield Finding(f"{path}/{name}", f"Should be <= {high}", fatal=True)
    x, width = widget.get("x", 0), widget.get("width", _DEFAULT_SIZE)
    if isinstance(x, int) and isinstance(width, int) and x < _COLUMNS < x + width <= 2 * _COLUMNS:
        yield Finding(path, f"The widget ends beyond column {_COLUMNS}", fatal=False)


def _metric_widget(path: str, properties: dict[str, Any]) -> Iterator[Finding]:
    if "region" not in properties:
        yield Finding(path, "Should have required property 'region'", fatal=True)
    metrics = properties.get("metrics")
    if metrics is None:
        annotations = properties.get("annotations")
        if not (isinstance(annotations, dict) and annotations.get("alarms")):
            yield Finding(path, "Should have required property 'metrics'", fatal=True)
    elif not isinstance(metrics, list):
        yield Finding(f"{path}/metrics", "Should be array", fatal=True)
    elif not metrics:
        yield Finding(f"{path}/metrics", "Should NOT have fewer than 1 items", fatal=True)
    elif len(metrics) > limits.DASHBOARD_WIDGET_METRICS:
        bound = limits.DASHBOARD_WIDGET_METRICS
        yield Finding(f"{path}/metrics", f"Should NOT have more than {bound} items", fatal=True)
    else:
        for number, metric in enumerate(metrics):
            yield from _metric(f"{path}/metrics/{number}", metric)
    yield from _rendering(path, properties)


def _rendering(path: str, properties: dict[str, Any]) -> Iterator[Finding]:
    if properties.get("view", "timeSeries") not in (
        "timeSeries",
        "singleValue",
        "bar",
        "pie",
        "gauge",
        "table",
    ):
        yield Finding(f"{path}/view", "Should be equal to one of the allowed values", fatal=True)
    if "stacked" in properties and not isinstance(properties["stacked"], bool):
        yield Finding(f"{path}/stacked", "Should be boolean", fatal=True)
    for name in ("title", "region"):
        if name in properties and not isinstance(properties[name], str):
            yield Finding(f"{path}/{name}", "Should be string", fatal=True)
    yield from _statistic(path, properties)


def _statistic(path: str, holder: dict[str, Any]) -> Iterator[Finding]:
    """``period`` and ``stat``, of a widget or of one of its metrics."""
    period = holder.get("period", 300)
    if not isinstance(period, int) or isinstance(period, bool):
        yield Finding(f"{path}/period", "Should be integer", fatal=True)
    elif period not in (1, 5, 10, 20, 30) and (period < 60 or period % 60):
        yield Finding(f"{path}/period", "Should be 1, 5, 10, 20, 30 or a multiple of 60", fatal=True)
    stat = holder.get("stat", "Average")
    if not isinstance(stat, str):
        yield Finding(f"{path}/stat", "Should be string", fatal=True)
        return
    try:
        statistics.parse(stat)
    except statistics.StatisticError:
        yield Finding(f"{path}/stat", f"Invalid statistic: '{stat}'", fatal=True)


def _metric(path: str, metric: Any) -> Iterator[Finding]:
    """``[namespace, name, dimension name, value, ..., {options}]`` or ``[{"expression": ...}]``."""
    if not isinstance(metric, list):
        yield Finding(path, "Should be array", fatal=True)
        return
    fields = metric[:-1] if metric and isinstance(metric[-1], dict) else metric
    options = metric[-1] if len(fields) < len(metric) else {}
    if not fields:
        if "expression" not in options:
            yield Finding(path, "Should have required property 'expression'", fatal=True)
    elif not all(isinstance(field, str) for field in fields):
        yield Finding(path, 'Invalid metric field type, only "String" type is allowed', fatal=True)
    elif len(fields) < 2:
        yield Finding(path, "Should NOT have fewer than 2 items", fatal=True)
    elif len(fields) % 2:
        yield Finding(path, "A dimension lacks its value", fatal=True)
    elif len(fields) > 2 + 2 * 30:
        yield Finding(path, f"Should NOT have more than {2 + 2 * 30} items", fatal=True)
    place = f"{path}/{len(fields)}"
    yield from _statistic(place, options)
    if "color" in options and not _COLOR.match(str(options["color"])):
        yield Finding(
            f"{place}/color", 'Should match pattern "^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"', fatal=True
        )
    if options.get("yAxis", "left") not in ("left", "right"):
        yield Finding(f"{place}/yAxis", "Should be equal to one of the allowed values", fatal=True)
