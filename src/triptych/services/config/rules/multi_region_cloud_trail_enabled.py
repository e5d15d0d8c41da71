"""MULTI_REGION_CLOUD_TRAIL_ENABLED: a trail of all regions records management events, and delivers where the parameters say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, Parameter, Verdict, non_compliant
from triptych.services.config.rules._account import account_rule
from triptych.services.config.rules._parameters import boolean, is_true
from triptych.services.config.rules._trails import LOGGING, TRAIL, ask_trails, basic, logging_trails, meets


def _records(trail: Mapping[str, Any], parameters: Mapping[str, str]) -> bool:
    """Whether it has the management events that are wanted, reads and writes unless the parameters say otherwise."""
    wanted = parameters.get("readWriteType", "ALL").upper()
    including = is_true(parameters.get("includeManagementEvents", "true"))
    advanced = trail["selectors"].get("AdvancedEventSelectors") or ()
    for selector in basic(trail):
        kinds = selector.get("ReadWriteType", "All").upper()
        if selector.get("IncludeManagementEvents", True) == including and kinds in ("ALL", wanted):
            return True
    for selector in advanced:
        fields = {each["Field"]: each for each in selector["FieldSelectors"]}
        if fields.get("eventCategory", {}).get("Equals") != ["Management"] or not including:
            continue
        only = fields.get("readOnly", {}).get("Equals")
        if only is None or (wanted != "ALL" and only == ["true" if wanted == "READONLY" else "false"]):
            return True
    return False


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    for trail in logging_trails(item):
        if trail.get("IsMultiRegionTrail") and meets(trail, parameters) and _records(trail, parameters):
            return COMPLIANT
    return non_compliant("No trail of all regions records as wanted.")


def _kinds(text: str) -> str:
    return (
        "" if text.upper() in {"ALL", "READONLY", "WRITEONLY"} else "ALL, ReadOnly or WriteOnly is expected"
    )


def _advanced(*more: Mapping[str, Any]) -> dict[str, Any]:
    fields = [{"Field": "eventCategory", "Equals": ["Management"]}, *more]
    return {**LOGGING, "GetEventSelectors": {"AdvancedEventSelectors": [{"FieldSelectors": fields}]}}


_WRITES = _advanced({"Field": "readOnly", "Equals": ["false"]})


RULE = account_rule(
    identifier="MULTI_REGION_CLOUD_TRAIL_ENABLED",
    name="multi-region-cloudtrail-enabled",
    parameters=(
        Parameter(name="s3BucketName"),
        Parameter(name="snsTopicArn"),
        Parameter(name="cloudWatchLogsLogGroupArn"),
        Parameter(name="includeManagementEvents", check=boolean),
        Parameter(name="readWriteType", check=_kinds),
    ),
    asks=ask_trails,
    evaluate=_evaluate,
    cases=(
        Case(name="records", expect="COMPLIANT", replies=LOGGING),
        Case(
            name="of one region",
            expect="NON_COMPLIANT",
            replies={**LOGGING, "DescribeTrails": {"trailList": [{**TRAIL, "IsMultiRegionTrail": False}]}},
        ),
        Case(
            name="is stopped",
            expect="NON_COMPLIANT",
            replies={**LOGGING, "GetTrailStatus": {"IsLogging": False}},
        ),
        Case(
            name="without management events",
            expect="NON_COMPLIANT",
            replies={
                **LOGGING,
                "GetEventSelectors": {"EventSelectors": [{"IncludeManagementEvents": False}]},
            },
        ),
        Case(
            name="another bucket",
            expect="NON_COMPLIANT",
            replies=LOGGING,
            parameters={"s3BucketName": "other"},
        ),
        Case(name="advanced selectors", expect="COMPLIANT", replies=_advanced()),
        Case(name="writes only", expect="NON_COMPLIANT", replies=_WRITES),
        Case(
            name="writes only, as wanted",
            expect="COMPLIANT",
            replies=_WRITES,
            parameters={"readWriteType": "WriteOnly"},
        ),
    ),
)
