"""Runs automations: one job an execution, a commit between any two steps.

The job makes the moves ``progress`` decides. The end of a step and the beginning of the next are one commit of a
unit of its own, so a restart finds the step that was in progress and makes its attempt again: at least once.
The job's own unit stays empty; the worker commits it with the job's completion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from triptych.control.store import Conflict, Job
from triptych.jobs.kind import Later
from triptych.kernel import limits
from triptych.kernel.context import Identity, SessionIssuer, service_identity
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx
from triptych.services.ssm import library, progress
from triptych.services.ssm.action import Attempt, Done, Failed, FailureType, InvalidInputs, Waiting
from triptych.services.ssm.execution import (
    ENDED,
    EXECUTED,
    EXECUTIONS,
    Execution,
    Session,
    StepRun,
    changed_body,
    execution_arn,
)
from triptych.services.ssm.schema import Runbook

__all__ = ["PRINCIPAL", "automate", "bury", "stage_fact"]

PRINCIPAL = "ssm.amazonaws.com"
_SESSION_MARGIN = timedelta(minutes=5)
"""A session is renewed this long before it ends, so that it does not end within a call."""

Change = Callable[[Execution], Execution]


class RoleUnusable(Exception):  # noqa: N818
    """The execution's role cannot be assumed."""


async def automate(ctx: Ctx, job: Job) -> None:
    """Advance one execution as far as it goes now; raises Later when it has to wait."""
    execution_id = job.body["AutomationExecutionId"]
    execution, runbook = await _load(ctx, execution_id)
    clock, new_id = ctx.runtime.clock, ctx.ids.uuid
    while execution is not None:
        now = clock.now()
        move = progress.next_move(execution, now)
        if move is None:
            return
        if isinstance(move, progress.Rest):
            raise Later((move.until - now).total_seconds())
        if isinstance(move, progress.Perform):
            change = await _perform(ctx, execution, runbook, move.run)
        else:
            change = _without_work(move, progress.Turn(runbook, now, new_id))
        execution = await _change(ctx, execution_id, change)


async def bury(ctx: Ctx, job: Job, reason: str) -> None:
    """The job failed too often: an execution that nobody runs must not look alive."""
    execution_id = job.body["AutomationExecutionId"]
    before = await ctx.unit.get(EXECUTIONS, execution_id, account=ctx.account, region=ctx.region)
    if before is None or before.status in ENDED:
        return
    after = progress.halt(before, f"The automation engine could not go on: {reason}", ctx.now)
    ctx.unit.put(EXECUTIONS, execution_id, after, account=ctx.account, region=ctx.region)
    stage_fact(ctx, after)


def stage_fact(ctx: Ctx, execution: Execution) -> None:
    """Say what became of an execution, in the unit that stores it."""
    ctx.fact("AutomationChanged", execution_arn(execution), changed_body(execution))


async def _load(ctx: Ctx, execution_id: str) -> tuple[Execution | None, Runbook]:
    unit = ctx.runtime.control.unit()
    where = {"account": ctx.account, "region": ctx.region}
    execution = await unit.get(EXECUTIONS, execution_id, **where)
    executed = await unit.get(EXECUTED, execution_id, **where)
    if execution is None or executed is None:  # deleted long after its end
        return None, Runbook(description="", assume_role="", parameters={}, steps=(), outputs=())
    return execution, library.read_runbook(executed.content, executed.format)


async def _change(ctx: Ctx, execution_id: str, change: Change) -> Execution | None:
    """Apply a change to the execution as it is now, and commit it with its fact.

    Somebody else (StopAutomationExecution) may be quicker; the change is then applied to what they left.
    """
    for _ in range(limits.CONFLICT_RETRIES):
        own = replace(ctx, unit=ctx.runtime.control.unit())
        before = await own.unit.get(EXECUTIONS, execution_id, account=ctx.account, region=ctx.region)
        if before is None:
            return None
        after = change(before)
        if after == before:
            return before
        own.unit.put(EXECUTIONS, execution_id, after, account=ctx.account, region=ctx.region)
        if _statuses(after) != _statuses(before):
            stage_fact(own, after)
        try:
            await own.unit.commit()
        except Conflict:
            continue
        return after
    raise Conflict(f"automation {execution_id} changes faster than it can be advanced")


def _statuses(execution: Execution) -> list[str]:
    return [execution.status, *(run.status for run in execution.steps)]


def _without_work(
    move: progress.Begin | progress.Conclude | progress.Interrupt, turn: progress.Turn
) -> Change:
    if isinstance(move, progress.Begin):
        return lambda e: progress.begin(e, turn)
    if isinstance(move, progress.Interrupt):
        return lambda e: progress.interrupt(e, turn)
    return lambda e: progress.conclude(e, move.run, move.outcome, turn)


