"""EC2_EBS_ENCRYPTION_BY_DEFAULT: new volumes of the region are encrypted without being asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import (
    ACCOUNT,
    COMPLIANT,
    Case,
    ManagedRule,
    Verdict,
    non_compliant,
)
from triptych.services.config.resource_type import Call


async def _ask(call: Call, _item: Item) -> Mapping[str, Any]:
    return {"enabled": (await call("ec2", "GetEbsEncryptionByDefault", {})).get("EbsEncryptionByDefault")}


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    if item.supplementary["enabled"]:
        return COMPLIANT
    return non_compliant("EBS encryption by default is not enabled in the region.")


RULE = ManagedRule(
    identifier="EC2_EBS_ENCRYPTION_BY_DEFAULT",
    name="ec2-ebs-encryption-by-default",
    types=(ACCOUNT,),
    triggers=frozenset({"periodic"}),
    asks=_ask,
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
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
