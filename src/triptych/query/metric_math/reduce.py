"""Many numbers to one; NaN where there is none to speak of."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

__all__ = ["REDUCERS", "average", "deviation", "highest", "lowest", "total"]


def total(values: Sequence[float]) -> float:
    """The sum; of nothing 0."""
    try:
        return math.fsum(values)
    except OverflowError:
        return math.nan


def average(values: Sequence[float]) -> float:
    return total(values) / len(values) if values else math.nan


def lowest(values: Sequence[float]) -> float:
    return min(values, default=math.nan)


def highest(values: Sequence[float]) -> float:
    return max(values, default=math.nan)


def deviation(values: Sequence[float]) -> float:
    """The standard deviation of the values as the whole population (AWS does not say; a single value has 0)."""
    mean = average(values)
    return math.sqrt(average([(value - mean) * (value - mean) for value in values])) if values else math.nan


REDUCERS: dict[str, Callable[[Sequence[float]], float]] = {
    "AVG": average,
    "MAX": highest,
    "MIN": lowest,
    "STDDEV": deviation,
    "SUM": total,
}
