"""CLOUD_TRAIL_ENCRYPTION_ENABLED: a trail's files are encrypted with a KMS key."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    value = (item.configuration or {}).get("kmsKeyId")
    return COMPLIANT if value else non_compliant("The trail is not encrypted with a KMS key.")


RULE = ManagedRule(
    identifier="CLOUD_TRAIL_ENCRYPTION_ENABLED",
    name="cloud-trail-encryption-enabled",
    types=("AWS::CloudTrail::Trail",),
    triggers=frozenset({"periodic"}),
    evaluate=_evaluate,
    cases=(
        Case(name="on", expect="COMPLIANT", configuration={"kmsKeyId": "arn:of-it"}),
        Case(name="off", expect="NON_COMPLIANT", configuration={"kmsKeyId": None}),
        Case(name="not told", expect="NON_COMPLIANT", configuration={}),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
