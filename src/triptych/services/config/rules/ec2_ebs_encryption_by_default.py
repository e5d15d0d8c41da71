"""EC2_EBS_ENCRYPTION_BY_DEFAULT: new volumes of the region are encrypted without being asked."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, Verdict, non_compliant
from triptych.services.config.rules._account import account_rule, asking


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    if item.supplementary["answer"]:
        return COMPLIANT
    return non_compliant("EBS encryption by default is not enabled in the region.")


RULE = account_rule(
    identifier="EC2_EBS_ENCRYPTION_BY_DEFAULT",
    name="ec2-ebs-encryption-by-default",
    asks=asking("ec2", "GetEbsEncryptionByDefault", "EbsEncryptionByDefault"),
    evaluate=_evaluate,
    cases=(
        Case(
            name="on",
            expect="COMPLIANT",
            replies={"GetEbsEncryptionByDefault": {"EbsEncryptionByDefault": True}},
        ),
        Case(
            name="off",
            expect="NON_COMPLIANT",
            replies={"GetEbsEncryptionByDefault": {"EbsEncryptionByDefault": False}},
        ),
    ),
)
