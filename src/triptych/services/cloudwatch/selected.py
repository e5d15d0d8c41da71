"""The query of a SELECT: one question to the lake, however many metrics it looks at and groups it returns.

``cloudwatch_metrics`` says which series match and what their labels are; the points of these are aggregated by group
and period, then each group is a row, its periods in arrays. What is ordered by, and the limit, are the engine's too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from sqlglot import exp

from triptych.kernel import limits
from triptych.lake.lake import Lake
from triptych.lake.sql import Fixed
from triptych.query.metrics_insights import OTHER, Function, Order, Select
from triptych.services.cloudwatch.asking import ask

__all__ = ["Group", "Selected", "Span", "select"]


class Span(NamedTuple):
    """:param start: inclusive; ``end`` is exclusive. :param origin: where a period begins. :param period: seconds."""

    start: datetime
    end: datetime
    origin: datetime
    period: int


class Group(NamedTuple):
    """One series of the answer.

    :param labels: values of the query's labels, in its order; empty where the metrics do not have the label.
    :param timestamps: starts of periods, epoch seconds, ascending; ``values`` is parallel.
    """

    labels: tuple[str, ...]
    timestamps: tuple[int, ...]
    values: tuple[float, ...]

    @property
    def shown(self) -> tuple[str, ...]:
        return tuple(value or OTHER for value in self.labels)


class Selected(NamedTuple):
    """:param groups: in the query's order, ``limit`` at most; exactly one where it has no labels.

    :param points: of all of them; where these are more than ``limits.METRIC_DATA_ASKED`` the groups are without.
    :param metrics: that match and may have data; only the first ``limits.METRICS_INSIGHTS_METRICS`` are looked at.
    :param found: how many groups there are, returned or not.
    """

    groups: list[Group]
    points: int = 0
    metrics: int = 0
    found: int = 0


async def select(lake: Lake, query: Select, span: Span, *, account: str, region: str) -> Selected:
    """Raises LimitExceeded where it is too much for the lake."""
    if span.start >= span.end:
        return Selected([] if query.labels else [Group((), (), ())])
    rows = await ask(lake, _tree(_shape(query)), _values(query, span), account=account, region=region)
    if not rows:
        return Selected([])
    first = rows[0]  # what is of the whole answer stands in every row
    found = sorted(
        ((_group(row, query, span), row["rank"]) for row in rows),
        key=lambda each: (each[0].shown, each[0].labels),
    )
    if query.order:
        found.sort(key=lambda each: each[1], reverse=query.order.descending)
    metrics = max(row["metrics"] for row in rows)
    return Selected([group for group, _ in found], first["all_points"], metrics, first["found"])


def _group(row: Mapping[str, Any], query: Select, span: Span) -> Group:
    origin = int(span.origin.timestamp())
    points = sorted(zip(row["buckets"], row["vals"], strict=True))
    return Group(
        tuple(row[_key(place)] for place in range(len(query.labels))),
        tuple(origin + bucket * span.period for bucket, _ in points),
        tuple(value for _, value in points),
    )


_AHEAD = timedelta(hours=26)
"""How much older than its newest point the row that lists a metric may be: it is written once a day, and a point may
be stamped two hours ahead."""


def _values(query: Select, span: Span) -> dict[str, Any]:
    values: dict[str, Any] = {
        "namespace": query.namespace,
        "name": query.metric_name,
        "seen": span.start - _AHEAD,
        "start": span.start,
        "end": span.end,
        "origin": int(span.origin.timestamp() * 1000),
        "step": span.period * 1000,
        "most": limits.METRIC_DATA_ASKED,
        "metrics": limits.METRICS_INSIGHTS_METRICS,
    }
    values |= {f"label_{place}": label for place, label in enumerate(query.labels)}
    if query.schema:
        values["schema"] = sorted(query.schema)
    for place, condition in enumerate(query.conditions):
        values |= {f"where_{place}": condition.label, f"value_{place}": condition.value}
    if query.labels:
        values |= {"other": OTHER, "limit": query.limit}
    return values


class _Shape(NamedTuple):
    """What the text of the lake's query depends on. :param operators: of the conditions, True for ``=``."""

    function: Function
    order: Order | None
    labels: int
    schema: Literal["any", "none", "some"]
    operators: tuple[bool, ...]


def _shape(query: Select) -> _Shape:
    schema: Literal["any", "none", "some"] = (
        "any" if query.schema is None else "some" if query.schema else "none"
    )
    operators = tuple(condition.equal for condition in query.conditions)
    return _Shape(query.function, query.order, len(query.labels), schema, operators)


@lru_cache(maxsize=128)
def _tree(shape: _Shape) -> Fixed:
    """Rows of Group: keys, ``buckets``, ``vals``, ``rank``, ``metrics``, ``found``, ``all_points``.

    To make and print it takes as long as to answer a query of few metrics.
    """
    keys = [_key(place) for place in range(shape.labels)]
    columns = [*keys, "rank", "metrics", "found", "points"]
    all_points = exp.Window(this=exp.func("sum", exp.column("points")))
    kept = exp.func(
        "if",
        exp.GT(this=exp.Paren(this=all_points), expression=_value("most")),
        exp.Literal.number(0),
        exp.column("points"),
    )
    arrays = [
        exp.func("arrayResize", exp.column(name), kept.copy()).as_(name) for name in ("buckets", "vals")
    ]
    return Fixed(
        exp.select(*columns, *arrays, all_points.copy().as_("all_points"))
        .from_(_groups(shape, keys).subquery("groups"))
        .with_("matched", as_=_matched(shape))
    )


