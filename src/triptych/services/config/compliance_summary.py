"""Compliance in numbers: how many rules and resources comply."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from triptych.services.config.compliance import capped, of_verdicts, verdicts_here
from triptych.services.config.documents import StoredVerdict
from triptych.services.contract import Ctx, operation

_RULES_CAP = 25
_RESOURCES_CAP = 100


@operation
async def get_compliance_summary_by_config_rule(ctx: Ctx, _params: dict[str, Any]) -> dict[str, Any]:
    """How many rules comply and how many do not, each counted up to 25."""
    by_rule: dict[str, list[StoredVerdict]] = {}
    for verdict in await verdicts_here(ctx):
        by_rule.setdefault(verdict.rule_id, []).append(verdict)
    return {"ComplianceSummary": _summary(ctx, by_rule.values(), _RULES_CAP)}


@operation
async def get_compliance_summary_by_resource_type(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """How many resources comply and how many do not, each counted up to 100; by type where types are named."""
    by_resource: dict[tuple[str, str], list[StoredVerdict]] = {}
    for verdict in await verdicts_here(ctx):
        by_resource.setdefault((verdict.resource_type, verdict.resource_id), []).append(verdict)
    wanted = params.get("ResourceTypes")
    if not wanted:
        return {
            "ComplianceSummariesByResourceType": [
                {"ComplianceSummary": _summary(ctx, by_resource.values(), _RESOURCES_CAP)}
            ]
        }
    return {
        "ComplianceSummariesByResourceType": [
            {
                "ResourceType": name,
                "ComplianceSummary": _summary(
                    ctx,
                    [verdicts for resource, verdicts in by_resource.items() if resource[0] == name],
                    _RESOURCES_CAP,
                ),
            }
            for name in wanted
        ]
    }


def _summary(ctx: Ctx, groups: Iterable[Iterable[StoredVerdict]], cap: int) -> dict[str, Any]:
    found = [of_verdicts(verdicts)["ComplianceType"] for verdicts in groups]
    return {
        "CompliantResourceCount": capped(found.count("COMPLIANT"), cap),
        "NonCompliantResourceCount": capped(found.count("NON_COMPLIANT"), cap),
        "ComplianceSummaryTimestamp": ctx.now,
    }
