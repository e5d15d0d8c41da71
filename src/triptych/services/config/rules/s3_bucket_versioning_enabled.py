"""S3_BUCKET_VERSIONING_ENABLED: versioning is on, and MFA delete too where the rule asks for it."""

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

_MFA = "isMfaDeleteEnabled"


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    versioning = item.supplementary.get("BucketVersioningConfiguration") or {}
    status = versioning.get("status")
    if status != "Enabled":
        return non_compliant(f"Versioning of the bucket is {status or 'Off'}.")
    if parameters.get(_MFA, "").lower() == "true" and not versioning.get(_MFA):
        return non_compliant("Versioning of the bucket is Enabled but MFA delete is not.")
    return COMPLIANT


def _boolean(value: str) -> str:
    return "" if value.lower() in {"true", "false"} else "it must be true or false"


def _versioning(status: str, *, mfa: bool | None = None) -> dict[str, object]:
    return {"BucketVersioningConfiguration": {"status": status, _MFA: mfa}}


RULE = ManagedRule(
    identifier="S3_BUCKET_VERSIONING_ENABLED",
    name="s3-bucket-versioning-enabled",
    types=("AWS::S3::Bucket",),
    parameters=(Parameter(name=_MFA, check=_boolean),),
    evaluate=_evaluate,
    cases=(
        Case(name="on", expect="COMPLIANT", supplementary=_versioning("Enabled")),
        Case(name="never on", expect="NON_COMPLIANT", supplementary=_versioning("Off")),
        Case(name="suspended", expect="NON_COMPLIANT", supplementary=_versioning("Suspended")),
        Case(
            name="on, MFA delete wanted and on",
            expect="COMPLIANT",
            supplementary=_versioning("Enabled", mfa=True),
            parameters={_MFA: "true"},
        ),
        Case(
            name="on, MFA delete wanted and off",
            expect="NON_COMPLIANT",
            supplementary=_versioning("Enabled", mfa=False),
            parameters={_MFA: "True"},
        ),
        Case(
            name="on, MFA delete not wanted",
            expect="COMPLIANT",
            supplementary=_versioning("Enabled"),
            parameters={_MFA: "false"},
        ),
        Case(name="unknown", expect="NON_COMPLIANT", supplementary={}),
        Case(name="a deleted bucket", expect="NOT_APPLICABLE", deleted=True),
    ),
)
