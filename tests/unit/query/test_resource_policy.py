"""Resource policies: the tables in tests/scripts/policies, and wildcards against regular expressions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.query.resource_policy import InvalidPolicy, Principal, Request, judge, parse
from triptych.query.resource_policy.text import VERSION, fits, text

SCRIPTS = sorted((Path(__file__).parents[2] / "scripts" / "policies").glob("*.script"))
VERDICTS = {"+": "allowed", "!": "denied", "-": "silent"}
DEFAULT = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}


def whole(statement: Any) -> Any:
    """A statement with what is left out of it, or several."""
    if isinstance(statement, list):
        return [whole(each) for each in statement]
    if not isinstance(statement, dict):
        return statement
    return {name: value for name, value in (DEFAULT | statement).items() if value is not None}


def document(rest: str, version: str) -> str:
    return json.dumps({"Version": version, "Statement": whole(json.loads(rest))})


def principal(words: list[str]) -> Principal:
    if words == ["nobody"]:
        return Principal()
    if words[0] == "service":
        return Principal(account="222222222222", service=words[1])
    return Principal(account=words[0], arns=tuple(words[1:]))


def cases() -> Iterator[Any]:
    """(policy, request, verdict), and (policy, None, the words it is refused with)."""
    for script in SCRIPTS:
        who, keys, does, version, invalid = Principal(), {}, ["", ""], VERSION, ""
        for number, line in enumerate(script.read_text().splitlines(), 1):
            word, _, rest = line.partition(" ")
            name = f"{script.stem}:{number}"
            if not line or word.startswith("#"):
                continue
            assert not invalid or word == "=", f"{name}: words are expected"
            if word == "as":
                who, keys = principal(rest.split()), {}
            elif word == "does":
                does = rest.split()
            elif word == "key":
                key, *values = rest.split()
                keys = {**keys, key.lower(): values}
            elif word == "version":
                version = rest
            elif word in VERDICTS:
                asked = Request(principal=who, action=does[0], resource=does[1], keys=keys)
                yield pytest.param(document(rest, version), asked, VERDICTS[word], id=name)
            elif word == "invalid":
                invalid = document(rest, version)
            elif word == "=":
                yield pytest.param(invalid, None, rest, id=name)
                invalid = ""
            else:
                raise AssertionError(f"{name}: {line}")


@pytest.mark.parametrize(("policy", "asked", "expected"), list(cases()))
def test_what_a_policy_says(policy: str, asked: Request | None, expected: str) -> None:
    if asked is not None:
        assert judge(parse(policy), asked) == expected
        return
    with pytest.raises(InvalidPolicy) as refused:
        parse(policy)
    assert str(refused.value) == expected


@pytest.mark.parametrize(
    "policy",
    ["", "[]", "{", "{}", '{"Statement": 1}', '{"Version": "2020-01-01", "Statement": []}', "[" * 5000],
)
def test_what_is_no_policy(policy: str) -> None:
    with pytest.raises(InvalidPolicy):
        parse(policy)


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=10))
def test_wildcards_are_those_of_regular_expressions(pattern: str, value: str) -> None:
    expected = re.fullmatch(pattern.replace("*", ".*").replace("?", "."), value) is not None
    assert fits(value, text(pattern, VERSION, wild=True), {}) is expected


def test_stars_cost_no_more_than_both_texts_multiplied() -> None:
    assert not fits("a" * 2000, text("a*" * 200 + "b", VERSION, wild=True), {})
