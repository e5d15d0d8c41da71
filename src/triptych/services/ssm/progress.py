"""How an execution moves from step to step: pure decisions, one new value per change.

The engine asks ``next_move``, does what it says, and stores what ``begin``, ``conclude``, ``interrupt`` or
``halt`` returns. Every function may be called again with an execution that somebody else has moved on: what no
longer applies changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from triptych.kernel import limits
from triptych.services.ssm import outputs, parameters, template
from triptych.services.ssm.action import Done, Failed
from triptych.services.ssm.execution import ENDED, NO_OUTPUT, Execution, Failure, Status, StepRun
from triptych.services.ssm.schema import Runbook, Step

__all__ = [
    "Begin", "Conclude", "Expired", "Interrupt", "Move", "Perform", "Rest", "Turn", "begin", "conclude", "deadline",
    "halt", "interrupt", "next_move", "planned_steps", "resolver",
]  # fmt: skip

NewId = Callable[[], str]
RETRY_SECONDS = 1.0
"""The pause before the second attempt; doubled for each further one (AWS documents no pause at all)."""
RETRY_SECONDS_MAX = 60.0

_replace = msgspec.structs.replace


@dataclass(frozen=True, slots=True)
class Expired:
    """The attempt took longer than the step's timeout."""


@dataclass(frozen=True, slots=True)
class Begin:
    """Start the execution."""


@dataclass(frozen=True, slots=True)
class Perform:
    """Make an attempt at this step."""

    run: StepRun


@dataclass(frozen=True, slots=True)
class Conclude:
    """End the attempt with an outcome that needs no work."""

    run: StepRun
    outcome: Failed | Expired


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Cancel the step in progress."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing to do before this time."""

    until: datetime


Move = Begin | Perform | Conclude | Interrupt | Rest


@dataclass(frozen=True, slots=True)
class Turn:
    """What a change needs besides the execution: its document, the time, ids for steps that run again."""

    runbook: Runbook
    now: datetime
    new_id: NewId


def planned_steps(runbook: Runbook, new_id: NewId) -> tuple[StepRun, ...]:
    """The steps of an execution that has not begun."""
    return tuple(_planned(step, new_id()) for step in runbook.steps)


def next_move(execution: Execution, now: datetime) -> Move | None:
    """What to do now; None when the execution has ended."""
    if execution.status in ENDED:
        return None
    run = _current(execution)
    if execution.stop == "Cancel" and (execution.cancel_deadline is None or now >= execution.cancel_deadline):
        return Interrupt()
    if run is None:
        return Begin()
    if run.wake is not None and now < run.wake:
        return Rest(run.wake)
    if run.refusal:
        return Conclude(run, Failed(message=run.refusal, stage="InputValidation"))
    if (end := deadline(run)) is not None and now >= end:
        return Conclude(run, Expired())
    return Perform(run)


def deadline(run: StepRun) -> datetime | None:
    """When the current attempt has taken too long."""
    if run.timeout_seconds is None or run.attempt_start is None:
        return None
    return run.attempt_start + timedelta(seconds=run.timeout_seconds)


def begin(execution: Execution, turn: Turn) -> Execution:
    """Enter the first step."""
    if execution.status in ENDED or execution.current:
        return execution
    status: Status = "Cancelling" if execution.stop == "Cancel" else "InProgress"
    return _enter(_replace(execution, status=status), turn.runbook.steps[0].name, turn)


