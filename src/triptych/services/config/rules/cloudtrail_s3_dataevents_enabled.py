"""CLOUDTRAIL_S3_DATAEVENTS_ENABLED: a trail records the data events of all buckets, or of those named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, Parameter, Verdict, non_compliant
from triptych.services.config.rules._account import account_rule
from triptych.services.config.rules._parameters import values
from triptych.services.config.rules._trails import LOGGING, ask_trails, basic, logging_trails

_ALL = frozenset({"arn:aws:s3", "arn:aws:s3:::"})


def _covered(trail: Mapping[str, Any]) -> set[str]:
    """ARNs (and beginnings of ARNs) whose events are recorded, reads and writes."""
    found = {
        arn
        for selector in basic(trail)
        if selector.get("ReadWriteType", "All") == "All"
        for resource in selector.get("DataResources") or ()
        if resource["Type"] == "AWS::S3::Object"
        for arn in resource["Values"]
    }
    for selector in trail["selectors"].get("AdvancedEventSelectors") or ():
        fields = {each["Field"]: each for each in selector["FieldSelectors"]}
        if fields.get("resources.type", {}).get("Equals") != ["AWS::S3::Object"] or set(fields) - _UNDERSTOOD:
            continue
        narrowed = fields.get("resources.ARN")
        found |= set(narrowed.get("StartsWith") or ()) if narrowed else _ALL
    return found


_UNDERSTOOD = frozenset({"eventCategory", "resources.type", "resources.ARN"})


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    covered = {arn for trail in logging_trails(item) for arn in _covered(trail)}
    if covered & _ALL:
        return COMPLIANT
    wanted = values(parameters.get("S3BucketNames"))
    missing = [name for name in wanted if f"arn:aws:s3:::{name}/" not in covered]
    if wanted and not missing:
        return COMPLIANT
    return non_compliant(f"No trail records the data events of {', '.join(missing) or 'all buckets'}.")


def _replies(*arns: str) -> dict[str, Any]:
    resources = [{"Type": "AWS::S3::Object", "Values": list(arns)}]
    return {
        **LOGGING,
        "GetEventSelectors": {"EventSelectors": [{"ReadWriteType": "All", "DataResources": resources}]},
    }


def _advanced(**arn: Any) -> dict[str, Any]:
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
    ]
    fields += [{"Field": "resources.ARN", **arn}] if arn else []
    return {**LOGGING, "GetEventSelectors": {"AdvancedEventSelectors": [{"FieldSelectors": fields}]}}


RULE = account_rule(
    identifier="CLOUDTRAIL_S3_DATAEVENTS_ENABLED",
    name="cloudtrail-s3-dataevents-enabled",
    parameters=(Parameter(name="S3BucketNames"),),
    asks=ask_trails,
    evaluate=_evaluate,
    cases=(
        Case(name="all", expect="COMPLIANT", replies=_replies("arn:aws:s3")),
        Case(name="none", expect="NON_COMPLIANT", replies=LOGGING),
        Case(name="some", expect="NON_COMPLIANT", replies=_replies("arn:aws:s3:::a/")),
        Case(
            name="those wanted",
            expect="COMPLIANT",
            replies=_replies("arn:aws:s3:::a/", "arn:aws:s3:::b/"),
            parameters={"S3BucketNames": "a, b"},
        ),
        Case(
            name="one missing",
            expect="NON_COMPLIANT",
            replies=_replies("arn:aws:s3:::a/"),
            parameters={"S3BucketNames": "a,b"},
        ),
        Case(name="advanced, all", expect="COMPLIANT", replies=_advanced()),
        Case(
            name="advanced, some", expect="NON_COMPLIANT", replies=_advanced(StartsWith=["arn:aws:s3:::a/"])
        ),
        Case(
            name="all but some", expect="NON_COMPLIANT", replies=_advanced(NotStartsWith=["arn:aws:s3:::a/"])
        ),
    ),
)
