"""Remediation executions: started on demand, described."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from triptych.services.config.config_rules import named_rule
from triptych.services.config.documents import EXECUTIONS, ITEMS, RULES, Execution
from triptych.services.config.item import item_key
from triptych.services.config.paging import key_page, with_token
from triptych.services.config.remediations import the_remediation
from triptych.services.config.repair_loop import begin
from triptych.services.contract import Ctx, operation


@operation
async def start_remediation_execution(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Repair resources now, by the rule's remediation configuration, whatever their verdict."""
    await the_remediation(ctx, params["ConfigRuleName"])
    rule = await named_rule(ctx, params["ConfigRuleName"])
    unknown, busy = [], []
    for key in params["ResourceKeys"]:
        item = await ctx.unit.get(
            ITEMS,
            item_key(key["resourceType"], key["resourceId"]),
            account=ctx.account,
            region=ctx.region,
        )
        if item is None or item.is_deleted:
            unknown.append(key)
        elif not await begin(
            ctx, rule, resource_type=key["resourceType"], resource_id=key["resourceId"], automatic=False
        ):
            busy.append(key)
    if not unknown and not busy:
        return {}
    reasons = [
        *(["Resources that are not recorded cannot be remediated."] if unknown else ()),
        *(["Resources whose remediation is in progress cannot be remediated again yet."] if busy else ()),
    ]
    return {"FailureMessage": " ".join(reasons), "FailedItems": [*unknown, *busy]}


@operation
async def describe_remediation_execution_status(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """How the last remediation of each resource goes or went, step by step."""
    await the_remediation(ctx, params["ConfigRuleName"])
    rule = await ctx.unit.get(RULES, params["ConfigRuleName"], account=ctx.account, region=ctx.region)
    executions = await ctx.unit.list(
        EXECUTIONS, account=ctx.account, region=ctx.region, index=("rule", rule.id if rule else "")
    )
    wanted = {item_key(key["resourceType"], key["resourceId"]) for key in params.get("ResourceKeys") or ()}
    ordered = sorted(
        (
            (document.key, _shown(document.value))
            for document in executions
            if not wanted or document.value.resource in wanted
        ),
        key=lambda pair: pair[0],
    )
    page = key_page(
        f"DescribeRemediationExecutionStatus/{params['ConfigRuleName']}",
        ordered,
        text=params.get("NextToken"),
        limit=params.get("Limit"),
        size=100,
    )
    return with_token({"RemediationExecutionStatuses": page.entries}, page.next_token)


def _shown(execution: Execution) -> dict[str, Any]:
    steps = [_step(step) for step in execution.steps]
    if execution.error and not any("ErrorMessage" in step for step in steps):
        # What went wrong outside the automation's own steps has no place else to be seen.
        steps.append({"Name": "Remediation", "State": "FAILED", "ErrorMessage": execution.error})
    return {
        "ResourceKey": {"resourceType": execution.resource_type, "resourceId": execution.resource_id},
        "State": execution.state,
        "StepDetails": steps,
        "InvocationTime": execution.invoked,
        "LastUpdatedTime": execution.updated,
    }


def _step(step: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name in {"StartTime", "StopTime"} else value
        for name, value in step.items()
    }
