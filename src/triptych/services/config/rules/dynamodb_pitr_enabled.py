"""DYNAMODB_PITR_ENABLED: a table can be restored to any moment."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    backups = item.supplementary.get("ContinuousBackupsDescription") or {}
    status = (backups.get("pointInTimeRecoveryDescription") or {}).get("pointInTimeRecoveryStatus")
    return COMPLIANT if status == "ENABLED" else non_compliant("Point-in-time recovery is not enabled.")


def _recovery(status: str) -> dict[str, object]:
    return {
        "ContinuousBackupsDescription": {
            "pointInTimeRecoveryDescription": {"pointInTimeRecoveryStatus": status}
        }
    }


RULE = ManagedRule(
    identifier="DYNAMODB_PITR_ENABLED",
    name="dynamodb-pitr-enabled",
    types=("AWS::DynamoDB::Table",),
    evaluate=_evaluate,
    cases=(
        Case(name="on", expect="COMPLIANT", supplementary=_recovery("ENABLED")),
        Case(name="off", expect="NON_COMPLIANT", supplementary=_recovery("DISABLED")),
        Case(name="unknown", expect="NON_COMPLIANT", supplementary={}),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
