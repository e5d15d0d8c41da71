"""RDS_INSTANCE_PUBLIC_ACCESS_CHECK: a database cannot be reached from the internet."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    public = (item.configuration or {}).get("publiclyAccessible")
    return non_compliant("The database is publicly accessible.") if public else COMPLIANT


RULE = ManagedRule(
    identifier="RDS_INSTANCE_PUBLIC_ACCESS_CHECK",
    name="rds-instance-public-access-check",
    types=("AWS::RDS::DBInstance",),
    evaluate=_evaluate,
    cases=(
        Case(name="private", expect="COMPLIANT", configuration={"publiclyAccessible": False}),
        Case(name="public", expect="NON_COMPLIANT", configuration={"publiclyAccessible": True}),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
