"""S3_BUCKET_DEFAULT_LOCK_ENABLED: a bucket has Object Lock, in the mode asked for if one is."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import (
    COMPLIANT,
    Case,
    ManagedRule,
    Parameter,
    Verdict,
    non_compliant,
)


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    lock = item.supplementary.get("ObjectLockConfiguration") or {}
    if lock.get("objectLockEnabled") != "Enabled":
        return non_compliant("The bucket has no Object Lock.")
    wanted = parameters.get("mode")
    found = ((lock.get("rule") or {}).get("defaultRetention") or {}).get("mode")
    if wanted and found != wanted:
        return non_compliant(f"Objects are not locked in the mode {wanted} by default.")
    return COMPLIANT


def _modes(text: str) -> str:
    return "" if text in {"GOVERNANCE", "COMPLIANCE"} else "GOVERNANCE or COMPLIANCE is expected"


def _lock(mode: str = "") -> dict[str, object]:
    rule = {"defaultRetention": {"mode": mode, "days": 1, "years": None}} if mode else None
    return {"ObjectLockConfiguration": {"objectLockEnabled": "Enabled", "rule": rule}}


RULE = ManagedRule(
    identifier="S3_BUCKET_DEFAULT_LOCK_ENABLED",
    name="s3-bucket-default-lock-enabled",
    types=("AWS::S3::Bucket",),
    parameters=(Parameter(name="mode", check=_modes),),
    evaluate=_evaluate,
    cases=(
        Case(name="on", expect="COMPLIANT", supplementary=_lock()),
        Case(name="off", expect="NON_COMPLIANT", supplementary={"ObjectLockConfiguration": None}),
        Case(
            name="the mode",
            expect="COMPLIANT",
            supplementary=_lock("GOVERNANCE"),
            parameters={"mode": "GOVERNANCE"},
        ),
        Case(
            name="another mode",
            expect="NON_COMPLIANT",
            supplementary=_lock("GOVERNANCE"),
            parameters={"mode": "COMPLIANCE"},
        ),
        Case(
            name="no mode", expect="NON_COMPLIANT", supplementary=_lock(), parameters={"mode": "COMPLIANCE"}
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
