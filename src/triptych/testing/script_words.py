"""The words of scripts: times, values, conditions. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["SIDES", "ScriptFailed", "comparison", "options", "rest", "seconds", "value"]

_TIME = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?\Z")
_VALUE = re.compile(r"(_|-?\d+(?:\.\d+)?)(?:@(\d+))?(?:x(\d+))?\Z")
_OPERATORS = {
    ">": "GreaterThanThreshold",
    ">=": "GreaterThanOrEqualToThreshold",
    "<": "LessThanThreshold",
    "<=": "LessThanOrEqualToThreshold",
}
SIDES = {
    "outside": "LessThanLowerOrGreaterThanUpperThreshold",
    "below": "LessThanLowerThreshold",
    "above": "GreaterThanUpperThreshold",
}


class ScriptFailed(AssertionError):  # noqa: N818 - what a test framework calls a failure
    """A line that could not be read, or an expectation that was not met; says which."""


def seconds(text: str, line: int = 0) -> int:
    """``1h30m``, ``90s``, ``0``. Raises ScriptFailed."""
    if text == "0":
        return 0
    match = _TIME.match(text)
    if match is None or not text:
        raise ScriptFailed(f"line {line}: {text!r} is no time, write 90s, 10m or 1h30m")
    hours, minutes, over = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + over


def comparison(operator: str, threshold: str) -> dict[str, Any]:
    if operator not in _OPERATORS:
        raise ScriptFailed(f"{operator!r} is none of {' '.join(_OPERATORS)}")
    return {"ComparisonOperator": _OPERATORS[operator], "Threshold": float(threshold)}


def rest(words: list[str]) -> dict[str, Any]:
    """``[M of] N x PERIOD options``."""
    params: dict[str, Any] = {}
    if words[1:2] == ["of"]:
        params["DatapointsToAlarm"] = int(words[0])
        words = words[2:]
    if words[1:2] != ["x"] or len(words) < 3:
        raise ScriptFailed("write [M of] N x PERIOD")
    return params | {
        "EvaluationPeriods": int(words[0]),
        "Period": seconds(words[2]),
        **options(words[3:]),
    }


def options(words: Sequence[str]) -> dict[str, Any]:
    makers: Mapping[str, tuple[str, Callable[[str], Any]]] = {
        "missing": ("TreatMissingData", str),
        "low": ("EvaluateLowSampleCountPercentile", str),
        "actions": ("ActionsEnabled", lambda text: text != "off"),
        "window": ("EvaluationWindow", lambda _: {"WallClockWindow": {}}),
        "period": ("Period", seconds),
        "threshold": ("Threshold", float),
        "periods": ("EvaluationPeriods", int),
        "needed": ("DatapointsToAlarm", int),
    }
    params = {}
    for word in words:
        name, _, value = word.partition("=")
        if name not in makers or not value:
            raise ScriptFailed(f"there is no option {word!r}")
        member, make = makers[name]
        params[member] = make(value)
    return params


def value(text: str) -> tuple[float | None, int, int]:
    """(value, samples, times)."""
    match = _VALUE.match(text)
    if match is None:
        raise ScriptFailed(f"{text!r} is no value")
    value = None if match[1] == "_" else float(match[1])
    return value, int(match[2] or 1), int(match[3] or 1)
