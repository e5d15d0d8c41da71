"""EC2_INSTANCE_DETAILED_MONITORING_ENABLED: an instance sends its metrics every minute."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    state = ((item.configuration or {}).get("monitoring") or {}).get("state")
    return COMPLIANT if state == "enabled" else non_compliant("Detailed monitoring is not enabled.")


RULE = ManagedRule(
    identifier="EC2_INSTANCE_DETAILED_MONITORING_ENABLED",
    name="ec2-instance-detailed-monitoring-enabled",
    types=("AWS::EC2::Instance",),
    evaluate=_evaluate,
    cases=(
        Case(name="on", expect="COMPLIANT", configuration={"monitoring": {"state": "enabled"}}),
        Case(name="off", expect="NON_COMPLIANT", configuration={"monitoring": {"state": "disabled"}}),
        Case(name="not told", expect="NON_COMPLIANT", configuration={}),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
