"""The values of metric math: scalars (S), time series (TS) and arrays of them (TS[]).

A series holds only the points that exist; a missing value is a timestamp that is not there. A scalar that cannot
be computed (the average of nothing) is NaN, and every point computed from it is dropped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from triptych.kernel.limits import METRIC_MATH_POINTS
from triptych.query.anomaly_band import Band
from triptych.query.expression_error import ExpressionError
from triptych.query.search_expression import Search

__all__ = ["Context", "MathError", "Series", "Value", "Window", "each", "kind_of", "points_changed", "union"]


class MathError(ExpressionError):
    """Of metric math."""


@dataclass(frozen=True, slots=True)
class Series:
    """One time series.

    :param timestamps: epoch seconds, ascending, the starts of periods.
    :param label: of the metric; kept by functions and by operators with a scalar, empty once two are combined.
    :param id: of the query it answers; empty for what is computed within an expression.
    :param period: seconds between its points where none is missing.
    :param properties: what it is of, as dynamic labels name it; kept where the series itself is.
    """

    timestamps: tuple[int, ...]
    values: tuple[float, ...]
    label: str = ""
    id: str = ""
    period: int = 60
    properties: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if len(self.timestamps) != len(self.values):
            raise ValueError("a series has as many timestamps as values")
        if self.period < 1:
            raise ValueError("a period is at least a second")

    def points(self) -> Iterator[tuple[int, float]]:
        return zip(self.timestamps, self.values, strict=True)


Value = float | Series | list[Series]


@dataclass(frozen=True, slots=True)
class Window:
    """What is asked for: ``[start, end)`` in epoch seconds, and the period of what no metric gives one.

    ``origin`` is a second at which periods begin, whatever their length; the epoch unless said otherwise.
    """

    start: int
    end: int
    period: int
    origin: int = 0

    def grid(self, period: int) -> range:
        """The starts of all periods of the window; the first may lie before it, as AWS rounds the start down."""
        return range(self.start - (self.start - self.origin) % period, self.end, period)


@dataclass(slots=True)
class Context:
    """What functions may ask of one evaluation, and the one thing they tell it: that points were dropped.

    :param bands: by the id of a metric or expression, what is expected of it.
    """

    window: Window
    metrics: Mapping[str, Series]
    searches: Mapping[Search, Iterable[Series]] = field(default_factory=dict)
    bands: Mapping[str, Band] = field(default_factory=dict)
    dropped: bool = False

    def series(self, points: Iterable[tuple[int, float]], *, period: int, label: str = "") -> Series:
        """A computed series: points that are no numbers (division by zero, overflow) are dropped."""
        timestamps: list[int] = []
        values: list[float] = []
        for timestamp, value in points:
            if math.isfinite(value):
                timestamps.append(timestamp)
                values.append(float(value))
            else:
                self.dropped = True
        return Series(tuple(timestamps), tuple(values), label, "", period)

    def grid(self, period: int) -> range:
        """All timestamps of the window, for series without holes."""
        grid = self.window.grid(period)
        if len(grid) > METRIC_MATH_POINTS:
            raise ValueError(f"a series of {len(grid)} points is too long, {METRIC_MATH_POINTS} are allowed")
        return grid


def each(value: Value, change: Callable[[Series], Series]) -> Value:
    """A series changed, or every series of an array."""
    if isinstance(value, Series):
        return change(value)
    if isinstance(value, list):
        return [change(one) for one in value]
    raise TypeError("a scalar is no time series")


def points_changed(context: Context, value: Value, change: Callable[[float], float]) -> Value:
    """Every value of a series or an array changed on its own; labels and periods stay."""

    def changed(series: Series) -> Series:
        points = ((t, change(v)) for t, v in series.points())
        return context.series(points, period=series.period, label=series.label)

    return each(value, changed)


def union(array: Iterable[Series]) -> tuple[list[tuple[int, list[float]]], int]:
    """The timestamps at which any series has a value with the values there are, and the period they share.

    Periods that differ share their greatest common divisor, the coarsest grid that has all timestamps.
    """
    rows: dict[int, list[float]] = {}
    period = 0
    for series in array:
        period = math.gcd(period, series.period)
        for timestamp, value in series.points():
            rows.setdefault(timestamp, []).append(value)
    return sorted(rows.items()), period


def kind_of(value: Value) -> str:
    """The abbreviation AWS's tables use."""
    if isinstance(value, Series):
        return "TS"
    return "TS[]" if isinstance(value, list) else "S"
