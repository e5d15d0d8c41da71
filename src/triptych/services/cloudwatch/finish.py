"""From what the lake aggregated of one period to one statistic. Pure.

``query.statistic.evaluate`` is the definition; this is the same over values that come sorted and counted, without
walking them in fractions, which matters with thousands of values in a period.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from typing import Literal, NamedTuple

from triptych.query import statistic as statistics
from triptych.query.statistic import Statistic


class Bucket(NamedTuple):
    """One period of one series.

    :param start: epoch seconds.
    :param total: 0 where it was not asked for, as ``minimum`` and ``maximum``.
    :param values: the distinct raw values, ascending; with ``weights``, how often each came. Empty where they were
        not asked for.
    """

    start: int
    samples: float
    total: float
    minimum: float
    maximum: float
    values: Sequence[float] = ()
    weights: Sequence[float] = ()

    @property
    def complete(self) -> bool:
        """Whether every sample's value is known: statistics of order need them all, as AWS does."""
        return math.isclose(math.fsum(self.weights), self.samples, rel_tol=1e-9)


Part = Literal["total", "minimum", "maximum", "values"]
"""What a bucket may have beside its number of samples; ``values`` come with their weights."""

_PARTS: Mapping[str, frozenset[Part]] = {
    "SampleCount": frozenset(),
    "Sum": frozenset({"total"}),
    "Average": frozenset({"total"}),
    "Minimum": frozenset({"minimum"}),
    "Maximum": frozenset({"maximum"}),
}
_VALUES: frozenset[Part] = frozenset({"values"})
"""What all other statistics need."""


def parts_of(meant: Iterable[Statistic]) -> frozenset[Part]:
    """What buckets must have for ``value`` to tell these statistics."""
    return frozenset(part for each in meant for part in _PARTS.get(each.kind, _VALUES))


def value(statistic: Statistic, bucket: Bucket) -> float | None:
    """The statistic, None where the period has none."""
    match statistic.kind:
        case "SampleCount":
            return bucket.samples
        case "Sum":
            return bucket.total
        case "Average":
            return bucket.total / bucket.samples
        case "Minimum":
            return bucket.minimum
        case "Maximum":
            return bucket.maximum
    if not bucket.complete:
        return None
    if not all(map(float.is_integer, bucket.weights)):
        # Sums of broken weights are rounded, and a boundary may lie right at one: slower, but exact.
        return statistics.evaluate(statistic, bucket.values, bucket.weights)
    return _of_order(statistic, bucket.values, bucket.weights)


def _of_order(statistic: Statistic, values: Sequence[float], weights: Sequence[float]) -> float | None:
    places = list(accumulate(weights))  # whole numbers, so exact
    total = places[-1]
    if statistic.kind == "p":
        return values[bisect_left(places, _place(statistic.high, total))]
    if statistic.kind == "WM":
        return _winsorized(statistic, values, weights, places)
    kept, counts = _kept(statistic, values, weights, places)
    count = math.fsum(counts)
    if statistic.kind == "TC":
        return count
    if statistic.kind == "PR":
        return 100 * count / total
    sums = math.fsum(map(float.__mul__, kept, counts))
    if statistic.kind == "TS":
        return sums
    return sums / count if count else None  # TM


@lru_cache(maxsize=1024)
def _place(percent: Decimal | None, total: float) -> Fraction:
    return Fraction(percent or 0) * Fraction(total) / 100


def _edges(statistic: Statistic, total: float) -> tuple[Fraction, Fraction]:
    high = Decimal(100) if statistic.high is None else statistic.high
    return _place(statistic.low, total), _place(high, total)


def _kept(
    statistic: Statistic, values: Sequence[float], weights: Sequence[float], places: Sequence[float]
) -> tuple[Sequence[float], list[float]]:
    """The values inside the boundaries and the part of their weights that is inside."""
    if not statistic.percent:
        first = 0 if statistic.low is None else bisect_right(values, float(statistic.low))
        last = len(values) if statistic.high is None else bisect_right(values, float(statistic.high))
        return values[first:last], list(weights[first:last])
    start, end = _edges(statistic, places[-1])
    if start >= end:
        return (), []
    first, last = bisect_right(places, start), bisect_left(places, end)
    counts = list(weights[first : last + 1])
    # Cut the last before the first: when they are one, the first's cut counts from the new end.
    counts[-1] = float(end - Fraction(places[last] - weights[last]))
    counts[0] = float(min(Fraction(places[first]), end) - start)
    return values[first : last + 1], counts


def _winsorized(
    statistic: Statistic, values: Sequence[float], weights: Sequence[float], places: Sequence[float]
) -> float:
    total = places[-1]
    if not statistic.percent:
        low = -math.inf if statistic.low is None else float(statistic.low)
        high = math.inf if statistic.high is None else float(statistic.high)
        lifted = (min(max(each, low), high) * weight for each, weight in zip(values, weights, strict=True))
        return math.fsum(lifted) / total
    start, end = _edges(statistic, total)
    kept, counts = _kept(statistic, values, weights, places)
    outer = kept or (values[-1:] if statistic.low == 100 else values[:1])
    inside = map(float.__mul__, kept, counts)
    below, above = float(start), float(Fraction(total) - end)
    return math.fsum((outer[0] * below, outer[-1] * above, *inside)) / total
