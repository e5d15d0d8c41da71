"""DYNAMODB_TABLE_ENCRYPTED_KMS: a table is encrypted with a KMS key, one of those asked for if any."""

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
from triptych.services.config.rules._parameters import one_of, values


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    encryption = (item.configuration or {}).get("ssedescription") or {}
    if (
        encryption.get("status") not in {"ENABLED", "ENABLING", "UPDATING"}
        or encryption.get("ssetype") != "KMS"
    ):
        return non_compliant("The table is not encrypted with a KMS key.")
    wanted = values(parameters.get("kmsKeyArns"))
    if wanted and not one_of(wanted, encryption.get("kmsmasterKeyArn")):
        return non_compliant("The table is encrypted with a key that is not asked for.")
    return COMPLIANT


def _encrypted(status: str) -> dict[str, object]:
    key = "arn:aws:kms:us-east-1:123456789012:key/k"
    return {"ssedescription": {"status": status, "ssetype": "KMS", "kmsmasterKeyArn": key}}


RULE = ManagedRule(
    identifier="DYNAMODB_TABLE_ENCRYPTED_KMS",
    name="dynamodb-table-encrypted-kms",
    types=("AWS::DynamoDB::Table",),
    parameters=(Parameter(name="kmsKeyArns"),),
    evaluate=_evaluate,
    cases=(
        Case(name="DynamoDB's own key", expect="NON_COMPLIANT", configuration={"ssedescription": None}),
        Case(name="KMS", expect="COMPLIANT", configuration=_encrypted("ENABLED")),
        Case(name="no more", expect="NON_COMPLIANT", configuration=_encrypted("DISABLED")),
        Case(
            name="the key asked for",
            expect="COMPLIANT",
            configuration=_encrypted("ENABLED"),
            parameters={"kmsKeyArns": "arn:aws:kms:us-east-1:123456789012:key/k"},
        ),
        Case(
            name="another key",
            expect="NON_COMPLIANT",
            configuration=_encrypted("ENABLED"),
            parameters={"kmsKeyArns": "arn:aws:kms:us-east-1:123456789012:key/q"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
