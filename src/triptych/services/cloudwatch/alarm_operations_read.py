"""DescribeAlarms, DescribeAlarmsForMetric, DescribeAlarmHistory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from triptych.control.collection import Document
from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.kernel.pages import InvalidToken, position, token
from triptych.services.cloudwatch.alarms.definition import (
    ALARMS,
    STATES,
    Alarm,
    AlarmState,
    alarm_name,
    metric_key,
)
from triptych.services.cloudwatch.alarms.document import described
from triptych.services.cloudwatch.alarms.history import history_query, item
from triptych.services.cloudwatch.alarms.metric_input import invalid
from triptych.services.contract import Ctx, operation

_FILTERS = ("AlarmNames", "AlarmNamePrefix", "AlarmTypes", "StateValue", "ActionPrefix")
_BRIEF = ("AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp")


@operation
async def describe_alarms(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Alarms by name, prefix, type, state, action, or by their place in composite alarms."""
    family = [name for name in ("ChildrenOfAlarmName", "ParentsOfAlarmName") if params.get(name)]
    if family and (len(family) > 1 or any(params.get(name) for name in _FILTERS)):
        raise invalid(
            f"{family[0]} cannot be specified with any other parameter except MaxRecords and NextToken"
        )
    if params.get("AlarmNames") and params.get("AlarmNamePrefix"):
        raise invalid("AlarmNames and AlarmNamePrefix are mutually exclusive")
    listing = "|".join(["DescribeAlarms", *(repr(params.get(n)) for n in (*_FILTERS, *_FAMILY))])
    limit = params.get("MaxRecords") or limits.ALARM_PAGE
    after = _resume(listing, params.get("NextToken"))
    members: tuple[str, ...] = ()
    if family:
        found = await _family(ctx, params)
        members = _BRIEF if params.get("ChildrenOfAlarmName") else _BRIEF[:2]
    else:
        found = await _filtered(ctx, params)
    found = [each for each in found if each[0].name > after]
    page = found[:limit]
    reply: dict[str, Any] = {"MetricAlarms": [], "CompositeAlarms": []}
    for alarm, state in page:
        shown = described(alarm, state)
        if members:
            shown = {name: shown[name] for name in members}
        reply[f"{alarm.kind}s"].append(shown)
    if len(found) > limit:
        reply["NextToken"] = token(listing, page[-1][0].name)
    return reply


_FAMILY = ("ChildrenOfAlarmName", "ParentsOfAlarmName")
Found = list[tuple[Alarm, AlarmState]]


async def _filtered(ctx: Ctx, params: dict[str, Any]) -> Found:
    types = params.get("AlarmTypes") or ["MetricAlarm"]
    prefix = params.get("AlarmNamePrefix") or ""
    if params.get("AlarmNames"):
        documents = []
        for name in sorted(dict.fromkeys(map(alarm_name, params["AlarmNames"]))):
            alarm = await ctx.unit.get(ALARMS, name, account=ctx.account, region=ctx.region)
            if alarm is not None:
                documents.append(alarm)
    else:
        documents = [document.value for document in await _listed(ctx, prefix)]
    action = params.get("ActionPrefix") or ""
    wanted = [
        alarm
        for alarm in documents
        if alarm.kind in types
        and (
            not action
            or any(
                each.startswith(action)
                for each in (*alarm.ok_actions, *alarm.alarm_actions, *alarm.insufficient_data_actions)
            )
        )
    ]
    state = params.get("StateValue")
    return [pair for pair in await _with_states(ctx, wanted, prefix) if state in (None, pair[1].value)]


async def _listed(
    ctx: Ctx, prefix: str = "", *, index: tuple[str, str] | None = None
) -> Sequence[Document[Alarm]]:
    return await ctx.unit.list(ALARMS, account=ctx.account, region=ctx.region, prefix=prefix, index=index)


async def _with_states(ctx: Ctx, alarms: Sequence[Alarm], prefix: str = "") -> Found:
    """Alarms in name order, each with its state."""
    if len(alarms) > 20:
        listed = await ctx.unit.list(STATES, account=ctx.account, region=ctx.region, prefix=prefix)
        states = {document.key: document.value for document in listed}
    else:
        states = {}
        for alarm in alarms:
            state = await ctx.unit.get(STATES, alarm.name, account=ctx.account, region=ctx.region)
            if state is not None:
                states[alarm.name] = state
    ordered = sorted(alarms, key=lambda alarm: alarm.name)
    return [(alarm, states[alarm.name]) for alarm in ordered if alarm.name in states]


