"""Rules with a schedule: one job each, which comes again whenever the schedule is due.

What was missed while nothing ran is not made up for: the next event comes when it is due next (as with EventBridge,
which makes no promise about missed ones). A job that belongs to an older generation of its rule ends.
"""

from __future__ import annotations

from datetime import datetime

from triptych.control.store import Job
from triptych.jobs.kind import Later
from triptych.services.contract import Ctx, JobKind
from triptych.services.events.documents import RULES, Rule, stamp
from triptych.services.events.matching import stage
from triptych.services.events.schedule import parse_schedule

__all__ = ["TICK", "begin"]

_KIND = "events.tick"


def begin(ctx: Ctx, rule: Rule) -> None:
    """Stage the first run of an enabled rule's schedule."""
    if not rule.schedule or rule.state == "DISABLED":
        return
    due = parse_schedule(rule.schedule).next_after(ctx.now, since=ctx.now)
    if due is not None:
        body = {"rule": rule.key, "generation": rule.generation, "since": ctx.now.isoformat()}
        ctx.job(_KIND, body, delay_seconds=(due - ctx.runtime.clock.now()).total_seconds())


async def _tick(ctx: Ctx, job: Job) -> None:
    listed = await ctx.unit.list(
        RULES, account=ctx.account, region=ctx.region, prefix=job.body["rule"], limit=1
    )
    rule = listed[0].value if listed and listed[0].key == job.body["rule"] else None
    if rule is None or rule.generation != job.body["generation"]:
        return
    event = {
        "version": "0",
        "id": ctx.ids.uuid(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ctx.account,
        "time": stamp(ctx.now),
        "region": ctx.region,
        "resources": [rule.arn],
        "detail": {},
    }
    stage(ctx, rule, event)
    since = datetime.fromisoformat(job.body["since"])
    due = parse_schedule(rule.schedule).next_after(ctx.now, since=since)
    if due is not None:
        raise Later((due - ctx.runtime.clock.now()).total_seconds())


TICK = JobKind(name=_KIND, handle=_tick)
