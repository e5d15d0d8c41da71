"""RDS_AUTOMATIC_MINOR_VERSION_UPGRADE_ENABLED: a database gets its minor versions by itself."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    upgrades = (item.configuration or {}).get("autoMinorVersionUpgrade")
    return COMPLIANT if upgrades else non_compliant("Minor versions are not installed automatically.")


RULE = ManagedRule(
    identifier="RDS_AUTOMATIC_MINOR_VERSION_UPGRADE_ENABLED",
    name="rds-automatic-minor-version-upgrade-enabled",
    types=("AWS::RDS::DBInstance",),
    evaluate=_evaluate,
    cases=(
        Case(name="on", expect="COMPLIANT", configuration={"autoMinorVersionUpgrade": True}),
        Case(name="off", expect="NON_COMPLIANT", configuration={"autoMinorVersionUpgrade": False}),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
