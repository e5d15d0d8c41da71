"""RDS_STORAGE_ENCRYPTED: a database's storage is encrypted, with the key asked for if any."""

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
from triptych.services.config.rules._parameters import one_of


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    database = item.configuration or {}
    if not database.get("storageEncrypted"):
        return non_compliant("The storage is not encrypted.")
    wanted = parameters.get("kmsKeyId")
    if wanted and not one_of([wanted], database.get("kmsKeyId")):
        return non_compliant("The storage is encrypted with another key.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="RDS_STORAGE_ENCRYPTED",
    name="rds-storage-encrypted",
    types=("AWS::RDS::DBInstance",),
    parameters=(Parameter(name="kmsKeyId"),),
    evaluate=_evaluate,
    cases=(
        Case(name="plain", expect="NON_COMPLIANT", configuration={"storageEncrypted": False}),
        Case(name="encrypted", expect="COMPLIANT", configuration={"storageEncrypted": True}),
        Case(
            name="the key asked for",
            expect="COMPLIANT",
            configuration={"storageEncrypted": True, "kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/k"},
            parameters={"kmsKeyId": "k"},
        ),
        Case(
            name="another key",
            expect="NON_COMPLIANT",
            configuration={"storageEncrypted": True, "kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/k"},
            parameters={"kmsKeyId": "q"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
