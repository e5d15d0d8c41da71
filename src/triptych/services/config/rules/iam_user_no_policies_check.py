"""IAM_USER_NO_POLICIES_CHECK: users get their permissions from groups and roles: no policy is on a user."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    user = item.configuration or {}
    policies = [*(user.get("userPolicyList") or ()), *(user.get("attachedManagedPolicies") or ())]
    if policies:
        return non_compliant(f"The user has the policy {policies[0].get('policyName')}.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="IAM_USER_NO_POLICIES_CHECK",
    name="iam-user-no-policies-check",
    types=("AWS::IAM::User",),
    evaluate=_evaluate,
    cases=(
        Case(
            name="none",
            expect="COMPLIANT",
            configuration={"userPolicyList": [], "attachedManagedPolicies": []},
        ),
        Case(
            name="of its own",
            expect="NON_COMPLIANT",
            configuration={"userPolicyList": [{"policyName": "own"}]},
        ),
        Case(
            name="attached",
            expect="NON_COMPLIANT",
            configuration={"attachedManagedPolicies": [{"policyName": "Admin"}]},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
