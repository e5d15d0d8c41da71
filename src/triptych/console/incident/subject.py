"""What a timeline is about: the alarm, resource or event that was asked for, its axis, and when the trouble began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal

import msgspec

from triptych.console.binding import moment
from triptych.console.causes import Resource
from triptych.console.contract import millis
from triptych.console.incident import facts
from triptych.console.incident.asked import Asked, invalid
from triptych.console.incident.facts import Range
from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.lake.sql import Fixed
from triptych.services.cloudwatch.alarms.definition import alarm_name
from triptych.services.cloudwatch.alarms.history import history_query
from triptych.services.contract import Ctx

__all__ = [
    "ALARM_TYPE",
    "Episode",
    "Focus",
    "Subject",
    "alarm_changes",
    "describe_alarms",
    "find",
    "of_episode",
]

_BEFORE = timedelta(minutes=30)
_AFTER = timedelta(minutes=15)
_RECENT = timedelta(hours=3)
ALARM_TYPE = "AWS::CloudWatch::Alarm"


@dataclass(frozen=True, slots=True)
class Focus:
    """When the trouble began: epoch milliseconds. :param what: for sentences, ``the alarm``.

    :param settled: when an alarm was last judged otherwise; what was defined by then is not why it fired.
    """

    t: int
    what: str
    origins: frozenset[str] = frozenset()
    settled: int = 0


@dataclass(frozen=True, slots=True)
class Episode:
    """One stay in ALARM, epoch milliseconds; ``end`` is None while it lasts, ``before`` the change of state before it
    (its own start for an alarm that never had another state)."""

    alarm: str
    start: int
    end: int | None
    id: str
    reason: str = ""
    origin: str = ""
    before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """:param alarms: as DescribeAlarms has them: the alarm and its children, or those on the resource.
    :param values: what names resources: an alarm's dimension value -> the dimension's name.
    """

    kind: Literal["alarm", "resource", "event", "range"]
    title: str
    axis: Range
    focus: Focus | None = None
    episode: Episode | None = None
    alarms: tuple[Mapping[str, Any], ...] = ()
    resources: tuple[Resource, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)


async def find(ctx: Ctx, asked: Asked) -> Subject:
    """Raises ServiceError for what does not exist and for ranges that cannot be."""
    if sum(1 for each in (asked.alarm, asked.resource, asked.event) if each) > 1:
        raise invalid("Ask for one of alarm, resource and event.")
    if asked.alarm:
        return await _alarm(ctx, asked)
    if asked.resource:
        return await _resource(ctx, asked)
    if asked.event:
        return await _event(ctx, asked)
    axis = _axis(asked, ctx.now - _RECENT, ctx.now)
    return Subject(kind="range", title="Everything", axis=axis, focus=await _first_trouble(ctx, axis))


def _axis(asked: Asked, start: datetime, end: datetime) -> Range:
    """The range asked for, each end by itself, or the one proposed."""
    first = start if asked.from_ is None else moment(asked.from_)
    last = end if asked.to is None else moment(asked.to)
    if first >= last:
        raise invalid("from must be before to.")
    if last - first > timedelta(days=limits.TIMELINE_RANGE_DAYS):
        if asked.from_ is not None:
            raise invalid(f"A timeline covers at most {limits.TIMELINE_RANGE_DAYS} days.")
        first = last - timedelta(days=limits.TIMELINE_RANGE_DAYS)
    return Range(first, last)


# --- an alarm ---------------------------------------------------------------------------------------------


async def _alarm(ctx: Ctx, asked: Asked) -> Subject:
    name = alarm_name(asked.alarm)
    alarms = await describe_alarms(ctx, [name])
    since = ctx.now - timedelta(days=limits.ALARM_HISTORY_DAYS)
    until = ctx.now if asked.to is None else moment(asked.to)
    changes = await alarm_changes(ctx, name, start=since, end=ctx.now)
    if not alarms and not changes:
        raise ServiceError("ResourceNotFound", f"There is no alarm {name}.", status=404)
    found = episodes(changes)
    first = None if asked.from_ is None else moment(asked.from_)
    near = [each for each in found if each.start <= millis(until)]
    if first is not None:
        near = [each for each in near if each.end is None or each.end >= millis(first)]
    return await of_episode(ctx, asked, name, alarms, near[-1] if near else None)


async def of_episode(
    ctx: Ctx, asked: Asked, name: str, alarms: Sequence[Mapping[str, Any]], episode: Episode | None
) -> Subject:
    """An alarm's episode with the axis around it; without one, the last hours."""
    if episode is None:
        axis = _axis(asked, ctx.now - _RECENT, ctx.now)
    else:
        start = moment(episode.start)
        periods = max((int(each.get("Period") or 0) * _periods(each) for each in alarms), default=0)
        before = max(_BEFORE, min(timedelta(seconds=2 * periods), timedelta(days=1)))
        end = ctx.now if episode.end is None else min(ctx.now, moment(episode.end) + _AFTER)
        axis = _axis(asked, start - before, max(end, start + timedelta(seconds=1)))
    focus = None
    if episode is not None:
        origins = {episode.origin} - {"", episode.id}
        focus = Focus(episode.start, "the alarm", frozenset(origins), episode.before)
    return Subject(
        kind="alarm",
        title=f"Alarm {name}",
        axis=axis,
        focus=focus,
        episode=episode,
        alarms=tuple(alarms),
        resources=(Resource(ALARM_TYPE, name),),
        values=_dimension_values(alarms),
    )


