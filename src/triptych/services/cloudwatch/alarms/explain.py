"""Why an alarm decides as it does: the periods of its evaluation range, and what became of each. Pure.

The decision itself is ``evaluate.decide``'s; here it is only told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from triptych.services.cloudwatch.alarms.evaluate import Limits, Slot, Verdict, Watch, decide

__all__ = ["Explanation", "Fate", "Period", "explain"]

Fate = Literal["counted", "spare", "too few samples", "breaching", "notBreaching", "missing", "ignore"]
"""What became of a period: its datapoint ``counted``, or was ``spare`` (EvaluationPeriods newer ones exist) or made of
``too few samples``; without a datapoint, what it was treated as (TreatMissingData's words). A missing one that was
not needed, because there are EvaluationPeriods real ones, is ``missing`` as well."""


class Period(NamedTuple):
    """:param breaches: whether it stands for breaching in the count; False for what does not count.
    :param limits: of an alarm on an anomaly detection model.
    """

    start: int
    value: float | None
    samples: float | None
    breaches: bool
    fate: Fate
    limits: Limits | None = None


class Explanation(NamedTuple):
    """:param periods: the evaluation range, newest first. :param sentence: the decision for people."""

    periods: tuple[Period, ...]
    verdict: Verdict
    breaching: int
    sentence: str


def explain(watch: Watch, slots: Sequence[Slot]) -> Explanation:
    """:param slots: the evaluation range, newest first; what ``decide`` takes."""
    verdict = decide(watch, slots)
    counted = {slot.timestamp for slot in verdict.real}
    to_fill = verdict.filled
    periods = []
    for slot in slots:
        if slot.value is not None:
            periods.append(_real(watch, slot, counted=slot.timestamp in counted))
        else:
            fate: Fate = watch.treatment if to_fill or watch.treatment == "ignore" else "missing"
            periods.append(Period(slot.timestamp, None, None, to_fill > 0 and fate == "breaching", fate))
            to_fill -= to_fill > 0
    breaching = sum(each.breaches for each in periods)
    return Explanation(tuple(periods), verdict, breaching, _sentence(watch, verdict, periods, breaching))


def _real(watch: Watch, slot: Slot, *, counted: bool) -> Period:
    assert slot.value is not None
    few = slot.samples is not None and slot.samples < watch.samples_needed
    fate: Fate = "spare" if not counted else "too few samples" if few else "counted"
    breaches = watch.breaches(slot) and fate == "counted"
    return Period(slot.timestamp, slot.value, slot.samples, breaches, fate, slot.limits)


def _sentence(watch: Watch, verdict: Verdict, periods: Sequence[Period], breaching: int) -> str:
    """``2 of the last 3 datapoints breach, 2 are needed: ALARM. 1 missing one was treated as notBreaching.``"""
    real = len(verdict.real)
    if any(each.fate == "too few samples" for each in periods):
        return "A datapoint is made of too few samples to mean anything: the alarm keeps its state."
    if not real and not verdict.filled:
        outcome = "INSUFFICIENT_DATA" if verdict.state else "the alarm keeps its state"
        return f"There is no datapoint in the {len(periods)} periods looked at: {outcome}."
    told = (
        f"{breaching} of {watch.periods} breach, {watch.needed} {'is' if watch.needed == 1 else 'are'} needed"
    )
    outcome = verdict.state or "too few datapoints to tell, the alarm keeps its state"
    if verdict.filled:
        was = "1 missing one is" if verdict.filled == 1 else f"{verdict.filled} missing ones are"
        return f"{told}: {outcome}. {was} treated as {watch.treatment}."
    if verdict.state == "ALARM" and breaching < watch.needed:
        every = "The only datapoint breaches" if real == 1 else f"All {real} datapoints there are breach"
        return f"{every}, the oldest is {watch.needed} or more periods old: ALARM."
    return f"{told}: {outcome}."
