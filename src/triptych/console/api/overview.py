"""GET overview: what needs a look, what changed, what comes in. Of the caller's account and region."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlglot import exp

from triptych.console.contract import ConsoleCtx, Endpoint, millis
from triptych.control.collection import Collection
from triptych.services.cloudwatch.alarms.definition import ALARMS, STATES
from triptych.services.cloudwatch.usage import GATEWAY, USAGE
from triptych.services.config.compliance import verdicts_here
from triptych.services.config.documents import RECORDERS, RULES, StoredVerdict
from triptych.services.logs.group import GROUPS

CHANGES = 20
"""Recent changes shown."""
RESOURCES = 50
"""Non-compliant resources shown, those under most rules first; the counts are of all."""
RECENT = timedelta(days=1)
RATE_WINDOW = timedelta(minutes=5)
_CHANGES = ("ItemChanged", "ComplianceChanged", "RemediationChanged", "AlarmStateChanged", "AlarmConfigured")


class FiringAlarm(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An alarm in ALARM, and since when."""

    name: str
    since: int
    reason: str
    namespace: str = ""
    metric: str = ""
    suppressed: bool = False


class BrokenResource(msgspec.Struct, frozen=True, kw_only=True):
    """A resource that some rules judge NON_COMPLIANT."""

    type: str
    id: str
    rules: list[str]
    since: int


class Compliance(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Counts of resources and of rules, by their worst verdict, and the resources to look at."""

    compliant: int
    non_compliant: int
    compliant_rules: int
    non_compliant_rules: int
    resources: list[BrokenResource]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A fact of the timeline, in one line."""

    id: str
    t: int
    kind: str
    subject: str
    summary: str
    origin: str


class Rates(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What came in, for each second of the last minutes."""

    events_per_second: float
    points_per_second: float
    log_lines_per_second: float
    window_seconds: int


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """:param empty: whether nobody has made or sent anything here yet; calls alone do not count."""

    alarms: list[FiringAlarm]
    compliance: Compliance
    changes: list[Change]
    ingestion: Rates
    empty: bool


async def _overview(ctx: ConsoleCtx, _: dict[str, Any]) -> Overview:
    return Overview(
        alarms=await firing(ctx),
        compliance=compliance_of(await verdicts_here(ctx)),
        changes=await changes(ctx),
        ingestion=await rates(ctx),
        empty=await empty(ctx),
    )


async def firing(ctx: ConsoleCtx) -> list[FiringAlarm]:
    """The alarms in ALARM, the longest first."""
    definitions = await ctx.unit.list(ALARMS, account=ctx.account, region=ctx.region)
    alarms = {document.key: document.value for document in definitions}
    found = []
    for document in await ctx.unit.list(STATES, account=ctx.account, region=ctx.region):
        state, alarm = document.value, alarms.get(document.key)
        if state.value != "ALARM" or alarm is None:
            continue
        found.append(
            FiringAlarm(
                name=alarm.name,
                since=millis(state.transitioned),
                reason=state.reason,
                namespace=alarm.metric.namespace if alarm.metric else "",
                metric=alarm.metric.metric_name if alarm.metric else "",
                suppressed=bool(state.suppressed_by),
            )
        )
    return sorted(found, key=lambda alarm: (alarm.since, alarm.name))


def compliance_of(verdicts: Sequence[StoredVerdict]) -> Compliance:
    """What verdicts amount to; a resource, or a rule, is as bad as the worst of its verdicts. Pure."""
    broken = [verdict for verdict in verdicts if verdict.compliance == "NON_COMPLIANT"]
    resources: dict[tuple[str, str], list[tuple[str, datetime]]] = {}
    for verdict in broken:
        under = resources.setdefault((verdict.resource_type, verdict.resource_id), [])
        under.append((verdict.rule_name, verdict.recorded))
    worst = sorted(resources.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    rules = {verdict.rule_name for verdict in broken}
    return Compliance(
        compliant=len({v.resource for v in verdicts} - {v.resource for v in broken}),
        non_compliant=len(resources),
        compliant_rules=len({v.rule_name for v in verdicts} - rules),
        non_compliant_rules=len(rules),
        resources=[
            BrokenResource(
                type=kind,
                id=name,
                rules=sorted(rule for rule, _ in under),
                since=millis(min(recorded for _, recorded in under)),
            )
            for (kind, name), under in worst[:RESOURCES]
        ],
    )


async def changes(ctx: ConsoleCtx) -> list[Change]:
    """The newest changes of the last day, newest first."""
    query = (
        exp.select("id", "time", "kind", "subject", "summary", "origin")
        .from_("timeline")
        .where(
            exp.column("time") >= exp.Placeholder(this="since"),
            exp.column("kind").isin(*(exp.Literal.string(kind) for kind in _CHANGES)),
        )
        .order_by(exp.column("time").desc(), exp.column("id").desc())
        .limit(CHANGES)
    )
    rows = await ctx.runtime.lake.select(
        query, {"since": ctx.now - RECENT}, account=ctx.account, region=ctx.region
    )
    return [
        Change(
            id=row["id"],
            t=millis(row["time"]),
            kind=row["kind"],
            subject=row["subject"],
            summary=row["summary"],
            origin=row["origin"],
        )
        for row in rows
    ]


async def rates(ctx: ConsoleCtx) -> Rates:
    """API events, metric samples and log lines whose own time lies in the window before now."""
    seconds = RATE_WINDOW.total_seconds()
    return Rates(
        events_per_second=await _count(ctx, "cloudtrail_events") / seconds,
        points_per_second=await _count(ctx, "cloudwatch_points") / seconds,
        log_lines_per_second=await _count(ctx, "logs_events") / seconds,
        window_seconds=int(seconds),
    )


async def _count(ctx: ConsoleCtx, table: str) -> int:
    query = (
        exp.select(exp.Count(this=exp.Star()).as_("n"))
        .from_(table)
        .where(
            exp.column("time") >= exp.Placeholder(this="since"),
            exp.column("time") <= exp.Placeholder(this="now"),
        )
    )
    values = {"since": ctx.now - RATE_WINDOW, "now": ctx.now}
    rows = await ctx.runtime.lake.select(query, values, account=ctx.account, region=ctx.region)
    return int(rows[0]["n"])


async def empty(ctx: ConsoleCtx) -> bool:
    """Whether there is nothing to see but the gateway's own metrics."""
    kept: tuple[Collection[Any], ...] = (GROUPS, ALARMS, RECORDERS, RULES)
    for collection in kept:
        if await ctx.unit.list(collection, account=ctx.account, region=ctx.region, limit=1):
            return False
    own = (exp.Literal.string(USAGE), exp.Literal.string(GATEWAY))
    query = (
        exp.select("namespace")
        .from_("cloudwatch_metrics")
        .where(exp.not_(exp.column("namespace").isin(*own)))
        .limit(1)
    )
    return not await ctx.runtime.lake.select(query, {}, account=ctx.account, region=ctx.region)


ENDPOINT = Endpoint(
    method="GET",
    path="overview",
    summary="Firing alarms, compliance, recent changes and ingestion rates of the account and region.",
    answers=Overview,
    handle=_overview,
)