def _periods(alarm: Mapping[str, Any]) -> int:
    return int(alarm.get("EvaluationPeriods") or 1)


async def describe_alarms(ctx: Ctx, names: Sequence[str]) -> list[Mapping[str, Any]]:
    """Alarms by name; a composite one brings its children along, which have the metrics."""
    if not names:
        return []
    asked = {"AlarmNames": list(names), "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    reply = await ctx.call("cloudwatch", "DescribeAlarms", asked)
    found = [*reply.get("CompositeAlarms", ()), *reply.get("MetricAlarms", ())]
    for composite in reply.get("CompositeAlarms", ()):
        family = await ctx.call(
            "cloudwatch", "DescribeAlarms", {"ChildrenOfAlarmName": composite["AlarmName"]}
        )
        children = [each["AlarmName"] for each in family.get("MetricAlarms", ())]
        known = {each["AlarmName"] for each in found}
        if more := [name for name in children if name not in known]:
            reply = await ctx.call("cloudwatch", "DescribeAlarms", {"AlarmNames": more[: limits.ALARM_PAGE]})
            found += reply.get("MetricAlarms", ())
    return found


def _dimension_values(alarms: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for alarm in alarms:
        stats = [query.get("MetricStat") or {} for query in alarm.get("Metrics") or ()]
        listed = [
            alarm.get("Dimensions") or (),
            *((s.get("Metric") or {}).get("Dimensions") or () for s in stats),
        ]
        for dimension in (each for dimensions in listed for each in dimensions):
            values.setdefault(dimension["Value"], dimension["Name"])
    return values


async def alarm_changes(
    ctx: Ctx, alarm: str | None, *, start: datetime, end: datetime
) -> list[dict[str, Any]]:
    """State changes of one alarm or all, oldest first: {time, id, alarm, before, after, reason, origin}."""
    query, values = _changes_query(one=alarm is not None)
    values = {**values, "start": start, "end": end, **({} if alarm is None else {"alarm_name": alarm})}
    rows = await ctx.runtime.lake.select(query, values, account=ctx.account, region=ctx.region)
    return [_change(row) for row in reversed(rows)]


@cache
def _changes_query(*, one: bool) -> tuple[Fixed, dict[str, Any]]:
    """DescribeAlarmHistory's query, and the values that are the same every time."""
    long_ago = datetime(1970, 1, 1, tzinfo=UTC)
    query, values = history_query(
        alarm="" if one else None,
        types=(),
        item_type="StateUpdate",
        start=long_ago,
        end=long_ago,
        after=None,
        ascending=False,
        limit=limits.TIMELINE_ITEMS_MOST,
    )
    return Fixed(query.select("cause_origin")), values


def _change(row: Mapping[str, Any]) -> dict[str, Any]:
    data = msgspec.json.decode(row["data"])
    return {
        "time": row["time"],
        "id": row["id"],
        "alarm": row["alarm_name"],
        "before": data["oldState"]["stateValue"],
        "after": data["newState"]["stateValue"],
        "reason": data["newState"].get("stateReason", ""),
        "origin": row["cause_origin"],
    }


def episodes(changes: Sequence[Mapping[str, Any]]) -> list[Episode]:
    """The stays in ALARM these changes tell of, by their start. One whose start is not told begins with the first."""
    open_: dict[str, Episode] = {}
    last: dict[str, int] = {}
    found: list[Episode] = []
    for change in changes:
        name, t = change["alarm"], millis(change["time"])
        if change["after"] == "ALARM":
            new = name not in last and change["before"] == "INSUFFICIENT_DATA"
            before = t if new else last.get(name, 0)
            open_[name] = Episode(name, t, None, change["id"], change["reason"], change["origin"], before)
        elif (begun := open_.pop(name, None)) is not None:
            found.append(replace(begun, end=t))
        last[name] = t
    return sorted([*found, *open_.values()], key=lambda each: (each.start, each.id))


# --- a resource, an event, a range ------------------------------------------------------------------------


async def _resource(ctx: Ctx, asked: Asked) -> Subject:
    kind, _, name = asked.resource.partition("/")
    if not kind or not name:
        raise invalid("resource is written type/id: AWS::S3::Bucket/payroll.")
    resource = Resource(kind, name)
    axis = _axis(asked, ctx.now - _RECENT, ctx.now)
    if asked.from_ is None and asked.to is None:
        ever = Range(ctx.now - timedelta(days=limits.TIMELINE_RANGE_DAYS), ctx.now)
        last = await facts.last_news(ctx, resource, ever)
        if last is not None and last < axis.start:
            axis = Range(last - timedelta(hours=1), min(ctx.now, last + _BEFORE))
    focus = await _trouble_of(ctx, resource, axis)
    return Subject(
        kind="resource",
        title=f"{kind} {name}",
        axis=axis,
        focus=focus,
        resources=(resource,),
        alarms=tuple(await _alarms_on(ctx, name)),
    )


async def _alarms_on(ctx: Ctx, name: str) -> list[Mapping[str, Any]]:
    """Metric alarms one of whose dimensions has this value."""
    found: list[Mapping[str, Any]] = []
    asked: dict[str, Any] = {"AlarmTypes": ["MetricAlarm"]}
    while len(found) < limits.TIMELINE_METRICS:
        reply = await ctx.call("cloudwatch", "DescribeAlarms", asked)
        found += [each for each in reply.get("MetricAlarms", ()) if name in _dimension_values([each])]
        if not reply.get("NextToken"):
            break
        asked = {**asked, "NextToken": reply["NextToken"]}
    return found[: limits.TIMELINE_METRICS]


async def _trouble_of(ctx: Ctx, resource: Resource, axis: Range) -> Focus | None:
    """The first verdict against the resource; else its last change."""
    verdict = await facts.first_noncompliant(ctx, axis, resource)
    if verdict is not None:
        what = f"the verdict NON_COMPLIANT under {verdict['rule_name']}"
        return Focus(millis(verdict["time"]), what, frozenset({verdict["cause_origin"]}))
    item = await facts.last_item(ctx, axis, resource)
    if item is None:
        return None
    return Focus(millis(item["time"]), "the change", frozenset({item["cause_origin"]}))


async def _event(ctx: Ctx, asked: Asked) -> Subject:
    row = await facts.fact(ctx, asked.event)
    if row is None:
        raise ServiceError("EventNotFoundException", f"There is no event {asked.event}.", status=404)
    t: datetime = row["time"].astimezone(UTC)
    axis = _axis(asked, t - _BEFORE, min(max(ctx.now, t + timedelta(seconds=1)), t + _BEFORE))
    touched = await facts.touched_by(ctx, [row["id"], row["origin"]])
    return Subject(
        kind="event",
        title=row["summary"],
        axis=axis,
        focus=Focus(millis(t), "the event", frozenset({row["origin"]})),
        resources=tuple(touched),
    )


async def _first_trouble(ctx: Ctx, axis: Range) -> Focus | None:
    """The first alarm or verdict in a range."""
    changes = await alarm_changes(ctx, None, start=axis.start, end=axis.end)
    alarm = next((each for each in changes if each["after"] == "ALARM"), None)
    verdict = await facts.first_noncompliant(ctx, axis, None)
    found: list[Focus] = []
    if alarm is not None:
        origins = frozenset({alarm["origin"]} - {"", alarm["id"]})
        found.append(Focus(millis(alarm["time"]), f"the alarm {alarm['alarm']}", origins))
    if verdict is not None:
        what = f"the verdict on {verdict['resource_id']}"
        found.append(Focus(millis(verdict["time"]), what, frozenset({verdict["cause_origin"]})))
    return min(found, key=lambda each: each.t, default=None)
