"""Why an alarm is in its state: the periods its last evaluation looked at, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from triptych.console.alarms.data import described, last_evaluation, values_at
from triptych.console.contract import Input, millis
from triptych.query import alarm_rule
from triptych.services.cloudwatch.alarms.definition import MetricWatch, alarm_name
from triptych.services.cloudwatch.alarms.explain import explain
from triptych.services.cloudwatch.alarms.metric_input import metric_watch
from triptych.services.cloudwatch.alarms.window import slots_at
from triptych.services.contract import Ctx

__all__ = ["Named", "Why", "why"]


class Named(Input, frozen=True, kw_only=True):
    """An alarm by its name or ARN."""

    alarm_name: str


class Why(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The state and what the last evaluation rests on. Times are epoch milliseconds.

    :param periods: newest first, {start, end, value?, samples?, lower?, upper?, breaching, treatment}; ``treatment``
        is ``counted``, ``spare``, ``too few samples``, or what a missing datapoint was treated as; ``lower`` and
        ``upper`` are what an anomaly detection model expects.
    :param m: datapoints that have to breach, of the last ``n``; :param breaching: how many do.
    :param missing: how missing data is treated. :param verdict: what the evaluation says; null: keep the state.
    :param children: of a composite alarm, {alarmName, state} each; it has ``rule`` and ``holds`` and no periods.
    """

    alarm_name: str
    alarm_type: str
    state: str
    reason: str
    since: int
    evaluated_at: int | None = None
    periods: list[dict[str, Any]]
    m: int = 0
    n: int = 0
    breaching: int = 0
    threshold: float | None = None
    comparison: str = ""
    missing: str = ""
    verdict: str | None = None
    sentence: str
    rule: str = ""
    holds: bool | None = None
    children: list[dict[str, str]] = []


async def why(ctx: Ctx, name: str) -> Why:
    """Raises ServiceError (404) for an alarm there is not."""
    alarm = await described(ctx, name)
    if "AlarmRule" in alarm:
        return await _composite(ctx, alarm)
    metric = metric_watch(alarm)
    at = last_evaluation(metric, ctx.now)
    (values,) = (await values_at(ctx, metric, [at])).values()
    told = explain(metric.watch, slots_at(metric, values, at))
    return Why(
        **_state(alarm),
        alarm_type="MetricAlarm",
        evaluated_at=at * 1000,
        periods=[_period(each._asdict(), metric.period) for each in told.periods],
        m=metric.watch.needed,
        n=metric.watch.periods,
        breaching=told.breaching,
        threshold=metric.threshold,
        comparison=metric.comparison,
        missing=metric.watch.treatment,
        verdict=told.verdict.state,
        sentence=told.sentence + _not_yet(alarm, metric, at),
    )


def _state(alarm: Mapping[str, Any]) -> dict[str, Any]:
    changed: datetime = alarm["StateTransitionedTimestamp"]
    return {
        "alarm_name": alarm["AlarmName"],
        "state": alarm["StateValue"],
        "reason": alarm.get("StateReason", ""),
        "since": millis(changed),
    }


def _period(period: Mapping[str, Any], seconds: int) -> dict[str, Any]:
    shown = {
        "start": period["start"] * 1000,
        "end": (period["start"] + seconds) * 1000,
        "value": period["value"],
        "samples": period["samples"],
        "breaching": period["breaches"],
        "treatment": period["fate"],
        **(period["limits"]._asdict() if period["limits"] else {}),
    }
    return {name: value for name, value in shown.items() if value is not None}


def _not_yet(alarm: Mapping[str, Any], metric: MetricWatch, at: int) -> str:
    configured: datetime = alarm["AlarmConfigurationUpdatedTimestamp"]
    if configured.timestamp() <= at:
        return ""
    return f" It was configured after the last evaluation; the first one follows within {metric.interval} s."


async def _composite(ctx: Ctx, alarm: Mapping[str, Any]) -> Why:
    rule = alarm_rule.parse(alarm["AlarmRule"])
    names = list(dict.fromkeys(alarm_name(each) for each in alarm_rule.references(rule)))
    asked = {"AlarmNames": names, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    reply = await ctx.call("cloudwatch", "DescribeAlarms", asked) if names else {}
    listed = [*reply.get("MetricAlarms", ()), *reply.get("CompositeAlarms", ())]
    states = {each["AlarmName"]: each["StateValue"] for each in listed}
    holds = alarm_rule.evaluate(
        rule, lambda reference: states.get(alarm_name(reference), "INSUFFICIENT_DATA")
    )
    firing = [name for name in names if states.get(name) == "ALARM"]
    among = f"{len(firing)} of its {len(names)} alarms are in ALARM" + (
        f" ({', '.join(firing)})" if firing else ""
    )
    return Why(
        **_state(alarm),
        alarm_type="CompositeAlarm",
        periods=[],
        sentence=f"The rule {'holds' if holds else 'does not hold'}: {among}.",
        verdict="ALARM" if holds else "OK",
        rule=alarm["AlarmRule"],
        holds=holds,
        children=[{"alarmName": name, "state": states.get(name, "missing")} for name in names],
    )
