"""Config rules: put, described, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from triptych.control.collection import Collection
from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.services.config.documents import (
    EXCEPTIONS,
    EXECUTIONS,
    REMEDIATIONS,
    RULE_STATUSES,
    RULES,
    VERDICTS,
    Rule,
    RuleStatus,
)
from triptych.services.config.paging import key_page, with_token
from triptych.services.config.recorders import needs_recorder
from triptych.services.config.rule_input import RuleInput, refuse, rule_input
from triptych.services.config.staging import evaluate_soon
from triptych.services.contract import Ctx, operation

_PAGE = 25


def no_such_rule(name: str) -> ServiceError:
    return ServiceError(
        "NoSuchConfigRuleException",
        f"The ConfigRule '{name}' provided in the request is invalid. Please check the configRule name",
    )


async def named_rule(ctx: Ctx, name: str) -> Rule:
    rule = await ctx.unit.get(RULES, name, account=ctx.account, region=ctx.region)
    if rule is None:
        raise no_such_rule(name)
    return rule


async def chosen_rules(ctx: Ctx, names: Sequence[str] | None) -> list[Rule]:
    """The rules named, each of which must exist, or all, by name."""
    if names:
        return [await named_rule(ctx, name) for name in dict.fromkeys(names)]
    return [document.value for document in await ctx.unit.list(RULES, account=ctx.account, region=ctx.region)]


@operation
async def put_config_rule(ctx: Ctx, params: dict[str, Any]) -> None:
    """Create or change a rule, and evaluate at once everything it looks at.

    Partly: only managed rules (owner AWS) that are built; detective evaluation only.
    """
    wanted = params["ConfigRule"]
    await needs_recorder(ctx, "Configuration recorder is not available to put config rule.")
    made = rule_input(wanted)
    existing = await _existing(ctx, wanted)
    tags = {tag["Key"]: tag.get("Value", "") for tag in params.get("Tags") or ()}
    rule = await _new(ctx, wanted, made, tags) if existing is None else _changed(existing, made)
    ctx.unit.put(RULES, rule.name, rule, account=ctx.account, region=ctx.region)
    evaluate_soon(ctx, rule.name)


async def _existing(ctx: Ctx, wanted: dict[str, Any]) -> Rule | None:
    """The rule that the name, the ARN and the id all mean; None for a new one."""
    name, rule_arn, rule_id = (
        wanted.get(part) for part in ("ConfigRuleName", "ConfigRuleArn", "ConfigRuleId")
    )
    if not name and not rule_arn and not rule_id:
        raise refuse("One or more identifiers needs to be provided. Provide Name or Id or Arn")
    if not name:
        rule_id = rule_id or str(rule_arn).rpartition("/")[2]
        found = await ctx.unit.list(RULES, account=ctx.account, region=ctx.region, index=("id", rule_id))
        if not found:
            raise refuse("One or more identifiers needs to be provided. Provide Name or Id or Arn")
        name = found[0].key
    rule = await ctx.unit.get(RULES, name, account=ctx.account, region=ctx.region)
    if (rule_arn and (rule is None or rule.arn != rule_arn)) or (
        rule_id and (rule is None or rule.id != rule_id)
    ):
        raise refuse(
            f"The ConfigRuleArn and ConfigRuleId must be those of the rule '{name}', or be left out."
        )
    return rule


async def _new(ctx: Ctx, wanted: dict[str, Any], made: RuleInput, tags: dict[str, str]) -> Rule:
    count = len(await ctx.unit.list(RULES, account=ctx.account, region=ctx.region, limit=limits.CONFIG_RULES))
    if count >= limits.CONFIG_RULES:
        raise ServiceError(
            "MaxNumberOfConfigRulesExceededException",
            f"Failed to put config rule because the maximum number of config rules: {limits.CONFIG_RULES} is reached.",
        )
    rule_id = f"config-rule-{ctx.ids.text(6, 'abcdefghijklmnopqrstuvwxyz0123456789')}"
    return Rule(
        name=wanted["ConfigRuleName"],
        id=rule_id,
        arn=ctx.arn("config", f"config-rule/{rule_id}"),
        identifier=made.managed.identifier,
        description=made.description,
        scope=made.scope,
        parameters=made.parameters,
        frequency=made.frequency,
        activated=ctx.now,
        tags=tags,
    )


def _changed(rule: Rule, made: RuleInput) -> Rule:
    """The rule as asked for now; tags are TagResource's business once it exists, as in AWS."""
    if rule.identifier != made.managed.identifier:
        raise refuse("The source of a managed rule cannot be changed; delete the rule and put it again.")
    return msgspec.structs.replace(
        rule,
        description=made.description,
        scope=made.scope,
        parameters=made.parameters,
        frequency=made.frequency,
    )


