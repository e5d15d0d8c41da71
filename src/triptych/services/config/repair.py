"""Remediation, decided: how an execution moves from state to state. Pure; ``repair_loop`` does it.

An automatic remediation makes up to MaximumAutomaticAttempts failed attempts spread over RetryAttemptSeconds;
then the resource gets a remediation exception, so that a repair that cannot work ends (AWS Config,
PutRemediationConfigurations). A run that ended well, but left the resource NON_COMPLIANT, is a failed attempt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import msgspec

from triptych.kernel.context import Cause
from triptych.services.config.documents import Execution, Remediation, RemediationException, Rule
from triptych.services.config.item import iso

__all__ = [
    "Failure",
    "failed",
    "followed",
    "is_active",
    "outcome_of",
    "poll_seconds",
    "queued",
    "resolved",
    "retried",
    "steps_of",
]

_POLL_LEAST_SECONDS = 0.5
_POLL_MOST_SECONDS = 30.0

_SUCCESS = frozenset({"Success", "CompletedWithSuccess"})
_FAILURE = frozenset({"Failed", "TimedOut", "Cancelled", "Rejected", "CompletedWithFailure", "Exited"})
_STEP_STATES = {
    "Pending": "PENDING",
    "InProgress": "IN_PROGRESS",
    "Waiting": "IN_PROGRESS",
    "Success": "SUCCEEDED",
    "Failed": "FAILED",
    "TimedOut": "FAILED",
    "Cancelled": "EXITED",
    "Cancelling": "EXITED",
    "Exited": "EXITED",
}


def resolved(parameters: Mapping[str, Any], resource_id: str) -> dict[str, list[str]]:
    """A configuration's parameters as StartAutomationExecution takes them."""
    return {
        name: [resource_id] if "ResourceValue" in value else list(value["StaticValue"]["Values"])
        for name, value in parameters.items()
    }


def is_active(exception: RemediationException | None, now: datetime) -> bool:
    """Whether an exception keeps automatic remediation away now."""
    return exception is not None and (exception.expires is None or exception.expires > now)


def queued(
    previous: Execution | None,
    rule: Rule,
    *,
    resource_type: str,
    resource_id: str,
    automatic: bool,
    now: datetime,
    token: str,
    cause: Cause | None,
) -> Execution | None:
    """A new execution; None while one runs, or waits for its next attempt."""
    if previous is not None and (previous.is_running or (automatic and previous.retry_at is not None)):
        return None
    return Execution(
        rule_id=rule.id,
        rule_name=rule.name,
        resource_type=resource_type,
        resource_id=resource_id,
        state="QUEUED",
        automatic=automatic,
        token=token,
        window_started=now,
        invoked=now,
        updated=now,
        cause=cause,
    )


def retried(execution: Execution, *, now: datetime, token: str) -> Execution:
    """The next attempt of a failed execution; a new token, because it is a new automation."""
    return msgspec.structs.replace(
        execution,
        state="QUEUED",
        token=token,
        attempt=execution.attempt + 1,
        updated=now,
        automation_id="",
        steps=(),
        error="",
        retry_at=None,
    )


class Failure(NamedTuple):
    """A failed execution, and the exception it earned when it was the last attempt."""

    execution: Execution
    exception: RemediationException | None


def failed(execution: Execution, remediation: Remediation, *, now: datetime, error: str) -> Failure:
    """What a failure leads to: another attempt, or an exception once the attempts are used up.

    The pauses grow evenly: the second attempt comes soon (passing trouble is the likeliest), and all the pauses
    together stay below RetryAttemptSeconds, so that as many attempts as allowed fit into it.
    """
    ended = msgspec.structs.replace(
        execution, state="FAILED", updated=now, error=error, unverified=False, retry_at=None
    )
    most, window_seconds = remediation.max_attempts, remediation.window_seconds
    if not execution.automatic or not remediation.automatic or most is None or window_seconds is None:
        return Failure(ended, None)
    if execution.attempt < most:
        pause = timedelta(seconds=window_seconds * 2 * execution.attempt / most**2)
        return Failure(msgspec.structs.replace(ended, retry_at=now + pause), None)
    exception = RemediationException(
        rule_id=execution.rule_id,
        rule_name=execution.rule_name,
        resource_type=execution.resource_type,
        resource_id=execution.resource_id,
        message=f"Automatic remediation failed {execution.attempt} times. Last error: {error}"[:1024],
    )
    return Failure(ended, exception)


def outcome_of(status: str) -> Literal["running", "success", "failure"]:
    """What an AutomationExecutionStatus means for a remediation."""
    if status in _SUCCESS:
        return "success"
    return "failure" if status in _FAILURE else "running"


def followed(
    execution: Execution, *, status: str, steps: Iterable[Mapping[str, Any]], now: datetime
) -> Execution:
    """The execution with the automation's steps; SUCCEEDED once it is, to be verified if automatic."""
    state: Literal["IN_PROGRESS", "SUCCEEDED"] = (
        "SUCCEEDED" if outcome_of(status) == "success" else "IN_PROGRESS"
    )
    return msgspec.structs.replace(
        execution,
        state=state,
        steps=steps_of(steps),
        updated=now,
        unverified=state == "SUCCEEDED" and execution.automatic,
    )


def steps_of(steps: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """SSM's StepExecutions as RemediationExecutionSteps, JSON-safe."""
    return tuple(_step(step) for step in steps)


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    members = {
        "Name": step.get("StepName"),
        "State": _STEP_STATES.get(str(step.get("StepStatus")), "UNKNOWN"),
        "ErrorMessage": step.get("FailureMessage") or None,
        "StartTime": _iso(step.get("ExecutionStartTime")),
        "StopTime": _iso(step.get("ExecutionEndTime")),
    }
    return {name: value for name, value in members.items() if value is not None}


def _iso(value: Any) -> str | None:
    """A time as a fact carries it (text), as a call answers it (datetime), or as awsJson has it (a number)."""
    if value is None:
        return None
    time: datetime = msgspec.convert(value, datetime, strict=False)
    return iso(time if time.tzinfo else time.replace(tzinfo=UTC))


def poll_seconds(execution: Execution, now: datetime) -> float:
    """How long to wait before asking how an automation goes: often at first, less the longer it takes.

    Only a fallback: AutomationChanged facts usually say it first.
    """
    running = (now - execution.updated).total_seconds()
    return min(_POLL_MOST_SECONDS, max(_POLL_LEAST_SECONDS, running / 2))
