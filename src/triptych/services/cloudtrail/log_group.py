"""May a trail deliver to this log group? The check AWS makes when a trail gets one."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from triptych.kernel.arn import Arn
from triptych.kernel.errors import ServiceError
from triptych.services.cloudtrail.bucket_policy import PRINCIPAL
from triptych.services.cloudtrail.trail import Trail
from triptych.services.contract import Ctx

_ROLE = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):role/(?:[^/]+/)*([^/]+)")


def group_name(log_group: str) -> str:
    """The name in ``arn:aws:logs:<region>:<account>:log-group:<name>:*``; empty if it is no such ARN."""
    try:
        resource = Arn.parse(log_group).resource
    except ValueError:
        return ""
    found = re.fullmatch(r"log-group:([^:*]+):\*", resource)
    return found.group(1) if found else ""


async def check_log_group(ctx: Ctx, trail: Trail) -> None:
    """The group is there and its role is one CloudTrail may assume; raises what AWS raises.

    The role's permissions are not judged: Triptych does not evaluate IAM policies.
    """
    if not trail.log_group and not trail.role:
        return
    if not trail.role:
        raise _bad_role("You must specify a role ARN as well as a log group.")
    if not trail.log_group:
        raise _bad_group("You must specify a log group as well as a role ARN.")
    name = group_name(trail.log_group)
    if not name or _place(trail.log_group) != ("logs", trail.home_region, trail.account):
        raise _bad_group("CloudTrail cannot validate the specified log group ARN.")
    asked = {"logGroupNamePrefix": name, "limit": 1}
    found = await ctx.call("logs", "DescribeLogGroups", asked, principal=PRINCIPAL)
    if name not in (group["logGroupName"] for group in found.get("logGroups", ())):
        raise _bad_group("CloudTrail cannot validate the specified log group ARN.")
    await _check_role(ctx, trail)


async def _check_role(ctx: Ctx, trail: Trail) -> None:
    named = _ROLE.fullmatch(trail.role)
    if not named or named.group(1) != trail.account:
        raise _bad_role("CloudTrail cannot validate the specified role ARN.")
    try:
        reply = await ctx.call("iam", "GetRole", {"RoleName": named.group(2)}, principal=PRINCIPAL)
    except ServiceError as error:
        if error.status >= 500:
            raise
        raise _bad_role("Access denied. Check the trust relationships for your role.") from error
    if not trusts(reply["Role"].get("AssumeRolePolicyDocument")):
        raise _bad_role("Access denied. Check the trust relationships for your role.")


def trusts(document: Any) -> bool:
    """Whether a role's trust policy (a document, or its text, percent-encoded as IAM sends it) lets CloudTrail assume it.

    Conditions are taken as met: their values are known only when the role is assumed.
    """
    if isinstance(document, str):
        try:
            document = json.loads(unquote(document))
        except ValueError:
            return False
    statements = document.get("Statement") if isinstance(document, dict) else None
    effects = {each.get("Effect") for each in _many(statements) if isinstance(each, dict) and _about_us(each)}
    return "Allow" in effects and "Deny" not in effects


def _about_us(statement: dict[str, Any]) -> bool:
    actions = {str(action).lower() for action in _many(statement.get("Action"))}
    principal = statement.get("Principal")
    services = _many(principal.get("Service")) if isinstance(principal, dict) else []
    return bool(actions & {"sts:assumerole", "sts:*", "*"}) and (principal == "*" or PRINCIPAL in services)


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _place(text: str) -> tuple[str, str, str]:
    parsed = Arn.parse(text)
    return parsed.service, parsed.region, parsed.account


def _bad_group(problem: str) -> ServiceError:
    return ServiceError("InvalidCloudWatchLogsLogGroupArnException", problem)


def _bad_role(problem: str) -> ServiceError:
    return ServiceError("InvalidCloudWatchLogsRoleArnException", problem)
