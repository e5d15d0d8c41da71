"""IAM_NO_INLINE_POLICY_CHECK: users and roles have no policies of their own, only managed ones."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    configuration = item.configuration or {}
    for name in ("userPolicyList", "rolePolicyList"):
        for policy in configuration.get(name) or ():
            return non_compliant(f"It has the inline policy {policy.get('policyName')}.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="IAM_NO_INLINE_POLICY_CHECK",
    name="iam-no-inline-policy-check",
    types=(
        "AWS::IAM::User",
        "AWS::IAM::Role",
    ),
    evaluate=_evaluate,
    cases=(
        Case(name="none", expect="COMPLIANT", configuration={"userPolicyList": []}),
        Case(
            name="attached ones only",
            expect="COMPLIANT",
            configuration={"attachedManagedPolicies": [{"policyName": "Admin"}]},
        ),
        Case(
            name="a user's", expect="NON_COMPLIANT", configuration={"userPolicyList": [{"policyName": "own"}]}
        ),
        Case(
            name="a role's",
            expect="NON_COMPLIANT",
            resource_type="AWS::IAM::Role",
            configuration={"rolePolicyList": [{"policyName": "own"}]},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
