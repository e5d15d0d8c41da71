"""Whether a composite alarm's actions are performed, held back, or let go. Pure.

A composite alarm with an actions suppressor waits ActionsSuppressorWaitPeriod after a state change for the suppressor
to go into ALARM, holds its actions back while it is, and ActionsSuppressorExtensionPeriod longer. What is let go in the
end are the actions of the state the alarm has then, unless those were the last it performed anyway.
Source: the CloudWatch user guide, "Composite alarms: alarm suppression".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from triptych.services.cloudwatch.alarms.definition import AlarmState, CompositeWatch

__all__ = ["Event", "Step", "step"]

Event = Literal["changed", "suppressor", "timer"]
"""The alarm changed its value (or its definition); its suppressor did; a period may be over."""


class Step(NamedTuple):
    """:param act: perform the actions of the state's value now."""

    state: AlarmState
    act: bool


def step(watch: CompositeWatch, state: AlarmState, *, suppressor: str, event: Event, now: datetime) -> Step:
    """:param state: the state as it is after the event; :param suppressor: its state's value, empty without one."""
    if not watch.suppressor:
        return _let_go(state)
    if suppressor == "ALARM":
        return Step(msgspec.structs.replace(state, suppressed_by="Alarm", until=None), False)
    if state.suppressed_by == "Alarm":
        return _wait(state, "ExtensionPeriod", watch.extension_seconds, now)
    if state.suppressed_by == "ExtensionPeriod" and not _is_over(state, now):
        return Step(state, False)
    if event == "changed" and state.value != state.told:
        return _wait(state, "WaitPeriod", watch.wait_seconds, now)
    if state.value == state.told or _is_over(state, now):
        return _let_go(state)
    return Step(state, False)


def _wait(
    state: AlarmState, reason: Literal["WaitPeriod", "ExtensionPeriod"], seconds: int, now: datetime
) -> Step:
    if seconds <= 0:
        return _let_go(state)
    until = now + timedelta(seconds=seconds)
    return Step(msgspec.structs.replace(state, suppressed_by=reason, until=until), False)


def _is_over(state: AlarmState, now: datetime) -> bool:
    return state.until is None or state.until <= now


def _let_go(state: AlarmState) -> Step:
    free = msgspec.structs.replace(state, suppressed_by="", until=None, told=state.value)
    return Step(free, state.value != state.told)
