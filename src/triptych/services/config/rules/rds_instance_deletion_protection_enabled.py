"""RDS_INSTANCE_DELETION_PROTECTION_ENABLED: a database cannot be deleted by mistake. In a cluster, the cluster is protected."""

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
from triptych.services.config.rules._parameters import values


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    database = item.configuration or {}
    engines = values(parameters.get("databaseEngines"))
    if database.get("dBClusterIdentifier") or (engines and database.get("engine") not in engines):
        return NOT_APPLICABLE
    return (
        COMPLIANT
        if database.get("deletionProtection")
        else non_compliant("Deletion protection is not enabled.")
    )


RULE = ManagedRule(
    identifier="RDS_INSTANCE_DELETION_PROTECTION_ENABLED",
    name="rds-instance-deletion-protection-enabled",
    types=("AWS::RDS::DBInstance",),
    parameters=(Parameter(name="databaseEngines"),),
    evaluate=_evaluate,
    cases=(
        Case(
            name="off",
            expect="NON_COMPLIANT",
            configuration={"engine": "postgres", "deletionProtection": False},
        ),
        Case(name="on", expect="COMPLIANT", configuration={"engine": "postgres", "deletionProtection": True}),
        Case(
            name="in a cluster",
            expect="NOT_APPLICABLE",
            configuration={"dBClusterIdentifier": "c", "deletionProtection": False},
        ),
        Case(
            name="another engine",
            expect="NOT_APPLICABLE",
            configuration={"engine": "postgres", "deletionProtection": False},
            parameters={"databaseEngines": "mysql, mariadb"},
        ),
        Case(
            name="an engine asked for",
            expect="NON_COMPLIANT",
            configuration={"engine": "postgres", "deletionProtection": False},
            parameters={"databaseEngines": "mysql,postgres"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
