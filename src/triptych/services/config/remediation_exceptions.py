"""Remediation exceptions: resources that automatic remediation leaves alone."""

from __future__ import annotations

from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.services.config.documents import EXCEPTIONS, RULES, RemediationException, Rule, verdict_key
from triptych.services.config.item import item_key
from triptych.services.config.paging import key_page, with_token
from triptych.services.config.repair import is_active
from triptych.services.config.rule_input import refuse
from triptych.services.contract import Ctx, operation


async def _rule(ctx: Ctx, name: str) -> Rule:
    rule = await ctx.unit.get(RULES, name, account=ctx.account, region=ctx.region)
    if rule is None:
        raise refuse(f"The ConfigRule '{name}' provided in the request does not exist.")
    return rule


def _keys(rule: Rule, resource_keys: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    for key in resource_keys:
        if not key.get("ResourceType") or not key.get("ResourceId"):
            raise refuse("Each resource key needs a ResourceType and a ResourceId.")
    return [
        (verdict_key(rule.id, item_key(key["ResourceType"], key["ResourceId"])), key) for key in resource_keys
    ]


@operation
async def put_remediation_exceptions(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Keep automatic remediation away from resources, until a time if one is given."""
    rule = await _rule(ctx, params["ConfigRuleName"])
    expires = params.get("ExpirationTime")
    if expires is not None and expires <= ctx.now:
        raise refuse("The ExpirationTime must be in the future.")
    for key, resource in _keys(rule, params["ResourceKeys"]):
        exception = RemediationException(
            rule_id=rule.id,
            rule_name=rule.name,
            resource_type=resource["ResourceType"],
            resource_id=resource["ResourceId"],
            message=params.get("Message") or "",
            expires=expires,
        )
        ctx.unit.put(EXCEPTIONS, key, exception, account=ctx.account, region=ctx.region)
    return {"FailedBatches": []}


@operation
async def describe_remediation_exceptions(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """A rule's exceptions that have not expired."""
    rule = await _rule(ctx, params["ConfigRuleName"])
    wanted = {key for key, _ in _keys(rule, params.get("ResourceKeys") or [])}
    if wanted and (params.get("Limit") or params.get("NextToken")):
        raise refuse("Limit and NextToken cannot be given together with ResourceKeys.")
    found = await ctx.unit.list(EXCEPTIONS, account=ctx.account, region=ctx.region, prefix=f"{rule.id}/")
    ordered = sorted(
        (
            (document.key, _shown(document.value))
            for document in found
            if is_active(document.value, ctx.now) and (not wanted or document.key in wanted)
        ),
        key=lambda pair: pair[0],
    )
    page = key_page(
        f"DescribeRemediationExceptions/{rule.id}",
        ordered,
        text=params.get("NextToken"),
        limit=min(params.get("Limit") or 25, 25),
        size=25,
    )
    return with_token({"RemediationExceptions": page.entries}, page.next_token)


def _shown(exception: RemediationException) -> dict[str, Any]:
    members = {
        "ConfigRuleName": exception.rule_name,
        "ResourceType": exception.resource_type,
        "ResourceId": exception.resource_id,
        "Message": exception.message or None,
        "ExpirationTime": exception.expires,
    }
    return {name: value for name, value in members.items() if value is not None}


@operation
async def delete_remediation_exceptions(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Let automatic remediation at resources again; it acts on their next NON_COMPLIANT verdict."""
    rule = await _rule(ctx, params["ConfigRuleName"])
    missing = []
    keys = _keys(rule, params["ResourceKeys"])
    for key, resource in keys:
        if await ctx.unit.get(EXCEPTIONS, key, account=ctx.account, region=ctx.region) is None:
            missing.append(resource)
        else:
            ctx.unit.delete(EXCEPTIONS, key, account=ctx.account, region=ctx.region)
    if len(missing) == len(keys):
        raise ServiceError(
            "NoSuchRemediationExceptionException",
            f"The rule '{rule.name}' has no remediation exception for the resources given.",
        )
    if not missing:
        return {"FailedBatches": []}
    return {
        "FailedBatches": [
            {
                "FailureMessage": "There is no remediation exception for these resources.",
                "FailedItems": missing,
            }
        ]
    }
