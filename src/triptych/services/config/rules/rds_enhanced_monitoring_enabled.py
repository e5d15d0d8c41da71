"""RDS_ENHANCED_MONITORING_ENABLED: a database's host is watched, at the interval asked for if any."""

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
from triptych.services.config.rules._parameters import integer


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    seconds = int((item.configuration or {}).get("monitoringInterval") or 0)
    if not seconds:
        return non_compliant("Enhanced monitoring is not enabled.")
    if seconds != int(parameters.get("monitoringInterval", seconds)):
        return non_compliant(f"Enhanced monitoring is at an interval of {seconds} seconds.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="RDS_ENHANCED_MONITORING_ENABLED",
    name="rds-enhanced-monitoring-enabled",
    types=("AWS::RDS::DBInstance",),
    parameters=(Parameter(name="monitoringInterval", check=integer),),
    evaluate=_evaluate,
    cases=(
        Case(name="off", expect="NON_COMPLIANT", configuration={"monitoringInterval": 0}),
        Case(name="unknown", expect="NON_COMPLIANT", configuration={"monitoringInterval": None}),
        Case(name="on", expect="COMPLIANT", configuration={"monitoringInterval": 60}),
        Case(
            name="as asked for",
            expect="COMPLIANT",
            configuration={"monitoringInterval": 60},
            parameters={"monitoringInterval": "60"},
        ),
        Case(
            name="another interval",
            expect="NON_COMPLIANT",
            configuration={"monitoringInterval": 60},
            parameters={"monitoringInterval": "5"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
