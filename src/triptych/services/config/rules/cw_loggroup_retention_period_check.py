"""CW_LOGGROUP_RETENTION_PERIOD_CHECK: a log group keeps its events a year, or as many days as asked for; without a retention it keeps them for good."""

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
from triptych.services.config.rules._parameters import integer, values


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    group = item.configuration or {}
    names = values(parameters.get("LogGroupNames"))
    if names and item.resource_id not in names:
        return NOT_APPLICABLE
    days, least = group.get("RetentionInDays"), int(parameters.get("MinRetentionTime", 365))
    if days is not None and int(days) < least:
        return non_compliant(f"Events are kept for {days} days; at least {least} are wanted.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="CW_LOGGROUP_RETENTION_PERIOD_CHECK",
    name="cw-loggroup-retention-period-check",
    types=("AWS::Logs::LogGroup",),
    triggers=frozenset({"periodic"}),
    parameters=(
        Parameter(name="LogGroupNames"),
        Parameter(name="MinRetentionTime", check=integer),
    ),
    evaluate=_evaluate,
    cases=(
        Case(name="for good", expect="COMPLIANT", configuration={"RetentionInDays": None}),
        Case(name="a year", expect="COMPLIANT", configuration={"RetentionInDays": 365}),
        Case(name="a week", expect="NON_COMPLIANT", configuration={"RetentionInDays": 7}),
        Case(
            name="a week, which is enough",
            expect="COMPLIANT",
            configuration={"RetentionInDays": 7},
            parameters={"MinRetentionTime": "7"},
        ),
        Case(
            name="a year, which is not",
            expect="NON_COMPLIANT",
            configuration={"RetentionInDays": 365},
            parameters={"MinRetentionTime": "400"},
        ),
        Case(
            name="a group not asked for",
            expect="NOT_APPLICABLE",
            configuration={"RetentionInDays": 7},
            parameters={"LogGroupNames": "a,b"},
        ),
        Case(
            name="a group asked for",
            expect="NON_COMPLIANT",
            configuration={"RetentionInDays": 7},
            parameters={"LogGroupNames": "a, bucket"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
