"""Statistics of one metric over one period: the words AWS has for them, and their exact values.

``parse`` reads a name such as ``p99.9`` or ``TM(10%:90%)``; ``evaluate`` computes it over raw weighted values in
plain Python. Large data is aggregated by the lake; this is the definition it is held against, and good enough
for small data. Source: "CloudWatch statistics definitions" in the CloudWatch User Guide.

AWS computes the statistics of order from a compressed histogram and does not publish its interpolation. Ours are
exact, and where the page leaves room they follow from its one sentence that p99 "is the maximum value of the
remaining 99%" whose average is tm99:

- The data points are sorted and a value with count *c* takes *c* places. A percentage boundary of N points lies at
  place N·percent/100 and may cut a point, whose inner part then counts (tm95 of ten points keeps 9.5 of them), so
  equal values are never all in or all out, and TS is TM times TC always.
- ``p`` is the largest value below its boundary: the nearest rank, never a value between two data points.
- ``WM`` with percentages lifts or lowers what is cut to the nearest value that is kept; with fixed values, to them.
- Fixed boundaries exclude the lower and include the upper value, as the page says.
- Negative values are computed like others (AWS has no statistics of order for metrics with negative values).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

__all__ = ["Kind", "Statistic", "StatisticError", "evaluate", "parse"]

Kind = Literal[
    "SampleCount", "Average", "Sum", "Minimum", "Maximum", "p", "TM", "WM", "TC", "TS", "PR"
]  # IQM is TM(25%:75%)


class StatisticError(ValueError):
    """Text that names no statistic; the message says what would."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Statistic:
    """One statistic.

    :param text: as the caller wrote it.
    :param low: lower boundary of a range; ``None`` is open, and also for the statistics without one.
    :param high: upper boundary, or the percentile of ``p``; ``None`` is open.
    :param percent: the boundaries are percentages (0 to 100) of the data points, not values.
    """

    text: str
    kind: Kind
    low: Decimal | None = None
    high: Decimal | None = None
    percent: bool = False

    @property
    def from_sets(self) -> bool:
        """Whether statistic sets (count, sum, minimum, maximum) suffice; others need the raw values."""
        return self.kind in _SIMPLE


_SIMPLE: tuple[Kind, ...] = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_NUMBER = r"[0-9]{1,200}(?:\.[0-9]{1,10})?"  # at most ten decimal places, as the page says
_SHORT = re.compile(rf"(p|tm|wm|tc|ts)({_NUMBER})")
_RANGE = re.compile(rf"(TM|WM|TC|TS|PR)\((?:({_NUMBER})(%?))?(:)?(?:({_NUMBER})(%?))?\)")


def parse(text: str) -> Statistic:
    """The statistic a text names; ``TM(99%)`` is read as ``TM(:99%)``. Raises :class:`StatisticError`."""
    for name in _SIMPLE:
        if text == name:
            return Statistic(text, name)
    if text in {"IQM", "iqm"}:
        return Statistic(text, "TM", Decimal(25), Decimal(75), percent=True)
    if short := _SHORT.fullmatch(text):
        return _short(text, short)
    if ranged := _RANGE.fullmatch(text):
        return _range(text, ranged)
    raise StatisticError(
        f"The value {text} is not a statistic; use SampleCount, Average, Sum, Minimum, Maximum, IQM, a percentile "
        "such as p99.9, or TM, WM, TC, TS or PR with boundaries such as tm90, TM(10%:90%) or PR(:300)"
    )


def _short(text: str, match: re.Match[str]) -> Statistic:
    high = _bound(text, match[2], percent=True)
    if match[1] == "p":
        return Statistic(text, "p", None, high, percent=True)
    kinds: dict[str, Kind] = {"tm": "TM", "wm": "WM", "tc": "TC", "ts": "TS"}
    return Statistic(text, kinds[match[1]], None, high, percent=True)


