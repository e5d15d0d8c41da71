"""Anomaly detection: what is expected of a metric at a time, and how far from it is usual. Pure.

A model is told from at most two weeks of points that lie before the time it speaks of, so an anomaly never explains
itself. It is a sum, each part told from what the parts before it leave over, all of them medians, so that an outage in
the past does not bend it::

    value(t) = trend * (t - end) + level + season of week, of day, of hour (t) + shift

- *trend*: the median of the slopes between an hour and the same hour of every other day, as the seasonal Kendall test
  has it; with four days of points and more.
- *seasons*: the median of each slot of a day (from two days of points on), of a week (from 13 days on) and of an hour
  (for periods up to half an hour). Slots are as long as the period, those of days and weeks at least a quarter of an
  hour, and they are counted in the metric's time zone, so a day's pattern moves with daylight saving time.
- *shift*: the median of what is left over of the last three days: a change that lasts is believed after half of them.
  An AdaptationSpeed of FAST makes it one day, of SLOW seven.
- A season stays only if it explains: if each point is nearer to what the *others* of its slot say than without it.
- *deviation*: 1.4826 times the median distance of the points from what the others of their slots say, which is the
  standard deviation if they are spread normally; of the same hour of the day where there are 20 points of it, and a
  quarter of the whole at least. Where most points are just as expected it is their root mean square, without the
  largest fiftieth. It is a thousandth of the metric's median size at least: a constant metric may be rounded.

Less than three hours of points, or less than twelve points, make no model, and there is no band. Models are trained
anew every hour; a request over more than eight hours spreads eight of them evenly. Of more than 4,032 points (two weeks
of five minutes) evenly spread ones are used.

CloudWatch's own models are others and not published: their limits are not these, their use is.
Source: "Using CloudWatch anomaly detection" in the CloudWatch User Guide.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import combinations
from statistics import median
from zoneinfo import ZoneInfo

from triptych.kernel.limits import ANOMALY_HISTORY_SECONDS, ANOMALY_MODELS, ANOMALY_TRAINING_POINTS

__all__ = ["Band", "Model", "Training", "band", "train", "training_ends"]

_HOUR, _DAY, _WEEK = 3600, 86_400, 604_800
_LEAST_SECONDS, _LEAST_POINTS = 3 * _HOUR, 12
_DAILY_SECONDS, _WEEKLY_SECONDS, _TREND_SECONDS = 2 * _DAY, 13 * _DAY, 4 * _DAY
_SLOT = 900
_HOUR_POINTS = 20
_NORMAL = 1.4826
_ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class Training:
    """How a metric's models are trained.

    :param excluded: ``[start, end)`` in epoch seconds that are left out. :param zone: of the tz database.
    :param shift_seconds: a change that lasts half of it is believed.
    """

    excluded: tuple[tuple[int, int], ...] = ()
    zone: str = "UTC"
    shift_seconds: int = 3 * _DAY


@dataclass(frozen=True, slots=True)
class _Season:
    """:param profile: how far each slot lies from the level; 0 where nothing is known."""

    length: int
    slot: int
    profile: tuple[float, ...]

    def at(self, local: int) -> float:
        return self.profile[local % self.length // self.slot]


@dataclass(frozen=True, slots=True)
class Model:
    """:param end: epoch seconds; all it knows is before. :param deviations: by hour of the local day."""

    end: int
    local: Callable[[int], int]
    trend: float
    level: float
    seasons: tuple[_Season, ...]
    deviation: float
    deviations: Mapping[int, float]

    def at(self, second: int) -> tuple[float, float]:
        """The expected value and the standard deviation at an epoch second."""
        local = self.local(second)
        value = self.trend * (second - self.end) + self.level + sum(each.at(local) for each in self.seasons)
        return value, self.deviations.get(local % _DAY // _HOUR, self.deviation)


@dataclass(frozen=True, slots=True)
class Band:
    """The models of a time range. :param starts: when each begins to speak, ascending."""

    starts: tuple[int, ...] = ()
    models: tuple[Model | None, ...] = ()

    def at(self, second: int) -> tuple[float, float] | None:
        """What the model of that time says; None where there were too few points for one."""
        place = bisect_right(self.starts, second) - 1
        model = self.models[place] if place >= 0 else None
        return None if model is None else model.at(second)


def training_ends(start: int, end: int) -> range:
    """The whole hours up to which the models of ``[start, end)`` are trained; each speaks of what follows it."""
    first = start - start % _HOUR
    step = max(1, -(-(end - first) // (ANOMALY_MODELS * _HOUR)))
    return range(first, max(end, first + 1), step * _HOUR)


def band(
    points: Sequence[tuple[int, float]], *, period: int, start: int, end: int, training: Training
) -> Band:
    """The models of ``[start, end)``.

    :param points: (start of the period in epoch seconds, value), ascending, from two weeks before the start on.
    """
    usable = _usable(points, training)
    starts = tuple(training_ends(start, end))
    return Band(starts, tuple(_trained(usable, period, each, training) for each in starts))


def train(points: Sequence[tuple[int, float]], *, period: int, end: int, training: Training) -> Model | None:
    """The model of what is whole before ``end``, None if that is too little."""
    return _trained(_usable(points, training), period, end, training)


def _usable(points: Sequence[tuple[int, float]], training: Training) -> list[tuple[int, float]]:
    return [
        (at, value)
        for at, value in points
        if math.isfinite(value) and not any(start <= at < end for start, end in training.excluded)
    ]


def _trained(usable: Sequence[tuple[int, float]], period: int, end: int, training: Training) -> Model | None:
    first = bisect_left(usable, (end - ANOMALY_HISTORY_SECONDS,))
    points = _thinned(usable[first : bisect_left(usable, (end - period + 1,))], period)
    if len(points) < _LEAST_POINTS:
        return None
    span = points[-1][0] - points[0][0] + period
    if span < _LEAST_SECONDS:
        return None
    local = _local(training.zone)
    places = [local(at) for at, _ in points]
    trend = _trend(points, period) if span >= _TREND_SECONDS else 0.0
    flat = [value - trend * (at - end) for at, value in points]
    level, left, others = _told(flat, [0] * len(points))
    apart = [value - other for value, other in zip(flat, others, strict=True)]
    seasons: list[_Season] = []
    for length, slot in _candidates(span, period):
        profile, rest, others = _told(left, [place % length // slot for place in places])
        nearer = [a - b for a, b in zip(apart, others, strict=True)]
        if math.fsum(map(abs, nearer)) < math.fsum(map(abs, apart)):
            seasons.append(
                _Season(length, slot, tuple(profile.get(n, 0.0) for n in range(-(-length // slot))))
            )
            left, apart = rest, nearer
    recent = left[bisect_left(points, (end - training.shift_seconds,)) :]
    shift = median(recent) if len(recent) >= _LEAST_POINTS else 0.0
    deviation = _deviation(apart)
    least = max(deviation / 4, _ROUNDING * median(abs(value) for _, value in points))
    hours = _by_hour(places, apart) if span >= _DAILY_SECONDS else {}
    deviations = {hour: max(_deviation(each), least) for hour, each in hours.items()}
    return Model(end, local, trend, level[0] + shift, tuple(seasons), max(deviation, least), deviations)


def _thinned(points: Sequence[tuple[int, float]], period: int) -> Sequence[tuple[int, float]]:
    """Every n-th period if there are too many; n has no divisor in common with the periods of an hour, so that no
    minute of the hour is always passed over."""
    every = -(-len(points) // ANOMALY_TRAINING_POINTS)
    if every <= 1:
        return points
    while math.gcd(every, max(1, _HOUR // period)) > 1:
        every += 1
    return [point for point in points if point[0] // period % every == 0]


def _local(zone: str) -> Callable[[int], int]:
    """From epoch seconds to those of the zone's clock, as if that were UTC."""
    if zone == "UTC":
        return lambda second: second
    info = ZoneInfo(zone)

    @cache
    def offset(quarter: int) -> int:
        shown = datetime.fromtimestamp(quarter * _SLOT, info).utcoffset()
        return int(shown.total_seconds()) if shown else 0

    return lambda second: second + offset(second // _SLOT)


def _trend(points: Sequence[tuple[int, float]], period: int) -> float:
    """What it changes in a second: hours are compared with those of other days, so that no season looks like a trend."""
    width = max(_HOUR, period)
    if _DAY % width:
        return 0.0
    hours: dict[int, list[float]] = {}
    for at, value in points:
        hours.setdefault(at // width, []).append(value)
    same: dict[int, list[tuple[int, float]]] = {}
    for hour, values in hours.items():
        day, of_day = divmod(hour, _DAY // width)
        same.setdefault(of_day, []).append((day, median(values)))
    slopes = [
        (later - value) / (day - before)
        for days in same.values()
        for (before, value), (day, later) in combinations(days, 2)
    ]
    return median(slopes) / _DAY if slopes else 0.0


def _candidates(span: int, period: int) -> Iterator[tuple[int, int]]:
    """(length, slot) of the seasons that so much data can tell."""
    slot = max(period, _SLOT)
    if span >= _DAILY_SECONDS and slot < _DAY:
        yield _DAY, slot
    if span >= _WEEKLY_SECONDS and slot < _WEEK:
        yield _WEEK, slot
    if period <= _HOUR // 2:
        yield _HOUR, period


def _told(values: Sequence[float], slots: Sequence[int]) -> tuple[dict[int, float], list[float], list[float]]:
    """The median of each slot that has two values or more; the values without theirs; and for each value the median
    of the *other* values of its slot, 0 where there is none."""
    members: dict[int, list[int]] = {}
    for place, slot in enumerate(slots):
        members.setdefault(slot, []).append(place)
    profile: dict[int, float] = {}
    left, others = list(values), [0.0] * len(values)
    for slot, places in members.items():
        if len(places) < 2:
            continue
        places.sort(key=values.__getitem__)
        ranked = [values[place] for place in places]
        profile[slot] = middle = median(ranked)
        for rank, place in enumerate(places):
            left[place] -= middle
            others[place] = _median_without(ranked, rank)
    return profile, left, others


def _median_without(ranked: Sequence[float], rank: int) -> float:
    """The median of all but one of ascending values."""
    half, odd = divmod(len(ranked) - 1, 2)
    upper = ranked[half if half < rank else half + 1]
    return upper if odd else (ranked[half - 1 if half - 1 < rank else half] + upper) / 2


def _deviation(apart: Sequence[float]) -> float:
    distances = sorted(map(abs, apart))
    if middle := median(distances):
        return _NORMAL * middle
    kept = distances[: len(distances) - len(distances) // 50]
    return math.sqrt(math.fsum(each * each for each in kept) / len(kept))


def _by_hour(places: Sequence[int], apart: Sequence[float]) -> dict[int, list[float]]:
    """The distances by hour of the local day, of hours that have enough of them."""
    hours: dict[int, list[float]] = {}
    for place, each in zip(places, apart, strict=True):
        hours.setdefault(place % _DAY // _HOUR, []).append(each)
    return {hour: each for hour, each in hours.items() if len(each) >= _HOUR_POINTS}
