"""GetMetricStatistics: several statistics of one metric, a data point per period and unit."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.query import statistic as statistics
from triptych.query.statistic import Statistic
from triptych.services.cloudwatch import finish
from triptych.services.cloudwatch.aggregates import Wanted, aggregates
from triptych.services.cloudwatch.finish import Bucket
from triptych.services.cloudwatch.metric_queries import valid_period
from triptych.services.cloudwatch.points import EPOCH, retention, rounded_start
from triptych.services.cloudwatch.series import Series, dimensions_of
from triptych.services.contract import Ctx, operation


@operation
async def get_metric_statistics(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Statistics of a metric between two times, in time order; data in different units stays apart."""
    simple, extended = params.get("Statistics") or [], params.get("ExtendedStatistics") or []
    if not simple and not extended:
        raise ServiceError(
            "InvalidParameterCombination", "Must specify either Statistics or ExtendedStatistics"
        )
    if simple and extended:
        raise ServiceError(
            "InvalidParameterCombination", "Statistics and ExtendedStatistics cannot be specified together."
        )
    period: int = params["Period"]
    start, end = params["StartTime"], params["EndTime"]
    _check(period, start, end)
    meant = [_parsed(text, position) for position, text in enumerate(extended, 1)]
    meant += [statistics.parse(text) for text in simple]
    start = rounded_start(start, ctx.now, period)
    wanted = Wanted(
        max(start, ctx.now - retention(period)),
        end,
        start,
        period,
        params.get("Unit") or "",
        finish.parts_of(meant),
    )
    series = Series(params["Namespace"], params["MetricName"], dimensions_of(params.get("Dimensions")))
    parts = await aggregates(ctx.runtime.lake, [series], wanted, account=ctx.account, region=ctx.region)
    points = [
        point
        for (_, unit), buckets in parts.items()
        for bucket in buckets
        if (point := _point(bucket, unit, meant)) is not None
    ]
    points.sort(key=lambda each: (each["Timestamp"], each["Unit"]))
    return {"Label": series.metric_name, "Datapoints": points}


def _check(period: int, start: datetime, end: datetime) -> None:
    """Raises InvalidParameterValue for a period, InvalidParameterCombination for times that cannot be."""
    if not valid_period(period):
        raise ServiceError(
            "InvalidParameterValue", "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60."
        )
    if start >= end:
        raise ServiceError(
            "InvalidParameterCombination", "The parameter StartTime must be less than the parameter EndTime."
        )
    asked = math.ceil((end - start).total_seconds() / period)
    if asked > limits.METRIC_STATISTICS_POINTS:
        raise ServiceError(
            "InvalidParameterCombination",
            f"You have requested up to {asked:,} datapoints, which exceeds the limit of "
            f"{limits.METRIC_STATISTICS_POINTS:,}. You may reduce the datapoints requested by increasing Period, or "
            "decreasing the time range.",
        )


def _parsed(text: str, position: int) -> Statistic:
    try:
        meant = statistics.parse(text)
    except statistics.StatisticError as error:
        raise ServiceError(
            "InvalidParameterValue",
            f"The value {text} for parameter ExtendedStatistics.member.{position} is invalid. {error.message}",
        ) from None
    if meant.from_sets:
        raise ServiceError(
            "InvalidParameterValue",
            f"The value {text} for parameter ExtendedStatistics.member.{position} belongs into Statistics.",
        )
    return meant


def _point(bucket: Bucket, unit: str, meant: list[Statistic]) -> dict[str, Any] | None:
    """A Datapoint; None when the period has none of the statistics (percentiles of statistic sets)."""
    found = {each.text: v for each in meant if (v := finish.value(each, bucket)) is not None}
    if not found:
        return None
    point: dict[str, Any] = {"Timestamp": EPOCH + timedelta(seconds=bucket.start), "Unit": unit}
    if meant[0].from_sets:
        return point | found
    return point | {"ExtendedStatistics": found}
