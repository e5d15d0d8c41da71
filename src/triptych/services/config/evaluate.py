"""When rules run: on every new item, when they are put or started, and periodically where they ask for it."""

from __future__ import annotations

from datetime import timedelta

import structlog

from triptych.bus.batch import Batch
from triptych.bus.post import is_permanent
from triptych.control.store import Job
from triptych.jobs.kind import Later
from triptych.kernel.errors import ServiceError
from triptych.services.config.asking import account_item, asked, asks
from triptych.services.config.documents import ITEMS, REMEDIATIONS, RULE_STATUSES, RULES, Rule, RuleStatus
from triptych.services.config.item import Item, from_event
from triptych.services.config.managed_rule import ACCOUNT
from triptych.services.config.parts import RULES as MANAGED
from triptych.services.config.staging import evaluate_one_soon, evaluate_soon, remediate_rule_soon
from triptych.services.config.verdicts import judge, looked_at
from triptych.services.contract import Ctx, JobKind, Periodic, Reaction, caused_by

__all__ = ["EVALUATE", "EVALUATE_RULE", "PERIODIC_RULES"]

log = structlog.get_logger()

_AGAIN_SECONDS = 60.0
"""When a rule asks again that got no answer."""
_HOURS = {"One_Hour": 1, "Three_Hours": 3, "Six_Hours": 6, "Twelve_Hours": 12, "TwentyFour_Hours": 24}


async def _evaluate(ctx: Ctx, batch: Batch) -> None:
    """Every rule that looks at the item's type judges it."""
    known: dict[tuple[str, str], list[Rule]] = {}
    for fact in batch.facts:
        place = (fact.account, fact.region)
        if place not in known:
            found = await ctx.unit.list(RULES, account=fact.account, region=fact.region)
            known[place] = [document.value for document in found]
        item = from_event(fact.body["item"])
        here = ctx.at(account=fact.account, region=fact.region, cause=caused_by(fact))
        for listed in known[place]:
            if item.resource_type not in MANAGED[listed.identifier].types:
                continue
            # A guarded read: a rule deleted or changed before the commit must not be judged by as it was.
            rule = await here.unit.get(RULES, listed.name, account=fact.account, region=fact.region)
            if rule is None or rule.id != listed.id:
                continue
            if asks(rule):
                evaluate_one_soon(here, rule.name, item.key)  # it makes calls: not while facts wait
            else:
                await judge(here, rule, item)
                await _ran(here, rule, whole=False)


async def _ran(ctx: Ctx, rule: Rule, *, whole: bool, trouble: ServiceError | None = None) -> None:
    where = {"account": ctx.account, "region": ctx.region}
    known = await ctx.unit.get(RULE_STATUSES, rule.id, **where) or RuleStatus()
    started = ctx.now if whole else known.started
    if trouble is None:
        status = RuleStatus(started=started, evaluated=ctx.now)
    else:
        status = RuleStatus(
            started=started,
            evaluated=known.evaluated,
            failed=ctx.now,
            error_code=trouble.code,
            error_message=trouble.message,
        )
    ctx.unit.put(RULE_STATUSES, rule.id, status, **where)


async def _evaluate_rule(ctx: Ctx, job: Job) -> None:
    """A rule judges every current item, or one; verdicts on what left its scope go."""
    here = ctx.at(account=job.account, region=job.region, cause=job.cause)
    where = {"account": job.account, "region": job.region}
    rule = await here.unit.get(RULES, job.body["rule"], **where)
    if rule is None:
        return
    only: str = job.body.get("resource", "")
    trouble: ServiceError | None = None
    for item in await _looked_over(here, rule, only):
        try:
            judged = await asked(here, rule, item)
        except ServiceError as error:
            trouble = error
            continue
        if judged is not None:
            await judge(here, rule, judged)
    await _ran(here, rule, whole=not only, trouble=trouble)
    if trouble is not None:
        log.warning("config_rule_cannot_ask", rule=rule.arn, error=f"{trouble.code}: {trouble.message}")
        if not is_permanent(trouble.code, trouble.status):
            raise Later(_AGAIN_SECONDS)
    remediation = await here.unit.get(REMEDIATIONS, rule.name, **where)
    if remediation is not None and remediation.automatic and looked_at(rule):
        remediate_rule_soon(here, rule.name)


async def _looked_over(ctx: Ctx, rule: Rule, only: str) -> list[Item]:
    """All of the rule's types, also those its scope leaves out now: their verdicts become NOT_APPLICABLE."""
    if only:
        one = await ctx.unit.get(ITEMS, only, account=ctx.account, region=ctx.region)
        return [one] if one is not None else []
    found: list[Item] = []
    for name in MANAGED[rule.identifier].types:
        if name == ACCOUNT:
            found.append(account_item(ctx))
            continue
        here = await ctx.unit.list(ITEMS, account=ctx.account, region=ctx.region, index=("type", name))
        found += [document.value for document in here if not document.value.is_deleted]
    return found


async def _periodic(ctx: Ctx) -> None:
    """Start the rules with a periodic trigger whose time has come; without a frequency, once a day."""
    for managed in MANAGED.values():
        if "periodic" not in managed.triggers:
            continue
        for document in await ctx.unit.list(RULES, index=("identifier", managed.identifier)):
            rule = document.value
            here = ctx.at(account=document.account, region=document.region)
            status = (
                await ctx.unit.get(RULE_STATUSES, rule.id, account=here.account, region=here.region)
                or RuleStatus()
            )
            last = status.started or rule.activated
            if ctx.now - last >= timedelta(hours=_HOURS[rule.frequency or "TwentyFour_Hours"]):
                evaluate_soon(here, rule.name)


EVALUATE = Reaction(name="config.evaluate", kinds=frozenset({"ItemChanged"}), handle=_evaluate, stable=False)
EVALUATE_RULE = JobKind(name="config.evaluate_rule", handle=_evaluate_rule, concurrency=2)
PERIODIC_RULES = Periodic(name="config.periodic_rules", seconds=lambda _settings: 60.0, handle=_periodic)