def _range(text: str, match: re.Match[str]) -> Statistic:
    kinds: dict[str, Kind] = {"TM": "TM", "WM": "WM", "TC": "TC", "TS": "TS", "PR": "PR"}
    name, first, first_unit, colon, second, second_unit = match.groups()
    if colon is None and second is None and first_unit:  # TM(99%)
        first, second, first_unit, second_unit = None, first, None, first_unit
    elif colon is None or (first is None and second is None):
        raise StatisticError(
            f"The value {text} has no range; write {name}(low:high), one of them may be left out"
        )
    units = {unit for number, unit in ((first, first_unit), (second, second_unit)) if number is not None}
    if len(units) > 1:
        raise StatisticError(f"The value {text} mixes a percentage and a fixed value")
    percent = units == {"%"}
    if percent and name == "PR":
        raise StatisticError(f"The value {text} is not valid; PR takes fixed values, such as PR(:300)")
    low = None if first is None else _bound(text, first, percent=percent)
    high = None if second is None else _bound(text, second, percent=percent)
    if low is not None and high is not None and low >= high:
        raise StatisticError(f"The value {text} is not valid; the lower boundary must be below the upper")
    return Statistic(text, kinds[name], low, high, percent=percent)


def _bound(text: str, number: str, *, percent: bool) -> Decimal:
    value = Decimal(number)
    if percent and value > 100:
        raise StatisticError(f"The value {text} is not valid; a percentage is between 0 and 100")
    return value


def evaluate(statistic: Statistic, values: Sequence[float], counts: Sequence[float]) -> float | None:
    """The statistic of raw values with their counts (same length); ``None`` where there is nothing to speak of.

    No data point at all has no statistic. A range that no point lies in has no TM, a TC and TS of 0, a PR of 0.
    """
    points = sorted((v, c) for v, c in zip(values, counts, strict=True) if c > 0)
    if not points:
        return None
    total = math.fsum(c for _, c in points)
    match statistic.kind:
        case "SampleCount":
            return total
        case "Sum":
            return math.fsum(v * c for v, c in points)
        case "Average":
            return math.fsum(v * c for v, c in points) / total
        case "Minimum":
            return points[0][0]
        case "Maximum":
            return points[-1][0]
        case "p":
            return _edges(statistic, points)[1]
        case "WM":
            return _winsorized(statistic, points) / total
        case "TM" | "TC" | "TS" | "PR":
            return _trimmed(statistic, points, total)


def _trimmed(statistic: Statistic, points: list[tuple[float, float]], total: float) -> float | None:
    kept = _kept(statistic, points)
    count = math.fsum(c for _, c in kept)
    sums = math.fsum(v * c for v, c in kept)
    if statistic.kind == "TM":
        return sums / count if count else None
    if statistic.kind == "TC":
        return count
    return sums if statistic.kind == "TS" else 100 * count / total


def _kept(statistic: Statistic, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points inside the boundaries, with the part of their count that is inside."""
    if not statistic.percent:
        low = -math.inf if statistic.low is None else float(statistic.low)
        high = math.inf if statistic.high is None else float(statistic.high)
        return [(v, c) for v, c in points if low < v <= high]
    total = sum((Fraction(c) for _, c in points), Fraction(0))
    start = Fraction(statistic.low or 0) * total / 100
    end = Fraction(100 if statistic.high is None else statistic.high) * total / 100
    kept, place = [], Fraction(0)
    for value, count in points:
        before, place = place, place + Fraction(count)
        inside = min(place, end) - max(before, start)
        if inside > 0:
            kept.append((value, float(inside)))
    return kept


def _edges(statistic: Statistic, points: list[tuple[float, float]]) -> tuple[float, float]:
    """The smallest and the largest value kept; where a boundary at either end keeps nothing, the value there."""
    kept = _kept(statistic, points) or [points[-1] if statistic.low == 100 else points[0]]
    return kept[0][0], kept[-1][0]


def _winsorized(statistic: Statistic, points: list[tuple[float, float]]) -> float:
    """The sum of all values after those outside the boundaries are set to the boundaries."""
    if not statistic.percent:
        low = -math.inf if statistic.low is None else float(statistic.low)
        high = math.inf if statistic.high is None else float(statistic.high)
        return math.fsum(min(max(v, low), high) * c for v, c in points)
    kept = _kept(statistic, points)
    lowest, highest = _edges(statistic, points)
    total = sum((Fraction(c) for _, c in points), Fraction(0))
    below = Fraction(statistic.low or 0) * total / 100
    above = total - Fraction(100 if statistic.high is None else statistic.high) * total / 100
    return math.fsum([lowest * float(below), highest * float(above), *(v * c for v, c in kept)])
