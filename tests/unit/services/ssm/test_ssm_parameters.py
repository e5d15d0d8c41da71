from __future__ import annotations

from typing import Any

import pytest

from triptych.services.ssm.parameters import InvalidDeclaration, InvalidValue, Parameter, bind, echo, parse


def one(raw: dict[str, Any], given: list[str] | None) -> Any:
    resolve = {"automation:EXECUTION_ID": "e-1"}.__getitem__
    return bind({"P": parse("P", raw)}, {} if given is None else {"P": given}, resolve)["P"]


@pytest.mark.parametrize(
    ("raw", "given", "value"),
    [
        ({"type": "String"}, ["x"], "x"),
        ({"type": "String", "default": "d"}, None, "d"),
        ({"type": "String", "default": ""}, None, ""),
        ({"type": "String", "default": 5}, None, "5"),
        ({"type": "String", "default": "s-{{automation:EXECUTION_ID}}"}, None, "s-e-1"),
        ({"type": "String", "default": "d"}, ["{{automation:EXECUTION_ID}}"], "{{automation:EXECUTION_ID}}"),
        ({"type": "Boolean"}, ["True"], True),
        ({"type": "Boolean", "default": "True"}, None, True),
        ({"type": "Boolean", "default": False}, None, False),
        ({"type": "Boolean", "default": True, "allowedValues": [True, False]}, ["false"], False),
        ({"type": "Integer"}, ["-7"], -7),
        ({"type": "Integer", "default": 3, "allowedValues": [3, 4]}, ["4"], 4),
        ({"type": "StringList"}, ["a", "b"], ["a", "b"]),
        ({"type": "StringList"}, ['["a","b"]'], ["a", "b"]),
        ({"type": "StringList", "default": "a"}, None, ["a"]),
        ({"type": "StringList", "default": []}, None, []),
        ({"type": "List<AWS::EC2::Instance::Id>"}, ["i-1"], ["i-1"]),
        ({"type": "StringMap"}, ['{"a": {"b": 1}}'], {"a": {"b": 1}}),
        ({"type": "StringMap", "default": {}}, None, {}),
        ({"type": "MapList"}, ['{"a": 1}', '{"b": 2}'], [{"a": 1}, {"b": 2}]),
        ({"type": "MapList"}, ['[{"a": 1}]'], [{"a": 1}]),
        ({"type": "MapList", "default": [{"a": 1}]}, None, [{"a": 1}]),
        ({"type": "AWS::S3::Bucket::Name"}, ["b"], "b"),
        ({"type": "AWS::IAM::Role::Arn", "default": ""}, None, ""),
        (
            {"type": "AWS::IAM::Role::Arn"},
            ["arn:aws:iam::111122223333:role/a/b"],
            "arn:aws:iam::111122223333:role/a/b",
        ),
        ({"type": "String", "allowedPattern": "[a-z]+"}, ["abc"], "abc"),
        ({"type": "String", "allowedPattern": "^[a-z]+$", "default": ""}, [""], ""),
        ({"type": "String", "minChars": 2, "maxChars": 2}, ["ab"], "ab"),
    ],
)
def test_values(raw: dict[str, Any], given: list[str] | None, value: Any) -> None:
    got = one(raw, given)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("raw", "given", "message"),
    [
        ({"type": "String"}, None, "Missing required parameters: P"),
        ({"type": "String"}, ["a", "b"], "exactly one value"),
        ({"type": "Boolean"}, ["yes"], "must be true or false"),
        ({"type": "Integer"}, ["1.5"], "whole number"),
        ({"type": "Integer"}, ["9" * 30], "whole number"),
        ({"type": "StringMap"}, ["x"], "must be JSON"),
        ({"type": "StringMap"}, ["[]"], "JSON object"),
        ({"type": "MapList"}, ["{}", "1"], "JSON object"),
        ({"type": "String", "allowedValues": ["a", "b"]}, ["c"], "not one of: a, b"),
        ({"type": "StringList", "allowedValues": ["a", "b"]}, ["a", "c"], "not one of: a, b"),
        ({"type": "String", "allowedPattern": "[a-z]+"}, ["abc1"], "does not match"),
        ({"type": "String", "allowedPattern": "a|b"}, ["ab"], "does not match"),
        ({"type": "String", "allowedPattern": "a"}, ["a\n"], "does not match"),
        ({"type": "String", "minChars": 2}, ["a"], "at least 2 characters"),
        ({"type": "String", "maxChars": 2}, ["abc"], "at most 2 characters"),
        ({"type": "StringList", "minItems": 2}, ["a"], "at least 2 items"),
        ({"type": "StringList", "maxItems": 1}, ["a", "b"], "at most 1 items"),
        ({"type": "AWS::IAM::Role::Arn"}, ["repair"], "not the ARN of a role"),
    ],
)
def test_values_refused(raw: dict[str, Any], given: list[str] | None, message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        one(raw, given)


def test_unknown_parameter() -> None:
    with pytest.raises(InvalidValue, match="no parameter named Q"):
        bind({}, {"Q": ["x"]}, {}.__getitem__)


@pytest.mark.parametrize(
    ("name", "raw", "message"),
    [
        ("a b", {"type": "String"}, "must match"),
        ("P", "String", "must be a map"),
        ("P", {"type": "Text"}, "'Text' is not one of"),
        ("P", {}, "None is not one of"),
        ("P", {"type": "String", "defualt": "x"}, "unknown properties: defualt"),
        ("P", {"type": "String", "allowedPattern": "("}, "no regular expression"),
        ("P", {"type": "String", "allowedValues": "a"}, "must be a list"),
        ("P", {"type": "String", "minChars": -1}, "whole numbers"),
        ("P", {"type": "String", "default": "c", "allowedValues": ["a"]}, "not one of: a"),
        ("P", {"type": "Boolean", "default": "maybe"}, "must be true or false"),
        ("P", {"type": "Integer", "default": "x"}, "whole number"),
    ],
)
def test_declarations_refused(name: str, raw: Any, message: str) -> None:
    with pytest.raises(InvalidDeclaration, match=message):
        parse(name, raw)


def test_pattern_that_would_take_for_ever_does_not() -> None:
    parameter = parse("P", {"type": "String", "allowedPattern": "(a+)+b"})
    with pytest.raises(InvalidValue):
        bind({"P": parameter}, {"P": ["a" * 500]}, {}.__getitem__)


def test_echo_shows_lists_of_strings() -> None:
    assert echo("x") == ["x"]
    assert echo(True) == ["true"]
    assert echo(["a", "b"]) == ["a", "b"]
    assert echo([{"a": 1}]) == ['{"a":1}']
    assert echo({"a": 1}) == ['{"a":1}']


def test_null_default_is_no_default() -> None:
    parameter = parse("P", {"type": "String", "default": None})
    assert isinstance(parameter, Parameter)
    assert parameter.required
