"""Remediation, done: from a NON_COMPLIANT verdict to a started automation, its end, and the next attempt.

One job per resource and rule (``config.remediation``) walks the execution document from state to state; every
step is committed before the next, so a crash at any point resumes where the document says. The automation is
started under a token that was committed before, so a repeated start is the same automation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from triptych.bus.batch import Batch
from triptych.control.store import Job
from triptych.jobs.kind import Later
from triptych.kernel.errors import ServiceError
from triptych.services.config.asking import account_item, asked, asks
from triptych.services.config.capture import home_of, read_item
from triptych.services.config.documents import (
    EXCEPTIONS,
    EXECUTIONS,
    REMEDIATIONS,
    RULES,
    VERDICTS,
    Execution,
    Remediation,
    Rule,
    verdict_key,
)
from triptych.services.config.item import Item, item_key
from triptych.services.config.managed_rule import ACCOUNT
from triptych.services.config.parts import TYPES
from triptych.services.config.repair import (
    failed,
    followed,
    is_active,
    outcome_of,
    poll_seconds,
    queued,
    resolved,
    retried,
)
from triptych.services.config.staging import PRINCIPAL, capture_soon, evaluate_one_soon, remediate_soon
from triptych.services.config.verdicts import decide
from triptych.services.contract import Ctx, JobKind, Reaction, caused_by

__all__ = ["FOLLOW", "REMEDIATE", "REMEDIATE_RULE", "REMEDIATION", "begin"]

_PASSING = frozenset(
    {"ThrottlingException", "TooManyRequestsException", "AutomationExecutionLimitExceededException"}
)


async def begin(ctx: Ctx, rule: Rule, *, resource_type: str, resource_id: str, automatic: bool) -> bool:
    """Queue a remediation; False when one is under way (or about to be tried again) already.

    One that was started by hand becomes automatic when an automatic one is due meanwhile: it is verified and,
    if need be, tried again.
    """
    where = {"account": ctx.account, "region": ctx.region}
    previous = await ctx.unit.get(
        EXECUTIONS, verdict_key(rule.id, item_key(resource_type, resource_id)), **where
    )
    execution = queued(
        previous,
        rule,
        resource_type=resource_type,
        resource_id=resource_id,
        automatic=automatic,
        now=ctx.now,
        token=ctx.ids.uuid(),
        cause=ctx.context.because,
    )
    if execution is None:
        if automatic and previous is not None and not previous.automatic:
            _keep(ctx, msgspec.structs.replace(previous, automatic=True), news=False)
        return False
    _keep(ctx, execution)
    remediate_soon(ctx, execution.key)
    return True


async def _remediate(ctx: Ctx, batch: Batch) -> None:
    """A resource that turned NON_COMPLIANT is repaired, where its rule says so."""
    for fact in batch.facts:
        if fact.body["newEvaluationResult"]["complianceType"] != "NON_COMPLIANT":
            continue
        here = ctx.at(account=fact.account, region=fact.region, cause=caused_by(fact))
        await _begin_automatic(
            here, fact.body["configRuleName"], fact.body["resourceType"], fact.body["resourceId"]
        )


async def _remediate_rule(ctx: Ctx, job: Job) -> None:
    """Everything a rule finds NON_COMPLIANT is repaired: the configuration is new, or the rule was run again."""
    here = ctx.at(account=job.account, region=job.region, cause=job.cause)
    rule = await here.unit.get(RULES, job.body["rule"], account=job.account, region=job.region)
    if rule is None:
        return
    for document in await here.unit.list(
        VERDICTS, account=job.account, region=job.region, index=("rule", rule.id)
    ):
        if document.value.compliance == "NON_COMPLIANT":
            await _begin_automatic(here, rule.name, document.value.resource_type, document.value.resource_id)


async def _begin_automatic(ctx: Ctx, rule_name: str, resource_type: str, resource_id: str) -> None:
    where = {"account": ctx.account, "region": ctx.region}
    rule = await ctx.unit.get(RULES, rule_name, **where)
    remediation = await ctx.unit.get(REMEDIATIONS, rule_name, **where)
    if rule is None or remediation is None or not remediation.automatic:
        return
    if remediation.resource_type and remediation.resource_type != resource_type:
        return
    if await _is_wanted(ctx, verdict_key(rule.id, item_key(resource_type, resource_id))):
        await begin(ctx, rule, resource_type=resource_type, resource_id=resource_id, automatic=True)


async def _is_wanted(ctx: Ctx, key: str) -> bool:
    """Whether a resource is still NON_COMPLIANT and not excepted from automatic remediation."""
    where = {"account": ctx.account, "region": ctx.region}
    verdict = await ctx.unit.get(VERDICTS, key, **where)
    if verdict is None or verdict.compliance != "NON_COMPLIANT":
        return False
    return not is_active(await ctx.unit.get(EXCEPTIONS, key, **where), ctx.now)


async def _step(ctx: Ctx, job: Job) -> None:
    """Take one execution one step further, or say when to look again."""
    where = {"account": job.account, "region": job.region}
    execution = await ctx.unit.get(EXECUTIONS, job.body["key"], **where)
    if execution is None:
        return
    here = ctx.at(account=job.account, region=job.region, cause=execution.cause)
    rule = await here.unit.get(RULES, execution.rule_name, **where)
    remediation = await here.unit.get(REMEDIATIONS, execution.rule_name, **where)
    if rule is None or rule.id != execution.rule_id or remediation is None:
        return
    if execution.state == "QUEUED":
        await _start(here, execution, remediation)
    elif execution.state == "IN_PROGRESS":
        await _poll(here, execution, remediation)
    elif execution.unverified:
        await _verify(here, execution, rule, remediation)
    elif execution.retry_at is not None:
        await _retry(here, execution)


async def _start(ctx: Ctx, execution: Execution, remediation: Remediation) -> None:
    if execution.automatic and not await _is_wanted(ctx, execution.key):
        _forget(ctx, execution)
        return
    if await _is_crowded(ctx, execution, remediation):
        raise Later(1.0)
    params: dict[str, Any] = {
        "DocumentName": remediation.document,
        "Parameters": resolved(remediation.parameters, execution.resource_id),
        "ClientToken": execution.token,
    }
    if remediation.version:
        params["DocumentVersion"] = remediation.version
    try:
        reply = await ctx.call("ssm", "StartAutomationExecution", params, principal=PRINCIPAL)
    except ServiceError as error:
        if (error.status >= 500 and error.code != "NotImplemented") or error.code in _PASSING:
            raise
        await _fail(ctx, execution, remediation, f"{error.code}: {error.message}")
        return
    started = msgspec.structs.replace(
        execution, state="IN_PROGRESS", automation_id=reply["AutomationExecutionId"], updated=ctx.now
    )
    _keep(ctx, started)
    raise Later(poll_seconds(started, ctx.now))


async def _is_crowded(ctx: Ctx, execution: Execution, remediation: Remediation) -> bool:
    """Whether ConcurrentExecutionRatePercentage of the resources are being repaired already; one always may."""
    rate = ((remediation.controls or {}).get("SsmControls") or {}).get("ConcurrentExecutionRatePercentage")
    if rate is None:
        return False
    index = ("rule", execution.rule_id)
    executions = await ctx.unit.list(EXECUTIONS, account=ctx.account, region=ctx.region, index=index)
    verdicts = await ctx.unit.list(VERDICTS, account=ctx.account, region=ctx.region, index=index)
    broken = sum(1 for document in verdicts if document.value.compliance == "NON_COMPLIANT")
    running = sum(1 for document in executions if document.value.state == "IN_PROGRESS")
    return running >= max(1, broken * int(rate) // 100)


async def _poll(ctx: Ctx, execution: Execution, remediation: Remediation) -> None:
    """Ask how the automation goes: for the facts that never came."""
    try:
        reply = await ctx.call(
            "ssm",
            "GetAutomationExecution",
            {"AutomationExecutionId": execution.automation_id},
            principal=PRINCIPAL,
        )
    except ServiceError as error:
        if error.code != "AutomationExecutionNotFoundException":
            raise
        await _fail(ctx, execution, remediation, f"{error.code}: {error.message}")
        return
    automation = reply["AutomationExecution"]
    moved = await _apply(
        ctx,
        execution,
        remediation,
        status=automation["AutomationExecutionStatus"],
        steps=automation.get("StepExecutions") or (),
        message=automation.get("FailureMessage") or "",
    )
    if moved.state == "IN_PROGRESS":
        raise Later(poll_seconds(execution, ctx.now))


async def _follow(ctx: Ctx, batch: Batch) -> None:
    """An automation of ours moved on."""
    for fact in batch.facts:
        here = ctx.at(account=fact.account, region=fact.region, cause=caused_by(fact))
        for document in await here.unit.list(
            EXECUTIONS,
            account=fact.account,
            region=fact.region,
            index=("automation", fact.body["AutomationExecutionId"]),
        ):
            where = {"account": fact.account, "region": fact.region}
            execution = await here.unit.get(EXECUTIONS, document.key, **where)
            remediation = await here.unit.get(REMEDIATIONS, document.value.rule_name, **where)
            if execution is None or remediation is None or execution.state != "IN_PROGRESS":
                continue
            if execution.automation_id != fact.body["AutomationExecutionId"]:
                continue
            await _apply(
                here,
                execution,
                remediation,
                status=fact.body["Status"],
                steps=fact.body.get("StepExecutions") or (),
                message=fact.body.get("FailureMessage") or "",
            )


async def _apply(
    ctx: Ctx,
    execution: Execution,
    remediation: Remediation,
    *,
    status: str,
    steps: Iterable[Mapping[str, Any]],
    message: str,
) -> Execution:
    """Write down what is known of a running automation; its end stages what comes next."""
    moved = followed(execution, status=status, steps=steps, now=ctx.now)
    if outcome_of(status) == "failure":
        reasons = [step["ErrorMessage"] for step in moved.steps if "ErrorMessage" in step]
        reason = message or next(iter(reasons), "") or f"The automation ended as {status}."
        return await _fail(ctx, moved, remediation, reason)
    if moved.state != execution.state or moved.steps != execution.steps:
        _keep(ctx, moved, news=moved.state != execution.state)
    if moved.state == "SUCCEEDED":
        kind = TYPES.get(moved.resource_type)
        if kind is not None:
            capture_soon(ctx, kind, moved.resource_id)
        if moved.unverified:
            remediate_soon(ctx, moved.key)
    return moved


async def _verify(ctx: Ctx, execution: Execution, rule: Rule, remediation: Remediation) -> None:
    """Look whether the repair repaired: the resource as it is now, judged by the rule as it is now."""
    item = await _as_it_is(ctx, execution)
    if item is not None:
        item = await asked(ctx, rule, item)
    if asks(rule):
        evaluate_one_soon(
            ctx, rule.name, execution.resource
        )  # what it asks about is in no item whose change tells
    if item is not None and decide(rule, item).compliance == "NON_COMPLIANT":
        await _fail(
            ctx,
            execution,
            remediation,
            "The automation succeeded, but the resource is still NON_COMPLIANT.",
        )
    else:
        _keep(ctx, msgspec.structs.replace(execution, unverified=False), news=False)


async def _as_it_is(ctx: Ctx, execution: Execution) -> Item | None:
    if execution.resource_type == ACCOUNT:
        return account_item(ctx)
    kind = TYPES[execution.resource_type]
    home = await home_of(ctx, kind, execution.resource_id)
    return None if home is None else await read_item(home, kind, execution.resource_id)


async def _retry(ctx: Ctx, execution: Execution) -> None:
    if execution.retry_at is not None and execution.retry_at > ctx.now:
        raise Later((execution.retry_at - ctx.now).total_seconds())
    if not await _is_wanted(ctx, execution.key):
        _keep(ctx, msgspec.structs.replace(execution, retry_at=None), news=False)
        return
    _keep(ctx, retried(execution, now=ctx.now, token=ctx.ids.uuid()))
    raise Later(0.0)  # the token must be committed before the automation is started


async def _fail(ctx: Ctx, execution: Execution, remediation: Remediation, error: str) -> Execution:
    failure = failed(execution, remediation, now=ctx.now, error=error)
    _keep(ctx, failure.execution)
    if failure.exception is not None:
        ctx.unit.put(EXCEPTIONS, execution.key, failure.exception, account=ctx.account, region=ctx.region)
    if failure.execution.retry_at is not None:
        remediate_soon(ctx, execution.key)
    return failure.execution


def _keep(ctx: Ctx, execution: Execution, *, news: bool = True) -> None:
    """Store the execution and, where its state is news, say so."""
    ctx.unit.put(EXECUTIONS, execution.key, execution, account=ctx.account, region=ctx.region)
    if news:
        ctx.fact(
            "RemediationChanged",
            f"{execution.rule_name} {execution.resource}",
            {
                "rule": execution.rule_name,
                "resource": execution.resource,
                "state": execution.state,
                "AutomationExecutionId": execution.automation_id,
                "attempt": execution.attempt,
            },
        )


def _forget(ctx: Ctx, execution: Execution) -> None:
    """The resource came right, or was excepted, before anything was run: there was no remediation."""
    ctx.unit.delete(EXECUTIONS, execution.key, account=ctx.account, region=ctx.region)


async def _given_up(ctx: Ctx, job: Job, reason: str) -> None:
    """The job itself failed for good (SSM out of reach): the execution must not look alive for ever."""
    where = {"account": job.account, "region": job.region}
    execution = await ctx.unit.get(EXECUTIONS, job.body["key"], **where)
    if execution is not None and (execution.is_running or execution.unverified or execution.retry_at):
        here = ctx.at(account=job.account, region=job.region, cause=execution.cause)
        ended = msgspec.structs.replace(
            execution, state="FAILED", error=reason, updated=ctx.now, retry_at=None, unverified=False
        )
        _keep(here, ended)


REMEDIATE = Reaction(
    name="config.remediate", kinds=frozenset({"ComplianceChanged"}), handle=_remediate, stable=False
)
FOLLOW = Reaction(name="config.follow", kinds=frozenset({"AutomationChanged"}), handle=_follow, stable=False)
REMEDIATION = JobKind(name="config.remediation", handle=_step, dead=_given_up)
REMEDIATE_RULE = JobKind(name="config.remediate_rule", handle=_remediate_rule, concurrency=2)
