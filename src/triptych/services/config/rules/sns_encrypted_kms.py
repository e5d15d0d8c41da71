"""SNS_ENCRYPTED_KMS: a topic is encrypted with a KMS key, one of those asked for if any."""

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
    key, wanted = (item.configuration or {}).get("KmsMasterKeyId"), values(parameters.get("kmsKeyIds"))
    if not key:
        return non_compliant("The topic is not encrypted with a KMS key.")
    if wanted and not one_of(wanted, key):
        return non_compliant("The topic is encrypted with a key that is not asked for.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="SNS_ENCRYPTED_KMS",
    name="sns-encrypted-kms",
    types=("AWS::SNS::Topic",),
    parameters=(Parameter(name="kmsKeyIds"),),
    evaluate=_evaluate,
    cases=(
        Case(name="plain", expect="NON_COMPLIANT", configuration={"TopicArn": "arn:t"}),
        Case(name="encrypted", expect="COMPLIANT", configuration={"KmsMasterKeyId": "alias/aws/sns"}),
        Case(
            name="a key asked for",
            expect="COMPLIANT",
            configuration={"KmsMasterKeyId": "k"},
            parameters={"kmsKeyIds": "q, arn:aws:kms:us-east-1:123456789012:key/k"},
        ),
        Case(
            name="another key",
            expect="NON_COMPLIANT",
            configuration={"KmsMasterKeyId": "k"},
            parameters={"kmsKeyIds": "q"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
