"""INSTANCES_IN_VPC: an instance is in a VPC, the one asked for if any."""

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


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    vpc = (item.configuration or {}).get("vpcId")
    if not vpc:
        return non_compliant("The instance is not in a VPC.")
    if parameters.get("vpcId", vpc) != vpc:
        return non_compliant(f"The instance is in {vpc}.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="INSTANCES_IN_VPC",
    name="ec2-instances-in-vpc",
    types=("AWS::EC2::Instance",),
    parameters=(Parameter(name="vpcId"),),
    evaluate=_evaluate,
    cases=(
        Case(name="in none", expect="NON_COMPLIANT", configuration={"vpcId": None}),
        Case(name="in one", expect="COMPLIANT", configuration={"vpcId": "vpc-1"}),
        Case(
            name="in the one asked for",
            expect="COMPLIANT",
            configuration={"vpcId": "vpc-1"},
            parameters={"vpcId": "vpc-1"},
        ),
        Case(
            name="in another",
            expect="NON_COMPLIANT",
            configuration={"vpcId": "vpc-1"},
            parameters={"vpcId": "vpc-2"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