async def _perform(ctx: Ctx, execution: Execution, runbook: Runbook, run: StepRun) -> Change:
    """Make one attempt; what to change because of it. Raises Later when the action waits."""
    clock = ctx.runtime.clock
    try:
        session = await _session(ctx, execution)
    except RoleUnusable as error:
        message = str(error)
        return lambda e: progress.halt(e, message, clock.now())
    outcome = await _attempt(ctx, session.identity if session else _starter(execution), run)
    now = clock.now()
    end = progress.deadline(run)
    if isinstance(outcome, Waiting):
        if session != execution.session:  # or every look would assume the role anew
            await _change(ctx, execution.id, lambda e: _with_session(e, session))
        until = min(outcome.until, end) if end else outcome.until
        raise Later(max((until - now).total_seconds(), 0.0))
    # An attempt that failed after its time was up has timed out; one that succeeded has happened, and counts.
    concluded = progress.Expired() if isinstance(outcome, Failed) and end and now >= end else outcome
    turn = progress.Turn(runbook, now, ctx.ids.uuid)
    return lambda e: _with_session(progress.conclude(e, run, concluded, turn), session)


def _with_session(execution: Execution, session: Session | None) -> Execution:
    return msgspec.structs.replace(execution, session=None if execution.status in ENDED else session)


async def _attempt(ctx: Ctx, identity: Identity, run: StepRun) -> Done | Failed | Waiting:
    async def call(service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        try:
            return await ctx.call(service, operation, params, identity=identity)
        except ServiceError as error:
            raise _CallFailed(operation, error) from error

    action = library.ACTIONS[run.action]
    started = run.attempt_start or ctx.now
    try:
        action.check(run.inputs)
        return await action.run(
            Attempt(inputs=run.inputs, now=ctx.runtime.clock.now(), started=started, call=call)
        )
    except InvalidInputs as error:
        return Failed(message=f"{error}.", stage="InputValidation")
    except _CallFailed as failed:
        return Failed(message=str(failed), type=_failure_type(failed.error))


class _CallFailed(Exception):  # noqa: N818
    """A call was answered with an error, in the words botocore has for it."""

    def __init__(self, operation: str, error: ServiceError) -> None:
        super().__init__(
            f"An error occurred ({error.code}) when calling the {operation} operation: {error.message}"
        )
        self.error = error


def _failure_type(error: ServiceError) -> FailureType:
    code = error.code.lower()
    if "throttl" in code or "toomanyrequests" in code or code == "slowdown":
        return "Throttling"
    if "accessdenied" in code or "unauthorized" in code or "notauthorized" in code:
        return "Permission"
    return "Action"


def _starter(execution: Execution) -> Identity:
    """Who makes the calls without a role: the one who started the automation, through this service."""
    if execution.starter.kind == "AWSService":
        return service_identity(execution.account, PRINCIPAL)
    return msgspec.structs.replace(execution.starter, invoked_by=PRINCIPAL)


async def _session(ctx: Ctx, execution: Execution) -> Session | None:
    """The role's session, assumed when there is none or it is about to end; None without a role."""
    if not execution.role_arn:
        return None
    now = ctx.runtime.clock.now()
    if execution.session is not None and now < execution.session.expires - _SESSION_MARGIN:
        return execution.session
    try:
        reply = await ctx.call(
            "sts",
            "AssumeRole",
            {"RoleArn": execution.role_arn, "RoleSessionName": f"Automation-{execution.id}"},
            principal=PRINCIPAL,
        )
    except ServiceError as error:
        raise RoleUnusable(
            f"The defined assume role is unable to be assumed. {error.code}: {error.message}"
        ) from error
    return _session_of(execution.role_arn, reply, now)


def _session_of(role_arn: str, reply: dict[str, Any], now: datetime) -> Session:
    user, credentials = reply["AssumedRoleUser"], reply["Credentials"]
    expires = credentials.get("Expiration")
    role_id = user["AssumedRoleId"].partition(":")[0]
    account = role_arn.split(":")[4]
    issuer = SessionIssuer(
        kind="Role",
        principal_id=role_id,
        arn=role_arn,
        account=account,
        user_name=role_arn.rpartition("/")[2],
    )
    identity = Identity(
        kind="AssumedRole",
        account=account,
        principal_id=user["AssumedRoleId"],
        arn=user["Arn"],
        access_key_id=credentials["AccessKeyId"],
        invoked_by=PRINCIPAL,
        issuer=issuer,
        session_created=now,
    )
    return Session(
        identity=identity, expires=expires if isinstance(expires, datetime) else now + timedelta(hours=1)
    )
