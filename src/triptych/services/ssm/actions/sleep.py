"""``aws:sleep``: wait for a time or until a time; survives restarts, because the end follows from the start."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from triptych.kernel import limits
from triptych.services.ssm import template
from triptych.services.ssm.action import (
    Action,
    Attempt,
    Case,
    Done,
    InvalidInputs,
    Outcome,
    Waiting,
    check_keys,
)

_DURATION = re.compile(
    r"P(?:(?P<weeks>[0-9]{1,6})W)?(?:(?P<days>[0-9]{1,6})D)?"
    r"(?:T(?:(?P<hours>[0-9]{1,6})H)?(?:(?P<minutes>[0-9]{1,6})M)?(?:(?P<seconds>[0-9]{1,6}(?:\.[0-9]{1,6})?)S)?)?\Z"
)


def check(inputs: Mapping[str, Any]) -> None:
    check_keys(inputs, required=set(), optional=frozenset({"Duration", "Timestamp"}))
    given = [name for name in ("Duration", "Timestamp") if inputs.get(name) is not None]
    if len(given) != 1:
        raise InvalidInputs("one of the inputs Duration and Timestamp is required")
    value = inputs[given[0]]
    if not isinstance(value, str):
        raise InvalidInputs(f"input {given[0]} must be a string")
    if not template.is_open(value):
        _duration(value) if given[0] == "Duration" else _timestamp(value)


async def run(attempt: Attempt) -> Outcome:
    """Done when the end has passed."""
    if attempt.inputs.get("Duration") is not None:
        end = attempt.started + _duration(attempt.inputs["Duration"])
    else:
        end = _timestamp(attempt.inputs["Timestamp"])
        if end - attempt.started > timedelta(seconds=limits.AUTOMATION_SLEEP_SECONDS):
            raise InvalidInputs(_TOO_LONG)
    return Done() if attempt.now >= end else Waiting(until=end)


_TOO_LONG = f"aws:sleep waits for at most {limits.AUTOMATION_SLEEP_SECONDS} seconds"


def _duration(text: str) -> timedelta:
    match = _DURATION.match(text)
    parts = {name: float(value) for name, value in match.groupdict().items() if value} if match else {}
    if not parts or text.endswith("T"):
        raise InvalidInputs(f"Duration {text!r} is no ISO 8601 duration such as PT10M or P1D")
    duration = timedelta(**parts)
    if duration > timedelta(seconds=limits.AUTOMATION_SLEEP_SECONDS):
        raise InvalidInputs(_TOO_LONG)
    return duration


def _timestamp(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputs(f"Timestamp {text!r} is no ISO 8601 time such as 2020-01-01T01:00:00Z") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


_START = datetime(2026, 1, 1, tzinfo=UTC)

ACTION = Action(
    name="aws:sleep",
    check=check,
    run=run,
    cases=(
        Case(
            name="begins",
            inputs={"Duration": "PT1M30S"},
            outcome=Waiting(until=_START + timedelta(seconds=90)),
        ),
        Case(
            name="goes on after a restart",
            inputs={"Duration": "P1DT1H"},
            elapsed_seconds=3600,
            outcome=Waiting(until=_START + timedelta(hours=25)),
        ),
        Case(name="ends", inputs={"Duration": "PT10S"}, elapsed_seconds=10, outcome=Done()),
        Case(
            name="until a time",
            inputs={"Timestamp": "2026-01-01T01:00:00Z"},
            outcome=Waiting(until=_START + timedelta(hours=1)),
        ),
        Case(
            name="until a time that has passed", inputs={"Timestamp": "2020-01-01T01:00:00Z"}, outcome=Done()
        ),
        Case(name="neither", inputs={}, refused="Duration and Timestamp"),
        Case(
            name="both",
            inputs={"Duration": "PT1S", "Timestamp": "2020-01-01T01:00:00Z"},
            refused="one of the inputs",
        ),
        Case(name="negative", inputs={"Duration": "-PT1S"}, refused="no ISO 8601 duration"),
        Case(name="nothing after T", inputs={"Duration": "P1DT"}, refused="no ISO 8601 duration"),
        Case(name="too long", inputs={"Duration": "P8D"}, refused="at most 604799 seconds"),
        Case(name="too far", inputs={"Timestamp": "2026-02-01T00:00:00Z"}, refused="at most 604799 seconds"),
        Case(name="no time", inputs={"Timestamp": "tomorrow"}, refused="no ISO 8601 time"),
    ),
)
