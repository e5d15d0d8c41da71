"""Filter patterns: the tables in tests/scripts/logs, and a naive matcher over generated patterns and messages."""

from __future__ import annotations

import gzip
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.query.filter_pattern import InvalidPattern, parse
from triptych.query.filter_pattern.need import AllOf, AnyOf, Contains, Finds, JsonNumber, Need

SCRIPTS = sorted((Path(__file__).parents[2] / "scripts" / "logs").glob("filter_pattern_*.script"))


def cases() -> Iterator[Any]:
    """(pattern, message, whether it matches, what it extracts); a refused pattern has no message."""
    for script in SCRIPTS:
        pattern, last = "", None
        for number, line in enumerate(script.read_text().splitlines(), 1):
            if not line or line.startswith("#"):
                continue
            word, _, rest = line.partition(" ")
            if word == "pattern":
                pattern, last = rest, None
            elif word == "invalid":
                yield pytest.param(rest, None, False, {}, id=f"{script.stem}:{number}")
            elif word in ("+", "-"):
                last = {}
                yield pytest.param(pattern, rest, word == "+", last, id=f"{script.stem}:{number}")
            elif word == "=" and last is not None:
                name, _, value = rest.partition(": ")
                last[name] = value
            else:
                raise AssertionError(f"{script.name}:{number}: {line}")


def satisfied(need: Need, message: str) -> bool:
    match need:
        case Contains(text, negated):
            return (text in message) != negated
        case Finds(regex, negated):
            return (re.search(regex, message) is not None) != negated
        case JsonNumber(path, least, most):
            try:
                value = json.loads(message)
                for step in path:
                    value = value[step]
            except (ValueError, LookupError, TypeError):
                return not message.lstrip().startswith(("{", "["))
            return isinstance(value, str) or (isinstance(value, int | float) and least <= value <= most)
        case AllOf(parts):
            return all(satisfied(part, message) for part in parts)
        case AnyOf(parts):
            return any(satisfied(part, message) for part in parts)


@pytest.mark.parametrize(("pattern", "message", "expected", "extracted"), list(cases()))
def test_scripts(pattern: str, message: str | None, expected: bool, extracted: dict[str, str]) -> None:
    if message is None:
        with pytest.raises(InvalidPattern):
            parse(pattern)
        return
    parsed = parse(pattern)
    assert parsed.matches(message) is expected
    found = parsed.extract(message)
    assert (found is not None) is expected
    if extracted:
        assert found == extracted
        assert all(
            parsed.knows(name) and parsed.value_of(message, name) == value
            for name, value in extracted.items()
        )
    # What is needed never leaves out a match, and of terms it says everything.
    assert satisfied(parsed.need(), message) or not expected
    if parsed.exact:
        assert satisfied(parsed.need(), message) is expected


def test_a_script_with_nothing_in_it_would_be_noticed() -> None:
    assert len(SCRIPTS) == 4
    assert len(list(cases())) > 150


words = st.text(st.sampled_from("abAB01_"), min_size=1, max_size=3)
phrases = st.text(st.sampled_from('abA 0-"\\'), min_size=1, max_size=4)
lines = st.text(st.sampled_from('abAB01_ -"\\\n'), max_size=12)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.lists(st.tuples(st.sampled_from(["", "-", "?"]), words | phrases), max_size=4), lines)
@settings(max_examples=300, deadline=None)
def test_terms_against_a_naive_matcher(terms: list[tuple[str, str]], message: str) -> None:
    pattern = " ".join(sign + quoted(text) for sign, text in terms)
    asked = [(sign, text) for sign, text in terms if text.strip()]
    firm = [(sign, text) for sign, text in asked if sign != "?"]
    loose = [text for sign, text in asked if sign == "?"]
    if firm:
        expected = all((text in message) == (sign == "") for sign, text in firm)
    else:
        expected = not loose or any(text in message for text in loose)
    assert parse(pattern).matches(message) is expected
    assert satisfied(parse(pattern).need(), message) is expected


