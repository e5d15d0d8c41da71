"""CLOUD_TRAIL_CLOUD_WATCH_LOGS_ENABLED: a trail also delivers to a log group."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    value = (item.configuration or {}).get("cloudWatchLogsLogGroupArn")
    return COMPLIANT if value else non_compliant("The trail does not deliver to CloudWatch Logs.")


RULE = ManagedRule(
    identifier="CLOUD_TRAIL_CLOUD_WATCH_LOGS_ENABLED",
    name="cloud-trail-cloud-watch-logs-enabled",
    types=("AWS::CloudTrail::Trail",),
    triggers=frozenset({"periodic"}),
    evaluate=_evaluate,
    cases=(
        Case(name="on", expect="COMPLIANT", configuration={"cloudWatchLogsLogGroupArn": "arn:of-it"}),
        Case(name="off", expect="NON_COMPLIANT", configuration={"cloudWatchLogsLogGroupArn": None}),
        Case(name="not told", expect="NON_COMPLIANT", configuration={}),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
