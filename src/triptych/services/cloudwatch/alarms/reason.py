"""Why an alarm is in its state, in CloudWatch's words: StateReason, and StateReasonData version 1.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from triptych.services.cloudwatch.alarms.evaluate import Slot, Verdict, Watch

__all__ = ["CREATED", "java_double", "reason", "reason_data", "stamp"]

CREATED = "Unchecked: Initial alarm creation"

_WORDS = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
Side = Literal["lower", "upper"]
_SIDES: Mapping[str, tuple[Side, ...]] = {
    "LessThanLowerOrGreaterThanUpperThreshold": ("lower", "upper"),
    "LessThanLowerThreshold": ("lower",),
    "GreaterThanUpperThreshold": ("upper",),
}
_THAN: Mapping[Side, str] = {"lower": "less than", "upper": "greater than"}
_LISTED = 5
"""From this many datapoints on the sentence ends before the list, which holds the newest."""
_DATA_POINTS = 30
"""Datapoints in StateReasonData, the newest (ours: StateReasonData has at most 4,000 characters)."""


def stamp(moment: datetime) -> str:
    """``2024-10-26T19:00:38.853+0000``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def java_double(value: float) -> str:
    """A number as the service prints it: ``5.0``, ``1.0E7``, ``1.0E-4``."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(float(value))
    mantissa, _, exponent = f"{value!r}".partition("e")
    sign, mantissa = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    shift = len(whole) - 1 if whole != "0" else -(len(fraction) - len(fraction.lstrip("0")) + 1)
    digits = digits.rstrip("0") or "0"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{int(exponent or 0) + shift}"


def reason(watch: Watch, verdict: Verdict, *, m_of_n: bool) -> str:
    """The sentence for a state change.

    :param m_of_n: whether DatapointsToAlarm was given, which makes CloudWatch more talkative.
    """
    if verdict.state == "INSUFFICIENT_DATA":
        return f"Insufficient Data: {_datapoints(watch.periods)} {_were(watch.periods)} unknown."
    alarming = verdict.state == "ALARM"
    deciding = [s for s in verdict.real if s.value is not None and watch.breaches(s) == alarming]
    filled = _filled(verdict.filled, watch)
    if not deciding:
        received = len(verdict.real)
        return (
            f"Threshold Crossed: {_datapoints(received, none='no datapoints')} {_were(received)} received for "
            f"{watch.periods} period{'s' * (watch.periods != 1)}{filled}."
        )
    if watch.threshold is None:
        return _of_band(watch, deciding, filled, alarming=alarming)
    count = len(deciding)
    many = f"{count} out of the last {watch.periods} datapoints" if m_of_n else _datapoints(count)
    listed = ", ".join(f"{java_double(s.value or 0.0)} ({_short(s.timestamp)})" for s in deciding[:_LISTED])
    threshold = java_double(watch.threshold)
    crossed = f"{_were(count)} {'' if alarming else 'not '}{_WORDS[watch.comparison]} the threshold ({threshold}){filled}"
    if count < _LISTED:
        sentence = f"{many} [{listed}] {crossed}"
    else:
        which = " which crossed the threshold" if alarming else ""
        sentence = f"{many} {crossed}. The most recent datapoints{which}: [{listed}]"
    if m_of_n:
        sentence += f" ({_minimum(watch, alarming=alarming)})"
    return f"Threshold Crossed: {sentence}."


def _of_band(watch: Watch, deciding: Sequence[Slot], filled: str, *, alarming: bool) -> str:
    """What the service says of alarms on anomaly detection models, whether DatapointsToAlarm was given or not."""
    count, sides = len(deciding), _SIDES[watch.comparison]
    shown = deciding[:_LISTED]
    listed = ", ".join(f"{java_double(s.value or 0.0)} ({_short(s.timestamp)})" for s in shown)
    thresholds = {side: ", ".join(java_double(_limit(s, side)) for s in shown) for side in sides}
    many = f"{count} out of the last {watch.periods} datapoints"
    is_not = "" if alarming else "not "
    if count < _LISTED:
        crossed = " or ".join(
            f"{is_not}{_THAN[side]} the {side} thresholds [{thresholds[side]}]" for side in sides
        )
        sentence = f"{many} [{listed}] {_were(count)} {crossed}{filled}"
    else:
        crossed = " or ".join(f"{is_not}{_THAN[side]} the {side} thresholds" for side in sides)
        did = "crossed" if alarming else "did not cross"
        which = " or ".join(f"{side} thresholds [{thresholds[side]}]" for side in sides)
        sentence = f"{many} {_were(count)} {crossed}{filled}. Recent datapoints [{listed}] {did} the {which}"
    return f"Thresholds Crossed: {sentence} ({_minimum(watch, alarming=alarming)})."


def _limit(slot: Slot, side: Side) -> float:
    assert slot.limits is not None
    return slot.limits.lower if side == "lower" else slot.limits.upper


def reason_data(
    watch: Watch,
    verdict: Verdict,
    slots: Sequence[Slot],
    *,
    at: datetime,
    period: int,
    statistic: str,
    unit: str,
) -> str:
    """:param slots: the evaluation range; :param statistic: empty for metric math."""
    recent = verdict.real[:_DATA_POINTS]
    evaluated = list(verdict.real) if len(verdict.real) >= watch.periods else list(slots[: watch.periods])
    data: dict[str, Any] = {"version": "1.0", "queryDate": stamp(at)}
    if recent:
        data["startDate"] = stamp(_moment(recent[-1].timestamp))
    if unit:
        data["unit"] = unit
    if statistic:
        data["statistic"] = statistic
    data |= {"period": period, "recentDatapoints": [slot.value for slot in reversed(recent)]}
    sides = _SIDES.get(watch.comparison, ())
    if watch.threshold is not None:
        data["threshold"] = watch.threshold
    for side in sides:
        data[f"recent{side.title()}Thresholds"] = [_limit(slot, side) for slot in reversed(recent)]
    data["evaluatedDatapoints"] = [
        _evaluated(slot) | ({"threshold": _limit(slot, sides[0])} if len(sides) == 1 and slot.limits else {})
        for slot in evaluated[:_DATA_POINTS]
    ]
    return msgspec.json.encode(data).decode()


def _evaluated(slot: Slot) -> dict[str, Any]:
    point: dict[str, Any] = {"timestamp": stamp(_moment(slot.timestamp))}
    if slot.value is not None:
        if slot.samples is not None:
            point["sampleCount"] = slot.samples
        point["value"] = slot.value
    return point


def _filled(count: int, watch: Watch) -> str:
    if not count:
        return ""
    kind = "Breaching" if watch.treatment == "breaching" else "NonBreaching"
    return f" and {count} missing datapoint{'s' * (count != 1)} {_were(count)} treated as [{kind}]"


def _minimum(watch: Watch, *, alarming: bool) -> str:
    needed = watch.needed if alarming else watch.periods - watch.needed + 1
    change = "OK -> ALARM" if alarming else "ALARM -> OK"
    return f"minimum {_datapoints(needed)} for {change} transition"


def _datapoints(count: int, *, none: str = "0 datapoints") -> str:
    return none if count == 0 else f"{count} datapoint{'s' * (count != 1)}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _moment(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)


def _short(timestamp: int) -> str:
    return _moment(timestamp).strftime("%d/%m/%y %H:%M:%S")
