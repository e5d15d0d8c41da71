"""PutTargets, RemoveTargets, ListTargetsByRule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from triptych.kernel.arn import Arn
from triptych.kernel.catalog import discover
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, operation
from triptych.services.events import target_kinds
from triptych.services.events.documents import (
    check_unmanaged,
    find_rule,
    keep_rule,
    page_of,
    validation,
    with_token,
)
from triptych.services.events.input import InvalidInput, check_target_input
from triptych.services.events.target_kind import TargetKind

KINDS: Sequence[TargetKind] = discover(target_kinds, "KIND", TargetKind)
_MOST = 5
"""Targets of one rule (EventBridge quota)."""
_FOREIGN = ("KinesisParameters", "RunCommandParameters", "EcsParameters", "BatchParameters", "RedshiftDataParameters",
            "SageMakerPipelineParameters", "AppSyncParameters")  # fmt: skip


def kind_of(arn: Arn) -> TargetKind | None:
    """None: EventBridge may have such targets, Triptych has not."""
    return next((kind for kind in KINDS if kind.matches(arn)), None)


@operation
async def put_targets(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Add targets to a rule, or change those with the same ids.

    Partly: queues, topics, event buses, SSM automations, log groups and API destinations. Others, Lambda functions among
    them, are refused by name.
    """
    rule = await find_rule(ctx, params["Rule"], params.get("EventBusName"))
    check_unmanaged(rule, params)
    given = params["Targets"]
    if len({target["Id"] for target in given}) != len(given):
        raise validation("Duplicate target ids are not allowed in one request.")
    for target in given:
        _check(target)
    targets = rule.targets | {target["Id"]: target for target in given}
    if len(targets) > _MOST:
        raise ServiceError(
            "LimitExceededException", "The requested resource exceeds the maximum number allowed."
        )
    await keep_rule(ctx, msgspec.structs.replace(rule, targets=targets))
    return {"FailedEntryCount": 0, "FailedEntries": []}


def _check(target: Mapping[str, Any]) -> None:
    try:
        arn = Arn.parse(target["Arn"])
    except ValueError:
        raise validation(
            f"Parameter {target['Arn']} is not valid. Reason: Provided Arn is not in correct format."
        ) from None
    kind = kind_of(arn)
    if kind is None:
        raise ServiceError(
            "NotImplemented",
            f"Triptych does not deliver events to {arn.service} ({target['Arn']}). It delivers to: "
            f"{', '.join(sorted(known.name for known in KINDS))}.",
            status=501,
        )
    for name in _FOREIGN:
        if target.get(name):
            raise validation(f"{name} are not for targets of the kind {kind.name}.")
    try:
        check_target_input(target)
    except InvalidInput as error:
        raise validation(str(error)) from error
    if problem := kind.check(target):
        raise validation(problem)
    letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    if letters and not letters.startswith("arn:aws:sqs:"):
        raise validation(f"Parameter {letters} is not valid. Reason: Dead letter queue must be an SQS queue.")


@operation
async def remove_targets(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Take targets off a rule; ids it does not have fail one by one."""
    rule = await find_rule(ctx, params["Rule"], params.get("EventBusName"))
    check_unmanaged(rule, params)
    failed = [
        {
            "TargetId": target,
            "ErrorCode": "ResourceNotFoundException",
            "ErrorMessage": f"Rule {rule.name} does not have target {target}.",
        }
        for target in params["Ids"]
        if target not in rule.targets
    ]
    left = {key: target for key, target in rule.targets.items() if key not in params["Ids"]}
    await keep_rule(ctx, msgspec.structs.replace(rule, targets=left))
    return {"FailedEntryCount": len(failed), "FailedEntries": failed}


@operation
async def list_targets_by_rule(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The targets of a rule."""
    rule = await find_rule(ctx, params["Rule"], params.get("EventBusName"))
    page, token = page_of(f"ListTargetsByRule/{rule.key}", list(rule.targets.values()), params)
    return with_token({"Targets": page}, token)
