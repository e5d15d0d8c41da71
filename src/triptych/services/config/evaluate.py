"""When rules run: on every new item, when they are put or started, and periodically where they ask for it."""

from __future__ import annotations

from datetime import timedelta

from triptych.bus.batch import Batch
from triptych.control.store import Job
from triptych.services.config.documents import ITEMS, REMEDIATIONS, RULE_STATUSES, RULES, Rule, RuleStatus
from triptych.services.config.item import from_event
from triptych.services.config.parts import RULES as MANAGED
from triptych.services.config.staging import evaluate_soon, remediate_rule_soon
from triptych.services.config.verdicts import judge, looked_at
from triptych.services.contract import Ctx, JobKind, Periodic, Reaction, caused_by

__all__ = ["EVALUATE", "EVALUATE_RULE", "PERIODIC_RULES"]

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
            if rule is not None and rule.id == listed.id:
                await judge(here, rule, item)
                await _ran(here, rule, whole=False)


async def _ran(ctx: Ctx, rule: Rule, *, whole: bool) -> None:
    where = {"account": ctx.account, "region": ctx.region}
    known = await ctx.unit.get(RULE_STATUSES, rule.id, **where) or RuleStatus()
    started = ctx.now if whole else known.started
    ctx.unit.put(RULE_STATUSES, rule.id, RuleStatus(started=started, evaluated=ctx.now), **where)


async def _evaluate_rule(ctx: Ctx, job: Job) -> None:
    """A rule judges every current item; verdicts on what left its scope go."""
    here = ctx.at(account=job.account, region=job.region, cause=job.cause)
    where = {"account": job.account, "region": job.region}
    rule = await here.unit.get(RULES, job.body["rule"], **where)
    if rule is None:
        return
    # All its types, also those its scope leaves out now: their verdicts become NOT_APPLICABLE.
    for name in MANAGED[rule.identifier].types:
        for document in await here.unit.list(
            ITEMS, account=job.account, region=job.region, index=("type", name)
        ):
            if not document.value.is_deleted:
                await judge(here, rule, document.value)
    await _ran(here, rule, whole=True)
    remediation = await here.unit.get(REMEDIATIONS, rule.name, **where)
    if remediation is not None and remediation.automatic and looked_at(rule):
        remediate_rule_soon(here, rule.name)


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
