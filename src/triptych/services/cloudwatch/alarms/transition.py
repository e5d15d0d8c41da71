"""What happens to an alarm, staged as one unit: the new state or definition, the fact, and the jobs of its actions.

Whoever commits the unit commits all of it, so no transition is without its actions and none happens twice.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from triptych.kernel.fact import Fact
from triptych.services.cloudwatch.alarms.definition import ALARMS, STATES, Alarm, AlarmState
from triptych.services.cloudwatch.alarms.document import configuration, history_document, state_document
from triptych.services.contract import Ctx, caused_by

__all__ = ["ACTION", "configure", "delete", "stage", "whole_milliseconds"]

ACTION = "cloudwatch.action"
"""The kind of the jobs that perform one action each."""


def whole_milliseconds(moment: datetime) -> datetime:
    """Alarm times have milliseconds, in every store and on every wire."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def stage(ctx: Ctx, alarm: Alarm, before: AlarmState, after: AlarmState, *, act: bool) -> Fact:
    """Stage a state and tell of it; ``act``: also perform the actions of the state it now has.

    ``after.number`` must be greater than ``before.number`` if the value changed.
    """
    ctx.unit.put(STATES, alarm.name, after, account=ctx.account, region=ctx.region)
    fact = ctx.fact(
        "AlarmStateChanged",
        alarm.arn,
        {
            "alarmName": alarm.name,
            "alarmType": alarm.kind,
            "number": after.number,
            "state": state_document(after),
            "previousState": state_document(before),
            "configuration": configuration(alarm, id=alarm.name),
        },
    )
    for action in alarm.actions(after.value) if act else ():
        body = {
            "action": action,
            "alarm": history_document(alarm, after),
            "alarmType": alarm.kind,
            "state": state_document(after),
            "previousState": state_document(before),
            "configuration": fact.body["configuration"],
        }
        ctx.job(ACTION, body, cause=caused_by(fact))
    return fact


def configure(
    ctx: Ctx, operation: Literal["create", "update"], alarm: Alarm, state: AlarmState, previous: Alarm | None
) -> None:
    """Stage a definition and tell of it."""
    ctx.unit.put(ALARMS, alarm.name, alarm, account=ctx.account, region=ctx.region)
    body: dict[str, Any] = {
        "alarmName": alarm.name,
        "alarmType": alarm.kind,
        "operation": operation,
        "timestamp": state_document(state)["timestamp"],
        "alarm": history_document(alarm, state),
    }
    if previous is not None:
        body["previous"] = history_document(previous, state)
    ctx.fact("AlarmConfigured", alarm.arn, body)


def delete(ctx: Ctx, alarm: Alarm, state: AlarmState) -> None:
    ctx.unit.delete(ALARMS, alarm.name, account=ctx.account, region=ctx.region)
    ctx.unit.delete(STATES, alarm.name, account=ctx.account, region=ctx.region)
    ctx.fact(
        "AlarmConfigured",
        alarm.arn,
        {
            "alarmName": alarm.name,
            "alarmType": alarm.kind,
            "operation": "delete",
            "timestamp": state_document(state)["timestamp"],
            "alarm": history_document(alarm, state),
        },
    )
