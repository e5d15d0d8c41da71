from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.services.ssm.content import InvalidContent, read, write


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1", {"a": 1}),
        ("a: '1'\nb: \"x\"\nc: |\n  two\n  lines\n", {"a": "1", "b": "x", "c": "two\nlines\n"}),
        ("[on, off, yes, No, true, False]", ["on", "off", "yes", "No", True, False]),
        ("[2024-01-01, 0.3, 1e3, .5, -7, +7]", ["2024-01-01", 0.3, 1000.0, 0.5, -7, 7]),
        (
            "[012345678901, 0x1f, 1_000, 12:30:45, .inf, .nan]",
            ["012345678901", "0x1f", "1_000", "12:30:45", ".inf", ".nan"],
        ),
        ("[null, ~, '', ]", [None, None, ""]),
        ("a:", {"a": None}),
        ("1: x\ntrue: y", {"1": "x", "true": "y"}),
        ("a: {b: [c, {d: e}]}", {"a": {"b": ["c", {"d": "e"}]}}),
        ("!!str 5", "5"),
        ("--- \na: 1\n", {"a": 1}),
    ],
)
def test_yaml(text: str, expected: object) -> None:
    assert read(text, "YAML") == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x [1]\nb: *x", "anchors and aliases"),
        ("*x", "anchors and aliases"),
        ("a: !!python/object/apply:os.system ['true']", "is not supported"),
        ("a: !!binary aGk=", "is not supported"),
        ("!!int '5'", "is not supported"),
        ("a: 1\na: 2", "Key 'a' appears twice"),
        ("? [a]\n: b", "A key must be a string"),
        ("a: 1\n---\nb: 2", "found 2"),
        ("", "found 0"),
        ("a: [", "YAML not well-formed"),
        ("a: \x00", "YAML not well-formed"),
        ("[" * 100 + "]" * 100, "64 levels deep"),
        ("a: 1e999", "too large"),
        ("a: 99999999999999999999", "too large"),
    ],
)
def test_yaml_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidContent, match=message):
        read(text, "YAML")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "JSON not well-formed"),
        ("a: 1", "JSON not well-formed"),
        ('{"a": 1, "a": 2}', "Key 'a' appears twice"),
        ('{"a": NaN}', "NaN is not a JSON value"),
        ('{"a": 1e999}', "too large"),
        ("[" * 100 + "]" * 100, "64 levels deep"),
        ("[" * 30_000, "nested too deeply"),
        ("9" * 5000, "JSON not well-formed"),
        ("9" * 20, "too large"),
        ('["\\ud800"]', "no character"),
    ],
)
def test_json_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidContent, match=message):
        read(text, "JSON")


def test_yaml_bomb_of_brackets_is_refused_without_recursion() -> None:
    with pytest.raises(InvalidContent):
        read("[" * 60_000, "YAML")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=150)
@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_written_values_are_read_back(value: dict) -> None:
    assert read(write(value, "JSON"), "JSON") == value


@settings(max_examples=150)
@given(
    st.dictionaries(
        st.text(alphabet=st.characters(codec="ascii", min_codepoint=32), max_size=6),
        st.one_of(
            st.text(alphabet=st.characters(codec="ascii", min_codepoint=32), max_size=10),
            st.integers(-(2**63), 2**63 - 1),
            st.booleans(),
            st.lists(
                st.sampled_from(["on", "007", "2024-01-01", "null", "1e3", "{{ a }}", "~", ".5", "0.3"])
            ),
        ),
        max_size=4,
    )
)
def test_yaml_and_json_are_converted_without_loss(value: dict) -> None:
    text = json.dumps(value)
    assert read(write(read(text, "JSON"), "YAML"), "YAML") == value
