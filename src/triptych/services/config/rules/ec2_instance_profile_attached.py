"""EC2_INSTANCE_PROFILE_ATTACHED: an instance has an instance profile, one of those asked for if any."""

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
    profile = ((item.configuration or {}).get("iamInstanceProfile") or {}).get("arn")
    wanted = values(parameters.get("IamInstanceProfileArnList"))
    if not profile:
        return non_compliant("No IAM instance profile is attached to the instance.")
    if wanted and profile not in wanted:
        return non_compliant(f"The instance profile {profile} is not one of those asked for.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="EC2_INSTANCE_PROFILE_ATTACHED",
    name="ec2-instance-profile-attached",
    types=("AWS::EC2::Instance",),
    parameters=(Parameter(name="IamInstanceProfileArnList"),),
    evaluate=_evaluate,
    cases=(
        Case(name="none", expect="NON_COMPLIANT", configuration={"iamInstanceProfile": None}),
        Case(name="one", expect="COMPLIANT", configuration={"iamInstanceProfile": {"arn": "arn:p"}}),
        Case(
            name="one of those asked for",
            expect="COMPLIANT",
            configuration={"iamInstanceProfile": {"arn": "arn:p"}},
            parameters={"IamInstanceProfileArnList": "arn:q, arn:p"},
        ),
        Case(
            name="another",
            expect="NON_COMPLIANT",
            configuration={"iamInstanceProfile": {"arn": "arn:p"}},
            parameters={"IamInstanceProfileArnList": "arn:q"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
