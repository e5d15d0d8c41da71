"""One run of a runbook: the value that is stored, and how the API and facts show it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from triptych.control.collection import Collection
from triptych.kernel.arn import arn
from triptych.kernel.context import Identity
from triptych.services.ssm import parameters, template
from triptych.services.ssm.action import FailureStage, FailureType
from triptych.services.ssm.content import Format

__all__ = [
    "ENDED", "EXECUTED", "EXECUTIONS", "JOB", "NO_OUTPUT", "TOKENS", "Executed", "Execution", "Failure", "Session",
    "Status", "StepRun", "Token", "changed_body", "execution_arn", "execution_view", "metadata_view", "step_view",
]  # fmt: skip

Status = Literal["Pending", "InProgress", "Success", "TimedOut", "Cancelling", "Cancelled", "Failed"]
ENDED = frozenset({"Success", "TimedOut", "Cancelled", "Failed"})
JOB = "ssm.automation"
"""The job that advances an execution; its key is the execution's id."""

NO_OUTPUT = "No output available yet because the step is not successfully executed"
"""What AWS shows for a document output whose step gave none."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    message: str
    type: FailureType
    stage: FailureStage


class StepRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One run of one step; a step that a branch leads to again runs again under a new id.

    :param attempt_start: when the current attempt began, which timeouts and waits count from.
    :param wake: the attempt must not begin before (the pause before a retry).
    :param inputs: with references replaced; ``refusal`` says why that was not possible.
    :param outputs: typed values by output name.
    """

    id: str
    name: str
    action: str
    on_failure: str
    is_critical: bool
    is_end: bool
    next_step: str = ""
    may_lead_to: tuple[str, ...] = ()
    status: Status = "Pending"
    start: datetime | None = None
    end: datetime | None = None
    attempt: int = 0
    attempt_start: datetime | None = None
    wake: datetime | None = None
    max_attempts: int = 1
    timeout_seconds: int | None = None
    inputs: dict[str, Any] = {}
    refusal: str = ""
    outputs: dict[str, Any] = {}
    warning: str = ""
    failure: Failure | None = None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """The identity an assumed role gave, until when."""

    identity: Identity
    expires: datetime


class Execution(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An automation.

    :param parameters: typed values.
    :param starter: who makes the calls when no role is assumed.
    :param steps: what has run or is running, then what has not been reached, in the document's order.
    :param current: id of the step run in progress; empty before the start and after the end.
    :param stop: what StopAutomationExecution asked for.
    :param cancel_deadline: when the steps behind onCancel must be done; set while they run.
    :param outputs: the document's outputs, as strings.
    """

    id: str
    account: str
    region: str
    document_name: str
    document_version: str
    document_hash: str
    parameters: dict[str, Any]
    executed_by: str
    starter: Identity
    start: datetime
    steps: tuple[StepRun, ...]
    role_arn: str = ""
    session: Session | None = None
    status: Status = "Pending"
    end: datetime | None = None
    current: str = ""
    stop: Literal["", "Cancel", "Complete"] = ""
    cancel_deadline: datetime | None = None
    failure: str = ""
    outputs: dict[str, list[str]] = {}
    client_token: str = ""
    tags: dict[str, str] = {}


class Executed(msgspec.Struct, frozen=True, kw_only=True):
    """The document as it was when the execution started; later changes to it do not touch the execution."""

    content: str
    format: Format


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A client token that was used, for which request and execution."""

    execution_id: str
    request: str


def _active(execution: Execution) -> str | None:
    return None if execution.status in ENDED else "yes"


def _ended_on(execution: Execution) -> str | None:
    return execution.end.date().isoformat() if execution.end else None


EXECUTIONS = Collection(
    name="ssm.executions", type=Execution, indexes={"active": _active, "ended_on": _ended_on}
)
EXECUTED = Collection(name="ssm.executed_documents", type=Executed)
TOKENS = Collection(name="ssm.execution_tokens", type=Token)


def execution_arn(execution: Execution) -> str:
    return arn("ssm", execution.region, execution.account, f"automation-execution/{execution.id}")


def changed_body(execution: Execution) -> dict[str, Any]:
    """The body of an AutomationChanged fact."""
    return {
        "AutomationExecutionId": execution.id,
        "DocumentName": execution.document_name,
        "Status": execution.status,
        "StepExecutions": [
            _present(
                {
                    "StepName": run.name,
                    "Action": run.action,
                    "StepStatus": run.status,
                    "ExecutionStartTime": run.start.isoformat() if run.start else None,
                    "ExecutionEndTime": run.end.isoformat() if run.end else None,
                    "FailureMessage": run.failure.message if run.failure else None,
                }
            )
            for run in execution.steps
        ],
    }


def execution_view(execution: Execution) -> dict[str, Any]:
    """The shape ``AutomationExecution``."""
    return _shared_view(execution) | {
        "StepExecutions": [step_view(run) for run in execution.steps],
        "StepExecutionsTruncated": False,
        "Parameters": {name: parameters.echo(value) for name, value in execution.parameters.items()},
    }


def metadata_view(execution: Execution) -> dict[str, Any]:
    """The shape ``AutomationExecutionMetadata``."""
    return _shared_view(execution) | {"LogFile": "", "AutomationType": "Local"}


def _shared_view(execution: Execution) -> dict[str, Any]:
    current = next((run for run in execution.steps if run.id == execution.current), None)
    return _present(
        {
            "AutomationExecutionId": execution.id,
            "DocumentName": execution.document_name,
            "DocumentVersion": execution.document_version,
            "AutomationExecutionStatus": execution.status,
            "ExecutionStartTime": execution.start,
            "ExecutionEndTime": execution.end,
            "ExecutedBy": execution.executed_by,
            "Outputs": execution.outputs,
            "FailureMessage": execution.failure or None,
            "Mode": "Auto",
            "CurrentStepName": current.name if current else None,
            "CurrentAction": current.action if current else None,
            "Targets": [],
            "ResolvedTargets": {"ParameterValues": [], "Truncated": False},
        }
    )


def step_view(run: StepRun) -> dict[str, Any]:
    """The shape ``StepExecution``; inputs are JSON text, outputs lists of strings."""
    failure = run.failure
    return _present(
        {
            "StepName": run.name,
            "Action": run.action,
            "TimeoutSeconds": run.timeout_seconds,
            "OnFailure": run.on_failure,
            "MaxAttempts": run.max_attempts,
            "ExecutionStartTime": run.start,
            "ExecutionEndTime": run.end,
            "StepStatus": run.status,
            "Inputs": {name: msgspec.json.encode(value).decode() for name, value in run.inputs.items()},
            "Outputs": {name: _output_view(value) for name, value in run.outputs.items()} or None,
            "FailureMessage": failure.message if failure else None,
            "WarningMessage": run.warning or None,
            "FailureDetails": {"FailureStage": failure.stage, "FailureType": failure.type}
            if failure
            else None,
            "StepExecutionId": run.id,
            "OverriddenParameters": {},
            "IsEnd": run.is_end,
            "NextStep": run.next_step or None,
            "IsCritical": run.is_critical,
            "ValidNextSteps": list(run.may_lead_to) or ([run.next_step] if run.next_step else []),
        }
    )


def _output_view(value: Any) -> list[str]:
    return parameters.echo(value) if isinstance(value, list) else [template.text_of(value)]


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
