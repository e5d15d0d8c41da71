"""PutPermission and RemovePermission: the resource policy of an event bus."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from triptych.kernel.errors import ServiceError
from triptych.query.resource_policy import InvalidPolicy, parse
from triptych.services.contract import Ctx, operation
from triptych.services.events.documents import BUSES, Bus, find_bus, missing, validation

_BYTES = 10 * 1024
"""The longest policy of a bus (EventBridge quota)."""
_MEMBERS = ("StatementId", "Action", "Principal", "Condition")


@operation
async def put_permission(ctx: Ctx, params: dict[str, Any]) -> None:
    """Let others put events on a bus."""
    bus = await find_bus(ctx, params.get("EventBusName"))
    if text := params.get("Policy"):
        if any(params.get(member) for member in _MEMBERS):
            raise validation(
                "Policy can't be given together with StatementId, Action, Principal or Condition."
            )
        _keep(ctx, bus, _checked(text))
        return
    statement = _statement(bus, params)
    kept = [one for one in _statements(bus) if one.get("Sid") != statement["Sid"]]
    _keep(ctx, bus, {**_policy(bus), "Statement": [*kept, statement]})


def _statement(bus: Bus, params: dict[str, Any]) -> dict[str, Any]:
    for member in ("StatementId", "Action", "Principal"):
        if not params.get(member):
            raise validation(f"Parameter {member} must be specified.")
    action, principal = params["Action"], params["Principal"]
    if action != "events:PutEvents":
        raise validation("Provided value in parameter 'action' is not supported.")
    if principal != "*" and not re.fullmatch(r"\d{12}", principal):
        raise validation(f"Provided value in parameter 'principal' is not valid: {principal}.")
    statement: dict[str, Any] = {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": principal if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
        "Action": action,
        "Resource": bus.arn,
    }
    if condition := params.get("Condition"):
        statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return statement


@operation
async def remove_permission(ctx: Ctx, params: dict[str, Any]) -> None:
    """Take one statement, or all, out of a bus's policy."""
    bus = await find_bus(ctx, params.get("EventBusName"))
    if params.get("RemoveAllPermissions"):
        _keep(ctx, bus, {})
        return
    if not params.get("StatementId"):
        raise validation("Parameter StatementId must be specified.")
    if not bus.policy:
        raise missing("EventBus does not have a policy.")
    statements = _statements(bus)
    left = [one for one in statements if one.get("Sid") != params["StatementId"]]
    if len(left) == len(statements):
        raise missing("Statement with the provided id does not exist.")
    _keep(ctx, bus, {**_policy(bus), "Statement": left} if left else {})


def _policy(bus: Bus) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bus.policy) if bus.policy else {"Version": "2012-10-17"}
    return found


def _statements(bus: Bus) -> list[dict[str, Any]]:
    found = _policy(bus).get("Statement") or []
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]


def _checked(text: str) -> dict[str, Any]:
    """Raises ValidationException, which says what is wrong."""
    try:
        parse(text)
    except InvalidPolicy as error:
        raise validation(f"Parameter Policy is not valid. Reason: {error}") from error
    found: dict[str, Any] = json.loads(text)
    if not found["Statement"]:
        raise validation("Parameter Policy is not valid. Reason: It has no statements.")
    return found


def _keep(ctx: Ctx, bus: Bus, policy: dict[str, Any]) -> None:
    """An empty policy is none."""
    text = json.dumps(policy, separators=(",", ":")) if policy else ""
    if policy:
        _checked(text)
    if len(text.encode()) > _BYTES:
        raise ServiceError(
            "PolicyLengthExceededException",
            f"The policy is longer than {_BYTES} bytes: {len(text.encode())}.",
        )
    changed = msgspec.structs.replace(bus, policy=text, modified=ctx.now)
    ctx.unit.put(BUSES, bus.name, changed, account=ctx.account, region=ctx.region)
