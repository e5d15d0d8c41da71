"""The contract of an action: what one file in ``actions/`` defines.

An action checks its inputs (once when a document is created, with references still in them, and again when the
step starts), and makes one attempt at its work. It keeps nothing: what must outlive a crash is in the execution,
which the engine commits. ``ACTION`` is found by looking.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from triptych.kernel.errors import ServiceError

__all__ = [
    "Action",
    "Attempt",
    "Call",
    "Case",
    "Done",
    "Failed",
    "InvalidInputs",
    "Outcome",
    "Reply",
    "Waiting",
]

FailureType = Literal["Action", "Permission", "Throttling", "Verification", "Internal"]
FailureStage = Literal["InputValidation", "PreVerification", "Invocation", "PostVerification"]


class InvalidInputs(ValueError):  # noqa: N818
    """Inputs the action cannot work with; says which and why."""


class Call(Protocol):
    """An AWS call as the automation's identity: botocore's service name, operation, parameters by member name."""

    async def __call__(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What an action is handed.

    :param inputs: with every reference replaced, already checked.
    :param started: when this attempt began; stays the same while the action waits and is called again.
    """

    inputs: Mapping[str, Any]
    now: datetime
    started: datetime
    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The attempt succeeded.

    :param payload: what ``outputs`` selectors read; JSON-safe. Offered as ``{{ step.OutputPayload }}``.
    :param next_step: the step a branch chose; empty: the usual order.
    """

    payload: Any = None
    next_step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    message: str
    type: FailureType = "Action"
    stage: FailureStage = "Invocation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Not done yet; call again at ``until`` (in this process or the next one)."""

    until: datetime


Outcome = Done | Failed | Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An expected call of a case and what is answered."""

    call: str
    """``s3:PutBucketEncryption``."""
    params: dict[str, Any]
    answer: dict[str, Any] | ServiceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An example that a test runs.

    :param refused: part of the message of InvalidInputs, when the inputs are bad.
    :param elapsed_seconds: how long the attempt has lasted when the action is called.
    :param outcome: what it must return; a Failed is compared by type, and its message must contain the expected one.
    """

    name: str
    inputs: dict[str, Any]
    replies: tuple[Reply, ...] = ()
    elapsed_seconds: float = 0.0
    outcome: Outcome | None = None
    refused: str = ""


def _no_steps(inputs: Mapping[str, Any]) -> tuple[str, ...]:  # noqa: ARG001
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One kind of step.

    :param check: raises InvalidInputs. Strings that still hold references (``template.is_open``) pass.
    :param run: one attempt. A ServiceError that escapes is the step's failure.
    :param has_payload: whether a step may declare ``outputs`` and be referred to.
    :param timeout_seconds: for a step that states none; None: as long as it takes.
    :param steps: names of steps the inputs lead to.
    """

    name: str
    check: Callable[[Mapping[str, Any]], None]
    run: Callable[[Attempt], Awaitable[Outcome]]
    cases: tuple[Case, ...]
    has_payload: bool = False
    timeout_seconds: int | None = None
    steps: Callable[[Mapping[str, Any]], tuple[str, ...]] = field(default=_no_steps)


def check_keys(
    inputs: Mapping[str, Any], *, required: set[str], optional: frozenset[str] = frozenset()
) -> None:
    """Raises InvalidInputs for inputs that are missing, null or unknown."""
    if missing := sorted(key for key in required if inputs.get(key) is None):
        raise InvalidInputs(f"input {', '.join(missing)} is required")
    if unknown := sorted(set(inputs) - required - optional):
        raise InvalidInputs(f"input {', '.join(unknown)} is unknown")