keys = st.sampled_from(["a", "b", "c"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(-3, 3)
    | st.sampled_from(["x", "xy", "1", "", 'é"x'])
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
paths = st.lists(keys | st.integers(0, 1), min_size=1, max_size=2)
comparisons = st.one_of(
    st.tuples(st.sampled_from(["=", "!=", "<", ">", "<=", ">="]), st.integers(-3, 3)),
    st.tuples(st.sampled_from(["=", "!="]), st.sampled_from(["x", "x*", "*y", "*", "1", ""])),
    st.tuples(st.sampled_from(["IS NULL", "IS TRUE", "IS FALSE", "NOT EXISTS"]), st.none()),
)
trees = st.recursive(
    st.tuples(paths, comparisons),
    lambda inner: st.tuples(st.sampled_from(["&&", "||"]), inner, inner),
    max_leaves=4,
)


def written(tree: Any) -> str:
    if tree[0] in ("&&", "||"):
        return f"({written(tree[1])}) {tree[0]} ({written(tree[2])})"
    path, (sign, operand) = tree
    steps = "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in path)
    value = "" if operand is None else json.dumps(operand)
    return f"${steps} {sign} {value}"


def true_of(tree: Any, document: Any) -> bool:
    if tree[0] == "&&":
        return true_of(tree[1], document) and true_of(tree[2], document)
    if tree[0] == "||":
        return true_of(tree[1], document) or true_of(tree[2], document)
    path, (sign, operand) = tree
    try:
        value = document
        for step in path:
            if not isinstance(value, dict if isinstance(step, str) else list):
                raise KeyError(step)
            value = value[step]
    except (KeyError, IndexError, TypeError):
        return sign == "NOT EXISTS"
    if sign == "NOT EXISTS":
        return False
    if sign.startswith("IS"):
        return value is {"IS NULL": None, "IS TRUE": True, "IS FALSE": False}[sign]
    if value is None or isinstance(value, dict | list):
        return False
    if isinstance(operand, str):
        same = (
            isinstance(value, str)
            and re.fullmatch(".*".join(map(re.escape, operand.split("*"))), value) is not None
        )
    elif isinstance(value, bool):
        same = False
    elif isinstance(value, str):
        same = value == str(operand)
    else:
        return bool(eval(f"{value!r} {'==' if sign == '=' else sign} {operand}"))
    return same if sign == "=" else (not same if sign == "!=" else False)


@given(trees, documents)
@settings(max_examples=400, deadline=None)
def test_json_against_a_naive_matcher(tree: Any, document: Any) -> None:
    message = json.dumps(document)
    parsed = parse("{ " + written(tree) + " }")
    expected = isinstance(document, dict | list) and true_of(tree, document)
    assert parsed.matches(message) is expected
    assert satisfied(parsed.need(), message) or not expected


@given(st.text(st.sampled_from('{}[]()$.=!<>&|"%*?-,ab 01ISNULL\\'), max_size=20), lines)
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_pattern_or_refused_with_a_position(text: str, message: str) -> None:
    try:
        parsed = parse(text)
    except InvalidPattern as refused:
        assert 0 <= refused.position <= len(text) + 1
        return
    if parsed.matches(message):
        assert satisfied(parsed.need(), message)


def test_a_regular_expression_takes_time_in_proportion_to_the_text() -> None:
    pattern = parse("%" + ".*" * 20 + "x%")
    assert not pattern.matches("a" * 100_000)


def test_real_cloudtrail_records() -> None:
    """Patterns of security benchmarks over recorded accounts, against plain Python."""
    data = Path(__file__).parents[1] / "services" / "cloudtrail" / "data" / "invictus_aws_dataset.jsonl.gz"
    with gzip.open(data, "rt") as lines:
        messages = [line.rstrip("\n") for line in itertools.islice(lines, 2000)]
    records = [json.loads(message) for message in messages]

    def found(pattern: str) -> list[int]:
        parsed = parse(pattern)
        matching = [at for at, message in enumerate(messages) if parsed.matches(message)]
        assert all(satisfied(parsed.need(), messages[at]) for at in matching)
        return matching

    def expected(test: Any) -> list[int]:
        return [at for at, record in enumerate(records) if test(record)]

    denied = '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }'
    assert found(denied) == expected(
        lambda r: (
            r.get("errorCode", "").endswith("UnauthorizedOperation")
            or r.get("errorCode", "").startswith("AccessDenied")
        )
    )
    assert found("{ $.errorCode NOT EXISTS }") == expected(lambda r: "errorCode" not in r)
    assert found('{ $.userIdentity.type = "IAMUser" && $.readOnly IS FALSE }') == expected(
        lambda r: r.get("userIdentity", {}).get("type") == "IAMUser" and r.get("readOnly") is False
    )
    assert found("{ $.eventName = %^(Get|List)% }".replace("(", "").replace(")", "")) == expected(
        lambda r: r["eventName"].startswith("Get") or "List" in r["eventName"]
    )
    assert 0 < len(found(denied)) < len(messages)
