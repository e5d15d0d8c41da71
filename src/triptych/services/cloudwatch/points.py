"""Reading points: statistics of metrics over periods, for the API and for alarms."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from triptych.query import statistic as statistics
from triptych.query.statistic import Statistic
from triptych.services.cloudwatch import finish
from triptych.services.cloudwatch.aggregates import Wanted, aggregates, merged
from triptych.services.cloudwatch.finish import Bucket
from triptych.services.cloudwatch.series import Dimensions, Series, number
from triptych.services.contract import Runtime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MetricStat:
    """One statistic of one metric.

    :param dimensions: (name, value) pairs in any order.
    :param period: seconds.
    :param stat: what ``query.statistic.parse`` reads.
    :param unit: only data of this unit; empty: of any.
    """

    namespace: str
    metric_name: str
    dimensions: Dimensions
    period: int
    stat: str
    unit: str = ""

    @property
    def series(self) -> Series:
        return Series(self.namespace, self.metric_name, tuple(sorted(self.dimensions)))


@dataclass(frozen=True, slots=True)
class Points:
    """The periods that have the statistic, in time order; the three tuples are parallel.

    :param timestamps: starts of the periods, epoch seconds.
    :param sample_counts: how many samples each period had.
    """

    timestamps: tuple[int, ...] = ()
    values: tuple[float, ...] = ()
    sample_counts: tuple[float, ...] = ()


def retention(period: int) -> timedelta:
    """How far back data can be read in this detail (CloudWatch): 3 hours below a minute, 15 days in minutes, 63 in
    five minutes, 455 in hours."""
    if period % 3600 == 0:
        return timedelta(days=455)
    if period % 300 == 0:
        return timedelta(days=63)
    if period % 60 == 0:
        return timedelta(days=15)
    return timedelta(hours=3)


def rounded_start(start: datetime, now: datetime, shortest_period: int) -> datetime:
    """StartTime as CloudWatch rounds it down: to the minute; beyond 15 days to 5 minutes, beyond 63 to the hour.

    A period below a minute keeps as much of the time as it divides.
    """
    age = now - start
    unit = 3600 if age > timedelta(days=63) else 300 if age > timedelta(days=15) else 60
    if age <= timedelta(hours=3):
        unit = min(unit, shortest_period)
    seconds = int(start.timestamp())
    return EPOCH + timedelta(seconds=seconds - seconds % unit)


async def fetch(
    runtime: Runtime,
    *,
    account: str,
    region: str,
    stats: Sequence[MetricStat],
    start: datetime,
    end: datetime,
    origin: datetime = EPOCH,
) -> list[Points]:
    """The statistics, in the order asked for, of data in [start, end).

    Statistics of one period and unit share a lake query. Periods begin at ``origin`` and whole periods from it: by
    default at whole multiples of the period. Data older than ``retention`` allows for a period is left out.
    Raises StatisticError for a statistic that is none.
    """
    parsed = [statistics.parse(each.stat) for each in stats]
    groups: dict[tuple[int, str, bool], list[int]] = {}
    for place, (stat, meant) in enumerate(zip(stats, parsed, strict=True)):
        groups.setdefault((stat.period, stat.unit, not meant.from_sets), []).append(place)
    found: list[Points] = [Points()] * len(stats)

    async def read(period: int, unit: str, places: list[int], *, raw: bool) -> None:
        since = max(start, runtime.clock.now() - retention(period))
        wanted = Wanted(since, end, origin, period, unit, raw)
        series = list({stats[place].series for place in places})
        parts = await aggregates(runtime.lake, series, wanted, account=account, region=region)
        periods = _by_series(parts)
        for place in places:
            found[place] = _points(parsed[place], periods.get(number(stats[place].series), []))

    await asyncio.gather(
        *(read(period, unit, places, raw=raw) for (period, unit, raw), places in groups.items())
    )
    return found


def _by_series(parts: Mapping[tuple[int, str], list[Bucket]]) -> dict[int, list[Bucket]]:
    gathered: dict[int, list[list[Bucket]]] = {}
    for (key, _), buckets in parts.items():
        gathered.setdefault(key, []).append(buckets)
    return {key: merged(each) for key, each in gathered.items()}


def _points(meant: Statistic, buckets: Sequence[Bucket]) -> Points:
    known = [(b.start, v, b.samples) for b in buckets if (v := finish.value(meant, b)) is not None]
    if not known:
        return Points()
    timestamps, values, samples = zip(*known, strict=True)
    return Points(timestamps, values, samples)
