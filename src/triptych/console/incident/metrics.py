"""The metrics of a timeline's alarms, as GetMetricData answers them, each with its threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from triptych.console.contract import millis
from triptych.console.incident.facts import Range
from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.services.cloudwatch.points import retention
from triptych.services.contract import Ctx

__all__ = ["lines", "readable_period"]

_POINTS = 1440
"""Points of one line: more than a screen has columns."""


async def lines(ctx: Ctx, alarms: Sequence[Mapping[str, Any]], axis: Range) -> list[dict[str, Any]]:
    """One line for each series, at most ``limits.TIMELINE_METRICS``; a line that cannot be computed says why."""
    found: list[dict[str, Any]] = []
    for alarm in [each for each in alarms if "ComparisonOperator" in each]:
        if len(found) >= limits.TIMELINE_METRICS:
            break
        found += await _of_alarm(ctx, alarm, axis)
    return found[: limits.TIMELINE_METRICS]


async def _of_alarm(ctx: Ctx, alarm: Mapping[str, Any], axis: Range) -> list[dict[str, Any]]:
    queries, period = _queries(alarm, axis, ctx.now)
    common = {
        "alarm": alarm["AlarmName"],
        "threshold": alarm.get("Threshold"),
        "comparison": alarm.get("ComparisonOperator"),
        "period": period,
        "stat": alarm.get("Statistic") or alarm.get("ExtendedStatistic") or "",
    }
    asked = {
        "MetricDataQueries": queries,
        "StartTime": _aligned(axis.start, period),
        "EndTime": axis.end,
        "ScanBy": "TimestampAscending",
    }
    try:
        reply = await ctx.call("cloudwatch", "GetMetricData", asked)
    except ServiceError as error:
        empty = {"id": alarm["AlarmName"], "label": alarm["AlarmName"], "timestamps": [], "values": []}
        return [common | empty | {"error": error.message}]
    return [
        common
        | {
            "id": f"{alarm['AlarmName']}/{each['Id']}",
            "label": each["Label"],
            "unit": alarm.get("Unit") or "",
            "timestamps": [millis(moment) for moment in each["Timestamps"]],
            "values": each["Values"],
        }
        for each in reply["MetricDataResults"]
    ]


def _queries(alarm: Mapping[str, Any], axis: Range, now: datetime) -> tuple[list[dict[str, Any]], int]:
    """An alarm's metrics as MetricDataQueries with a period that fits the axis, and that period in seconds."""
    if alarm.get("Metrics"):
        queries = [dict(query) for query in alarm["Metrics"]]
        periods = [q["MetricStat"]["Period"] for q in queries if q.get("MetricStat")]
        period = readable_period(max(periods, default=60), axis, now)
        for query in queries:
            if query.get("MetricStat"):
                stat = query["MetricStat"]
                query["MetricStat"] = {**stat, "Period": max(period, stat["Period"])}
        return queries, period
    period = readable_period(alarm["Period"], axis, now)
    stat = {
        "Metric": {
            "Namespace": alarm["Namespace"],
            "MetricName": alarm["MetricName"],
            "Dimensions": list(alarm.get("Dimensions") or ()),
        },
        "Period": period,
        "Stat": alarm.get("Statistic") or alarm.get("ExtendedStatistic"),
    }
    if alarm.get("Unit"):
        stat["Unit"] = alarm["Unit"]
    return [{"Id": "m", "MetricStat": stat}], period


def readable_period(period: int, axis: Range, now: datetime) -> int:
    """The alarm's period, or as many times as long as it takes to fit the axis and to be there still."""
    length = (axis.end - axis.start).total_seconds()
    wanted = period * max(1, -(-int(length) // (period * _POINTS)))
    for unit in (60, 300, 3600):
        if now - axis.start <= retention(wanted):
            break
        wanted = -(-wanted // unit) * unit
    return wanted


def _aligned(start: datetime, period: int) -> datetime:
    seconds = int(start.timestamp()) // period * period
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