def conclude(
    execution: Execution, attempted: StepRun, outcome: Done | Failed | Expired, turn: Turn
) -> Execution:
    """End the attempt that was made: retry, go on, or end the execution.

    :param attempted: the step run as it was when the attempt began; if it is not the current attempt any more,
        another process has concluded it, and nothing changes.
    """
    run = _current(execution)
    if execution.status in ENDED or run is None or (run.id, run.attempt) != (attempted.id, attempted.attempt):
        return execution
    if isinstance(outcome, Done):
        try:
            taken, warning = _outputs(execution, run, outcome, turn)
        except outputs.InvalidOutput as error:
            outcome = Failed(message=str(error), type="Verification", stage="PostVerification")
        else:
            done = _replace(run, status="Success", end=turn.now, outputs=taken, warning=warning, failure=None)
            return _after(_put(execution, done), done, outcome.next_step, turn)
    failure = _failure(run, outcome)
    if run.attempt < run.max_attempts and not run.refusal and not execution.stop:
        pause = timedelta(seconds=min(RETRY_SECONDS * 2 ** (run.attempt - 1), RETRY_SECONDS_MAX))
        again = turn.now + pause
        return _put(
            execution,
            _replace(run, attempt=run.attempt + 1, attempt_start=again, wake=again, failure=failure),
        )
    status: Status = "TimedOut" if isinstance(outcome, Expired) else "Failed"
    failed = _replace(run, status=status, end=turn.now, failure=failure)
    execution = _put(execution, failed)
    if run.on_failure == "Abort":
        return _end_or_cancel(execution, failed, turn)
    target = run.on_failure.removeprefix("step:") if run.on_failure != "Continue" else ""
    return _after(execution, failed, target, turn)


def interrupt(execution: Execution, turn: Turn) -> Execution:
    """Cancel the step in progress and go where its onCancel says, once."""
    if execution.status in ENDED:
        return execution
    run = _current(execution)
    if run is None:
        return _end(execution, turn.now)
    cancelled = _replace(run, status="Cancelled", end=turn.now)
    return _end_or_cancel(_put(execution, cancelled), cancelled, turn)


def halt(execution: Execution, message: str, now: datetime) -> Execution:
    """Fail the execution whatever its document says: its role or the engine is unusable."""
    if execution.status in ENDED:
        return execution
    run = _current(execution)
    if run is not None:
        failure = Failure(message=message, type="Internal", stage="Invocation")
        execution = _put(execution, _replace(run, status="Failed", end=now, failure=failure))
    return _replace(execution, status="Failed", failure=message, end=now, current="")


def resolver(execution: Execution) -> template.Resolve:
    """Values of references as they are now; raises KeyError with a sentence."""
    fixed: dict[str, Any] = {
        "global:DATE_TIME": execution.start.strftime("%Y-%m-%d_%H.%M.%S"),
        "global:DATE": execution.start.strftime("%Y-%m-%d"),
        "global:REGION": execution.region,
        "global:ACCOUNT_ID": execution.account,
        "automation:EXECUTION_ID": execution.id,
        **execution.parameters,
    }

    def resolve(name: str) -> Any:
        if name in fixed:
            return fixed[name]
        step, _, output = name.partition(".")
        for run in reversed(execution.steps):
            if run.name == step and run.status == "Success" and output in run.outputs:
                return run.outputs[output]
        raise KeyError(
            f"{{{{ {name} }}}} has no value: the step did not succeed, or its output was not kept."
        )

    return resolve


# The moves themselves.


def _planned(step: Step, run_id: str) -> StepRun:
    return StepRun(
        id=run_id,
        name=step.name,
        action=step.action,
        on_failure=step.on_failure,
        is_critical=step.is_critical,
        is_end=step.is_end,
        next_step=step.next_step,
        may_lead_to=step.may_lead_to,
        max_attempts=step.max_attempts if isinstance(step.max_attempts, int) else 1,
        timeout_seconds=step.timeout_seconds if isinstance(step.timeout_seconds, int) else None,
    )


def _enter(execution: Execution, name: str, turn: Turn) -> Execution:
    """Begin a step: the run planned for it, or a further one when it has run before."""
    if sum(run.start is not None for run in execution.steps) >= limits.AUTOMATION_STEP_RUNS:
        message = f"The automation has run {limits.AUTOMATION_STEP_RUNS} steps, which is the most it may."
        return _replace(execution, status="Failed", failure=message, end=turn.now, current="")
    step = turn.runbook.step(name)
    run = next((r for r in execution.steps if r.name == name and r.status == "Pending"), None)
    if run is None:
        run = _planned(step, turn.new_id())
        execution = _replace(execution, steps=(*execution.steps, run))
    run = _replace(run, status="InProgress", start=turn.now, attempt=1, attempt_start=turn.now)
    run = _resolve_inputs(run, step, resolver(execution))
    return _replace(_put(execution, run), current=run.id)


