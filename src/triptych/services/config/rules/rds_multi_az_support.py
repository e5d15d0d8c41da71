"""RDS_MULTI_AZ_SUPPORT: a database has a standby in another zone. Clusters see to that themselves."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import (
    COMPLIANT,
    NOT_APPLICABLE,
    Case,
    ManagedRule,
    Verdict,
    non_compliant,
)


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    database = item.configuration or {}
    if str(database.get("engine")).startswith(("aurora", "docdb", "neptune")):
        return NOT_APPLICABLE
    return (
        COMPLIANT
        if database.get("multiAZ")
        else non_compliant("The database has no standby in another zone.")
    )


RULE = ManagedRule(
    identifier="RDS_MULTI_AZ_SUPPORT",
    name="rds-multi-az-support",
    types=("AWS::RDS::DBInstance",),
    evaluate=_evaluate,
    cases=(
        Case(name="one zone", expect="NON_COMPLIANT", configuration={"engine": "postgres", "multiAZ": False}),
        Case(name="two zones", expect="COMPLIANT", configuration={"engine": "postgres", "multiAZ": True}),
        Case(
            name="Aurora", expect="NOT_APPLICABLE", configuration={"engine": "aurora-mysql", "multiAZ": False}
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
