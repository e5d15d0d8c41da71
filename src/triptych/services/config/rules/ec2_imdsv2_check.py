"""EC2_IMDSV2_CHECK: an instance's metadata is told only to those who bring a token (IMDSv2)."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    tokens = ((item.configuration or {}).get("metadataOptions") or {}).get("httpTokens")
    return (
        COMPLIANT
        if tokens == "required"
        else non_compliant("The instance's metadata needs no token (IMDSv1).")
    )


RULE = ManagedRule(
    identifier="EC2_IMDSV2_CHECK",
    name="ec2-imdsv2-check",
    types=("AWS::EC2::Instance",),
    evaluate=_evaluate,
    cases=(
        Case(
            name="required", expect="COMPLIANT", configuration={"metadataOptions": {"httpTokens": "required"}}
        ),
        Case(
            name="optional",
            expect="NON_COMPLIANT",
            configuration={"metadataOptions": {"httpTokens": "optional"}},
        ),
        Case(name="not told", expect="NON_COMPLIANT", configuration={}),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
