"""CMK_BACKING_KEY_ROTATION_ENABLED: the material of the account's own symmetric keys is rotated every year."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import (
    COMPLIANT,
    NOT_APPLICABLE,
    Case,
    ManagedRule,
    Verdict,
    non_compliant,
)

_KEY = {
    "keyManager": "CUSTOMER",
    "keyState": "Enabled",
    "keySpec": "SYMMETRIC_DEFAULT",
    "origin": "AWS_KMS",
}


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    key = item.configuration or {}
    if (
        key.get("keyManager") != "CUSTOMER"
        or key.get("keyState") != "Enabled"
        or key.get("keySpec", key.get("customerMasterKeySpec")) != "SYMMETRIC_DEFAULT"
        or key.get("origin") != "AWS_KMS"
    ):
        return NOT_APPLICABLE
    rotates = item.supplementary.get("KeyRotationStatus")
    return COMPLIANT if rotates else non_compliant("Automatic key rotation is not enabled.")


RULE = ManagedRule(
    identifier="CMK_BACKING_KEY_ROTATION_ENABLED",
    name="cmk-backing-key-rotation-enabled",
    types=("AWS::KMS::Key",),
    triggers=frozenset({"periodic"}),
    evaluate=_evaluate,
    cases=(
        Case(
            name="rotates", expect="COMPLIANT", configuration=_KEY, supplementary={"KeyRotationStatus": True}
        ),
        Case(
            name="does not rotate",
            expect="NON_COMPLIANT",
            configuration=_KEY,
            supplementary={"KeyRotationStatus": False},
        ),
        Case(name="AWS's key", expect="NOT_APPLICABLE", configuration=_KEY | {"keyManager": "AWS"}),
        Case(name="an asymmetric key", expect="NOT_APPLICABLE", configuration=_KEY | {"keySpec": "RSA_2048"}),
        Case(name="foreign material", expect="NOT_APPLICABLE", configuration=_KEY | {"origin": "EXTERNAL"}),
        Case(
            name="pending deletion",
            expect="NOT_APPLICABLE",
            configuration=_KEY | {"keyState": "PendingDeletion"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
