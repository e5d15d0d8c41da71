"""Rows of the lake as items of the timeline. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from triptych.console.contract import millis
from triptych.console.incident.asked import Item, LaneKind
from triptych.services.cloudwatch.alarms.definition import alarm_name

__all__ = ["BUILDERS", "CHANGES_SHOWN", "actor_of", "changed_properties"]

CHANGES_SHOWN = 50
"""Changed properties listed with one item; how many there are is said."""

Severity = Literal["error", "warning", "info", "success"]
Row = Mapping[str, Any]


def actor_of(row: Row) -> str:
    """Who made a call, as people call them."""
    return row["username"] or row["identity_arn"].rpartition("/")[2] or "somebody"


def _resources(kinds: Sequence[str], names: Sequence[str]) -> list[dict[str, str]]:
    return [{"type": kind, "id": name} for kind, name in zip(kinds, names, strict=True)]


def api_items(rows: Iterable[Row]) -> list[Item]:
    """One item a call."""
    return [_call(row) for row in rows]


def _call(row: Row) -> Item:
    touched = _resources(row["resource_types"], row["resource_names"])
    on = f" on {touched[0]['id']}" if touched else ""
    outcome = f": {row['error_code']}" if row["error_code"] else ""
    service = row["event_source"].removesuffix(".amazonaws.com")
    return Item(
        id=row["event_id"],
        t=millis(row["time"]),
        title=f"{actor_of(row)}: {service}:{row['event_name']}{on}{outcome}",
        severity="warning" if row["error_code"] else "info",
        actor=actor_of(row),
        source_ip=row["source_ip"],
        status=row["error_code"],
        resource=touched[0] if touched else None,
        resources=touched,
        related=bool(row["related"]),
        ref=_ref(
            "cloudtrail",
            "LookupEvents",
            LookupAttributes=[{"AttributeKey": "EventId", "AttributeValue": row["event_id"]}],
        ),
        cause=row["cause"],
        origin=row["origin"],
    )


def _ref(service: str, operation: str, **args: Any) -> dict[str, Any]:
    """The AWS call that answers the whole of it."""
    return {"service": service, "operation": operation, "args": args}


def changed_properties(diff: str) -> tuple[list[dict[str, Any]], int]:
    """The first changes of a stored configurationItemDiff, and how many there are: {path, from, to, changeType}."""
    decoded = msgspec.json.decode(diff) if diff else None
    changed: Mapping[str, Any] = (decoded or {}).get("changedProperties") or {}
    listed = [
        {
            "path": path,
            "from": change.get("previousValue"),
            "to": change.get("updatedValue"),
            "changeType": change.get("changeType", "UPDATE"),
        }
        for path, change in sorted(changed.items())
    ]
    return listed[:CHANGES_SHOWN], len(listed)


_ITEM_WORDS: Mapping[str, str] = {"ResourceDiscovered": "discovered", "ResourceDeleted": "deleted"}


def configuration_items(rows: Iterable[Row]) -> list[Item]:
    """One item a configuration item: what changed, from what to what."""
    return [_configuration(row) for row in rows]


def _configuration(row: Row) -> Item:
    changes, total = changed_properties(row["diff"])
    name = row["resource_name"] or row["resource_id"]
    what = _ITEM_WORDS.get(row["status"], "changed")
    paths = ", ".join(each["path"] for each in changes[:3]) + (", …" if total > 3 else "")
    return Item(
        id=row["fact_id"],
        t=millis(row["time"]),
        title=f"{row['resource_type']} {name} {what}" + (f": {paths}" if paths else ""),
        severity="warning" if row["status"] == "ResourceDeleted" else "info",
        status=row["status"],
        resource={"type": row["resource_type"], "id": row["resource_id"]},
        related=bool(row["related"]),
        ref=_ref(
            "config",
            "GetResourceConfigHistory",
            resourceType=row["resource_type"],
            resourceId=row["resource_id"],
        ),
        changes=changes,
        changes_total=total,
        cause=row["cause_parent"],
        origin=row["cause_origin"],
    )


_VERDICT_SEVERITY: Mapping[str, Severity] = {"NON_COMPLIANT": "error", "COMPLIANT": "success"}


def compliance_items(rows: Iterable[Row]) -> list[Item]:
    """One item a change of a verdict; it lasts until the next one on the same resource under the same rule."""
    items: list[Item] = []
    last: dict[tuple[str, str, str], Item] = {}
    for row in rows:
        was = f", was {row['previous']}" if row["previous"] else ""
        item = Item(
            id=row["fact_id"],
            t=millis(row["time"]),
            title=f"{row['resource_id']} is {row['compliance']} under {row['rule_name']}{was}",
            severity=_VERDICT_SEVERITY.get(row["compliance"], "info"),
            status=row["compliance"],
            resource={"type": row["resource_type"], "id": row["resource_id"]},
            related=bool(row["related"]),
            detail=row["annotation"],
            ref=_ref(
                "config",
                "GetComplianceDetailsByConfigRule",
                ConfigRuleName=row["rule_name"],
            ),
            cause=row["cause_parent"],
            origin=row["cause_origin"],
        )
        key = (row["resource_type"], row["resource_id"], row["rule_name"])
        if (before := last.get(key)) is not None:
            before.t_end = item.t
        last[key] = item
        items.append(item)
    return items


_STATE_SEVERITY: Mapping[str, Severity] = {"ALARM": "error", "OK": "success"}


def alarm_items(rows: Iterable[Row]) -> list[Item]:
    """One item a state of an alarm; it lasts until the next one."""
    items: list[Item] = []
    last: dict[str, Item] = {}
    for row in rows:
        body = msgspec.json.decode(row["body"])
        state, before = body.get("state") or {}, body.get("previousState") or {}
        name = body.get("alarmName") or alarm_name(row["subject"])
        value = state.get("value", "")
        item = Item(
            id=row["id"],
            t=_iso(state.get("timestamp")) or millis(row["time"]),
            title=f"{name} is {value}, was {before.get('value', 'unknown')}",
            severity=_STATE_SEVERITY.get(value, "warning"),
            status=value,
            resource={"type": "AWS::CloudWatch::Alarm", "id": name},
            related=bool(row["related"]),
            detail=state.get("reason", ""),
            ref=_ref("cloudwatch", "DescribeAlarmHistory", AlarmName=name),
            cause=row["cause"],
            origin=row["origin"],
        )
        if (earlier := last.get(name)) is not None:
            earlier.t_end = item.t
        last[name] = item
        items.append(item)
    return items


_DONE: Mapping[str, Severity] = {
    "SUCCEEDED": "success", "Success": "success", "CompletedWithSuccess": "success", "FAILED": "error",
    "Failed": "error", "TimedOut": "error", "CompletedWithFailure": "error", "Cancelled": "warning",
    "Rejected": "warning", "Exited": "warning",
}  # fmt: skip


def remediation_items(rows: Iterable[Row]) -> list[Item]:
    """One item a remediation of one resource (each attempt by itself), from its first fact to its last."""
    groups: dict[tuple[str, str, Any], Item] = {}
    for row in rows:
        body = msgspec.json.decode(row["body"])
        rule, resource, state = body.get("rule", ""), body.get("resource", ""), body.get("state", "")
        attempt = body.get("attempt", 1)
        kind, _, name = resource.partition("/")
        item = groups.setdefault(
            (rule, resource, (row["origin"], attempt)),
            Item(
                id=row["id"],
                t=millis(row["time"]),
                title="",
                severity="info",
                resource={"type": kind, "id": name},
                related=bool(row["related"]),
                ref=_ref("config", "DescribeRemediationExecutionStatus", ConfigRuleName=rule),
                cause=row["cause"],
                origin=row["origin"],
            ),
        )
        item.t_end = millis(row["time"])
        item.status = state
        item.severity = _DONE.get(state, "info")
        again = f", attempt {attempt}" if attempt and attempt != 1 else ""
        item.title = f"remediation of {name or resource} under {rule}: {state}{again}"
        item.detail = body.get("AutomationExecutionId") or item.detail
        item.related = item.related or bool(row["related"])
    return list(groups.values())


def automation_items(rows: Iterable[Row]) -> list[Item]:
    """One item an execution of a runbook, with its steps as they last were."""
    groups: dict[str, Item] = {}
    for row in rows:
        body = msgspec.json.decode(row["body"])
        execution = body.get("AutomationExecutionId") or row["subject"]
        item = groups.setdefault(
            execution,
            Item(
                id=row["id"],
                t=millis(row["time"]),
                title="",
                severity="info",
                related=bool(row["related"]),
                ref=_ref("ssm", "GetAutomationExecution", AutomationExecutionId=execution),
                detail=execution,
                cause=row["cause"],
                origin=row["origin"],
            ),
        )
        status = body.get("Status", "")
        item.t_end = millis(row["time"])
        item.status = status
        item.severity = _DONE.get(status, "info")
        item.steps = [_step(each) for each in body.get("StepExecutions") or ()]
        done = sum(1 for each in item.steps if each["status"] == "Success")
        item.title = (
            f"{body.get('DocumentName', 'automation')}: {status}, {done} of {len(item.steps)} steps succeeded"
        )
    return list(groups.values())


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": step.get("StepName", ""),
        "action": step.get("Action", ""),
        "status": step.get("StepStatus", ""),
        "start": _iso(step.get("ExecutionStartTime")),
        "end": _iso(step.get("ExecutionEndTime")),
        "error": step.get("FailureMessage"),
    }


def _iso(text: Any) -> int | None:
    return millis(datetime.fromisoformat(text)) if isinstance(text, str) and text else None


BUILDERS: Mapping[LaneKind, Callable[[Iterable[Row]], list[Item]]] = {
    "alarm": alarm_items,
    "api": api_items,
    "configuration": configuration_items,
    "compliance": compliance_items,
    "remediation": remediation_items,
    "automation": automation_items,
}
"""Rows in time order -> items in time order."""