def shown_rule(rule: Rule) -> dict[str, Any]:
    """A rule as DescribeConfigRules shows it."""
    members = {
        "ConfigRuleName": rule.name,
        "ConfigRuleArn": rule.arn,
        "ConfigRuleId": rule.id,
        "Description": rule.description or None,
        "Scope": rule.scope,
        "Source": {"Owner": "AWS", "SourceIdentifier": rule.identifier},
        "InputParameters": rule.parameters or "{}",
        "MaximumExecutionFrequency": rule.frequency or None,
        "ConfigRuleState": "ACTIVE",
        "EvaluationModes": [{"Mode": "DETECTIVE"}],
    }
    return {name: value for name, value in members.items() if value is not None}


@operation
async def describe_config_rules(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The rules named, or all of them a page at a time."""
    rules = await chosen_rules(ctx, params.get("ConfigRuleNames"))
    if (params.get("Filters") or {}).get("EvaluationMode") == "PROACTIVE":
        rules = []
    ordered = sorted((rule.name, shown_rule(rule)) for rule in rules)
    page = key_page("DescribeConfigRules", ordered, text=params.get("NextToken"), limit=None, size=_PAGE)
    return with_token({"ConfigRules": page.entries}, page.next_token)


@operation
async def delete_config_rule(ctx: Ctx, params: dict[str, Any]) -> None:
    """Remove a rule with its evaluation results; refused while it has a remediation."""
    rule = await named_rule(ctx, params["ConfigRuleName"])
    where = {"account": ctx.account, "region": ctx.region}
    if await ctx.unit.get(REMEDIATIONS, rule.name, **where) is not None:
        raise ServiceError(
            "ResourceInUseException",
            f"Failed to delete the ConfigRule '{rule.name}': a remediation action is associated with the rule. Delete "
            "the remediation action before deleting the rule.",
        )
    hanging: tuple[Collection[Any], ...] = (VERDICTS, EXCEPTIONS, EXECUTIONS)
    for collection in hanging:
        for document in await ctx.unit.list(
            collection, prefix=f"{rule.id}/", account=ctx.account, region=ctx.region
        ):
            ctx.unit.delete(collection, document.key, **where)
    ctx.unit.delete(RULE_STATUSES, rule.id, **where)
    ctx.unit.delete(RULES, rule.name, **where)


@operation
async def start_config_rules_evaluation(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Evaluate again everything the rules look at."""
    for rule in await chosen_rules(ctx, params.get("ConfigRuleNames")):
        evaluate_soon(ctx, rule.name)
    return {}


@operation
async def delete_evaluation_results(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Forget a rule's results; the next evaluation makes new ones."""
    rule = await named_rule(ctx, params["ConfigRuleName"])
    for document in await ctx.unit.list(
        VERDICTS, account=ctx.account, region=ctx.region, index=("rule", rule.id)
    ):
        ctx.unit.delete(VERDICTS, document.key, account=ctx.account, region=ctx.region)
    return {}


@operation
async def describe_config_rule_evaluation_status(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """When each rule last ran."""
    rules = await chosen_rules(ctx, params.get("ConfigRuleNames"))
    ordered = []
    for rule in sorted(rules, key=lambda one: one.name):
        status = await ctx.unit.get(RULE_STATUSES, rule.id, account=ctx.account, region=ctx.region)
        ordered.append((rule.name, _shown_status(rule, status or RuleStatus())))
    page = key_page(
        "DescribeConfigRuleEvaluationStatus",
        ordered,
        text=params.get("NextToken"),
        limit=params.get("Limit"),
        size=50,
    )
    return with_token({"ConfigRulesEvaluationStatus": page.entries}, page.next_token)


def _shown_status(rule: Rule, status: RuleStatus) -> dict[str, Any]:
    members = {
        "ConfigRuleName": rule.name,
        "ConfigRuleArn": rule.arn,
        "ConfigRuleId": rule.id,
        "LastSuccessfulInvocationTime": status.evaluated,
        "LastSuccessfulEvaluationTime": status.evaluated,
        "LastFailedEvaluationTime": status.failed,
        "LastErrorCode": status.error_code or None,
        "LastErrorMessage": status.error_message or None,
        "FirstActivatedTime": rule.activated,
        "FirstEvaluationStarted": status.evaluated is not None,
    }
    return {name: value for name, value in members.items() if value is not None}
