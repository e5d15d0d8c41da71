"""PutRule, DeleteRule, DescribeRule, ListRules, EnableRule, DisableRule, ListRuleNamesByTarget."""

from __future__ import annotations

from typing import Any

import msgspec

from triptych.kernel.errors import ServiceError
from triptych.query.event_pattern import InvalidPattern, parse
from triptych.services.contract import Ctx, operation
from triptych.services.events.documents import (
    DEFAULT,
    RULES,
    Rule,
    State,
    check_unmanaged,
    find_bus,
    find_rule,
    keep_rule,
    page_of,
    rule_key,
    rules_of,
    touch,
    validation,
    with_token,
)
from triptych.services.events.schedule import InvalidSchedule, parse_schedule
from triptych.services.events.scheduled import begin
from triptych.services.events.tags import checked_tags

_MOST = 1000
"""Rules of one bus (EventBridge: 300, more for those who ask)."""


@operation
async def put_rule(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """A rule, new or changed; its targets stay. A changed schedule begins anew."""
    bus = await find_bus(ctx, params.get("EventBusName"))
    pattern, schedule = params.get("EventPattern") or "", params.get("ScheduleExpression") or ""
    if not pattern and not schedule:
        raise validation("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if pattern:
        check_pattern(pattern)
    if schedule and bus.name != DEFAULT:
        raise validation("ScheduleExpression is supported only on the default event bus.")
    if schedule:
        _check_schedule(schedule)
    name = params["Name"]
    known = await ctx.unit.get(RULES, rule_key(bus.name, name), account=ctx.account, region=ctx.region)
    if known is not None:
        check_unmanaged(known, params)
    if known is None and len(await rules_of(ctx, bus.name)) >= _MOST:
        raise ServiceError(
            "LimitExceededException", "The requested resource exceeds the maximum number allowed."
        )
    rule = Rule(
        name=name,
        bus=bus.name,
        account=ctx.account,
        region=ctx.region,
        state=params.get("State") or "ENABLED",
        pattern=pattern,
        schedule=schedule,
        description=params.get("Description") or "",
        role=params.get("RoleArn") or "",
        tags=known.tags if known else checked_tags(params.get("Tags") or []),
        targets=known.targets if known else {},
        generation=ctx.ids.uuid(),
    )
    await keep_rule(ctx, rule)
    begin(ctx, rule)
    return {"RuleArn": rule.arn}


def _check_schedule(text: str) -> None:
    try:
        parse_schedule(text)
    except InvalidSchedule as error:
        raise validation("Parameter ScheduleExpression is not valid.") from error


def check_pattern(text: str) -> None:
    """Raises InvalidEventPatternException in AWS's words."""
    try:
        parse(text)
    except InvalidPattern as error:
        raise ServiceError(
            "InvalidEventPatternException", f"Event pattern is not valid. Reason: {error}"
        ) from error


@operation
async def delete_rule(ctx: Ctx, params: dict[str, Any]) -> None:
    """Gone, if it has no targets; a rule that is not there is no error."""
    bus = await find_bus(ctx, params.get("EventBusName"))
    key = rule_key(bus.name, params["Name"])
    rule = await ctx.unit.get(RULES, key, account=ctx.account, region=ctx.region)
    if rule is None:
        return
    check_unmanaged(rule, params)
    if rule.targets:
        raise validation("Rule can't be deleted since it has targets.")
    ctx.unit.delete(RULES, key, account=ctx.account, region=ctx.region)
    await touch(ctx, bus.name)


def _described(rule: Rule) -> dict[str, Any]:
    members = {
        "Name": rule.name,
        "Arn": rule.arn,
        "EventPattern": rule.pattern,
        "ScheduleExpression": rule.schedule,
        "State": rule.state,
        "Description": rule.description,
        "RoleArn": rule.role,
        "EventBusName": rule.bus,
        "ManagedBy": rule.managed_by,
    }
    return {name: value for name, value in members.items() if value}


@operation
async def describe_rule(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """One rule."""
    rule = await find_rule(ctx, params["Name"], params.get("EventBusName"))
    return _described(rule) | {"CreatedBy": rule.account}


@operation
async def list_rules(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The rules of one bus by name."""
    bus = await find_bus(ctx, params.get("EventBusName"))
    prefix = params.get("NamePrefix") or ""
    found = [rule for rule in await rules_of(ctx, bus.name) if rule.name.startswith(prefix)]
    page, token = page_of(f"ListRules/{bus.name}/{prefix}", found, params)
    return with_token({"Rules": [_described(rule) for rule in page]}, token)


@operation
async def list_rule_names_by_target(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The rules of one bus that have a target with this ARN."""
    bus = await find_bus(ctx, params.get("EventBusName"))
    wanted = params["TargetArn"]
    found = [
        rule.name
        for rule in await rules_of(ctx, bus.name)
        if any(target["Arn"] == wanted for target in rule.targets.values())
    ]
    page, token = page_of(f"ListRuleNamesByTarget/{bus.name}/{wanted}", found, params)
    return with_token({"RuleNames": page}, token)


async def _set_state(ctx: Ctx, params: dict[str, Any], state: State) -> None:
    rule = await find_rule(ctx, params["Name"], params.get("EventBusName"))
    check_unmanaged(rule, params)
    changed = msgspec.structs.replace(rule, state=state, generation=ctx.ids.uuid())
    await keep_rule(ctx, changed)
    begin(ctx, changed)


@operation
async def enable_rule(ctx: Ctx, params: dict[str, Any]) -> None:
    """From now on the rule matches."""
    await _set_state(ctx, params, "ENABLED")


@operation
async def disable_rule(ctx: Ctx, params: dict[str, Any]) -> None:
    """From now on the rule does not match; what it matched is still delivered."""
    await _set_state(ctx, params, "DISABLED")