async def _family(ctx: Ctx, params: dict[str, Any]) -> Found:
    parent, child = params.get("ChildrenOfAlarmName"), params.get("ParentsOfAlarmName")
    if parent:
        alarm = await ctx.unit.get(ALARMS, parent, account=ctx.account, region=ctx.region)
        names = alarm.composite.children if alarm is not None and alarm.composite is not None else ()
        found = [await ctx.unit.get(ALARMS, name, account=ctx.account, region=ctx.region) for name in names]
        return await _with_states(ctx, [each for each in found if each is not None])
    composites = [document.value for document in await _listed(ctx, index=("type", "CompositeAlarm"))]
    return await _with_states(
        ctx, [alarm for alarm in composites if alarm.composite and child in alarm.composite.children]
    )


@operation
async def describe_alarms_for_metric(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The alarms on exactly one metric; not those that use it in metric math."""
    index = ("metric", metric_key(params["Namespace"], params["MetricName"]))
    dimensions = tuple(sorted((each["Name"], each["Value"]) for each in params.get("Dimensions") or ()))
    wanted = {
        "statistic": params.get("Statistic"),
        "extended_statistic": params.get("ExtendedStatistic"),
        "period": params.get("Period"),
        "unit": params.get("Unit"),
    }
    alarms = [
        document.value
        for document in await _listed(ctx, index=index)
        if (watch := document.value.metric) is not None
        and watch.dimensions == dimensions
        and all(value is None or getattr(watch, name) == value for name, value in wanted.items())
    ]
    return {"MetricAlarms": [described(*pair) for pair in await _with_states(ctx, alarms)]}


@operation
async def describe_alarm_history(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """What happened to alarms, deleted ones too, in the last 30 days."""
    if params.get("AlarmContributorId"):
        return {"AlarmHistoryItems": []}  # no alarm here has contributors
    name, types = params.get("AlarmName"), params.get("AlarmTypes") or []
    if not types and not name:
        types = ["MetricAlarm"]
    start, end = params.get("StartDate"), params.get("EndDate")
    if start is not None and end is not None and start > end:
        raise invalid("StartDate must not be after EndDate")
    ascending = params.get("ScanBy") == "TimestampAscending"
    filters = (name, types, params.get("HistoryItemType"), start, end, ascending)
    listing = f"DescribeAlarmHistory|{filters!r}"
    limit = params.get("MaxRecords") or limits.ALARM_PAGE
    oldest = ctx.now - timedelta(days=limits.ALARM_HISTORY_DAYS)
    ours = [kind for kind in types if kind != "LogAlarm"]
    if types and not ours:
        return {"AlarmHistoryItems": []}
    query, values = history_query(
        alarm=name,
        types=ours,
        item_type=params.get("HistoryItemType"),
        start=max(oldest, start.astimezone(UTC)) if start else oldest,
        end=end.astimezone(UTC) if end else ctx.now + timedelta(minutes=1),
        after=_after(listing, params.get("NextToken")),
        ascending=ascending,
        limit=limit + 1,
    )
    rows = await ctx.runtime.lake.select(query, values, account=ctx.account, region=ctx.region)
    reply: dict[str, Any] = {"AlarmHistoryItems": [item(each) for each in rows[:limit]]}
    if len(rows) > limit:
        last = rows[limit - 1]
        reply["NextToken"] = token(listing, [last["time"].isoformat(), last["id"]])
    return reply


def _resume(listing: str, text: str | None) -> str:
    if not text:
        return ""
    try:
        return str(position(listing, text))
    except InvalidToken as error:
        raise ServiceError("InvalidNextToken", "The next token is not valid") from error


def _after(listing: str, text: str | None) -> tuple[datetime, str] | None:
    if not text:
        return None
    try:
        time, id_ = position(listing, text)
        return datetime.fromisoformat(time), str(id_)
    except (ValueError, TypeError) as error:
        raise ServiceError("InvalidNextToken", "The next token is not valid") from error
