"""DB_INSTANCE_BACKUP_ENABLED: a database is backed up, for as long and at the time asked for if any."""

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
from triptych.services.config.rules._parameters import boolean, integer


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    database = item.configuration or {}
    is_replica = bool(database.get("readReplicaSourceDBInstanceIdentifier"))
    if is_replica and parameters.get("checkReadReplicas", "true").strip().lower() == "false":
        return NOT_APPLICABLE
    days, window = int(database.get("backupRetentionPeriod") or 0), database.get("preferredBackupWindow")
    if not days:
        return non_compliant("Automatic backups are not enabled.")
    if days != int(parameters.get("backupRetentionPeriod", days)) or days < int(
        parameters.get("backupRetentionMinimum", 0)
    ):
        return non_compliant(f"Backups are kept for {days} days.")
    if parameters.get("preferredBackupWindow", window) != window:
        return non_compliant(f"Backups are made at {window}.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="DB_INSTANCE_BACKUP_ENABLED",
    name="db-instance-backup-enabled",
    types=("AWS::RDS::DBInstance",),
    parameters=(
        Parameter(name="backupRetentionPeriod", check=integer),
        Parameter(name="backupRetentionMinimum", check=integer),
        Parameter(name="preferredBackupWindow"),
        Parameter(name="checkReadReplicas", check=boolean),
    ),
    evaluate=_evaluate,
    cases=(
        Case(name="none", expect="NON_COMPLIANT", configuration={"backupRetentionPeriod": 0}),
        Case(name="one day", expect="COMPLIANT", configuration={"backupRetentionPeriod": 1}),
        Case(
            name="as long as asked for",
            expect="COMPLIANT",
            configuration={"backupRetentionPeriod": 7},
            parameters={"backupRetentionPeriod": "7"},
        ),
        Case(
            name="longer than asked for",
            expect="NON_COMPLIANT",
            configuration={"backupRetentionPeriod": 8},
            parameters={"backupRetentionPeriod": "7"},
        ),
        Case(
            name="at least as long",
            expect="COMPLIANT",
            configuration={"backupRetentionPeriod": 8},
            parameters={"backupRetentionMinimum": "7"},
        ),
        Case(
            name="not long enough",
            expect="NON_COMPLIANT",
            configuration={"backupRetentionPeriod": 6},
            parameters={"backupRetentionMinimum": "7"},
        ),
        Case(
            name="at another time",
            expect="NON_COMPLIANT",
            configuration={"backupRetentionPeriod": 6, "preferredBackupWindow": "13:14-13:44"},
            parameters={"preferredBackupWindow": "01:00-01:30"},
        ),
        Case(
            name="a replica",
            expect="NON_COMPLIANT",
            configuration={"backupRetentionPeriod": 0, "readReplicaSourceDBInstanceIdentifier": "d"},
        ),
        Case(
            name="a replica, not asked for",
            expect="NOT_APPLICABLE",
            configuration={"backupRetentionPeriod": 0, "readReplicaSourceDBInstanceIdentifier": "d"},
            parameters={"checkReadReplicas": "false"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