def _resolve_inputs(run: StepRun, step: Step, resolve: template.Resolve) -> StepRun:
    try:
        return _replace(
            run,
            inputs=template.substitute(step.inputs, resolve),
            max_attempts=_whole(step.max_attempts, resolve, "maxAttempts") or 1,
            timeout_seconds=_whole(step.timeout_seconds, resolve, "timeoutSeconds"),
        )
    except KeyError as error:
        return _replace(run, refusal=str(error.args[0]))


def _whole(value: int | str | None, resolve: template.Resolve, where: str) -> int | None:
    if not isinstance(value, str):
        return value
    text = template.text_of(template.substitute(value, resolve))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise KeyError(f"{where} must be a whole number above 0, not {text[:100]!r}.")
    return int(text)


def _outputs(execution: Execution, run: StepRun, outcome: Done, turn: Turn) -> tuple[dict[str, Any], str]:
    if outcome.payload is None:
        return {}, ""
    declared = turn.runbook.step(run.name).outputs
    return outputs.extract(declared, outcome.payload, resolver(execution))


def _after(execution: Execution, run: StepRun, target: str, turn: Turn) -> Execution:
    """Go on after a step: where it was told to, or in the usual order."""
    following = target or ("" if run.is_end else run.next_step or turn.runbook.after(run.name))
    stopped = execution.stop == "Complete" or (execution.stop and execution.cancel_deadline is None)
    if stopped or not following:
        return _end_or_cancel(execution, run, turn)
    return _enter(execution, following, turn)


def _end_or_cancel(execution: Execution, run: StepRun, turn: Turn) -> Execution:
    """End, unless a cancellation has to run the steps behind onCancel first."""
    on_cancel = turn.runbook.step(run.name).on_cancel
    if execution.stop == "Cancel" and execution.cancel_deadline is None and on_cancel.startswith("step:"):
        until = turn.now + timedelta(seconds=limits.AUTOMATION_CANCEL_SECONDS)
        return _enter(_replace(execution, cancel_deadline=until), on_cancel.removeprefix("step:"), turn)
    return _replace(_end(execution, turn.now), outputs=_document_outputs(execution, turn.runbook))


def _end(execution: Execution, now: datetime) -> Execution:
    """The final status: cancelled if that was asked for, else that of the first critical step that failed.

    The last step counts even if it is not critical when its failure aborted the execution.
    """
    bad = [run for run in execution.steps if run.status in ("Failed", "TimedOut")]
    last = next((run for run in bad if run.id == execution.current and run.on_failure == "Abort"), None)
    decisive = next((run for run in bad if run.is_critical), last)
    status: Status = "Success"
    failure = ""
    if execution.stop == "Cancel":
        status = "Cancelled"
    elif decisive is not None:
        status = decisive.status
        failure = decisive.failure.message if decisive.failure else ""
    return _replace(execution, status=status, failure=failure, end=now, current="")


def _document_outputs(execution: Execution, runbook: Runbook) -> dict[str, list[str]]:
    resolve = resolver(execution)
    shown = {}
    for name in runbook.outputs:
        try:
            shown[name] = parameters.echo(resolve(name))
        except KeyError:
            shown[name] = [NO_OUTPUT]
    return shown


def _failure(run: StepRun, outcome: Failed | Expired) -> Failure:
    if isinstance(outcome, Expired):
        return Failure(
            message=f"Step timed out: attempt {run.attempt} took longer than {run.timeout_seconds} seconds.",
            type="Action",
            stage="Invocation",
        )
    phase = (
        "validating and resolving the step inputs"
        if outcome.stage == "InputValidation"
        else "Execute/Cancelling action"
    )
    return Failure(
        message=f"Step fails when it is {phase}. {outcome.message}", type=outcome.type, stage=outcome.stage
    )


def _current(execution: Execution) -> StepRun | None:
    return next((run for run in execution.steps if run.id == execution.current), None)


def _put(execution: Execution, run: StepRun) -> Execution:
    return _replace(execution, steps=tuple(run if r.id == run.id else r for r in execution.steps))
