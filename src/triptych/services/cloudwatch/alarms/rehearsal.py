"""What an alarm would have done: evaluations at many moments, each the real one, on data that is there already. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from triptych.services.cloudwatch.alarms.definition import MetricWatch
from triptych.services.cloudwatch.alarms.evaluate import State, decide
from triptych.services.cloudwatch.alarms.reason import reason
from triptych.services.cloudwatch.alarms.window import Values, phase_of, slots_at

__all__ = ["PHASES", "Change", "Plan", "phases", "plan", "rehearse"]

PHASES = 10
"""The most phases of windows that are rehearsed: an alarm on hours is evaluated every minute, on windows that begin
at any minute, and each of these phases is a query of its own."""


class Plan(NamedTuple):
    """:param moments: of the evaluations, epoch seconds, ascending. :param step: seconds between them."""

    moments: range
    step: int


class Change(NamedTuple):
    at: int
    before: State
    after: State
    reason: str


def plan(metric: MetricWatch, *, start: int, end: int) -> Plan:
    """The evaluations in [start, end]: as often as the alarm's own, unless that makes more than PHASES phases."""
    step = metric.interval
    if not metric.aligned and metric.period > step * PHASES:
        step = -(-metric.period // PHASES // metric.interval) * metric.interval
        while metric.period % step:
            step += metric.interval
    first = -(-start // step) * step
    return Plan(range(first, end + 1, step), step)


def phases(metric: MetricWatch, moments: Sequence[int]) -> list[int]:
    """The phases these evaluations have, ascending."""
    return sorted({phase_of(metric, at) for at in moments})


def rehearse(metric: MetricWatch, data: Mapping[int, Values], moments: Iterable[int]) -> list[Change]:
    """The changes of state, oldest first, of an alarm that begins in INSUFFICIENT_DATA.

    :param data: phase -> values of windows in this phase.
    """
    watch, m_of_n = metric.watch, metric.datapoints_to_alarm is not None
    state: State = "INSUFFICIENT_DATA"
    changes = []
    for at in moments:
        verdict = decide(watch, slots_at(metric, data[phase_of(metric, at)], at))
        if verdict.state is None or verdict.state == state:
            continue
        changes.append(Change(at, state, verdict.state, reason(watch, verdict, m_of_n=m_of_n)))
        state = verdict.state
    return changes
