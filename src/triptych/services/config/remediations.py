"""Remediation configurations: put, described, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.services.config.documents import EXECUTIONS, REMEDIATIONS, RULES, Remediation
from triptych.services.config.staging import PRINCIPAL, remediate_rule_soon
from triptych.services.contract import Ctx, operation

_NO_DOCUMENT = frozenset({"InvalidDocument", "InvalidDocumentVersion"})


def no_remediation(rule_name: str) -> ServiceError:
    return ServiceError(
        "NoSuchRemediationConfigurationException", f"No RemediationConfiguration for rule {rule_name} exists."
    )


async def the_remediation(ctx: Ctx, rule_name: str) -> Remediation:
    remediation = await ctx.unit.get(REMEDIATIONS, rule_name, account=ctx.account, region=ctx.region)
    if remediation is None:
        raise no_remediation(rule_name)
    return remediation


@operation
async def put_remediation_configurations(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Say how what a rule finds NON_COMPLIANT is repaired; automatic ones start at once.

    Partly: of SsmControls, ErrorPercentage is kept but not acted on.
    """
    failures: dict[str, list[dict[str, Any]]] = {}
    for wanted in params["RemediationConfigurations"]:
        problem = _problem(wanted) or await _unmet(ctx, wanted)
        if problem:
            failures.setdefault(problem, []).append(wanted)
            continue
        name, automatic = wanted["ConfigRuleName"], bool(wanted.get("Automatic"))
        known = await ctx.unit.get(REMEDIATIONS, name, account=ctx.account, region=ctx.region)
        remediation_arn = (
            known.arn if known else ctx.arn("config", f"remediation-configuration/{name}/{ctx.ids.uuid()}")
        )
        remediation = Remediation(
            rule_name=name,
            arn=remediation_arn,
            document=wanted["TargetId"],
            version=wanted.get("TargetVersion") or "",
            parameters=dict(wanted.get("Parameters") or {}),
            resource_type=wanted.get("ResourceType") or "",
            automatic=automatic,
            controls=wanted.get("ExecutionControls"),
            max_attempts=wanted.get("MaximumAutomaticAttempts") or (5 if automatic else None),
            window_seconds=wanted.get("RetryAttemptSeconds") or (60 if automatic else None),
        )
        ctx.unit.put(REMEDIATIONS, name, remediation, account=ctx.account, region=ctx.region)
        if remediation.automatic:
            remediate_rule_soon(ctx, name)
    return {
        "FailedBatches": [
            {"FailureMessage": problem, "FailedItems": items} for problem, items in failures.items()
        ]
    }


def _problem(wanted: Mapping[str, Any]) -> str:
    """What is wrong with a configuration in itself."""
    for name, value in (wanted.get("Parameters") or {}).items():
        if ("ResourceValue" in value) == ("StaticValue" in value):
            return f"The parameter {name} must have either a ResourceValue or a StaticValue."
    return ""


async def _unmet(ctx: Ctx, wanted: Mapping[str, Any]) -> str:
    """What a configuration refers to that is not there: its rule, its document, the document's parameters."""
    name = wanted["ConfigRuleName"]
    if await ctx.unit.get(RULES, name, account=ctx.account, region=ctx.region) is None:
        return f"The ConfigRule '{name}' provided in the request does not exist."
    params = {"Name": wanted["TargetId"]}
    if wanted.get("TargetVersion"):
        params["DocumentVersion"] = wanted["TargetVersion"]
    try:
        reply = await ctx.call("ssm", "DescribeDocument", params, principal=PRINCIPAL)
    except ServiceError as error:
        if error.code in _NO_DOCUMENT:
            return (
                f"The SSM document {wanted['TargetId']} does not exist or is not accessible: {error.message}"
            )
        raise
    document = reply["Document"]
    if document.get("DocumentType", "Automation") != "Automation":
        return f"The SSM document {wanted['TargetId']} is not an Automation document."
    declared = {parameter["Name"] for parameter in document.get("Parameters") or ()}
    unknown = sorted(set(wanted.get("Parameters") or {}) - declared)
    if unknown:
        return f"The SSM document {wanted['TargetId']} has no parameter {', '.join(unknown)}."
    return ""


def shown_remediation(remediation: Remediation) -> dict[str, Any]:
    """A RemediationConfiguration as Describe shows it."""
    shown: dict[str, Any] = {
        "ConfigRuleName": remediation.rule_name,
        "TargetType": "SSM_DOCUMENT",
        "TargetId": remediation.document,
        "Parameters": remediation.parameters,
        "Automatic": remediation.automatic,
        "Arn": remediation.arn,
    }
    if remediation.version:
        shown["TargetVersion"] = remediation.version
    if remediation.resource_type:
        shown["ResourceType"] = remediation.resource_type
    if remediation.controls:
        shown["ExecutionControls"] = remediation.controls
    if remediation.max_attempts is not None:
        shown["MaximumAutomaticAttempts"] = remediation.max_attempts
    if remediation.window_seconds is not None:
        shown["RetryAttemptSeconds"] = remediation.window_seconds
    return shown


@operation
async def describe_remediation_configurations(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The remediation configurations of the rules named; rules without one are left out."""
    found = [
        await ctx.unit.get(REMEDIATIONS, name, account=ctx.account, region=ctx.region)
        for name in dict.fromkeys(params["ConfigRuleNames"])
    ]
    return {"RemediationConfigurations": [shown_remediation(one) for one in found if one is not None]}


@operation
async def delete_remediation_configuration(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Remove a rule's remediation; not while one of its executions runs."""
    name = params["ConfigRuleName"]
    await the_remediation(ctx, name)
    where = {"account": ctx.account, "region": ctx.region}
    rule = await ctx.unit.get(RULES, name, **where)
    if rule is not None:
        executions = await ctx.unit.list(
            EXECUTIONS, account=ctx.account, region=ctx.region, index=("rule", rule.id)
        )
        if any(document.value.is_running for document in executions):
            raise ServiceError(
                "RemediationInProgressException",
                f"A remediation of the rule '{name}' is in progress; delete its configuration when it has ended.",
            )
        for document in executions:
            ctx.unit.delete(EXECUTIONS, document.key, **where)
    ctx.unit.delete(REMEDIATIONS, name, **where)
    return {}
