"""Which records a trail wants: basic and advanced event selectors against a record. Pure.

Selectors are in the API's own shape. Basic: any selector that wants the record. Advanced: selectors are
alternatives, the field selectors inside one must all hold; within a field any of Equals, StartsWith, EndsWith must
hold (if there is one) and none of their negations may. Validation is in ``selector_rules``.
Source: AWS, "Filtering data events" and "PutEventSelectors".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]
Selector = Mapping[str, Any]

DEFAULT: Selector = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}
"""What a trail without selectors has: every management event, no data event."""

DATA_TYPES: Mapping[str, str] = {
    "s3.amazonaws.com": "AWS::S3::Object",
    "lambda.amazonaws.com": "AWS::Lambda::Function",
    "dynamodb.amazonaws.com": "AWS::DynamoDB::Table",
    "sns.amazonaws.com": "AWS::SNS::Topic",
    "sqs.amazonaws.com": "AWS::SQS::Queue",
    "kinesis.amazonaws.com": "AWS::Kinesis::Stream",
    "firehose.amazonaws.com": "AWS::KinesisFirehose::DeliveryStream",
    "monitoring.amazonaws.com": "AWS::CloudWatch::Metric",
    "logs.amazonaws.com": "AWS::Logs::LogGroup",
    "events.amazonaws.com": "AWS::Events::EventBus",
    "states.amazonaws.com": "AWS::StepFunctions::StateMachine",
    "ebs.amazonaws.com": "AWS::EC2::Snapshot",
    "cognito-identity.amazonaws.com": "AWS::Cognito::IdentityPool",
    "bedrock.amazonaws.com": "AWS::Bedrock::Model",
    "xray.amazonaws.com": "AWS::XRay::Trace",
}
"""The ``resources.type`` a data event of a service is selected by."""


def wanted(record: Record, *, basic: Sequence[Selector], advanced: Sequence[Selector]) -> bool:
    """Whether a trail with these selectors logs the record."""
    if advanced:
        return any(_advanced(record, selector) for selector in advanced)
    return any(_basic(record, selector) for selector in basic or (DEFAULT,))


def _basic(record: Record, selector: Selector) -> bool:
    kind = selector.get("ReadWriteType") or "All"
    if kind != "All" and record["readOnly"] != (kind == "ReadOnly"):
        return False
    if record["managementEvent"]:
        excluded = selector.get("ExcludeManagementEventSources") or ()
        return bool(selector.get("IncludeManagementEvents", True)) and record["eventSource"] not in excluded
    touched = resource_type(record)
    return any(
        resource.get("Type") == touched and _any_under(record, resource.get("Values") or ())
        for resource in selector.get("DataResources") or ()
    )


def _any_under(record: Record, prefixes: Iterable[str]) -> bool:
    """A prefix takes in what begins with it; ``arn:aws:s3`` alone is everything of its kind."""
    names = resource_arns(record)
    return any(name.startswith(prefix) for prefix in prefixes for name in names)


def resource_type(record: Record) -> str:
    """The type of resource a data event is about; empty for management events."""
    return "" if record["managementEvent"] else DATA_TYPES.get(record["eventSource"], "")


def resource_arns(record: Record) -> list[str]:
    """The ARNs a data event is selected by: those of its type, or the bucket a listing walks through."""
    touched = resource_type(record)
    resources: Sequence[Mapping[str, str]] = record.get("resources") or ()
    exact = [r.get("ARN") or r.get("ARNPrefix", "") for r in resources if r.get("type") == touched]
    if exact or touched != "AWS::S3::Object":
        return exact
    return [f"{r['ARN']}/" for r in resources if r.get("type") == "AWS::S3::Bucket"]


_Values = Callable[[Record], Sequence[str]]


def _member(name: str) -> _Values:
    return lambda record: [str(record[name])] if record.get(name) is not None else []


_FIELDS: Mapping[str, _Values] = {
    "eventCategory": _member("eventCategory"),
    "eventSource": _member("eventSource"),
    "eventName": _member("eventName"),
    "eventType": _member("eventType"),
    "readOnly": lambda record: ["true" if record["readOnly"] else "false"],
    "resources.type": lambda record: [resource_type(record)],
    "resources.ARN": resource_arns,
    "userIdentity.arn": lambda record: [record["userIdentity"].get("arn", "")],
    "sessionCredentialFromConsole": lambda record: [str(record.get("sessionCredentialFromConsole", "false"))],
}

_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "Equals": lambda value, wanted: value == wanted,
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
}


def _advanced(record: Record, selector: Selector) -> bool:
    return all(_field(record, field) for field in selector["FieldSelectors"])


def _field(record: Record, field: Selector) -> bool:
    values = _FIELDS[field["Field"]](record)
    selecting = {name: field[name] for name in _TESTS if field.get(name)}
    if selecting and not any(_holds(name, values, wanted) for name, wanted in selecting.items()):
        return False
    return not any(_holds(name, values, field.get(f"Not{name}") or ()) for name in _TESTS)


def _holds(name: str, values: Sequence[str], wanted: Iterable[str]) -> bool:
    test = _TESTS[name]
    return any(test(value, text) for text in wanted for value in values)
