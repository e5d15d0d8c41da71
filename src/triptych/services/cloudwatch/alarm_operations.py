"""PutMetricAlarm, PutCompositeAlarm, DeleteAlarms, SetAlarmState, EnableAlarmActions, DisableAlarmActions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.query.metric_math import MathError
from triptych.services.cloudwatch import tags
from triptych.services.cloudwatch.alarms.actions import checked_actions
from triptych.services.cloudwatch.alarms.composite import set_value
from triptych.services.cloudwatch.alarms.composite_input import composite_watch
from triptych.services.cloudwatch.alarms.definition import (
    ALARMS,
    STATES,
    Alarm,
    AlarmState,
    CompositeWatch,
    MetricWatch,
)
from triptych.services.cloudwatch.alarms.metric_input import checked_name, invalid, metric_watch
from triptych.services.cloudwatch.alarms.reason import CREATED
from triptych.services.cloudwatch.alarms.source import checked_expressions
from triptych.services.cloudwatch.alarms.transition import configure, delete, stage, whole_milliseconds
from triptych.services.contract import Ctx, operation


@operation
async def put_metric_alarm(ctx: Ctx, params: dict[str, Any]) -> None:
    """Create an alarm, or replace its definition and keep its state.

    Partly: no PromQL queries, alarms on several time series (GROUP BY), warm-up, or other accounts; each is refused.
    """
    watch = metric_watch(params)
    if watch.metrics:
        try:
            checked_expressions(watch)
        except MathError as error:
            raise invalid(str(error)) from error
    if watch.selects:
        await _check_room_for_select(ctx, params["AlarmName"])
    await _save(ctx, params, metric=watch)


@operation
async def put_composite_alarm(ctx: Ctx, params: dict[str, Any]) -> None:
    """Create an alarm on alarms, or replace its definition and keep its state."""
    watch = composite_watch(params, account=ctx.account, region=ctx.region)
    listed = await ctx.unit.list(
        ALARMS, account=ctx.account, region=ctx.region, index=("type", "CompositeAlarm")
    )
    others = [
        d.value.composite.children for d in listed if d.key != params["AlarmName"] and d.value.composite
    ]
    missing = [name for name in watch.children if await _alarm(ctx, name) is None]
    if missing:
        raise invalid(
            f"Could not save the composite alarm as alarms [{', '.join(missing)}] in the alarm rule do not exist"
        )
    for name in watch.children:
        if sum(name in children for children in others) >= limits.COMPOSITE_PARENTS:
            raise ServiceError(
                "LimitExceeded",
                f"Alarm {name} is in the rules of {limits.COMPOSITE_PARENTS} composite alarms, which is the limit.",
            )
    if watch.suppressor and await _alarm(ctx, watch.suppressor_name) is None:
        raise invalid(f"ActionsSuppressor {watch.suppressor} does not exist")
    await _save(ctx, params, composite=watch)


async def _save(
    ctx: Ctx,
    params: dict[str, Any],
    *,
    metric: MetricWatch | None = None,
    composite: CompositeWatch | None = None,
) -> None:
    name = checked_name(params["AlarmName"])
    actions = checked_actions(params, region=ctx.region, composite=composite is not None)
    given = tags.checked(params.get("Tags"))
    now = whole_milliseconds(ctx.now)
    previous = await _alarm(ctx, name)
    state = await ctx.unit.get(STATES, name, account=ctx.account, region=ctx.region)
    alarm = Alarm(
        name=name,
        arn=ctx.arn("cloudwatch", f"alarm:{name}"),
        configured=now,
        metric=metric,
        composite=composite,
        description=params.get("AlarmDescription"),
        actions_enabled=params.get("ActionsEnabled", True),
        **actions,
    )
    if previous is None or state is None:
        await _check_room(ctx)
        # Numbers grow even if an alarm is deleted and made again: whoever heard of the first hears of the second.
        state = AlarmState(
            value="INSUFFICIENT_DATA",
            reason=CREATED,
            updated=now,
            transitioned=now,
            number=int(now.timestamp() * 1000),
        )
        ctx.unit.create(STATES, name, state, account=ctx.account, region=ctx.region)
        await tags.put(ctx, alarm.arn, given)  # AWS: on an update, tags are ignored
        configure(ctx, "create", alarm, state, None)
        return
    if previous.kind != alarm.kind:
        raise invalid(f"An alarm of a different type with the name {name} exists already")
    configure(ctx, "update", alarm, state, previous)


async def _check_room(ctx: Ctx) -> None:
    listed = await ctx.unit.list(STATES, account=ctx.account, region=ctx.region, limit=limits.ALARMS)
    if len(listed) >= limits.ALARMS:
        raise ServiceError("LimitExceeded", f"The maximum limit of {limits.ALARMS} alarms has been reached.")


async def _check_room_for_select(ctx: Ctx, name: str) -> None:
    listed = await ctx.unit.list(
        ALARMS, account=ctx.account, region=ctx.region, index=("type", "MetricAlarm")
    )
    others = sum(d.key != name and d.value.metric is not None and d.value.metric.selects for d in listed)
    if others >= limits.METRICS_INSIGHTS_ALARMS:
        raise ServiceError(
            "LimitExceeded",
            f"The maximum limit of {limits.METRICS_INSIGHTS_ALARMS} alarms on Metrics Insights queries has been reached.",
        )


@operation
async def delete_alarms(ctx: Ctx, params: dict[str, Any]) -> None:
    """Delete alarms by name; names that are not there are passed over."""
    alarms = [alarm for name in dict.fromkeys(params["AlarmNames"]) if (alarm := await _alarm(ctx, name))]
    if sum(alarm.composite is not None for alarm in alarms) > 1:
        raise invalid("At most one composite alarm can be deleted in one operation")
    names = {alarm.name for alarm in alarms}
    listed = await ctx.unit.list(
        ALARMS, account=ctx.account, region=ctx.region, index=("type", "CompositeAlarm")
    )
    # A composite alarm that goes in this very call holds nothing back.
    staying = [d.value.composite for d in listed if d.value.composite is not None and d.key not in names]
    held = [
        alarm.name
        for alarm in alarms
        if any(alarm.name in watch.children or alarm.name == watch.suppressor_name for watch in staying)
    ]
    if held:
        pronoun = "it" if len(held) == 1 else "them"
        raise invalid(
            f"Cannot delete {','.join(held)} as there are composite alarm(s) depending on {pronoun}."
        )
    for alarm in alarms:
        state = await _state(ctx, alarm.name)
        delete(ctx, alarm, state)
        tags.forget(ctx, alarm.arn)


@operation
async def set_alarm_state(ctx: Ctx, params: dict[str, Any]) -> None:
    """Put an alarm into a state until it is evaluated again."""
    data = params.get("StateReasonData") or ""
    if data:
        try:
            msgspec.json.decode(data)
        except msgspec.DecodeError as error:
            raise ServiceError("InvalidFormat", "StateReasonData must be valid JSON") from error
    alarm = await _alarm(ctx, params["AlarmName"])
    if alarm is None:
        raise ServiceError("ResourceNotFound", f"Alarm {params['AlarmName']} does not exist", status=404)
    before = await _state(ctx, alarm.name)
    value, reason = params["StateValue"], params["StateReason"]
    if alarm.composite is not None and value != before.value:
        await set_value(ctx, alarm, before, before, value=value, reason=reason, reason_data=data)
        return
    now = whole_milliseconds(ctx.now)
    after = msgspec.structs.replace(before, reason=reason, reason_data=data, updated=now, by_hand=True)
    if value == before.value:
        ctx.unit.put(STATES, alarm.name, after, account=ctx.account, region=ctx.region)
        return
    after = msgspec.structs.replace(
        after, value=value, transitioned=now, number=before.number + 1, told=value
    )
    stage(ctx, alarm, before, after, act=True)


@operation
async def enable_alarm_actions(ctx: Ctx, params: dict[str, Any]) -> None:
    """Let alarms perform their actions again; names that are not there are passed over."""
    await _switch(ctx, params["AlarmNames"], enabled=True)


@operation
async def disable_alarm_actions(ctx: Ctx, params: dict[str, Any]) -> None:
    """Keep alarms from performing actions; names that are not there are passed over."""
    await _switch(ctx, params["AlarmNames"], enabled=False)


async def _switch(ctx: Ctx, names: Sequence[str], *, enabled: bool) -> None:
    for name in dict.fromkeys(names):
        alarm = await _alarm(ctx, name)
        if alarm is None or alarm.actions_enabled == enabled:
            continue
        changed = msgspec.structs.replace(
            alarm, actions_enabled=enabled, configured=whole_milliseconds(ctx.now)
        )
        configure(ctx, "update", changed, await _state(ctx, name), alarm)


async def _alarm(ctx: Ctx, name: str) -> Alarm | None:
    return await ctx.unit.get(ALARMS, name, account=ctx.account, region=ctx.region)


async def _state(ctx: Ctx, name: str) -> AlarmState:
    state = await ctx.unit.get(STATES, name, account=ctx.account, region=ctx.region)
    assert state is not None, f"alarm {name} has no state"
    return state
