from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.services.ssm import template

VALUES = {
    "Name": "bucket",
    "Count": 3,
    "On": True,
    "None": None,
    "List": ["a", "b"],
    "Map": {"k": [1]},
    "step.Out": ["x"],
    "global:DATE": "2026-01-01",
    "Sneaky": "{{ Name }}",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ Name }}", "bucket"),
        ("{{Count}}", 3),
        (" {{ On }} ", True),
        ("{{ None }}", None),
        ("{{ List }}", ["a", "b"]),
        ("{{ Map }}", {"k": [1]}),
        ("arn:{{ Name }}/{{ Count }}/{{ On }}", "arn:bucket/3/true"),
        ("{{ List }}!", '["a","b"]!'),
        ("{{global:DATE}}", "2026-01-01"),
        (["{{ List }}", "c", "{{ Name }}"], ["a", "b", "c", "bucket"]),
        (["x{{ List }}"], ['x["a","b"]']),
        ({"{{ Name }}": {"in": ["{{ step.Out }}"]}}, {"bucket": {"in": ["x"]}}),
        ("{{resolve:secretsmanager:MySecret}}", "{{resolve:secretsmanager:MySecret}}"),
        ("{{ }} {{a b}} {x}", "{{ }} {{a b}} {x}"),
        ("{{ Sneaky }}", "{{ Name }}"),
        ("<{{ Sneaky }}>", "<{{ Name }}>"),
        (5, 5),
        (None, None),
    ],
)
def test_substitute(text: object, expected: object) -> None:
    assert template.substitute(text, VALUES.__getitem__) == expected


def test_unknown_reference_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        template.substitute({"a": ["x {{ Nope }}"]}, VALUES.__getitem__)


def test_references_in_reading_order() -> None:
    value = {"{{ a }}": ["{{ b.C }} {{ d }}", {"x": "{{ global:DATE }}"}], "y": "{{resolve:ssm:x}}"}
    assert list(template.references(value)) == ["a", "b.C", "d", "global:DATE"]


def test_parameter_store_reference_is_a_reference() -> None:
    assert list(template.references("{{ssm:/a/b}} {{ ssm-secure:x }}")) == ["ssm:/a/b", "ssm-secure:x"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150)
@given(JSON)
def test_a_whole_reference_is_the_value_itself(value: object) -> None:
    got = template.substitute({"x": "{{ v }}"}, {"v": value}.__getitem__)["x"]
    assert got == value
    assert type(got) is type(value)


@settings(max_examples=150)
@given(JSON)
def test_what_has_no_reference_is_unchanged(value: object) -> None:
    if not template.is_open(value):
        assert template.substitute(value, {}.__getitem__) == value


@settings(max_examples=150)
@given(st.text(max_size=20), st.text(alphabet="ab{} .", max_size=20))
def test_brought_in_text_is_never_searched(value: str, around: str) -> None:
    asked: list[str] = []

    def resolve(name: str) -> str:
        asked.append(name)
        return "{{ evil }}" + value

    text = f"({around})" + "{{ v }}"
    template.substitute([text, "{{ v }}"], resolve)
    assert asked == [*template.references([text, "{{ v }}"])]
    assert "evil" not in asked


@settings(max_examples=100)
@given(JSON)
def test_text_of_non_strings_is_json(value: object) -> None:
    if not isinstance(value, str):
        assert json.loads(template.text_of(value)) == value
