"""Judging: which rules look at an item, what they say, and what that changes. ``decide`` and below are pure."""

from __future__ import annotations

from typing import Any

from triptych.services.config.documents import VERDICTS, Rule, StoredVerdict, verdict_key
from triptych.services.config.item import Item, iso
from triptych.services.config.managed_rule import NOT_APPLICABLE, Verdict
from triptych.services.config.parts import RULES as MANAGED
from triptych.services.config.rule_input import parameters_of
from triptych.services.contract import Ctx

__all__ = ["decide", "in_scope", "judge", "looked_at"]


def looked_at(rule: Rule) -> tuple[str, ...]:
    """The resource types a rule looks at: what it can judge, narrowed by its scope."""
    scoped = (rule.scope or {}).get("ComplianceResourceTypes") or ()
    return tuple(name for name in MANAGED[rule.identifier].types if not scoped or name in scoped)


def in_scope(rule: Rule, item: Item) -> bool:
    """Whether a rule looks at this resource: its type, its id, its tags."""
    scope = rule.scope or {}
    if item.resource_type not in looked_at(rule):
        return False
    if scope.get("ComplianceResourceId") not in {None, "", item.resource_id}:
        return False
    key = scope.get("TagKey")
    if not key:
        return True
    wanted = scope.get("TagValue")
    return key in item.tags and (not wanted or item.tags[key] == wanted)


def decide(rule: Rule, item: Item) -> Verdict:
    """The verdict of a rule, as it is configured, on an item."""
    if not in_scope(rule, item):
        return NOT_APPLICABLE
    return MANAGED[rule.identifier].judge(item, parameters_of(rule.parameters))


async def judge(ctx: Ctx, rule: Rule, item: Item) -> None:
    """Evaluate, keep the verdict, and say so if it is another than before.

    An item older than the one already judged changes nothing: evaluations may overtake each other.
    """
    key = verdict_key(rule.id, item.key)
    where = {"account": item.account, "region": item.region}
    old = await ctx.unit.get(VERDICTS, key, **where)
    if old is not None and old.ordering > item.captured:
        return
    verdict = decide(rule, item)
    if verdict.compliance == "NOT_APPLICABLE" and old is None:
        return
    new = StoredVerdict(
        rule_id=rule.id,
        rule_name=rule.name,
        resource_type=item.resource_type,
        resource_id=item.resource_id,
        compliance=verdict.compliance,
        annotation=verdict.annotation,
        ordering=item.captured,
        invoked=ctx.now,
        recorded=ctx.runtime.clock.now(),
    )
    if verdict.compliance == "NOT_APPLICABLE":
        ctx.unit.delete(VERDICTS, key, **where)
    else:
        ctx.unit.put(VERDICTS, key, new, **where)
    if old is None or old.compliance != new.compliance:
        ctx.fact("ComplianceChanged", f"{rule.name} {item.key}", notification(rule, item, new, old))


def notification(rule: Rule, item: Item, new: StoredVerdict, old: StoredVerdict | None) -> dict[str, Any]:
    """AWS's ComplianceChangeNotification, with ``rule`` and ``resource`` for our own reactions."""
    return {
        "rule": rule.name,
        "resource": item.key,
        "awsAccountId": item.account,
        "configRuleName": rule.name,
        "configRuleARN": rule.arn,
        "resourceType": item.resource_type,
        "resourceId": item.resource_id,
        "awsRegion": item.region,
        "newEvaluationResult": _result(new),
        "oldEvaluationResult": None if old is None else _result(old),
        "notificationCreationTime": iso(new.recorded),
        "messageType": "ComplianceChangeNotification",
        "recordVersion": "1.0",
    }


def _result(verdict: StoredVerdict) -> dict[str, Any]:
    return {
        "evaluationResultIdentifier": {
            "evaluationResultQualifier": {
                "configRuleName": verdict.rule_name,
                "resourceType": verdict.resource_type,
                "resourceId": verdict.resource_id,
                "evaluationMode": "DETECTIVE",
            },
            "orderingTimestamp": iso(verdict.ordering),
        },
        "complianceType": verdict.compliance,
        "resultRecordedTime": iso(verdict.recorded),
        "configRuleInvokedTime": iso(verdict.invoked),
        "annotation": verdict.annotation or None,
        "resultToken": None,
    }
