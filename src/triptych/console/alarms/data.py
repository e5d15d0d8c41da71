"""What an alarm's evaluation needs: the definition as DescribeAlarms has it, and datapoints in the alarm's windows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.query.metric_math import MathError
from triptych.services.cloudwatch.alarms.definition import MetricWatch, alarm_name
from triptych.services.cloudwatch.alarms.source import LakeSource
from triptych.services.cloudwatch.alarms.tick import TICK_SECONDS
from triptych.services.cloudwatch.alarms.window import Values, phase_of, stat_of, values_of, window_end
from triptych.services.contract import Ctx

__all__ = ["described", "last_evaluation", "values_at"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def described(ctx: Ctx, name: str) -> Mapping[str, Any]:
    """The alarm as DescribeAlarms has it, of either kind. Raises ServiceError (404) when there is none."""
    name = alarm_name(name)
    asked = {"AlarmNames": [name], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    reply = await ctx.call("cloudwatch", "DescribeAlarms", asked)
    found = [*reply.get("MetricAlarms", ()), *reply.get("CompositeAlarms", ())]
    if not found:
        raise ServiceError("ResourceNotFound", f"There is no alarm {name}.", status=404)
    alarm: Mapping[str, Any] = found[0]
    return alarm


def last_evaluation(metric: MetricWatch, now: datetime) -> int:
    """When the alarm was evaluated last, epoch seconds: evaluations are at whole multiples of their interval."""
    return int(now.timestamp()) // TICK_SECONDS * TICK_SECONDS // metric.interval * metric.interval


async def values_at(ctx: Ctx, metric: MetricWatch, moments: Sequence[int]) -> dict[int, Values]:
    """Phase -> the datapoints all evaluations of that phase look at, from where the evaluator itself reads them.

    Raises ServiceError for metric math that has no answer.
    """
    by_phase: dict[int, list[int]] = {}
    for at in moments:
        by_phase.setdefault(phase_of(metric, at), []).append(window_end(metric, at))
    reach = metric.watch.range * metric.period
    found = await asyncio.gather(
        *(
            _values(ctx, metric, phase, start=min(ends) - reach, end=max(ends))
            for phase, ends in by_phase.items()
        )
    )
    return dict(zip(by_phase, found, strict=True))


async def _values(ctx: Ctx, metric: MetricWatch, phase: int, *, start: int, end: int) -> Values:
    where: dict[str, Any] = {
        "account": ctx.account,
        "region": ctx.region,
        "start": _moment(start),
        "end": _moment(end),
        "origin": _moment(phase),
    }
    source = LakeSource()
    if not metric.metrics:
        (points,) = await source.fetch(ctx.runtime, stats=[stat_of(metric)], **where)
        return values_of(points)
    try:
        return values_of(await source.compute(ctx.runtime, watch=metric, **where))
    except MathError as error:
        raise ServiceError("ValidationError", f"The alarm's expression has no answer: {error}") from error


def _moment(seconds: int) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)
