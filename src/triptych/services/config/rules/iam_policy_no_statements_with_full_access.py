"""IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS: no customer managed policy allows every action of a service."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import (
    COMPLIANT,
    NOT_APPLICABLE,
    Case,
    ManagedRule,
    Parameter,
    Verdict,
    non_compliant,
)
from triptych.services.config.rules._managed_policy import default_statements, is_excluded, sample
from triptych.services.config.rules._parameters import boolean
from triptych.services.config.rules._policy import actions


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    if is_excluded(item, parameters):
        return NOT_APPLICABLE
    for one in default_statements(item):
        for action in actions(one):
            if one.get("Effect") == "Allow" and (action == "*" or action.endswith(":*")):
                return non_compliant(f"The policy allows {action}.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS",
    name="iam-policy-no-statements-with-full-access",
    types=("AWS::IAM::Policy",),
    parameters=(Parameter(name="excludePermissionBoundaryPolicy", check=boolean),),
    evaluate=_evaluate,
    cases=(
        Case(name="a service", expect="NON_COMPLIANT", configuration=sample(Action="s3:*")),
        Case(
            name="a service, of one resource",
            expect="NON_COMPLIANT",
            configuration=sample(Action=["ec2:Run*", "s3:*"], Resource="arn:aws:s3:::b"),
        ),
        Case(name="everything", expect="NON_COMPLIANT", configuration=sample()),
        Case(name="a service denied", expect="COMPLIANT", configuration=sample(Action="s3:*", Effect="Deny")),
        Case(name="part of a service", expect="COMPLIANT", configuration=sample(Action="s3:Get*")),
        Case(
            name="a boundary, excluded",
            expect="NOT_APPLICABLE",
            configuration=sample(boundaries=1),
            parameters={"excludePermissionBoundaryPolicy": "true"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
