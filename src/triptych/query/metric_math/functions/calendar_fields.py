"""MINUTE, HOUR, DAY, DATE, MONTH, YEAR, EPOCH: what the clock (UTC) says at every period of the window."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from triptych.query.metric_math.function import Case, Function
from triptych.query.metric_math.types import Context, Series, Value


def _clock(field: Callable[[datetime], float]) -> Callable[[Context, tuple[Value | str, ...]], Value]:
    def evaluate(context: Context, arguments: tuple[Value | str, ...]) -> Value:
        (series,) = arguments
        assert isinstance(series, Series)
        points = ((t, float(field(datetime.fromtimestamp(t, UTC)))) for t in context.grid(series.period))
        return context.series(points, period=series.period)

    return evaluate


def _function(name: str, docs: str, field: Callable[[datetime], float], *cases: Case) -> Function:
    return Function(name, ("TS",), docs, _clock(field), cases)


_LEAP_EVE = 1_709_251_140
"""2024-02-29T23:59:00Z, a Thursday."""

_TWO = {"m1": "- -"}

FUNCTIONS = (
    _function(
        "DATE", "The day of the month, 1 to 31.", lambda t: t.day, Case("DATE(m1)", "29 1", _TWO, _LEAP_EVE)
    ),
    _function(
        "DAY",
        "The day of the week, 1 (Monday) to 7 (Sunday).",
        lambda t: t.isoweekday(),
        Case("DAY(m1)", "4 5", _TWO, _LEAP_EVE),
        Case("IF(DAY(m1) < 5, m1)", "7 -", {"m1": "7 8"}, _LEAP_EVE),
        Case("DAY([m1])", "error: DAY(TS) does not take (TS[])", _TWO),
    ),
    _function(
        "EPOCH",
        "Seconds since 1970.",
        lambda t: t.timestamp(),
        Case("EPOCH(m1)", "1709251140 1709251200", _TWO, _LEAP_EVE),
    ),
    _function("HOUR", "The hour, 0 to 23.", lambda t: t.hour, Case("HOUR(m1)", "23 0", _TWO, _LEAP_EVE)),
    _function(
        "MINUTE", "The minute, 0 to 59.", lambda t: t.minute, Case("MINUTE(m1)", "59 0", _TWO, _LEAP_EVE)
    ),
    _function("MONTH", "The month, 1 to 12.", lambda t: t.month, Case("MONTH(m1)", "2 3", _TWO, _LEAP_EVE)),
    _function("YEAR", "The year.", lambda t: t.year, Case("YEAR(m1)", "2024 2024", _TWO, _LEAP_EVE)),
)
