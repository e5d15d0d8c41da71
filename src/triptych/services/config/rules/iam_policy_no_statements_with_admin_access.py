"""IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS: no customer managed policy allows everything on everything."""

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
from triptych.services.config.rules._policy import actions, many


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    if is_excluded(item, parameters):
        return NOT_APPLICABLE
    for one in default_statements(item):
        if (
            one.get("Effect") == "Allow"
            and {"*", "*:*"} & set(actions(one))
            and "*" in many(one.get("Resource"))
        ):
            return non_compliant("The policy allows every action on every resource.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS",
    name="iam-policy-no-statements-with-admin-access",
    types=("AWS::IAM::Policy",),
    parameters=(Parameter(name="excludePermissionBoundaryPolicy", check=boolean),),
    evaluate=_evaluate,
    cases=(
        Case(name="everything", expect="NON_COMPLIANT", configuration=sample()),
        Case(
            name="everything, among others",
            expect="NON_COMPLIANT",
            configuration=sample(Action=["s3:GetObject", "*"]),
        ),
        Case(name="everything denied", expect="COMPLIANT", configuration=sample(Effect="Deny")),
        Case(name="one service", expect="COMPLIANT", configuration=sample(Action="s3:*")),
        Case(name="one bucket", expect="COMPLIANT", configuration=sample(Resource="arn:aws:s3:::b")),
        Case(name="a boundary", expect="NON_COMPLIANT", configuration=sample(boundaries=1)),
        Case(
            name="a boundary, excluded",
            expect="NOT_APPLICABLE",
            configuration=sample(boundaries=1),
            parameters={"excludePermissionBoundaryPolicy": "true"},
        ),
        Case(
            name="no boundary",
            expect="NON_COMPLIANT",
            configuration=sample(),
            parameters={"excludePermissionBoundaryPolicy": "true"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
