"""Where alarms get their datapoints: the points in the lake, SELECT over them, and metric math over both."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from triptych.kernel import limits
from triptych.query.anomaly_band import Band
from triptych.query.metric_math import (
    Expression,
    MathError,
    Series,
    Value,
    Window,
    evaluate,
    parse,
    references,
)
from triptych.query.metric_math.parser import Call
from triptych.query.metrics_insights import Select, is_select
from triptych.services.cloudwatch import points
from triptych.services.cloudwatch.alarms.definition import MetricWatch
from triptych.services.cloudwatch.alarms.trained import trained
from triptych.services.cloudwatch.metric_queries import parsed_select
from triptych.services.cloudwatch.points import MetricStat, Points
from triptych.services.contract import Runtime

__all__ = ["LakeSource", "checked_expressions", "ordered", "selects"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LakeSource:
    """``tick.Source`` on ``services.cloudwatch.points``."""

    async def fetch(
        self,
        runtime: Runtime,
        *,
        account: str,
        region: str,
        stats: Sequence[MetricStat],
        start: datetime,
        end: datetime,
        origin: datetime = _EPOCH,
    ) -> list[Points]:
        """See ``points.fetch``."""
        return await points.fetch(
            runtime, account=account, region=region, stats=stats, start=start, end=end, origin=origin
        )

    async def compute(
        self,
        runtime: Runtime,
        *,
        account: str,
        region: str,
        watch: MetricWatch,
        start: datetime,
        end: datetime,
        origin: datetime,
    ) -> Points:
        """The one series a Metrics list returns. Raises MathError for one that cannot be computed."""
        metrics = [query for query in watch.metrics if query.get("MetricStat")]
        found = await self.fetch(
            runtime,
            account=account,
            region=region,
            stats=[_stat(query["MetricStat"]) for query in metrics],
            start=start,
            end=end,
            origin=origin,
        )
        wanted = watch.watched
        values: dict[str, Value] = {}
        for query, each in zip(metrics, found, strict=True):
            if query["Id"] == wanted and not watch.threshold_metric:
                return each
            period = query["MetricStat"]["Period"]
            values[query["Id"]] = Series(
                each.timestamps, each.values, query.get("Label") or query["Id"], query["Id"], period
            )
        names = frozenset(values)
        for name, select in selects(watch.metrics).items():
            values[name], _ = await points.selected_series(
                runtime,
                account=account,
                region=region,
                query=select,
                period=next(query["Period"] for query in watch.metrics if query["Id"] == name),
                start=start + _unseen(watch),
                end=end,
                origin=origin,
            )
        expressions = ordered(watch.metrics)
        bands = {
            name: await trained(
                runtime,
                account=account,
                region=region,
                watch=watch,
                name=name,
                start=start,
                end=end,
                origin=origin,
            )
            for _, expression in expressions
            for name in expression.bands
        }
        begin, until, first = (int(at.timestamp()) for at in (start, end, origin))
        computed = _computed(expressions, values, Window(begin, until, watch.period, first), names, bands)
        value = computed[wanted]
        if not isinstance(value, Series):
            raise MathError("The expression of an alarm must return one time series", 0)
        if watch.threshold_metric:
            return _judged(value, computed[watch.threshold_metric])
        return Points(value.timestamps, value.values)


def _judged(watched: Series, band: Value) -> Points:
    """The datapoints of which something is expected: others say nothing."""
    assert isinstance(band, list)
    lower, upper = (dict(each.points()) for each in band)
    known = [(at, value) for at, value in watched.points() if at in lower and at in upper]
    return Points(
        tuple(at for at, _ in known),
        tuple(value for _, value in known),
        limits=tuple((lower[at], upper[at]) for at, _ in known),
    )


def _unseen(watch: MetricWatch) -> timedelta:
    """The whole periods at the start of an evaluation range that a Metrics Insights query of an alarm does not see."""
    beyond = watch.watch.range * watch.period - limits.METRICS_INSIGHTS_ALARM_SECONDS
    return timedelta(seconds=max(0, -(-beyond // watch.period)) * watch.period)


def _stat(members: Mapping[str, Any]) -> MetricStat:
    metric = members["Metric"]
    dimensions = tuple(sorted((each["Name"], each["Value"]) for each in metric.get("Dimensions") or ()))
    return MetricStat(
        namespace=metric["Namespace"],
        metric_name=metric["MetricName"],
        dimensions=dimensions,
        period=members["Period"],
        stat=members["Stat"],
        unit=members.get("Unit") or "",
    )


def selects(queries: Sequence[Mapping[str, Any]]) -> dict[str, Select]:
    """The Metrics Insights queries of a Metrics list by their Ids. Raises ValidationError for what is none."""
    parsed = {
        query["Id"]: parsed_select(query["Id"], query["Expression"])
        for query in queries
        if query.get("Expression") is not None
    }
    return {name: select for name, select in parsed.items() if select is not None}


def ordered(queries: Sequence[Mapping[str, Any]]) -> list[tuple[str, Expression]]:
    """The metric math of a Metrics list, each expression after what it refers to.

    Raises MathError for an expression that cannot be read, an id that is not there, and circles.
    """
    parsed = {
        query["Id"]: parse(query["Expression"])
        for query in queries
        if query.get("Expression") is not None and not is_select(query["Expression"])
    }
    known = {query["Id"] for query in queries}
    waiting = {name: references(expression) for name, expression in parsed.items()}
    for name, needed in waiting.items():
        if lost := sorted(needed - known):
            raise MathError(f"The expression {name} refers to {lost[0]}, which is not in the list", 0)
    found: list[tuple[str, Expression]] = []
    while waiting:
        ready = [name for name, needed in waiting.items() if not needed & waiting.keys()]
        if not ready:
            raise MathError(
                f"The expressions {', '.join(sorted(waiting))} refer to each other in a circle", 0
            )
        for name in ready:
            del waiting[name]
            found.append((name, parsed[name]))
    return found


def checked_expressions(watch: MetricWatch) -> None:
    """Whether the expressions make one time series, told by evaluating them over nothing. Raises MathError."""
    expressions = ordered(watch.metrics)
    for _, expression in expressions:
        if expression.searches:
            raise MathError("SEARCH is not supported on Metric Alarms.", 0)
    if watch.threshold_metric:
        _check_band(watch, expressions)
    found: dict[str, Value] = {
        query["Id"]: Series((), (), "", query["Id"], query["MetricStat"]["Period"])
        for query in watch.metrics
        if query.get("MetricStat")
    }
    names = frozenset(found)
    for name, select in selects(watch.metrics).items():
        found[name] = [] if select.labels else Series((), (), "", name, watch.period)
    bands = {name: Band() for _, expression in expressions for name in expression.bands}
    values = _computed(expressions, found, Window(0, watch.period, watch.period), names, bands)
    value = values[watch.watched]
    if isinstance(value, list):
        raise MathError("The expression of an alarm must return one time series, not several", 0)
    if not isinstance(value, Series):
        raise MathError("The expression of an alarm must return a time series, not a number", 0)


def _check_band(watch: MetricWatch, expressions: Sequence[tuple[str, Expression]]) -> None:
    root = (
        dict(expressions)[watch.threshold_metric].root
        if watch.threshold_metric in dict(expressions)
        else None
    )
    if not isinstance(root, Call) or root.function.name != "ANOMALY_DETECTION_BAND":
        raise MathError(f"ThresholdMetricId {watch.threshold_metric} is not an ANOMALY_DETECTION_BAND", 0)


def _computed(
    expressions: Sequence[tuple[str, Expression]],
    found: Mapping[str, Value],
    window: Window,
    metrics: Collection[str],
    bands: Mapping[str, Band],
) -> dict[str, Value]:
    """What was found and every expression's value. ``metrics`` are those of the found that METRICS() means."""
    values: dict[str, Value] = dict(found)
    for name, expression in expressions:
        value = evaluate(expression, values, window, metrics=metrics, bands=bands)
        if isinstance(value, float) and math.isnan(value):
            raise MathError(f"The expression {name} has no value", 0)
        values[name] = replace(value, id=name) if isinstance(value, Series) else value
    return values
