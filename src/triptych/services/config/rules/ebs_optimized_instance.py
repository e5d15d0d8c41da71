"""EBS_OPTIMIZED_INSTANCE: instances that can be EBS-optimized, but are not by themselves, are."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import (
    COMPLIANT,
    NOT_APPLICABLE,
    Case,
    ManagedRule,
    Verdict,
    non_compliant,
)

# The types that EC2 documents as "EBS optimization supported", not "by default": all of earlier generations.
_CHOICE = frozenset(
    {
        "c1.xlarge",
        "c3.xlarge",
        "c3.2xlarge",
        "c3.4xlarge",
        "g2.2xlarge",
        "i2.xlarge",
        "i2.2xlarge",
        "i2.4xlarge",
        "m1.large",
        "m1.xlarge",
        "m2.2xlarge",
        "m2.4xlarge",
        "m3.xlarge",
        "m3.2xlarge",
        "r3.xlarge",
        "r3.2xlarge",
        "r3.4xlarge",
    }
)


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    instance = item.configuration or {}
    if instance.get("instanceType") not in _CHOICE:
        return NOT_APPLICABLE
    return COMPLIANT if instance.get("ebsOptimized") else non_compliant("The instance is not EBS-optimized.")


RULE = ManagedRule(
    identifier="EBS_OPTIMIZED_INSTANCE",
    name="ebs-optimized-instance",
    types=("AWS::EC2::Instance",),
    evaluate=_evaluate,
    cases=(
        Case(
            name="optimized",
            expect="COMPLIANT",
            configuration={"instanceType": "m3.xlarge", "ebsOptimized": True},
        ),
        Case(
            name="not optimized",
            expect="NON_COMPLIANT",
            configuration={"instanceType": "m3.xlarge", "ebsOptimized": False},
        ),
        Case(
            name="always optimized",
            expect="NOT_APPLICABLE",
            configuration={"instanceType": "t3.micro", "ebsOptimized": False},
        ),
        Case(
            name="cannot be",
            expect="NOT_APPLICABLE",
            configuration={"instanceType": "t2.micro", "ebsOptimized": False},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
