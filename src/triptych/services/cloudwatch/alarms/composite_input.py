"""What PutCompositeAlarm may say, and CloudWatch's words where it may not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError, unbuilt
from triptych.query import alarm_rule
from triptych.services.cloudwatch.alarms.definition import CompositeWatch, alarm_name
from triptych.services.cloudwatch.alarms.metric_input import invalid

__all__ = ["composite_watch"]


def composite_watch(params: Mapping[str, Any], *, account: str, region: str) -> CompositeWatch:
    """The validated watch; whether the alarms it names exist is not known here. Raises ServiceError."""
    if params.get("ActionConfiguration") is not None:
        raise unbuilt("the configuration of alarm notifications (ActionConfiguration)")
    try:
        rule = alarm_rule.parse(params["AlarmRule"])
    except alarm_rule.AlarmRuleError as error:
        raise invalid(str(error)) from error
    children: dict[str, None] = {}
    for reference in alarm_rule.references(rule):
        children[_local(reference, account, region)] = None
    if params["AlarmName"] in children:
        raise invalid("A composite alarm cannot have a child relation with itself via its AlarmRule")
    if len(children) > limits.COMPOSITE_CHILDREN:
        raise ServiceError(
            "LimitExceeded",
            f"An AlarmRule can reference at most {limits.COMPOSITE_CHILDREN} alarms, not {len(children)}.",
        )
    return CompositeWatch(
        rule=params["AlarmRule"], children=tuple(children), **_suppressor(params, account, region)
    )


def _suppressor(params: Mapping[str, Any], account: str, region: str) -> dict[str, Any]:
    suppressor = params.get("ActionsSuppressor")
    periods = {
        "wait_seconds": "ActionsSuppressorWaitPeriod",
        "extension_seconds": "ActionsSuppressorExtensionPeriod",
    }
    if not suppressor:
        for name in periods.values():
            if params.get(name) is not None:
                raise invalid(f"{name} requires an ActionSuppressor")
        return {}
    if suppressor.startswith("arn:") and alarm_name(suppressor) == suppressor:
        raise invalid("ActionsSuppressor must be a valid CloudWatch Alarm ARN or an Alarm name")
    if _local(suppressor, account, region) == params["AlarmName"]:
        raise invalid("A composite alarm cannot be its own ActionsSuppressor")
    found: dict[str, Any] = {"suppressor": suppressor}
    for member, name in periods.items():
        seconds = params.get(name)
        if seconds is None:
            raise invalid(f"{name} must not be null")
        if seconds < 0:
            raise invalid(f"{name} must be greater than or equal to 0")
        found[member] = seconds
    return found


def _local(reference: str, account: str, region: str) -> str:
    """The name of an alarm of this account and region. Raises ServiceError for an ARN of elsewhere."""
    name = alarm_name(reference)
    if name == reference:
        if reference.startswith("arn:"):
            raise invalid(f"Invalid alarm ARN: {reference}")
        return name
    parts = reference.split(":")
    if parts[2] != "cloudwatch" or parts[3] != region or parts[4] != account or not name:
        raise invalid(f"Alarms in the alarm rule must be in the same account and region: {reference}")
    return name
