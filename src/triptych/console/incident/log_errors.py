"""How many log events speak of errors, bucket by bucket, in the groups given or those known to belong to the incident.

Which groups these are is said with the reason; where none is known the lane is empty and says so, instead of counting
everybody's errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from triptych.console.contract import millis
from triptych.console.incident.facts import Range
from triptych.console.incident.neighbours import Near
from triptych.console.incident.subject import Subject
from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx

__all__ = ["PATTERN", "LogErrors", "log_errors"]

PATTERN = "(?i)(error|exception|fatal|panic|traceback)"
_GROUPS = 20
_LEAST_WAIT, _LONGEST_WAIT = 0.02, 0.4


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
            for each in (await ctx.call("logs", "DescribeMetricFilters", asked)).get("metricFilters", ()):
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


async def _exists(ctx: Ctx, name: str) -> bool:
    reply = await ctx.call("logs", "DescribeLogGroups", {"logGroupNamePrefix": name, "limit": 1})
    return any(each["logGroupName"] == name for each in reply.get("logGroups", ()))


async def _counted(ctx: Ctx, groups: list[str], axis: Range, step: int) -> tuple[dict[int, int], str]:
    """Bucket -> events that speak of errors, by a Logs Insights query; and what went wrong, if anything did."""
    seconds = step // 1000
    asked = {
        "logGroupNames": groups,
        "startTime": int(axis.start.timestamp()),
        "endTime": int(axis.end.timestamp()),
        "queryString": f"filter @message like /{PATTERN}/ | stats count(*) as errors by bin({seconds}s) as bucket",
        "limit": limits.TIMELINE_ITEMS,
    }
    try:
        query = (await ctx.call("logs", "StartQuery", asked))["queryId"]
        rows = await _answer(ctx, query)
    except ServiceError as error:
        return {}, f"Log errors could not be counted: {error.message}"
    if rows is None:
        return {}, f"Counting log errors took longer than {limits.TIMELINE_LOG_SECONDS} s and was given up."
    counted: dict[int, int] = {}
    for row in rows:
        members = {each["field"]: each["value"] for each in row}
        begun = datetime.fromisoformat(members["bucket"]).replace(tzinfo=UTC)
        counted[millis(begun)] = int(float(members["errors"]))
    return counted, ""


async def _answer(ctx: Ctx, query: str) -> list[list[dict[str, str]]] | None:
    """The rows of a query once it is complete; None when that took too long, and then it is stopped."""
    clock, wait = ctx.runtime.clock, _LEAST_WAIT
    deadline = clock.monotonic() + limits.TIMELINE_LOG_SECONDS
    while clock.monotonic() < deadline:
        reply = await ctx.call("logs", "GetQueryResults", {"queryId": query})
        if reply["status"] == "Complete":
            rows: list[list[dict[str, str]]] = reply["results"]
            return rows
        if reply["status"] not in ("Scheduled", "Running"):
            raise ServiceError("QueryFailed", f"the query ended as {reply['status']}")
        await clock.sleep(wait)
        wait = min(_LONGEST_WAIT, wait * 1.7)
    await ctx.call("logs", "StopQuery", {"queryId": query})
    return None
