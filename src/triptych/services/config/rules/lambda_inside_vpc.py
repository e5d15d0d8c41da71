"""LAMBDA_INSIDE_VPC: a function is in a VPC, and only in the subnets asked for if any."""

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
from triptych.services.config.rules._parameters import values


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    subnets = ((item.configuration or {}).get("vpcConfig") or {}).get("subnetIds") or ()
    wanted = values(parameters.get("subnetIds"))
    if not subnets:
        return non_compliant("The function is not in a VPC.")
    for subnet in subnets:
        if wanted and subnet not in wanted:
            return non_compliant(f"The function is in the subnet {subnet}.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="LAMBDA_INSIDE_VPC",
    name="lambda-inside-vpc",
    types=("AWS::Lambda::Function",),
    parameters=(Parameter(name="subnetIds"),),
    evaluate=_evaluate,
    cases=(
        Case(name="in none", expect="NON_COMPLIANT", configuration={"vpcConfig": None}),
        Case(name="no more in one", expect="NON_COMPLIANT", configuration={"vpcConfig": {"subnetIds": []}}),
        Case(name="in one", expect="COMPLIANT", configuration={"vpcConfig": {"subnetIds": ["subnet-1"]}}),
        Case(
            name="in those asked for",
            expect="COMPLIANT",
            configuration={"vpcConfig": {"subnetIds": ["subnet-1"]}},
            parameters={"subnetIds": "subnet-2,subnet-1"},
        ),
        Case(
            name="in another",
            expect="NON_COMPLIANT",
            configuration={"vpcConfig": {"subnetIds": ["subnet-1", "subnet-3"]}},
            parameters={"subnetIds": "subnet-1"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
