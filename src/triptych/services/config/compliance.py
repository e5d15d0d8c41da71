"""Compliance, read: the verdicts by rule and by resource. ``of_verdicts`` is the one way verdicts add up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from triptych.control.collection import Document
from triptych.services.config.config_rules import chosen_rules, named_rule
from triptych.services.config.documents import ITEMS, VERDICTS, StoredVerdict
from triptych.services.config.item import item_key
from triptych.services.config.paging import key_page, with_token
from triptych.services.config.rule_input import refuse
from triptych.services.contract import Ctx, operation

_CAP = 25
_PAGE = 10


def of_verdicts(verdicts: Iterable[StoredVerdict]) -> dict[str, Any]:
    """What verdicts amount to: NON_COMPLIANT if any is, with the number of those; none at all is no answer."""
    found = [verdict.compliance for verdict in verdicts]
    if not found:
        return {"ComplianceType": "INSUFFICIENT_DATA"}
    bad = found.count("NON_COMPLIANT")
    if not bad:
        return {"ComplianceType": "COMPLIANT"}
    return {"ComplianceType": "NON_COMPLIANT", "ComplianceContributorCount": capped(bad, _CAP)}


def capped(count: int, cap: int) -> dict[str, Any]:
    return {"CappedCount": min(count, cap), "CapExceeded": count > cap}


def shown_verdict(verdict: StoredVerdict) -> dict[str, Any]:
    """An EvaluationResult."""
    shown: dict[str, Any] = {
        "EvaluationResultIdentifier": {
            "EvaluationResultQualifier": {
                "ConfigRuleName": verdict.rule_name,
                "ResourceType": verdict.resource_type,
                "ResourceId": verdict.resource_id,
                "EvaluationMode": "DETECTIVE",
            },
            "OrderingTimestamp": verdict.ordering,
        },
        "ComplianceType": verdict.compliance,
        "ResultRecordedTime": verdict.recorded,
        "ConfigRuleInvokedTime": verdict.invoked,
    }
    if verdict.annotation:
        shown["Annotation"] = verdict.annotation
    return shown


def _check_types(types: Sequence[str], allowed: Collection[str]) -> None:
    for name in types:
        if name not in allowed:
            raise refuse(
                f"The compliance type {name} is not allowed here. Allowed: {', '.join(sorted(allowed))}."
            )


async def verdicts_here(ctx: Ctx) -> list[StoredVerdict]:
    found = await ctx.unit.list(VERDICTS, account=ctx.account, region=ctx.region)
    return [document.value for document in found]


@operation
async def get_compliance_details_by_config_rule(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """A rule's verdicts, one per resource."""
    rule = await named_rule(ctx, params["ConfigRuleName"])
    types = params.get("ComplianceTypes") or ()
    _check_types(types, {"COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE"})
    found = await ctx.unit.list(VERDICTS, account=ctx.account, region=ctx.region, index=("rule", rule.id))
    page = key_page(
        f"GetComplianceDetailsByConfigRule/{rule.id}/{','.join(sorted(types))}",
        _shown(found, types),
        text=params.get("NextToken"),
        limit=params.get("Limit"),
        size=_PAGE,
    )
    return with_token({"EvaluationResults": page.entries}, page.next_token)


def _shown(
    found: Iterable[Document[StoredVerdict]], types: Sequence[str]
) -> list[tuple[str, dict[str, Any]]]:
    return sorted(
        (
            (document.key, shown_verdict(document.value))
            for document in found
            if not types or document.value.compliance in types
        ),
        key=lambda pair: pair[0],
    )


@operation
async def get_compliance_details_by_resource(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """A resource's verdicts, one per rule.

    Partly: proactive evaluations (ResourceEvaluationId) are not built.
    """
    if params.get("ResourceEvaluationId"):
        raise refuse("Triptych has no proactive evaluations yet: leave out ResourceEvaluationId.")
    if not params.get("ResourceType") or not params.get("ResourceId"):
        raise refuse("ResourceType and ResourceId are both required.")
    types = params.get("ComplianceTypes") or ()
    _check_types(types, {"COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE"})
    resource = item_key(params["ResourceType"], params["ResourceId"])
    found = await ctx.unit.list(
        VERDICTS, account=ctx.account, region=ctx.region, index=("resource", resource)
    )
    page = key_page(
        f"GetComplianceDetailsByResource/{resource}",
        _shown(found, types),
        text=params.get("NextToken"),
        limit=None,
        size=_PAGE,
    )
    return with_token({"EvaluationResults": page.entries}, page.next_token)


@operation
async def describe_compliance_by_config_rule(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Each rule with what its verdicts amount to."""
    types = params.get("ComplianceTypes") or ()
    _check_types(types, {"COMPLIANT", "NON_COMPLIANT", "INSUFFICIENT_DATA"})
    rules = await chosen_rules(ctx, params.get("ConfigRuleNames"))
    by_rule: dict[str, list[StoredVerdict]] = {}
    for verdict in await verdicts_here(ctx):
        by_rule.setdefault(verdict.rule_id, []).append(verdict)
    ordered = sorted(
        ((rule.name, of_verdicts(by_rule.get(rule.id, ()))) for rule in rules), key=lambda pair: pair[0]
    )
    chosen = [
        (name, {"ConfigRuleName": name, "Compliance": compliance})
        for name, compliance in ordered
        if not types or compliance["ComplianceType"] in types
    ]
    page = key_page(
        "DescribeComplianceByConfigRule", chosen, text=params.get("NextToken"), limit=None, size=25
    )
    return with_token({"ComplianceByConfigRules": page.entries}, page.next_token)


@operation
async def describe_compliance_by_resource(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Each resource with what its verdicts amount to; one without verdicts only under INSUFFICIENT_DATA."""
    wanted_type, wanted_id = params.get("ResourceType"), params.get("ResourceId")
    if wanted_id and not wanted_type:
        raise refuse("A ResourceId needs its ResourceType.")
    types = params.get("ComplianceTypes") or ()
    _check_types(types, {"COMPLIANT", "NON_COMPLIANT", "INSUFFICIENT_DATA"})
    by_resource: dict[tuple[str, str], list[StoredVerdict]] = {}
    for verdict in await verdicts_here(ctx):
        by_resource.setdefault((verdict.resource_type, verdict.resource_id), []).append(verdict)
    if "INSUFFICIENT_DATA" in types:
        for document in await ctx.unit.list(ITEMS, account=ctx.account, region=ctx.region):
            if not document.value.is_deleted:
                by_resource.setdefault((document.value.resource_type, document.value.resource_id), [])
    ordered = [
        (item_key(*resource), _by_resource(resource, verdicts))
        for resource, verdicts in sorted(by_resource.items(), key=lambda pair: item_key(*pair[0]))
        if wanted_type in {None, resource[0]} and wanted_id in {None, resource[1]}
    ]
    chosen = [pair for pair in ordered if not types or pair[1]["Compliance"]["ComplianceType"] in types]
    page = key_page(
        f"DescribeComplianceByResource/{wanted_type}/{wanted_id}/{','.join(sorted(types))}",
        chosen,
        text=params.get("NextToken"),
        limit=params.get("Limit"),
        size=_PAGE,
    )
    return with_token({"ComplianceByResources": page.entries}, page.next_token)


def _by_resource(resource: tuple[str, str], verdicts: Sequence[StoredVerdict]) -> dict[str, Any]:
    return {"ResourceType": resource[0], "ResourceId": resource[1], "Compliance": of_verdicts(verdicts)}
