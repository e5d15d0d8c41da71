"""Violations in AWS's words, for every constraint a model can state."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.model import OperationModel, ServiceModel
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.wire.model import operation_model, service_model
from triptych.wire.validate import _fitting, _streamed, _structure, default_code, validate
from wire.shape_strategies import Dialect, parameters

OURS = ("cloudwatch", "logs", "cloudtrail", "config", "events", "sns", "ssm", "lambda", "sts")

SHAPES = {
    "Input": {
        "type": "structure",
        "required": ["Name"],
        "members": {
            "Name": {"shape": "Name"},
            "KMSKey": {"shape": "Name"},
            "Count": {"shape": "Count"},
            "Ratio": {"shape": "Ratio"},
            "Kind": {"shape": "Kind"},
            "Kinds": {"shape": "Kinds"},
            "Rules": {"shape": "Rules"},
            "Tags": {"shape": "Tags"},
            "Limits": {"shape": "RuleMap"},
            "Secret": {"shape": "Secret"},
            "Secrets": {"shape": "Secrets"},
            "SecretKeys": {"shape": "SecretKeys"},
            "Blob": {"shape": "Blob"},
            "Either": {"shape": "Either"},
            "Document": {"shape": "Document"},
            "When": {"shape": "When"},
        },
    },
    "Name": {"type": "string", "min": 1, "max": 5, "pattern": "[a-z]+"},
    "Count": {"type": "integer", "min": 1, "max": 10},
    "Ratio": {"type": "double", "min": 0.5},
    "Kind": {"type": "string", "enum": ["A", "B"]},
    "Kinds": {"type": "list", "member": {"shape": "Kind"}, "max": 2},
    "Rule": {
        "type": "structure",
        "required": ["Id"],
        "members": {"Id": {"shape": "Name"}, "Rule": {"shape": "Rule"}},
    },
    "Rules": {"type": "list", "member": {"shape": "Rule"}, "min": 1},
    "Tags": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Short"}, "max": 2},
    "RuleMap": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Rule"}},
    "Short": {"type": "string", "max": 3},
    "Text": {"type": "string"},
    "Secret": {"type": "string", "max": 3, "sensitive": True},
    "Secrets": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Secret"}},
    "SecretKeys": {"type": "map", "key": {"shape": "Secret"}, "value": {"shape": "Rule"}},
    "Blob": {"type": "blob", "max": 2},
    "Either": {
        "type": "structure",
        "union": True,
        "members": {"Text": {"shape": "Text"}, "Count": {"shape": "Count"}},
    },
    "Document": {"type": "structure", "members": {}, "document": True},
    "When": {"type": "timestamp"},
}


def operation() -> OperationModel:
    model = {
        "metadata": {"protocol": "json", "protocols": ["json"], "apiVersion": "1", "endpointPrefix": "x"},
        "operations": {
            "Do": {"name": "Do", "http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "Input"}}
        },
        "shapes": SHAPES,
    }
    return ServiceModel(model, "madeup").operation_model("Do")


def message(params: dict[str, Any]) -> str:
    with pytest.raises(ServiceError) as caught:
        validate(operation(), {"Name": "ok", **params})
    assert caught.value.code == "ValidationException"
    return caught.value.message


FAILED = "failed to satisfy constraint:"
ENUM = "Member must satisfy enum value set: [A, B]"
PATTERN = "Member must satisfy regular expression pattern: [a-z]+"
NAME = (
    "[Member must have length less than or equal to 5, Member must have length greater than or equal to 1, "
    f"{PATTERN}]"
)

CASES: list[tuple[dict[str, Any], str]] = [
    ({"Name": None}, f"Value null at 'name' {FAILED} Member must not be null"),
    (
        {"Name": "abcdef"},
        f"Value 'abcdef' at 'name' {FAILED} Member must have length less than or equal to 5",
    ),
    ({"KMSKey": "A b"}, f"Value 'A b' at 'kMSKey' {FAILED} {PATTERN}"),
    ({"KMSKey": "ab\n"}, f"Value 'ab\n' at 'kMSKey' {FAILED} {PATTERN}"),
    ({"Count": 0}, f"Value '0' at 'count' {FAILED} Member must have value greater than or equal to 1"),
    ({"Count": 11}, f"Value '11' at 'count' {FAILED} Member must have value less than or equal to 10"),
    (
        {"Ratio": 0.25},
        f"Value '0.25' at 'ratio' {FAILED} Member must have value greater than or equal to 0.5",
    ),
    ({"Kind": "a"}, f"Value 'a' at 'kind' {FAILED} {ENUM}"),
    ({"Kinds": ["A", "C"]}, f"Value '[A, C]' at 'kinds' {FAILED} Member must satisfy constraint: [{ENUM}]"),
    (
        {"Kinds": ["A", "A", "B"]},
        f"Value '[A, A, B]' at 'kinds' {FAILED} Member must have length less than or equal to 2",
    ),
    ({"Kinds": ["A", None]}, f"Value null at 'kinds.2.member' {FAILED} Member must not be null"),
    ({"Rules": []}, f"Value '[]' at 'rules' {FAILED} Member must have length greater than or equal to 1"),
    ({"Rules": [{"Id": "a"}, {}]}, f"Value null at 'rules.2.member.id' {FAILED} Member must not be null"),
    (
        {"Rules": [{"Id": "a", "Rule": {"Id": "B"}}]},
        f"Value 'B' at 'rules.1.member.rule.id' {FAILED} {PATTERN}",
    ),
    ({"Tags": {"A": "x"}}, f"Value '{{A=x}}' at 'tags' {FAILED} Map keys must satisfy constraint: {NAME}"),
    (
        {"Tags": {"a": "long"}},
        f"Value '{{a=long}}' at 'tags' {FAILED} Map value must satisfy constraint: "
        "[Member must have length less than or equal to 3]",
    ),
    ({"Limits": {"k": {}}}, f"Value null at 'limits.k.member.id' {FAILED} Member must not be null"),
    ({"SecretKeys": {"sh": {}}}, f"Value null at 'secretKeys.*.member.id' {FAILED} Member must not be null"),
    ({"Secret": "hush"}, f"Value at 'secret' {FAILED} Member must have length less than or equal to 3"),
    (
        {"Secrets": {"a": "hush"}},
        f"Value at 'secrets' {FAILED} Map value must satisfy constraint: "
        "[Member must have length less than or equal to 3]",
    ),
    (
        {"Blob": b"abc"},
        f"Value 'java.nio.HeapByteBuffer[pos=0 lim=3 cap=3]' at 'blob' {FAILED} "
        "Member must have length less than or equal to 2",
    ),
    ({"Either": {}}, f"Value '{{}}' at 'either' {FAILED} Member must have exactly one of its members set"),
    (
        {"Either": {"Text": "a", "Count": 1}},
        f"Value '{{Text=a, Count=1}}' at 'either' {FAILED} Member must have exactly one of its members set",
    ),
]


@pytest.mark.parametrize(("params", "violation"), CASES)
def test_a_violation_is_phrased_as_aws_phrases_it(params: dict[str, Any], violation: str) -> None:
    assert message(params) == f"1 validation error detected: {violation}"


def test_all_violations_are_listed() -> None:
    assert message({"Count": 0, "Kind": "C"}) == (
        f"2 validation errors detected: Value '0' at 'count' {FAILED} Member must have value greater than or equal "
        f"to 1; Value 'C' at 'kind' {FAILED} {ENUM}"
    )


def test_what_fits_passes() -> None:
    validate(
        operation(),
        {
            "Name": "abcde",
            "Count": 10,
            "Ratio": 1,
            "Kinds": ["A"],
            "Rules": [{"Id": "a", "Rule": {"Id": "b"}}],
            "Tags": {"a": "b", "c": ""},
            "Either": {"Text": ""},
            "Document": {"anything": [1, None]},
            "When": datetime(2024, 1, 1, tzinfo=UTC),
            "Blob": b"",
            "Kind": None,
            "Unknown": object(),
        },
    )


@pytest.mark.parametrize(
    "params",
    [
        {"Name": 5},
        {"Count": "5"},
        {"Count": True},
        {"Kinds": "A"},
        {"When": 5},
        {"Tags": []},
        {"Rules": ["x"]},
    ],
)
def test_a_wrong_type_cannot_be_converted(params: dict[str, Any]) -> None:
    with pytest.raises(ServiceError, match="can not be converted") as caught:
        validate(operation(), {"Name": "a", **params})
    assert caught.value.code == "SerializationException"


def test_messages_are_bounded() -> None:
    assert len(message({"KMSKey": "x" * 100_000})) < 2 * limits.ECHOED_VALUE_CHARACTERS
    many = message({"Rules": [{}] * 100_000})
    assert many.startswith(f"{limits.VALIDATION_ERRORS} validation errors detected")


@pytest.mark.parametrize(
    ("service", "name", "code"),
    [
        ("config", "PutConfigRule", "ValidationException"),
        ("events", "PutRule", "ValidationException"),
        ("ssm", "PutParameter", "ValidationException"),
        ("lambda", "CreateFunction", "ValidationException"),
        ("logs", "CreateLogGroup", "InvalidParameterException"),
        ("cloudwatch", "PutMetricData", "ValidationError"),
        ("sns", "CreateTopic", "ValidationError"),
        ("sts", "AssumeRole", "ValidationError"),
    ],
)
def test_the_code_is_the_services_own(service: str, name: str, code: str) -> None:
    assert default_code(operation_model(service, name)) == code


def test_the_code_can_be_chosen() -> None:
    with pytest.raises(ServiceError) as caught:
        validate(operation(), {}, code="InvalidParameterValueException")
    assert caught.value.code == "InvalidParameterValueException"


@pytest.mark.parametrize("service", OURS)
def test_every_operation_misses_every_required_member(service: str) -> None:
    model = service_model(service)
    for name in model.operation_names:
        found = model.operation_model(name)
        shape = found.input_shape
        required = [] if shape is None else list(shape.required_members)
        if shape is not None and found.has_streaming_input:
            required = [member for member in required if member != shape.serialization["payload"]]
        if not required:
            validate(found, {})
            continue
        with pytest.raises(ServiceError) as caught:
            validate(found, {})
        for member in required:
            assert f"Value null at '{member[0].lower()}{member[1:]}' failed" in caught.value.message


def test_a_required_body_is_not_missed_while_it_streams() -> None:
    validate(operation_model("lambda", "InvokeAsync"), {"FunctionName": "f"})
    with pytest.raises(ServiceError, match="Value null at 'functionName'"):
        validate(operation_model("lambda", "InvokeAsync"), {})


@pytest.mark.parametrize("params", [params for params, _ in CASES])
def test_the_quick_answer_is_never_a_wrong_yes(params: dict[str, Any]) -> None:
    assert not _fitting(operation())({"Name": "ok", **params})


@pytest.mark.parametrize("service", OURS)
@given(data=st.data())
@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_the_quick_answer_and_the_walk_agree(service: str, data: st.DataObject) -> None:
    model = service_model(service)
    found = model.operation_model(data.draw(st.sampled_from(model.operation_names)))
    assume(found.input_shape is not None)
    params = data.draw(parameters(found.input_shape, Dialect(st.sampled_from("aA1 -_/:.*"))))
    walked = list(_structure(found.input_shape, params, "", _streamed(found)))
    assert _fitting(found)(params) == (not walked)
