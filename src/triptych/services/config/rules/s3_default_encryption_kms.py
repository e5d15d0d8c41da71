"""S3_DEFAULT_ENCRYPTION_KMS: a bucket's default encryption is with a KMS key, one of those asked for if any."""

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

_KEY = "arn:aws:kms:us-east-1:123456789012:key/k"


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    wanted = values(parameters.get("kmsKeyArns"))
    rules = (item.supplementary.get("ServerSideEncryptionConfiguration") or {}).get("rules") or ()
    for default in (rule.get("applyServerSideEncryptionByDefault") or {} for rule in rules):
        if default.get("sseAlgorithm") in {"aws:kms", "aws:kms:dsse"} and (
            not wanted or one_of(wanted, default.get("kmsMasterKeyID"))
        ):
            return COMPLIANT
    return non_compliant(
        "The bucket is not encrypted by default with a KMS key that is asked for."
        if wanted
        else "The bucket is not encrypted by default with a KMS key."
    )


def _encryption(algorithm: str, key: str | None) -> dict[str, object]:
    default = {"sseAlgorithm": algorithm, "kmsMasterKeyID": key}
    return {"ServerSideEncryptionConfiguration": {"rules": [{"applyServerSideEncryptionByDefault": default}]}}


RULE = ManagedRule(
    identifier="S3_DEFAULT_ENCRYPTION_KMS",
    name="s3-default-encryption-kms",
    types=("AWS::S3::Bucket",),
    parameters=(Parameter(name="kmsKeyArns"),),
    evaluate=_evaluate,
    cases=(
        Case(name="none", expect="NON_COMPLIANT", supplementary={}),
        Case(name="S3's own keys", expect="NON_COMPLIANT", supplementary=_encryption("AES256", None)),
        Case(name="KMS", expect="COMPLIANT", supplementary=_encryption("aws:kms", None)),
        Case(name="KMS twice", expect="COMPLIANT", supplementary=_encryption("aws:kms:dsse", None)),
        Case(
            name="the key asked for",
            expect="COMPLIANT",
            supplementary=_encryption("aws:kms", _KEY),
            parameters={"kmsKeyArns": f"x, {_KEY}"},
        ),
        Case(
            name="another key",
            expect="NON_COMPLIANT",
            supplementary=_encryption("aws:kms", _KEY),
            parameters={"kmsKeyArns": "arn:aws:kms:us-east-1:123456789012:key/other"},
        ),
        Case(
            name="no key, one asked for",
            expect="NON_COMPLIANT",
            supplementary=_encryption("aws:kms", None),
            parameters={"kmsKeyArns": _KEY},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
