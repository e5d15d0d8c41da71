"""Composite alarms on the move: they follow what is said about their children, in the order it was said.

Each keeps its own view of its children, taken from their facts, so that a child that went to ALARM and back between
two looks is seen in both states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import structlog

from triptych.bus.batch import Batch
from triptych.control.store import Job
from triptych.kernel.fact import Fact
from triptych.query import alarm_rule
from triptych.services.cloudwatch.alarms.definition import ALARMS, STATES, Alarm, AlarmState, alarm_name
from triptych.services.cloudwatch.alarms.evaluate import State
from triptych.services.cloudwatch.alarms.reason import stamp
from triptych.services.cloudwatch.alarms.suppression import Event, step
from triptych.services.cloudwatch.alarms.transition import stage, whole_milliseconds
from triptych.services.contract import Ctx, JobKind, Reaction, caused_by

__all__ = ["FOLLOW", "RELEASE", "set_value"]

log = structlog.get_logger()

_RELEASE = "cloudwatch.release"


async def _follow(ctx: Ctx, batch: Batch) -> None:
    composites: dict[tuple[str, str], list[Alarm]] = {}
    for fact in batch.facts:
        here = ctx.at(account=fact.account, region=fact.region, cause=caused_by(fact))
        place = (fact.account, fact.region)
        if place not in composites:
            listed = await here.unit.list(
                ALARMS, account=fact.account, region=fact.region, index=("type", "CompositeAlarm")
            )
            composites[place] = [document.value for document in listed]
        if composites[place]:
            await _heard(here, fact, composites[place])


async def _heard(ctx: Ctx, fact: Fact, composites: Sequence[Alarm]) -> None:
    name = fact.body["alarmName"]
    if fact.kind == "AlarmConfigured":
        own = next((alarm for alarm in composites if alarm.name == name), None)
        if own is not None and fact.body["operation"] != "delete":
            await _judge(
                ctx,
                own,
                composites,
                None,
                said=f"{own.arn} was {fact.body['operation']}d and its alarm rule evaluates to ",
            )
        return
    if fact.body["state"]["value"] == fact.body["previousState"]["value"]:
        return  # told again because a suppression ended
    for alarm in composites:
        watch = alarm.composite
        assert watch is not None
        if name in watch.children:
            moment = _readable(datetime.fromisoformat(fact.body["state"]["timestamp"]))
            said = f"{fact.subject} transitioned to {fact.body['state']['value']} at {moment}"
            await _judge(ctx, alarm, composites, fact, said=said)
        if watch.suppressor and name == watch.suppressor_name:
            await _move(ctx, alarm, "suppressor", suppressor=fact.body["state"]["value"])


async def _judge(
    ctx: Ctx, alarm: Alarm, composites: Sequence[Alarm], fact: Fact | None, *, said: str
) -> None:
    """Evaluate a rule because a child changed (``fact``) or the definition did, and stage what follows.

    :param said: the state reason; one that ends with a space takes the new value.
    """
    watch = alarm.composite
    state = await ctx.unit.get(STATES, alarm.name, account=ctx.account, region=ctx.region)
    assert watch is not None
    if state is None:
        return  # deleted since
    if _is_in_cycle(alarm.name, composites):
        log.warning("composite_alarm_in_cycle", alarm=alarm.arn)
        return  # as AWS: evaluation stops where it would go round in circles
    view = dict(state.children)
    if fact is None:
        view = await _current(ctx, watch.children)
    elif view.get(name := fact.body["alarmName"], (-1,))[0] < fact.body["number"]:
        view[name] = (fact.body["number"], fact.body["state"]["value"])
    rule = alarm_rule.parse(watch.rule)
    value: State = "ALARM" if alarm_rule.evaluate(rule, lambda each: _seen(view, alarm_name(each))) else "OK"
    seen = msgspec.structs.replace(state, children=view)
    if value != state.value:
        triggering = [fact] if fact is not None else []
        data = {"triggeringAlarms": [_trigger(each.subject, each.body["state"]) for each in triggering]}
        if fact is None:
            data["triggeringAlarms"] = await _triggers(ctx, watch.children)
        await set_value(
            ctx,
            alarm,
            state,
            seen,
            value=value,
            reason=said + value if said.endswith(" ") else said,
            reason_data=msgspec.json.encode(data).decode(),
        )
    elif fact is None:
        await _move(ctx, alarm, "changed", before=seen)
    elif seen != state:
        ctx.unit.put(STATES, alarm.name, seen, account=ctx.account, region=ctx.region)


async def set_value(
    ctx: Ctx,
    alarm: Alarm,
    before: AlarmState,
    seen: AlarmState,
    *,
    value: State,
    reason: str,
    reason_data: str,
) -> None:
    """Stage a composite alarm's new value: suppression decides about its actions.

    :param seen: ``before`` with whatever else is to change.
    """
    watch, now = alarm.composite, whole_milliseconds(ctx.runtime.clock.now())
    assert watch is not None
    after = msgspec.structs.replace(
        seen,
        value=value,
        reason=reason,
        reason_data=reason_data,
        updated=now,
        transitioned=now if value != before.value else before.transitioned,
        number=before.number + (value != before.value),
    )
    moved = step(watch, after, suppressor=await _suppressor(ctx, alarm), event="changed", now=now)
    stage(ctx, alarm, before, moved.state, act=moved.act)
    _await_end(ctx, alarm, before, moved.state)


async def _move(
    ctx: Ctx, alarm: Alarm, event: Event, *, suppressor: str | None = None, before: AlarmState | None = None
) -> None:
    """Stage what an event other than a change of value does to the suppression."""
    state = await ctx.unit.get(STATES, alarm.name, account=ctx.account, region=ctx.region)
    watch, now = alarm.composite, whole_milliseconds(ctx.runtime.clock.now())
    if state is None or watch is None:
        return
    known = suppressor if suppressor is not None else await _suppressor(ctx, alarm)
    moved = step(watch, before or state, suppressor=known, event=event, now=now)
    if moved.act:
        after = msgspec.structs.replace(moved.state, updated=now)
        stage(ctx, alarm, state, after, act=True)
    elif moved.state != state:
        ctx.unit.put(STATES, alarm.name, moved.state, account=ctx.account, region=ctx.region)
        _await_end(ctx, alarm, state, moved.state)


def _await_end(ctx: Ctx, alarm: Alarm, before: AlarmState, after: AlarmState) -> None:
    if after.until is not None and after.until != before.until:
        delay = (after.until - ctx.runtime.clock.now()).total_seconds()
        ctx.job(_RELEASE, {"alarm": alarm.name}, delay_seconds=max(0.0, delay))


async def _release(ctx: Ctx, job: Job) -> None:
    """A period is over; it may have been replaced by a later one, or the alarm may be gone."""
    alarm = await ctx.unit.get(ALARMS, job.body["alarm"], account=ctx.account, region=ctx.region)
    if alarm is not None:
        await _move(ctx, alarm, "timer")


async def _suppressor(ctx: Ctx, alarm: Alarm) -> str:
    watch = alarm.composite
    if watch is None or not watch.suppressor:
        return ""
    state = await ctx.unit.get(STATES, watch.suppressor_name, account=ctx.account, region=ctx.region)
    return state.value if state is not None else ""


async def _current(ctx: Ctx, children: Sequence[str]) -> dict[str, tuple[int, State]]:
    view: dict[str, tuple[int, State]] = {}
    for name in children:
        state = await ctx.unit.get(STATES, name, account=ctx.account, region=ctx.region)
        if state is not None:
            view[name] = (state.number, state.value)
    return view


async def _triggers(ctx: Ctx, children: Sequence[str]) -> list[dict[str, Any]]:
    found = []
    for name in children:
        state = await ctx.unit.get(STATES, name, account=ctx.account, region=ctx.region)
        if state is not None:
            arn = ctx.arn("cloudwatch", f"alarm:{name}")
            found.append(_trigger(arn, {"value": state.value, "timestamp": stamp(state.updated)}))
    return found


def _trigger(arn: str, state: Mapping[str, Any]) -> dict[str, Any]:
    return {"arn": arn, "state": {"value": state["value"], "timestamp": state["timestamp"]}}


def _seen(view: Mapping[str, tuple[int, State]], name: str) -> str:
    return view[name][1] if name in view else ""


def _is_in_cycle(name: str, composites: Sequence[Alarm]) -> bool:
    children = {alarm.name: alarm.composite.children for alarm in composites if alarm.composite is not None}
    waiting, visited = list(children.get(name, ())), set()
    while waiting:
        each = waiting.pop()
        if each == name:
            return True
        if each not in visited:
            visited.add(each)
            waiting.extend(children.get(each, ()))
    return False


def _readable(moment: datetime) -> str:
    return moment.strftime("%A %d %B, %Y %H:%M:%S UTC")


FOLLOW = Reaction(
    name="cloudwatch.composites", kinds=frozenset({"AlarmConfigured", "AlarmStateChanged"}), handle=_follow
)
RELEASE = JobKind(name=_RELEASE, handle=_release)
