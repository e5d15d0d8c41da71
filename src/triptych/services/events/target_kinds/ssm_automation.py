"""An SSM Automation runbook; what is sent are its parameters."""

from __future__ import annotations

import json
from typing import Any

from triptych.kernel.arn import Arn
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx
from triptych.services.events.target_kind import PRINCIPAL, Delivery, TargetKind

_KIND = "automation-definition/"


def _matches(arn: Arn) -> bool:
    return arn.service == "ssm" and arn.resource.startswith(_KIND)


async def _send(ctx: Ctx, delivery: Delivery) -> None:
    """``{"BucketName": ["b"]}``, or a plain value for a list of one. The whole event is no set of parameters: none."""
    name, _, version = delivery.arn.resource.removeprefix(_KIND).partition(":")
    asked: dict[str, Any] = {"DocumentName": name}
    if version:
        asked["DocumentVersion"] = version
    if any(delivery.target.get(member) for member in ("Input", "InputPath", "InputTransformer")):
        asked["Parameters"] = _parameters(delivery.text)
    await ctx.call("ssm", "StartAutomationExecution", asked, principal=PRINCIPAL, region=delivery.arn.region)


def _parameters(text: str) -> dict[str, list[str]]:
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise ServiceError(
            "InvalidParameters", f"The input of an automation must be a JSON object, not {text[:100]}"
        )
    return {
        name: [_text(each) for each in (value if isinstance(value, list) else [value])]
        for name, value in given.items()
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


KIND = TargetKind(name="SSM Automation", matches=_matches, send=_send)
