"""What event selectors may say: AWS's rules for PutEventSelectors, as checks that raise its error. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from triptych.kernel.errors import ServiceError

BASIC_SELECTORS = 5
DATA_RESOURCES = 250
"""Data resources over all basic selectors of a trail (AWS quota)."""
ADVANCED_VALUES = 500
"""Values over all advanced selectors of a trail (AWS quota)."""

_EXCLUDABLE = frozenset({"kms.amazonaws.com", "rdsdata.amazonaws.com"})
_ARN_STARTS: Mapping[str, str] = {
    "AWS::S3::Object": "arn:aws:s3",
    "AWS::Lambda::Function": "arn:aws:lambda",
    "AWS::DynamoDB::Table": "arn:aws:dynamodb",
}
_OPERATORS = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")
_FIELDS: Mapping[str, frozenset[str]] = {
    "Management": frozenset({"eventCategory", "eventSource", "readOnly"}),
    "Data": frozenset(
        {
            "eventCategory", "resources.type", "readOnly", "eventName", "eventSource", "eventType", "resources.ARN",
            "sessionCredentialFromConsole", "userIdentity.arn",
        }
    ),
}  # fmt: skip
_TYPE = re.compile(r"AWS::[A-Za-z0-9]+::[A-Za-z0-9]+")


def invalid(message: str) -> ServiceError:
    return ServiceError("InvalidEventSelectorsException", message)


def check_basic(selectors: Sequence[Mapping[str, Any]]) -> None:
    """Raises InvalidEventSelectorsException."""
    if not 1 <= len(selectors) <= BASIC_SELECTORS:
        raise invalid(f"A trail has 1 to {BASIC_SELECTORS} event selectors, not {len(selectors)}.")
    resources = 0
    for selector in selectors:
        if (kind := selector.get("ReadWriteType", "All")) not in ("ReadOnly", "WriteOnly", "All"):
            raise invalid(f"ReadWriteType must be ReadOnly, WriteOnly or All, not {kind}.")
        for source in selector.get("ExcludeManagementEventSources") or ():
            if source not in _EXCLUDABLE:
                raise invalid(
                    f"ExcludeManagementEventSources can hold {', '.join(sorted(_EXCLUDABLE))}, not {source}."
                )
        for resource in selector.get("DataResources") or ():
            start = _ARN_STARTS.get(resource.get("Type", ""))
            if start is None:
                raise invalid(
                    f"The type of a data resource must be one of {', '.join(_ARN_STARTS)}, not {resource.get('Type')}; "
                    "use advanced event selectors for other types."
                )
            values = resource.get("Values") or ()
            resources += len(values)
            for value in values:
                if not value.startswith(start):
                    raise invalid(f"{value} is not an ARN of {resource['Type']}, or the beginning of one.")
    if resources > DATA_RESOURCES:
        raise invalid(f"A trail has at most {DATA_RESOURCES} data resources, not {resources}.")


def check_advanced(selectors: Sequence[Mapping[str, Any]]) -> None:
    """Raises InvalidEventSelectorsException; for network activity events, which nothing here produces, too."""
    if not selectors:
        raise invalid("A trail has at least one advanced event selector.")
    for selector in selectors:
        _check_selector(selector)
    values = sum(
        len(field.get(name) or ()) for s in selectors for field in s["FieldSelectors"] for name in _OPERATORS
    )
    if values > ADVANCED_VALUES:
        raise invalid(f"Advanced event selectors have at most {ADVANCED_VALUES} values, not {values}.")


def _check_selector(selector: Mapping[str, Any]) -> None:
    fields: dict[str, Mapping[str, Any]] = {}
    for field in selector.get("FieldSelectors") or ():
        name = field.get("Field", "")
        if name in fields:
            raise invalid(f"The field {name} appears more than once in one advanced event selector.")
        fields[name] = field
    category = _only_equals(fields, "eventCategory")
    if category not in _FIELDS:
        raise invalid(f"eventCategory must equal {' or '.join(_FIELDS)}, not {category or 'nothing'}.")
    for name, field in fields.items():
        if name not in _FIELDS[category]:
            raise invalid(f"The field {name} cannot be used with eventCategory {category}.")
        _check_field(name, field)
    if category == "Data" and not _TYPE.fullmatch(_only_equals(fields, "resources.type")):
        raise invalid("A selector of data events must have resources.type equal exactly one resource type.")
    if category == "Management" and (source := fields.get("eventSource")):
        used = [name for name in _OPERATORS if source.get(name)]
        if used != ["NotEquals"] or not _EXCLUDABLE.issuperset(source["NotEquals"]):
            raise invalid(
                f"eventSource of management events can only be NotEquals {' or '.join(sorted(_EXCLUDABLE))}."
            )


def _check_field(name: str, field: Mapping[str, Any]) -> None:
    used = [each for each in _OPERATORS if field.get(each)]
    if not used:
        raise invalid(f"The field {name} has no operator with values.")
    if name == "readOnly" and (
        used != ["Equals"] or any(v not in ("true", "false") for v in field["Equals"])
    ):
        raise invalid("readOnly can only be Equals true or false.")


def _only_equals(fields: Mapping[str, Mapping[str, Any]], name: str) -> str:
    """The one value a field must equal; empty when it says anything else."""
    field = fields.get(name, {})
    used = [each for each in _OPERATORS if field.get(each)]
    if used == ["Equals"] and len(field["Equals"]) == 1:
        return str(field["Equals"][0])
    return ""
