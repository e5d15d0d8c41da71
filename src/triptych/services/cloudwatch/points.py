"""Reading points: statistics of metrics over periods, for the API and for alarms."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from triptych.kernel import limits
from triptych.query import statistic as statistics
from triptych.query.anomaly_band import Band, Training, band, training_ends
from triptych.query.metric_math import MathError, Message, Value, Window, evaluation
from triptych.query.metric_math import Series as MathSeries
from triptych.query.metrics_insights import Function, Select
from triptych.query.search_expression import Search
from triptych.query.statistic import Statistic
from triptych.services.cloudwatch import finish, metric_queries
from triptych.services.cloudwatch.aggregates import Wanted, aggregates, merged
from triptych.services.cloudwatch.detector import training_of
from triptych.services.cloudwatch.finish import Bucket
from triptych.services.cloudwatch.list_metrics import LISTED, known_series
from triptych.services.cloudwatch.metric_queries import Query
from triptych.services.cloudwatch.metric_stat import MetricStat
from triptych.services.cloudwatch.selected import Group, Span, select
from triptych.services.cloudwatch.series import number
from triptych.services.contract import Runtime

__all__ = [
    "EPOCH",
    "MetricStat",
    "Points",
    "QueryResult",
    "evaluate_queries",
    "expected",
    "fetch",
    "retention",
    "rounded_start",
    "selected_series",
]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Points:
    """The periods that have the statistic, in time order; the tuples are parallel.

    :param timestamps: starts of the periods, epoch seconds.
    :param sample_counts: how many samples each period had. :param limits: the lowest and the highest value that is
        expected of each; as the sample counts, empty where that was not asked for.
    """

    timestamps: tuple[int, ...] = ()
    values: tuple[float, ...] = ()
    sample_counts: tuple[float, ...] = ()
    limits: tuple[tuple[float, float], ...] = ()


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

    async def read(period: int, unit: str, places: list[int]) -> None:
        since = max(start, runtime.clock.now() - retention(period))
        needed = finish.parts_of(parsed[place] for place in places)
        wanted = Wanted(since, end, origin, period, unit, needed)
        series = list({stats[place].series for place in places})
        parts = await aggregates(runtime.lake, series, wanted, account=account, region=region)
        periods = _by_series(parts)
        for place in places:
            found[place] = _points(parsed[place], periods.get(number(stats[place].series), []))

    await asyncio.gather(*(read(period, unit, places) for (period, unit, _), places in groups.items()))
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


@dataclass(frozen=True, slots=True)
class QueryResult:
    """One series that a query returns; a query may return several (SEARCH)."""

    id: str
    label: str
    series: MathSeries
    messages: tuple[Message, ...] = ()


async def evaluate_queries(
    runtime: Runtime,
    *,
    account: str,
    region: str,
    queries: Sequence[Mapping[str, Any]],
    start: datetime,
    end: datetime,
    origin: datetime | None = None,
) -> list[QueryResult]:
    """MetricDataQueries over data in [start, end): the series they return, in their order, ascending in time.

    :param origin: where periods begin; ``start`` if None.
    Raises ValidationError for queries that cannot be, also when only the types of their values show it.
    """
    asked = metric_queries.parsed(queries, account=account)
    origin = start if origin is None else origin
    _bounded(runtime, asked, start, end)
    found = await _Lookup(runtime, account, region, start, end, origin).computed(asked)
    return [result for each in asked if each.returned for result in _results(each, *found[each.id])]


async def expected(
    runtime: Runtime,
    *,
    account: str,
    region: str,
    queries: Sequence[Mapping[str, Any]],
    name: str,
    start: datetime,
    end: datetime,
    origin: datetime,
    training: Training,
) -> Band:
    """The models of what the MetricDataQuery with this id is in [start, end); see ``evaluate_queries``."""
    asked = metric_queries.parsed(queries, account=account)
    return await _Lookup(runtime, account, region, start, end, origin).band(asked, name, training)


_DEFAULT_PERIOD = 300
"""Of an expression over nothing that has one (CloudWatch's default)."""


def _bounded(runtime: Runtime, asked: Sequence[Query], start: datetime, end: datetime) -> None:
    total = 0.0
    for each in asked:
        if each.metric is not None:
            since = max(start, runtime.clock.now() - retention(each.metric.period))
            total += max(0.0, (end - since).total_seconds()) / each.metric.period
    _check_asked(total)


def _check_asked(points: float) -> None:
    if points > limits.METRIC_DATA_ASKED:
        raise metric_queries.invalid(
            f"You have requested up to {int(points):,} datapoints, which exceeds the limit of "
            f"{limits.METRIC_DATA_ASKED:,}. Increase Period, or decrease the time range."
        )


def _results(query: Query, value: Value, messages: tuple[Message, ...]) -> list[QueryResult]:
    if isinstance(value, MathSeries):
        return [QueryResult(query.id, query.label or value.label or query.id, value, messages)]
    if isinstance(value, list):
        return [
            QueryResult(query.id, query.label or each.label or query.id, each, messages) for each in value
        ]
    raise metric_queries.invalid(
        f"Error in expression '{query.id}': The result is a scalar; only time series can be returned."
    )


def _named(value: Value, name: str) -> Value:
    return replace(value, id=name) if isinstance(value, MathSeries) else value


@dataclass(frozen=True, slots=True)
class _Lookup:
    """The way from metrics and searches to series, for one request."""

    runtime: Runtime
    account: str
    region: str
    start: datetime
    end: datetime
    origin: datetime

    async def computed(self, asked: Sequence[Query]) -> dict[str, tuple[Value, tuple[Message, ...]]]:
        """The value of every query, by its id, and what is said of it."""
        metrics = [each for each in asked if each.metric is not None]
        found = await self.series([(each.metric, each.label) for each in metrics if each.metric])
        values: dict[str, Value] = {
            each.id: replace(series, id=each.id) for each, series in zip(metrics, found, strict=True)
        }
        messages: dict[str, tuple[Message, ...]] = {}
        for each in asked:
            if each.select is not None:
                value, messages[each.id] = await self.select(each.select, each.period or _MINUTE)
                values[each.id] = _named(value, each.id)
        periods = [
            each.metric.period if each.metric else each.period for each in asked if not each.expression
        ]
        shortest = min((period for period in periods if period), default=_DEFAULT_PERIOD)
        for each in metric_queries.computing_order(asked):
            assert each.expression is not None
            start, end, origin = (int(at.timestamp()) for at in (self.start, self.end, self.origin))
            searches = {
                search: await self.search(search, each.period or _DEFAULT_PERIOD)
                for search in each.expression.searches
            }
            try:
                answer = evaluation(
                    each.expression,
                    values,
                    Window(start, end, each.period or shortest, origin),
                    metrics={query.id for query in metrics},
                    searches=searches,
                    bands={
                        name: await self.band(asked, name, await self.training(asked, name))
                        for name in each.expression.bands
                    },
                )
            except MathError as error:
                raise metric_queries.expression_error(each.id, error) from None
            values[each.id], messages[each.id] = _named(answer.value, each.id), answer.messages
        return {name: (value, messages.get(name, ())) for name, value in values.items()}

    async def training(self, asked: Sequence[Query], name: str) -> Training:
        """As the anomaly detector of a metric says; that of an expression has none."""
        metric = next(each.metric for each in asked if each.id == name)
        if metric is None:
            return Training()
        return await training_of(
            self.runtime, account=self.account, region=self.region, series=metric.series, stat=metric.stat
        )

    async def band(self, asked: Sequence[Query], name: str, training: Training) -> Band:
        """The models of the query with this id, trained on what it was before."""
        start, end = int(self.start.timestamp()), int(self.end.timestamp())
        ends = training_ends(start, end)
        needed = metric_queries.needed(asked, name)
        past = replace(
            self,
            start=EPOCH + timedelta(seconds=ends[0] - limits.ANOMALY_HISTORY_SECONDS),
            end=EPOCH + timedelta(seconds=ends[-1]),
        )
        _bounded(self.runtime, needed, past.start, past.end)
        found, _ = (await past.computed(needed))[name]
        if not isinstance(found, MathSeries):
            return Band()  # the function will say what it takes
        points = list(found.points())
        return await asyncio.to_thread(
            band, points, period=found.period, start=start, end=end, training=training
        )

    async def series(self, stats: Sequence[tuple[MetricStat, str]]) -> list[MathSeries]:
        """A series for each (metric, label); an empty label is the metric's name."""
        found = await fetch(
            self.runtime,
            account=self.account,
            region=self.region,
            stats=[stat for stat, _ in stats],
            start=self.start,
            end=self.end,
            origin=self.origin,
        )
        return [
            MathSeries(
                points.timestamps,
                points.values,
                label or stat.metric_name,
                period=stat.period,
                properties=stat.properties,
            )
            for (stat, label), points in zip(stats, found, strict=True)
        ]

    async def select(self, query: Select, period: int) -> tuple[Value, tuple[Message, ...]]:
        return await selected_series(
            self.runtime,
            account=self.account,
            region=self.region,
            query=query,
            period=period,
            start=self.start,
            end=self.end,
            origin=self.origin,
        )

    async def search(self, search: Search, period: int) -> list[MathSeries]:
        """What a SEARCH finds among the metrics of the past two weeks, the first of them by name."""
        candidates = await known_series(
            self.runtime.lake,
            account=self.account,
            region=self.region,
            since=self.runtime.clock.now() - LISTED,
            namespace=search.namespace or "",
            limit=limits.LAKE_SELECT_ROWS,
        )
        found = sorted(each for each in candidates if search.matches(*each, account_id=self.account))
        kept = found[: limits.SEARCH_RESULTS]
        stat = search.statistic.text
        stats = [MetricStat(*each, search.period or period, stat) for each in kept]
        labels = [" ".join((each.metric_name, *(value for _, value in each.dimensions))) for each in kept]
        return await self.series(list(zip(stats, labels, strict=True)))


_MINUTE = 60
"""The finest detail of Metrics Insights (CloudWatch)."""
_STATISTICS: Mapping[Function, str] = {
    "AVG": "Average",
    "COUNT": "SampleCount",
    "MAX": "Maximum",
    "MIN": "Minimum",
    "SUM": "Sum",
}


async def selected_series(
    runtime: Runtime,
    *,
    account: str,
    region: str,
    query: Select,
    period: int,
    start: datetime,
    end: datetime,
    origin: datetime,
) -> tuple[Value, tuple[Message, ...]]:
    """What a SELECT returns: a series, or with GROUP BY an array; and what it left out.

    Data of two weeks are looked at, in minutes at the finest; a period that begins before is told from the rest of it.
    Raises ValidationError for more points than a request may have, LimitExceeded for too much work.
    """
    since = max(start, runtime.clock.now() - timedelta(days=limits.METRICS_INSIGHTS_DAYS))
    span = Span(since, end, origin, max(period, _MINUTE))
    found = await select(runtime.lake, query, span, account=account, region=region)
    _check_asked(found.points)
    messages = []
    if found.metrics > limits.METRICS_INSIGHTS_METRICS:
        text = f"{found.metrics:,} metrics match, and the first {limits.METRICS_INSIGHTS_METRICS:,} were looked at."
        messages.append(Message("MaxMetricsExceeded", text))
    if len(found.groups) == limits.METRICS_INSIGHTS_SERIES < found.found:
        text = f"There are {found.found:,} time series, and {limits.METRICS_INSIGHTS_SERIES} were returned."
        messages.append(Message("MaxTimeSeriesExceeded", text))
    series = [_selected(query, span.period, group) for group in found.groups]
    return series if query.labels else series[0], tuple(messages)


def _selected(query: Select, period: int, group: Group) -> MathSeries:
    properties = (
        *((f"Dim.{label}", value) for label, value in zip(query.labels, group.shown, strict=True)),
        ("MetricName", query.metric_name),
        ("Namespace", query.namespace),
        ("Period", str(period)),
        ("Stat", _STATISTICS[query.function]),
    )
    label = " ".join(group.shown) or query.metric_name
    return MathSeries(group.timestamps, group.values, label, period=period, properties=properties)
