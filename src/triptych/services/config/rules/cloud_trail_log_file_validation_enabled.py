"""CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED: a trail signs digests of its files."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    value = (item.configuration or {}).get("logFileValidationEnabled")
    return COMPLIANT if value else non_compliant("Log file validation is not enabled.")


RULE = ManagedRule(
    identifier="CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED",
    name="cloud-trail-log-file-validation-enabled",
    types=("AWS::CloudTrail::Trail",),
    triggers=frozenset({"periodic"}),
    evaluate=_evaluate,
    cases=(
        Case(name="on", expect="COMPLIANT", configuration={"logFileValidationEnabled": True}),
        Case(name="off", expect="NON_COMPLIANT", configuration={"logFileValidationEnabled": False}),
        Case(name="not told", expect="NON_COMPLIANT", configuration={}),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
