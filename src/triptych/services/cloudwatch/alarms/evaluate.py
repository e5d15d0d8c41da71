"""The decision about one metric alarm: its datapoints and its state -> the state it should have. Pure.

CloudWatch looks at more datapoints than EvaluationPeriods, the *evaluation range*: real datapoints anywhere in
it are used before a missing one is. Source: the CloudWatch user guide, "Configuring how CloudWatch alarms treat
missing data", whose two tables are the cases of the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Literal, NamedTuple

__all__ = [
    "BANDS",
    "COMPARISONS",
    "EXTRA_PERIODS",
    "Limits",
    "Slot",
    "State",
    "Treatment",
    "Verdict",
    "Watch",
    "decide",
    "significant",
]

State = Literal["ALARM", "OK", "INSUFFICIENT_DATA"]
Treatment = Literal["missing", "ignore", "breaching", "notBreaching"]

EXTRA_PERIODS = 2
"""How many periods the evaluation range is longer than EvaluationPeriods (AWS: 5 for 3 in its examples; "the exact
number depends on the period and the resolution")."""

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": ge,
    "GreaterThanThreshold": gt,
    "LessThanThreshold": lt,
    "LessThanOrEqualToThreshold": le,
}


class Limits(NamedTuple):
    """What is expected of a datapoint, by an anomaly detection model."""

    lower: float
    upper: float


BANDS: Mapping[str, Callable[[float, Limits], bool]] = {
    "LessThanLowerOrGreaterThanUpperThreshold": lambda value, limits: (
        value < limits.lower or value > limits.upper
    ),
    "LessThanLowerThreshold": lambda value, limits: value < limits.lower,
    "GreaterThanUpperThreshold": lambda value, limits: value > limits.upper,
}
"""The comparisons of alarms on anomaly detection models."""


class Slot(NamedTuple):
    """One period of the evaluation range.

    :param timestamp: its start, epoch seconds.
    :param value: None when there is no datapoint.
    :param samples: how many samples the datapoint is made of; None where that is not known (metric math).
    :param limits: of an alarm on an anomaly detection model; a datapoint of it always has them.
    """

    timestamp: int
    value: float | None
    samples: float | None = None
    limits: Limits | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What an alarm looks for: ``needed`` (M) of ``periods`` (N) datapoints on the wrong side of the threshold.

    :param threshold: None where each datapoint has its limits. :param samples_needed: a datapoint of fewer samples is
        not significant, and the alarm keeps its state.
    """

    periods: int
    needed: int
    comparison: str
    threshold: float | None
    treatment: Treatment = "missing"
    samples_needed: float = 0.0

    @property
    def range(self) -> int:
        """Periods in the evaluation range."""
        return self.periods + EXTRA_PERIODS

    def breaches(self, slot: Slot) -> bool:
        """Whether there is a datapoint, and on the wrong side."""
        if slot.value is None:
            return False
        if self.threshold is not None:
            return COMPARISONS[self.comparison](slot.value, self.threshold)
        assert slot.limits is not None
        return BANDS[self.comparison](slot.value, slot.limits)


class Verdict(NamedTuple):
    """:param state: the state the alarm should have; None: the one it has, whatever that is.
    :param real: the datapoints the decision rests on, newest first.
    :param filled: how many missing ones were treated as breaching or not breaching.
    """

    state: State | None
    real: tuple[Slot, ...] = ()
    filled: int = 0


def significant(percentile: float) -> float:
    """The samples a percentile (0 to 1) needs to mean something (AWS: 10/(1-p) above the median, else 10/p)."""
    rest = 1 - percentile if percentile >= 0.5 else percentile
    return float("inf") if rest <= 0 else 10 / rest


def decide(watch: Watch, slots: Sequence[Slot]) -> Verdict:
    """:param slots: the evaluation range, newest first; ``watch.range`` of them."""
    present = [(age, slot) for age, slot in enumerate(slots, 1) if slot.value is not None]
    used = present[: watch.periods]
    real = tuple(slot for _, slot in used)
    if any(slot.samples is not None and slot.samples < watch.samples_needed for slot in real):
        return Verdict(None, real)
    breaching = [watch.breaches(slot) for slot in real]
    count, missing = sum(breaching), watch.periods - len(real)
    if missing == 0:
        return Verdict("ALARM" if count >= watch.needed else "OK", real)
    if watch.treatment == "breaching":
        return Verdict("ALARM" if count + missing >= watch.needed else "OK", real, missing)
    if watch.treatment == "notBreaching":
        return Verdict("ALARM" if count >= watch.needed else "OK", real, missing)
    if count >= watch.needed:
        return Verdict("ALARM", real)
    if not real:
        return Verdict("INSUFFICIENT_DATA" if watch.treatment == "missing" else None)
    if not all(breaching):
        return Verdict("OK", real)
    # Only breaching datapoints, too few. One that is M periods old could not have been outvoted any more; a
    # younger one might, so the alarm does not change its state prematurely.
    oldest = used[-1][0]
    return Verdict("ALARM" if watch.treatment == "missing" and oldest >= watch.needed else None, real)
