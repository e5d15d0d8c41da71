"""KMS_CMK_NOT_SCHEDULED_FOR_DELETION: the account's own keys are not about to be deleted."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import (
    COMPLIANT,
    NOT_APPLICABLE,
    Case,
    ManagedRule,
    Parameter,
    Verdict,
    non_compliant,
)
from triptych.services.config.rules._parameters import one_of, values


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    key = item.configuration or {}
    wanted = values(parameters.get("kmsKeyIds"))
    if key.get("keyManager") != "CUSTOMER" or (wanted and not one_of(wanted, item.resource_id)):
        return NOT_APPLICABLE
    if key.get("keyState") in {"PendingDeletion", "PendingReplicaDeletion"}:
        return non_compliant("The key is scheduled for deletion.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="KMS_CMK_NOT_SCHEDULED_FOR_DELETION",
    name="kms-cmk-not-scheduled-for-deletion",
    types=("AWS::KMS::Key",),
    triggers=frozenset({"periodic"}),
    parameters=(Parameter(name="kmsKeyIds"),),
    evaluate=_evaluate,
    cases=(
        Case(
            name="enabled",
            expect="COMPLIANT",
            configuration={"keyManager": "CUSTOMER", "keyState": "Enabled"},
        ),
        Case(
            name="pending deletion",
            expect="NON_COMPLIANT",
            configuration={"keyManager": "CUSTOMER", "keyState": "PendingDeletion"},
        ),
        Case(
            name="a replica pending",
            expect="NON_COMPLIANT",
            configuration={"keyManager": "CUSTOMER", "keyState": "PendingReplicaDeletion"},
        ),
        Case(
            name="AWS's key",
            expect="NOT_APPLICABLE",
            configuration={"keyManager": "AWS", "keyState": "Enabled"},
        ),
        Case(
            name="a key not asked for",
            expect="NOT_APPLICABLE",
            configuration={"keyManager": "CUSTOMER", "keyState": "PendingDeletion"},
            parameters={"kmsKeyIds": "k, q"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
