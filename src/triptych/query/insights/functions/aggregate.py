"""Aggregations of ``stats``: count, count_distinct, sum, avg, min, max, stddev, pct, median, earliest, latest,
sortsFirst, sortsLast."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from triptych.query.insights import tree
from triptych.query.insights.function import Case, Function, Place
from triptych.query.insights.malformed import MalformedQuery
from triptych.query.insights.ordering import sort_tuple
from triptych.query.insights.value import Value, as_number, as_text, call, literal

Lower = Callable[[Place, tree.Call, tuple[Value, ...]], Value]


def _count(_place: Place, node: tree.Call, values: tuple[Value, ...]) -> Value:
    counted = () if not values or isinstance(node.arguments[0], tree.Star) else (values[0].sql,)
    return Value(call("toFloat64", call("count", *counted)), "number")


def _distinct(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
    return Value(call("toFloat64", call("uniqExact", as_text(values[0]))), "number")


def _of_numbers(name: str) -> Lower:
    def lower(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
        return Value(call(name, call("toNullable", as_number(values[0]))), "number")

    return lower


def _extreme(name: str) -> Lower:
    def lower(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
        value = values[0]
        if value.kind == "time":
            return Value(call(name, call("toNullable", value.sql)), "time")
        return Value(call(name, call("toNullable", as_number(value))), "number")

    return lower


def _percentile(_place: Place, node: tree.Call, values: tuple[Value, ...]) -> Value:
    percent, where = values[1].constant, node.arguments[1]
    if not isinstance(percent, float) or not 0 <= percent <= 100:
        raise MalformedQuery("A percentile from 0 to 100 is expected here", where.start, where.end)
    return _quantile(values[0], percent / 100)


def _median(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
    return _quantile(values[0], 0.5)


def _quantile(value: Value, level: float) -> Value:
    number = call("toNullable", as_number(value))
    # Parameters of an aggregate function must be literals; this one is a number we have just checked.
    function = exp.ParameterizedAgg(
        this="quantileExactInclusive", expressions=[literal(level)], params=[number]
    )
    return Value(function, "number")


def _at(name: str) -> Lower:
    """The value in the first or last event; none, if that event has none."""

    def lower(place: Place, node: tree.Call, values: tuple[Value, ...]) -> Value:
        value = values[0]
        found = call(name, call("tuple", call("toNullable", value.sql)), place.order(node))
        return Value(call("tupleElement", found, literal(1)), value.kind, structure=value.structure)

    return lower


def _sorts(name: str) -> Lower:
    def lower(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
        value = values[0]
        return Value(call(name, call("toNullable", value.sql), sort_tuple(value)), value.kind)

    return lower


_NUMBERS = ('{"n": 1}', '{"n": "4"}', '{"n": "x"}', "{}", '{"n": 2.5}')
_WORDS = ('{"w": "b10", "k": 1}', '{"w": "b9"}', "{}", '{"w": 7}', '{"k": 2}')


def _one(name: str, docs: str, lower: Lower, *cases: Case) -> Function:
    return Function(name=name, docs=docs, least=1, most=1, lower=lower, cases=cases, aggregate=True)


FUNCTIONS = (
    Function(
        name="count",
        docs="How many events there are, or how many have the field.",
        least=0,
        most=1,
        lower=_count,
        cases=(Case("count(*)", "5", _NUMBERS), Case("count()", "1"), Case("count(n)", "4", _NUMBERS)),
        aggregate=True,
    ),
    _one(
        "count_distinct",
        "How many different values the field has; exactly, where AWS estimates.",
        _distinct,
        Case("count_distinct(w)", "3", _WORDS),
        Case("count_distinct(missing)", "0"),
    ),
    _one(
        "sum",
        "The sum of the numbers.",
        _of_numbers("sum"),
        Case("sum(n)", "7.5", _NUMBERS),
        Case("sum(x)", None),
    ),
    _one(
        "avg",
        "The mean of the numbers.",
        _of_numbers("avg"),
        Case("avg(n)", "2.5", _NUMBERS),
        Case("avg(x)", None),
    ),
    _one("min", "The least of the numbers, or times.", _extreme("min"), Case("min(n)", "1", _NUMBERS)),
    _one(
        "max",
        "The greatest of the numbers, or times.",
        _extreme("max"),
        Case("max(n)", "4", _NUMBERS),
        Case("max(@timestamp)", "2024-05-15 10:12:16.123", _NUMBERS),
        Case("max(n) - min(n)", "3", _NUMBERS),
    ),
    _one(
        "stddev",
        "The standard deviation of the numbers as a sample.",
        _of_numbers("stddevSamp"),
        Case("stddev(n)", "1.5", _NUMBERS),
        Case("stddev(n)", None, ('{"n": 1}',)),
    ),
    Function(
        name="pct",
        docs="A percentile of the numbers, 0 to 100; exactly, between two numbers in proportion.",
        least=2,
        most=2,
        lower=_percentile,
        cases=(
            Case("pct(n, 50)", "2.5", _NUMBERS),
            Case("pct(n, 75)", "3.25", _NUMBERS),
            Case("pct(x, 99)", None),
        ),
        aggregate=True,
        aliases=("percentile",),
    ),
    _one("median", "The number in the middle.", _median, Case("median(n)", "2.5", _NUMBERS)),
    _one(
        "earliest",
        "The field in the event with the earliest timestamp.",
        _at("argMin"),
        Case("earliest(w)", "b10", _WORDS),
        Case("earliest(@timestamp)", "2024-05-15 10:12:12.123", _WORDS),
    ),
    _one(
        "latest",
        "The field in the event with the latest timestamp.",
        _at("argMax"),
        Case("latest(k)", "2", _WORDS),
        Case("latest(w)", None, _WORDS),
    ),
    _one(
        "sortsFirst",
        "The value that sorts first.",
        _sorts("argMin"),
        Case("sortsFirst(w)", "b9", _WORDS),
        Case("sortsFirst(x)", None),
    ),
    _one("sortsLast", "The value that sorts last.", _sorts("argMax"), Case("sortsLast(w)", "7", _WORDS)),
)
