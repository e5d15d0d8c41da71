"""What an alarm would have done in the last days, evaluated on the stored points as if it had been there."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from triptych.console.alarms.data import last_evaluation, values_at
from triptych.console.contract import Input
from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.query.metric_math import MathError
from triptych.services.cloudwatch.alarms.definition import MetricWatch
from triptych.services.cloudwatch.alarms.metric_input import metric_watch
from triptych.services.cloudwatch.alarms.rehearsal import plan, rehearse
from triptych.services.cloudwatch.alarms.source import checked_expressions
from triptych.services.cloudwatch.points import retention
from triptych.services.contract import Ctx
from triptych.wire.model import operation_model
from triptych.wire.validate import validate

__all__ = ["Backtest", "Draft", "backtest"]

_DAY = 86_400


class Draft(Input, frozen=True, kw_only=True):
    """:param alarm: PutMetricAlarm's parameters; the name may be left out. :param days: how far back."""

    alarm: dict[str, Any]
    days: float = 7


class Backtest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Times are epoch milliseconds.

    :param transitions: {t, from, to, reason} each, oldest first; :param fired: how many of them to ALARM.
    :param alarmSeconds: time in ALARM. :param from: later than asked where no data of this detail is kept that long.
    :param stepSeconds: between evaluations; more than the alarm's own ``intervalSeconds`` for long periods.
    :param datapoints: periods that have data; 0 says that nothing was tested.
    """

    from_: int = msgspec.field(name="from")
    to: int
    transitions: list[dict[str, Any]]
    fired: int
    alarm_seconds: int
    evaluations: int
    step_seconds: int
    interval_seconds: int
    datapoints: int


async def backtest(ctx: Ctx, draft: Draft) -> Backtest:
    """Raises ServiceError for a definition that cannot be, and for more work than one answer may be."""
    metric = _checked(draft)
    end = last_evaluation(metric, ctx.now)
    kept = int(retention(metric.period).total_seconds()) - metric.watch.range * metric.period
    start = end - max(metric.period, min(round(draft.days * _DAY), kept))
    planned = plan(metric, start=start, end=end)
    looks = len(planned.moments) * metric.watch.range
    if looks > limits.REHEARSAL_DATAPOINTS:
        fewer = draft.days * limits.REHEARSAL_DATAPOINTS / looks
        raise ServiceError(
            "ValidationException",
            f"{len(planned.moments)} evaluations of {metric.watch.range} periods are too many; try {fewer:.1f} days.",
        )
    data = await values_at(ctx, metric, planned.moments)
    changes = await asyncio.to_thread(rehearse, metric, data, planned.moments)
    ends = [*(each.at for each in changes[1:]), end]
    return Backtest(
        from_=start * 1000,
        to=end * 1000,
        transitions=[
            {"t": each.at * 1000, "from": each.before, "to": each.after, "reason": each.reason}
            for each in changes
        ],
        fired=sum(each.after == "ALARM" for each in changes),
        alarm_seconds=sum(
            until - each.at for each, until in zip(changes, ends, strict=False) if each.after == "ALARM"
        ),
        evaluations=len(planned.moments),
        step_seconds=planned.step,
        interval_seconds=metric.interval,
        datapoints=max((len(values) for values in data.values()), default=0),
    )


def _checked(draft: Draft) -> MetricWatch:
    """The definition, refused as PutMetricAlarm would refuse it."""
    if not 0 < draft.days <= limits.REHEARSAL_DAYS:
        raise ServiceError(
            "ValidationException", f"days must be more than 0 and at most {limits.REHEARSAL_DAYS}."
        )
    params = {"AlarmName": "draft", **draft.alarm}
    validate(operation_model("cloudwatch", "PutMetricAlarm"), params)
    metric = metric_watch(params)
    if metric.metrics:
        try:
            checked_expressions(metric)
        except MathError as error:
            raise ServiceError("ValidationError", str(error)) from error
    return metric
