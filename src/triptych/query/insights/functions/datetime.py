"""Time: bin, datefloor, dateceil, fromMillis, toMillis, now."""

from __future__ import annotations

from triptych.query.insights import tree
from triptych.query.insights.function import Case, Function, Place
from triptych.query.insights.period import ceiling, floor, period_of
from triptych.query.insights.value import Value, as_number, call, let, literal, null


def _time(value: Value) -> Value:
    """A number is milliseconds since 1970; outside 1970 to 2299 is no time."""
    if value.kind == "time":
        return value

    def checked(number: Value) -> Value:
        return Value(
            let(
                as_number(number),
                lambda n: call(
                    "if",
                    call(
                        "and", call("greaterOrEquals", n, literal(0)), call("less", n.copy(), literal(_END))
                    ),
                    call("toInt64", n.copy()),
                    null(),
                ),
            ),
            "time",
        )

    return checked(value)


_END = 10_413_792_000_000
"""2300-01-01."""


def _bin(place: Place, node: tree.Call, _values: tuple[Value, ...]) -> Value:
    stamp = place.field("@timestamp", node)
    return Value(floor(stamp.sql, period_of(node.arguments[0])), "time")


def _floor(_place: Place, node: tree.Call, values: tuple[Value, ...]) -> Value:
    return Value(floor(_time(values[0]).sql, period_of(node.arguments[1])), "time")


def _ceil(_place: Place, node: tree.Call, values: tuple[Value, ...]) -> Value:
    return Value(ceiling(_time(values[0]).sql, period_of(node.arguments[1])), "time")


def _from_millis(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
    return _time(values[0])


def _to_millis(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
    return Value(as_number(values[0]), "number")


def _now(place: Place, _node: tree.Call, _values: tuple[Value, ...]) -> Value:
    return Value(place.bind(float(place.now // 1000)), "number")


_WEDNESDAY = "fromMillis(1715767932123)"  # 2024-05-15 10:12:12.123

FUNCTIONS = (
    Function(
        name="bin",
        docs="The beginning of the period that @timestamp lies in.",
        least=1,
        most=1,
        lower=_bin,
        cases=(Case("bin(1h)", "2024-05-15 10:00:00.000"), Case("bin(30s)", "2024-05-15 10:12:00.000")),
    ),
    Function(
        name="datefloor",
        docs="The beginning of the period that a time lies in.",
        least=2,
        most=2,
        lower=_floor,
        cases=(
            Case(f"datefloor({_WEDNESDAY}, 5m)", "2024-05-15 10:10:00.000"),
            Case(f"datefloor({_WEDNESDAY}, 100ms)", "2024-05-15 10:12:12.100"),
            Case(f"datefloor({_WEDNESDAY}, 1d)", "2024-05-15 00:00:00.000"),
            Case(f"datefloor({_WEDNESDAY}, 1w)", "2024-05-13 00:00:00.000"),
            Case(f"datefloor({_WEDNESDAY}, 1mo)", "2024-05-01 00:00:00.000"),
            Case(f"datefloor({_WEDNESDAY}, 1q)", "2024-04-01 00:00:00.000"),
            Case(f"datefloor({_WEDNESDAY}, 1y)", "2024-01-01 00:00:00.000"),
            Case("datefloor(missing, 1h)", None),
        ),
    ),
    Function(
        name="dateceil",
        docs="The beginning of the period after the one that a time lies in.",
        least=2,
        most=2,
        lower=_ceil,
        cases=(
            Case(f"dateceil({_WEDNESDAY}, 1h)", "2024-05-15 11:00:00.000"),
            Case(f"dateceil({_WEDNESDAY}, 1w)", "2024-05-20 00:00:00.000"),
            Case(f"dateceil({_WEDNESDAY}, 1mo)", "2024-06-01 00:00:00.000"),
            Case("dateceil(fromMillis(1715767200000), 1h)", "2024-05-15 10:00:00.000"),
        ),
    ),
    Function(
        name="fromMillis",
        docs="The time so many milliseconds after 1970.",
        least=1,
        most=1,
        lower=_from_millis,
        cases=(
            Case("fromMillis(1715767932123)", "2024-05-15 10:12:12.123"),
            Case("fromMillis(t)", "1970-01-01 00:00:00.001", ('{"t": "1"}',)),
            Case("fromMillis(-1)", None),
        ),
    ),
    Function(
        name="toMillis",
        docs="Milliseconds since 1970.",
        least=1,
        most=1,
        lower=_to_millis,
        cases=(Case("toMillis(@timestamp) % 100000", "32123"), Case("toMillis(bin(1s)) % 1000", "0")),
    ),
    Function(
        name="now",
        docs="Seconds from 1970 to the start of the query.",
        least=0,
        most=0,
        lower=_now,
        cases=(Case("now()", "1715770000"),),
    ),
)
