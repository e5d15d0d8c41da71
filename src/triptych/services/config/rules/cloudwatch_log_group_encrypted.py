"""CLOUDWATCH_LOG_GROUP_ENCRYPTED: a log group is encrypted with a KMS key, the one asked for if any."""

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
    key, wanted = (item.configuration or {}).get("KmsKeyId"), parameters.get("KmsKeyId")
    if not key:
        return non_compliant("The log group is not encrypted with a KMS key.")
    if wanted and not one_of([wanted], key):
        return non_compliant("The log group is encrypted with another key.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="CLOUDWATCH_LOG_GROUP_ENCRYPTED",
    name="cloudwatch-log-group-encrypted",
    types=("AWS::Logs::LogGroup",),
    triggers=frozenset({"periodic"}),
    parameters=(Parameter(name="KmsKeyId"),),
    evaluate=_evaluate,
    cases=(
        Case(name="plain", expect="NON_COMPLIANT", configuration={"KmsKeyId": None}),
        Case(
            name="encrypted",
            expect="COMPLIANT",
            configuration={"KmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/k"},
        ),
        Case(
            name="the key asked for",
            expect="COMPLIANT",
            configuration={"KmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/k"},
            parameters={"KmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/k"},
        ),
        Case(
            name="another key",
            expect="NON_COMPLIANT",
            configuration={"KmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/k"},
            parameters={"KmsKeyId": "q"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
