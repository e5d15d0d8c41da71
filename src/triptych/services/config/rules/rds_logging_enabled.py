"""RDS_LOGGING_ENABLED: a database exports every kind of log its engine has to CloudWatch Logs."""

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

_MYSQL = ("audit", "error", "general", "slowquery")
_LOGS: Mapping[str, tuple[str, ...]] = {
    "aurora-mysql": _MYSQL,
    "aurora-postgresql": ("postgresql",),
    "mariadb": _MYSQL,
    "mysql": _MYSQL,
    "oracle": ("alert", "audit", "listener", "trace"),
    "postgres": ("postgresql", "upgrade"),
    "sqlserver": ("agent", "error"),
}
"""By engine, without the edition (``oracle-ee``, ``sqlserver-ex``)."""


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    database = item.configuration or {}
    engine = database.get("engine") or ""
    wanted = _LOGS.get(engine) or _LOGS.get(engine.partition("-")[0])
    if wanted is None:
        return NOT_APPLICABLE
    missing = sorted(set(wanted) - set(database.get("enabledCloudwatchLogsExports") or ()))
    return non_compliant(f"Logs that are not exported: {', '.join(missing)}.") if missing else COMPLIANT


def _database(engine: str, *logs: str) -> dict[str, object]:
    return {"engine": engine, "enabledCloudwatchLogsExports": list(logs)}


RULE = ManagedRule(
    identifier="RDS_LOGGING_ENABLED",
    name="rds-logging-enabled",
    types=("AWS::RDS::DBInstance",),
    evaluate=_evaluate,
    cases=(
        Case(name="all", expect="COMPLIANT", configuration=_database("postgres", "postgresql", "upgrade")),
        Case(name="some", expect="NON_COMPLIANT", configuration=_database("mysql", "error", "general")),
        Case(name="none", expect="NON_COMPLIANT", configuration={"engine": "mariadb"}),
        Case(
            name="an edition", expect="COMPLIANT", configuration=_database("sqlserver-ex", "agent", "error")
        ),
        Case(name="an engine without logs", expect="NOT_APPLICABLE", configuration=_database("docdb")),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
