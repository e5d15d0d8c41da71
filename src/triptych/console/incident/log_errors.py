"""How many log events speak of errors, bucket by bucket, in the groups given or those known to belong to the incident.

Which groups these are is said with the reason; where none is known the lane is empty and says so, instead of counting
everybody's errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from triptych.console.contract import millis
from triptych.console.incident.facts import Range
from triptych.console.incident.neighbours import Near
from triptych.console.incident.subject import Subject
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx
from triptych.services.logs.insights import InsightsQuery, source_of
from triptych.services.logs.tables import LOG_EVENTS

__all__ = ["PATTERN", "LogErrors", "log_errors"]

PATTERN = "(?i)(error|exception|fatal|panic|traceback)"
_GROUPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LogErrors:
    """:param groups: {name, reason} each. :param note: why there is nothing, or not everything."""

    groups: Sequence[Mapping[str, str]]
    buckets: Sequence[Mapping[str, int]] = ()
    total: int = 0
    note: str = ""


async def log_errors(ctx: Ctx, subject: Subject, near: Near, given: str, step: int) -> LogErrors:
    """:param given: names with commas between; empty: find them. :param step: of the buckets, milliseconds."""
    named = [name.strip() for name in given.split(",") if name.strip()]
    groups = dict.fromkeys(named, "asked for") if named else await _belonging(ctx, subject, near)
    shown = [{"name": name, "reason": reason} for name, reason in list(groups.items())[:_GROUPS]]
    if not shown:
        return LogErrors(groups=(), note="No log group is known to belong to this; name some with logGroups.")
    rows, note = await _counted(ctx, [each["name"] for each in shown], subject.axis, step)
    buckets = [{"t": t, "tEnd": t + step, "count": n, "errors": n} for t, n in sorted(rows.items())]
    if len(groups) > _GROUPS:
        note = f"{note} Only {_GROUPS} of {len(groups)} log groups were searched.".strip()
    return LogErrors(groups=shown, buckets=buckets, total=sum(rows.values()), note=note)


async def _belonging(ctx: Ctx, subject: Subject, near: Near) -> dict[str, str]:
    """Log group -> why it belongs to the incident."""
    found: dict[str, str] = {}
    for alarm in subject.alarms:
        for namespace, name in _metrics_of(alarm):
            asked = {"metricNamespace": namespace, "metricName": name}
            for each in (await _described(ctx, "DescribeMetricFilters", asked)).get("metricFilters", ()):
                why = f"its metric filter {each['filterName']} makes {namespace} {name}"
                found.setdefault(each["logGroupName"], why)
    maybe: dict[str, str] = {}
    for value, dimension in subject.values.items():
        if dimension == "LogGroupName":
            maybe[value] = "a dimension of the alarm names it"
        elif dimension == "FunctionName":
            maybe[f"/aws/lambda/{value}"] = f"the function {value} writes there"
    for resource, hops in near.listed.items():
        if resource.type == "AWS::Logs::LogGroup":
            maybe.setdefault(resource.id, f"Config knows it to be related ({hops} hop{'s' * (hops != 1)})")
        elif resource.type == "AWS::Lambda::Function" and hops <= 1:
            maybe.setdefault(f"/aws/lambda/{resource.id}", f"the function {resource.id} writes there")
    for name, why in list(maybe.items())[:_GROUPS]:
        if name not in found and await _exists(ctx, name):
            found[name] = why
    return found


def _metrics_of(alarm: Mapping[str, Any]) -> list[tuple[str, str]]:
    if alarm.get("MetricName"):
        return [(alarm["Namespace"], alarm["MetricName"])]
    stats = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics") or () if query.get("MetricStat")]
    return [(each["Namespace"], each["MetricName"]) for each in stats]


async def _described(ctx: Ctx, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What there is of a name; of one that Logs does not even allow (CloudWatch allows more) there is nothing."""
    try:
        return await ctx.call("logs", operation, asked)
    except ServiceError as error:
        if error.status >= 500:
            raise
        return {}


async def _exists(ctx: Ctx, name: str) -> bool:
    reply = await _described(ctx, "DescribeLogGroups", {"logGroupNamePrefix": name, "limit": 1})
    return any(each["logGroupName"] == name for each in reply.get("logGroups", ()))


async def _counted(ctx: Ctx, names: list[str], axis: Range, step: int) -> tuple[dict[int, int], str]:
    """Bucket -> events that speak of errors; and which groups there are not.

    The condition is Insights' own (groups as they are now, without what is deleted or expired). A query of Insights
    itself would be a job and a wait for each look at the timeline.
    """
    start, end = int(axis.start.timestamp()), int(axis.end.timestamp())
    now = millis(ctx.now)
    about = InsightsQuery(
        id="", text="", groups=tuple(names), start=start, end=end, limit=1, created=now, asked_by=""
    )
    source = await source_of(ctx, about)
    known = {shown.partition(":")[2] for shown in source.groups.values()}
    missing = [name for name in names if name not in known]
    note = f"There is no log group {', '.join(missing)}." if missing else ""
    zero = millis(axis.start)
    values = {**source.values, "pattern": PATTERN, "zero": zero, "width": step}
    query = _count_query().where(source.condition)
    rows = await ctx.runtime.lake.select(query, values, account=ctx.account, region=ctx.region)
    return {zero + row["bucket"] * step: row["errors"] for row in rows}, note


def _count_query() -> exp.Select:
    def value(name: str) -> exp.Placeholder:
        return exp.Placeholder(this=name)

    time = exp.Anonymous(this="toUnixTimestamp64Milli", expressions=[exp.column("time")])
    since = exp.paren(exp.Sub(this=time, expression=value("zero")))
    return (
        exp.select(
            exp.alias_(exp.Anonymous(this="intDiv", expressions=[since, value("width")]), "bucket"),
            exp.alias_(exp.Count(this=exp.Star()), "errors"),
        )
        .from_(LOG_EVENTS.name)
        .where(exp.Anonymous(this="match", expressions=[exp.column("message"), value("pattern")]))
        .group_by(exp.column("bucket"))
    )