def _groups(shape: _Shape, keys: list[str]) -> exp.Select:
    """A row for each group, as many as the query returns."""
    rank = _RANK[shape.order.function] if shape.order else _RANK["COUNT"]
    groups = exp.select(
        *keys,
        exp.func("groupArray", exp.column("bucket")).as_("buckets"),
        exp.func("groupArray", exp.column("v")).as_("vals"),
        exp.func("count").as_("points"),
        exp.func("max", exp.column("metrics")).as_("metrics"),
        rank.copy().as_("rank"),
        exp.Window(this=exp.func("count")).as_("found"),
    ).from_(_periods(shape, keys).subquery("periods"))
    if not keys:
        return groups
    shown = [
        exp.func("if", exp.column(key).eq(exp.Literal.string("")), _value("other"), exp.column(key))
        for key in keys
    ]
    order: list[exp.Expr] = [exp.Ordered(this=each, desc=False) for each in (*shown, *map(exp.column, keys))]
    if shape.order:
        order.insert(0, exp.Ordered(this=exp.column("rank"), desc=shape.order.descending))
    return groups.group_by(*keys).order_by(*order).limit(_value("limit"))


def _periods(shape: _Shape, keys: list[str]) -> exp.Select:
    """A row for each group and period that has data."""
    wanted = exp.select("series").from_("matched").subquery()
    points = (
        exp.select("series", "time", "samples", "total", "minimum", "maximum")
        .from_("cloudwatch_points")
        .where(_is("namespace", "namespace"), _is("metric_name", "name"))
        .where(exp.GTE(this=exp.column("time"), expression=_value("start")))
        .where(exp.LT(this=exp.column("time"), expression=_value("end")))
        .where(exp.In(this=exp.column("series"), query=wanted))
    )
    since_origin = exp.Sub(
        this=exp.func("toUnixTimestamp64Milli", exp.column("time")), expression=_value("origin")
    )
    bucket = exp.func("intDiv", exp.Paren(this=since_origin), _value("step"))
    same = exp.column("series", "points").eq(exp.column("series", "matched"))
    return (
        exp.select(
            *keys,
            bucket.as_("bucket"),
            _VALUE[shape.function].copy().as_("v"),
            exp.func("max", exp.column("all_metrics")).as_("metrics"),
        )
        .from_(points.subquery("points"))
        .join("matched", on=same)
        .group_by(*keys, "bucket")
    )


def _matched(shape: _Shape) -> exp.Select:
    """A row for each series the query looks at, with its labels, and in each how many match."""
    keys = [exp.func("any", _label(f"label_{place}")).as_(_key(place)) for place in range(shape.labels)]
    matched = (
        exp.select("series", *keys, exp.Window(this=exp.func("count")).as_("all_metrics"))
        .from_("cloudwatch_metrics")
        .where(_is("namespace", "namespace"), _is("metric_name", "name"))
        .where(exp.GTE(this=exp.column("seen"), expression=_value("seen")))
    )
    if shape.schema == "some":  # the names of a series' dimensions are stored in order
        matched = matched.where(_is("dimension_names", "schema"))
    elif shape.schema == "none":
        matched = matched.where(exp.func("empty", exp.column("dimension_names")))
    for place, equal in enumerate(shape.operators):
        compare = exp.EQ if equal else exp.NEQ
        matched = matched.where(compare(this=_label(f"where_{place}"), expression=_value(f"value_{place}")))
    return matched.group_by("series").order_by("series").limit(_value("metrics"))


def _label(name: str) -> exp.Func:
    """The value of a dimension, empty where there is none: no dimension has an empty value."""
    place = exp.func("indexOf", exp.column("dimension_names"), _value(name))
    return exp.func("arrayElement", exp.column("dimension_values"), place)


def _key(place: int) -> str:
    return f"key_{place}"


def _of(function: str, column: str) -> exp.Expr:
    return exp.func(function, exp.column(column))


_VALUE: Mapping[Function, exp.Expr] = {
    "AVG": exp.Div(this=_of("sum", "total"), expression=_of("sum", "samples")),
    "COUNT": _of("sum", "samples"),
    "MAX": _of("max", "maximum"),
    "MIN": _of("min", "minimum"),
    "SUM": _of("sum", "total"),
}
"""Of a period: over all samples of the group, so an average is none of averages."""

_RANK: Mapping[Function, exp.Expr] = {
    "AVG": _of("avg", "v"),
    "COUNT": exp.func("count"),
    "MAX": _of("max", "v"),
    "MIN": _of("min", "v"),
    "SUM": _of("sum", "v"),
}
"""Of a group: over its points."""


def _value(name: str) -> exp.Placeholder:
    return exp.Placeholder(this=name)


def _is(column: str, name: str) -> exp.EQ:
    return exp.EQ(this=exp.column(column), expression=_value(name))
