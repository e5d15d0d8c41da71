"""IAM_USER_GROUP_MEMBERSHIP_CHECK: users are in a group, and in all those asked for if any."""

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
    groups = set((item.configuration or {}).get("groupList") or ())
    missing = [name for name in values(parameters.get("groupNames")) if name not in groups]
    if missing:
        return non_compliant(f"The user is not in the group {missing[0]}.")
    return COMPLIANT if groups else non_compliant("The user is in no group.")


RULE = ManagedRule(
    identifier="IAM_USER_GROUP_MEMBERSHIP_CHECK",
    name="iam-user-group-membership-check",
    types=("AWS::IAM::User",),
    parameters=(Parameter(name="groupNames"),),
    evaluate=_evaluate,
    cases=(
        Case(name="in none", expect="NON_COMPLIANT", configuration={"groupList": []}),
        Case(name="in one", expect="COMPLIANT", configuration={"groupList": ["developers"]}),
        Case(
            name="in those asked for",
            expect="COMPLIANT",
            configuration={"groupList": ["developers", "web", "all"]},
            parameters={"groupNames": "all,developers"},
        ),
        Case(
            name="not in one asked for",
            expect="NON_COMPLIANT",
            configuration={"groupList": ["developers"]},
            parameters={"groupNames": "all,developers"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
