"""Operations that start, stop and read automations."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError, unbuilt
from triptych.services.contract import Ctx, operation
from triptych.services.ssm import library, parameters, progress, template
from triptych.services.ssm.engine import stage_fact
from triptych.services.ssm.execution import (
    ENDED,
    EXECUTED,
    EXECUTIONS,
    JOB,
    TOKENS,
    Executed,
    Execution,
    Token,
    execution_view,
)
from triptych.services.ssm.tagging import tags_from

_RATE_CONTROL = (
    "TargetParameterName", "Targets", "TargetMaps", "MaxConcurrency", "MaxErrors", "TargetLocations",
    "TargetLocationsURL", "AlarmConfiguration",
)  # fmt: skip


@operation
async def start_automation_execution(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Start a runbook; it runs after this call is committed.

    Partly: Mode Auto only; no targets, rate control, target locations or alarm configuration.
    """
    if params.get("Mode", "Auto") != "Auto":
        raise unbuilt("Mode Interactive of StartAutomationExecution")
    if given := [name for name in _RATE_CONTROL if params.get(name)]:
        raise unbuilt(f"{', '.join(given)} of StartAutomationExecution")
    token = params.get("ClientToken", "")
    request = msgspec.json.encode(
        {k: v for k, v in params.items() if k != "ClientToken"}, order="sorted"
    ).decode()
    if token and (used := await ctx.unit.get(TOKENS, token, account=ctx.account, region=ctx.region)):
        if used.request != library.hash_of(request):
            raise ServiceError(
                "IdempotentParameterMismatch", "The client token was used before, with other parameters."
            )
        return {"AutomationExecutionId": used.execution_id}
    await _refuse_too_many(ctx)
    found = await _definition(ctx, params)
    execution = _execution(ctx, params, found)
    where = {"account": ctx.account, "region": ctx.region}
    ctx.unit.create(EXECUTIONS, execution.id, execution, **where)
    executed = Executed(content=found.version.content, format=found.version.format)
    ctx.unit.create(EXECUTED, execution.id, executed, **where)
    if token:
        used = Token(execution_id=execution.id, request=library.hash_of(request))
        ctx.unit.create(TOKENS, token, used, **where)
    stage_fact(ctx, execution)
    ctx.job(JOB, {"AutomationExecutionId": execution.id}, key=execution.id)
    return {"AutomationExecutionId": execution.id}


@operation
async def stop_automation_execution(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Cancel the step in progress and the automation (``Cancel``), or let the step end first (``Complete``).

    A call that is under way is not torn off: its outcome is kept, and nothing follows it.
    """
    execution = await existing(ctx, params["AutomationExecutionId"])
    if execution.status in ENDED or execution.stop == "Cancel":
        raise ServiceError(
            "InvalidAutomationStatusUpdateException",
            f"The automation {execution.id} can't be stopped: its status is {execution.status}.",
        )
    stop = params.get("Type", "Cancel")
    status = "Cancelling" if stop == "Cancel" else execution.status
    stopping = msgspec.structs.replace(execution, stop=stop, status=status)
    ctx.unit.put(EXECUTIONS, execution.id, stopping, account=ctx.account, region=ctx.region)
    if status != execution.status:
        stage_fact(ctx, stopping)
    ctx.job(JOB, {"AutomationExecutionId": execution.id}, key=execution.id)
    return {}


@operation
async def get_automation_execution(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """One automation with all of its steps."""
    return {"AutomationExecution": execution_view(await existing(ctx, params["AutomationExecutionId"]))}


async def expire(ctx: Ctx) -> None:
    """Forget automations that ended long ago. Periodic; a few days are looked at, so that a pause is made up for."""
    for days in range(1, 8):
        day = (ctx.now - timedelta(days=limits.AUTOMATION_RETENTION_DAYS + days)).date().isoformat()
        for document in await ctx.unit.list(EXECUTIONS, index=("ended_on", day), limit=1000):
            where = {"account": document.account, "region": document.region}
            ctx.unit.delete(EXECUTIONS, document.key, **where)
            ctx.unit.delete(EXECUTED, document.key, **where)
            if document.value.client_token:
                ctx.unit.delete(TOKENS, document.value.client_token, **where)


async def _refuse_too_many(ctx: Ctx) -> None:
    active = await ctx.unit.list(
        EXECUTIONS,
        account=ctx.account,
        region=ctx.region,
        index=("active", "yes"),
        limit=limits.AUTOMATION_ACTIVE,
    )
    if len(active) >= limits.AUTOMATION_ACTIVE:
        raise ServiceError(
            "AutomationExecutionLimitExceededException",
            "The number of simultaneously running Automation executions exceeded the allowable limit.",
        )


async def _definition(ctx: Ctx, params: dict[str, Any]) -> library.Found:
    name = library.bare_name(params["DocumentName"])
    version = params.get("DocumentVersion", "")
    try:
        return await library.find(
            ctx.unit, account=ctx.account, region=ctx.region, name=name, version=version
        )
    except library.NoDocument as error:
        raise ServiceError(
            "AutomationDefinitionNotFoundException",
            f"An Automation runbook with the name {name} couldn't be found.",
        ) from error
    except library.NoVersion as error:
        raise ServiceError(
            "AutomationDefinitionVersionNotFoundException",
            f"An Automation runbook with the name {name} and version {version} couldn't be found.",
        ) from error


def _execution(ctx: Ctx, params: dict[str, Any], found: library.Found) -> Execution:
    """The execution before its first step, with the parameters bound."""
    runbook = library.read_runbook(found.version.content, found.version.format)
    identity = ctx.context.identity
    execution = Execution(
        id=ctx.ids.uuid(),
        account=ctx.account,
        region=ctx.region,
        document_name=found.document.name,
        document_version=str(found.version.number),
        document_hash=found.version.hash,
        parameters={},
        executed_by=identity.arn or identity.invoked_by,
        starter=identity,
        start=ctx.now,
        steps=progress.planned_steps(runbook, ctx.ids.uuid),
        client_token=params.get("ClientToken", ""),
        tags=tags_from(params.get("Tags")),
    )
    try:
        values = parameters.bind(
            runbook.parameters, params.get("Parameters") or {}, progress.resolver(execution)
        )
    except parameters.InvalidValue as error:
        raise ServiceError("InvalidAutomationExecutionParametersException", str(error)) from error
    execution = msgspec.structs.replace(execution, parameters=values)
    role = template.text_of(template.substitute(runbook.assume_role, progress.resolver(execution)))
    if role and not parameters.is_role_arn(role):
        raise ServiceError(
            "InvalidAutomationExecutionParametersException",
            f"The assume role {role} is not the ARN of a role.",
        )
    return msgspec.structs.replace(execution, role_arn=role)


async def existing(ctx: Ctx, execution_id: str) -> Execution:
    execution = await ctx.unit.get(EXECUTIONS, execution_id, account=ctx.account, region=ctx.region)
    if execution is None:
        raise not_found(execution_id)
    return execution


def not_found(execution_id: str) -> ServiceError:
    return ServiceError(
        "AutomationExecutionNotFoundException",
        f"Automation execution with the ID {execution_id} couldn't be found.",
    )
