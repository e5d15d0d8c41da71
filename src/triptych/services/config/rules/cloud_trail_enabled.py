"""CLOUD_TRAIL_ENABLED: a trail records, and delivers where the parameters say."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, Parameter, Verdict, non_compliant
from triptych.services.config.rules._account import account_rule
from triptych.services.config.rules._trails import LOGGING, ask_trails, logging_trails, meets


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    if any(meets(trail, parameters) for trail in logging_trails(item)):
        return COMPLIANT
    return non_compliant("No trail that records delivers as wanted.")


RULE = account_rule(
    identifier="CLOUD_TRAIL_ENABLED",
    name="cloudtrail-enabled",
    parameters=(
        Parameter(name="s3BucketName"),
        Parameter(name="snsTopicArn"),
        Parameter(name="cloudWatchLogsLogGroupArn"),
    ),
    asks=ask_trails,
    evaluate=_evaluate,
    cases=(
        Case(name="records", expect="COMPLIANT", replies=LOGGING),
        Case(
            name="is stopped",
            expect="NON_COMPLIANT",
            replies={**LOGGING, "GetTrailStatus": {"IsLogging": False}},
        ),
        Case(name="no trail", expect="NON_COMPLIANT", replies={"DescribeTrails": {"trailList": []}}),
        Case(name="to the bucket", expect="COMPLIANT", replies=LOGGING, parameters={"s3BucketName": "logs"}),
        Case(
            name="to another bucket",
            expect="NON_COMPLIANT",
            replies=LOGGING,
            parameters={"s3BucketName": "other"},
        ),
    ),
)
