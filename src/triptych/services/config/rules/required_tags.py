"""REQUIRED_TAGS: a resource has the tags asked for, with one of the values asked for if any."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import (
    COMPLIANT,
    Case,
    ManagedRule,
    Parameter,
    Verdict,
    non_compliant,
)
from triptych.services.config.rules._parameters import values

_NUMBERS = (1, 2, 3, 4, 5, 6)


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    for number in _NUMBERS:
        key, wanted = parameters.get(f"tag{number}Key"), values(parameters.get(f"tag{number}Value"))
        if not key:
            continue
        if key not in item.tags:
            return non_compliant(f"The tag {key} is missing.")
        if wanted and item.tags[key] not in wanted:
            return non_compliant(f"The tag {key} has the value {item.tags[key]}.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="REQUIRED_TAGS",
    name="required-tags",
    types=(
        "AWS::S3::Bucket",
        "AWS::DynamoDB::Table",
        "AWS::EC2::Instance",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::VPC",
        "AWS::EC2::Volume",
        "AWS::RDS::DBInstance",
    ),
    parameters=(
        Parameter(name="tag1Key", required=True),
        Parameter(name="tag1Value"),
        *(Parameter(name=f"tag{number}{part}") for number in _NUMBERS[1:] for part in ("Key", "Value")),
    ),
    evaluate=_evaluate,
    cases=(
        Case(name="there", expect="COMPLIANT", tags={"team": "web"}, parameters={"tag1Key": "team"}),
        Case(name="missing", expect="NON_COMPLIANT", tags={"Team": "web"}, parameters={"tag1Key": "team"}),
        Case(
            name="one of the values",
            expect="COMPLIANT",
            tags={"team": "web"},
            parameters={"tag1Key": "team", "tag1Value": "ops, web"},
        ),
        Case(
            name="another value",
            expect="NON_COMPLIANT",
            tags={"team": "web"},
            parameters={"tag1Key": "team", "tag1Value": "ops"},
        ),
        Case(
            name="the sixth is missing",
            expect="NON_COMPLIANT",
            tags={"team": "web"},
            parameters={"tag1Key": "team", "tag6Key": "cost"},
        ),
        Case(
            name="an instance",
            expect="COMPLIANT",
            resource_type="AWS::EC2::Instance",
            tags={"team": "web"},
            parameters={"tag1Key": "team"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
