"""Event patterns against AWS's documented examples, a second matcher, and AWS's words for mistakes."""

from __future__ import annotations

import json
import operator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.query.event_pattern import Index, InvalidPattern, matches, parse

EVENT = {
    "source": "aws.ec2",
    "detail-type": "EC2 Instance State-change Notification",
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-1", "arn:b"],
    "detail": {
        "state": "pending",
        "count": 5,
        "ratio": 3.0e2,
        "on": True,
        "none": None,
        "empty": "",
        "nothing": [],
        "ip": "10.0.0.200",
        "file": "dir/IMAGE.png",
        "who": {"name": "Ann"},
        "tags": [{"key": "env", "value": "prod"}, {"key": "team", "value": "blue"}],
    },
}


@pytest.mark.parametrize(
    ("wanted", "verdict"),
    [
        ({"source": ["aws.ec2"]}, True),
        ({"source": ["aws.s3", "aws.ec2"]}, True),
        ({"source": ["aws.EC2"]}, False),
        ({"resources": ["arn:b"]}, True),
        ({"detail": {"count": [5.0]}}, True),
        ({"detail": {"count": ["5"]}}, False),
        ({"detail": {"ratio": [300]}}, True),
        ({"detail": {"on": [True]}}, True),
        ({"detail": {"on": [1]}}, False),
        ({"detail": {"count": [True]}}, False),
        ({"detail": {"none": [None]}}, True),
        ({"detail": {"empty": [""]}}, True),
        ({"detail": {"state": [{"prefix": "pen"}]}}, True),
        ({"detail": {"state": [{"prefix": {"equals-ignore-case": "PEN"}}]}}, True),
        ({"detail": {"state": [{"suffix": "ing"}]}}, True),
        ({"detail": {"file": [{"suffix": {"equals-ignore-case": ".PNG"}}]}}, True),
        ({"detail": {"file": [{"suffix": ".PNG"}]}}, False),
        ({"detail": {"state": [{"equals-ignore-case": "PENDING"}]}}, True),
        ({"detail": {"state": [{"wildcard": "p*d*g"}]}}, True),
        ({"detail": {"state": [{"wildcard": "p*x*g"}]}}, False),
        ({"detail": {"state": [{"wildcard": "pend*nding"}]}}, False),
        ({"detail": {"state": [{"anything-but": "running"}]}}, True),
        ({"detail": {"state": [{"anything-but": ["running", "pending"]}]}}, False),
        ({"detail": {"count": [{"anything-but": [5]}]}}, False),
        ({"detail": {"count": [{"anything-but": ["x"]}]}}, True),
        ({"detail": {"state": [{"anything-but": {"prefix": "p"}}]}}, False),
        ({"detail": {"state": [{"anything-but": {"prefix": ["x", "y"]}}]}}, True),
        ({"detail": {"state": [{"anything-but": {"suffix": "ing"}}]}}, False),
        ({"detail": {"state": [{"anything-but": {"equals-ignore-case": ["PENDING"]}}]}}, False),
        ({"detail": {"file": [{"anything-but": {"wildcard": "dir/*.png"}}]}}, False),
        ({"detail": {"count": [{"anything-but": {"numeric": [">", 4]}}]}}, False),
        ({"detail": {"missing": [{"anything-but": "x"}]}}, False),
        ({"detail": {"count": [{"numeric": [">", 0, "<=", 5]}]}}, True),
        ({"detail": {"count": [{"numeric": [">", 0, "<", 5]}]}}, False),
        ({"detail": {"count": [{"numeric": ["=", 5]}]}}, True),
        ({"detail": {"on": [{"numeric": [">", 0]}]}}, False),
        ({"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}}, True),
        ({"detail": {"ip": [{"cidr": "10.0.1.0/24"}]}}, False),
        ({"detail": {"state": [{"cidr": "10.0.1.0/24"}]}}, False),
        ({"detail": {"state": [{"exists": True}]}}, True),
        ({"detail": {"none": [{"exists": True}]}}, True),
        ({"detail": {"who": [{"exists": True}]}}, False),
        ({"detail": {"who": [{"exists": False}]}}, True),
        ({"detail": {"nothing": [{"exists": False}]}}, True),
        ({"detail": {"who": {"name": [{"exists": False}]}}}, False),
        ({"detail": {"nobody": {"name": [{"exists": False}]}}}, True),
        ({"detail": {"nobody": {"name": [{"exists": False}, "x"]}, "state": ["pending"]}}, True),
        ({"detail": {"tags": {"key": ["env"], "value": ["prod"]}}}, True),
        ({"detail": {"tags": {"key": ["env"], "value": ["blue"]}}}, False),
        ({"detail": {"tags": {"key": [{"exists": False}]}}}, False),
        ({"detail": {"$or": [{"state": ["x"]}, {"count": [5]}]}}, True),
        ({"detail": {"$or": [{"state": ["x"]}, {"count": [6]}]}}, False),
        ({"source": ["aws.s3"], "$or": [{"source": ["aws.ec2"]}, {"detail": {"count": [5]}}]}, False),
        ({"detail": {"tags": {"$or": [{"key": ["team"]}, {"key": ["x"]}], "value": ["prod"]}}}, False),
        ({"$or": [{"prefix": "x"}, {"prefix": "y"}]}, False),  # a field called $or
    ],
    ids=str,
)
def test_what_matches(wanted: dict[str, Any], verdict: bool) -> None:
    pattern = parse(json.dumps(wanted))
    assert matches(pattern, EVENT) is verdict
    assert Index([("it", pattern)]).matching(EVENT) == (["it"] if verdict else [])


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("[]", "Filter is not an object", 1, 2),
        ("{}", "Empty Patterns are not allowed", 1, 3),
        ('{"a": []}', "Empty arrays are not allowed", 1, 9),
        ('{\n  "detail": {\n    "slug": "x"\n  }\n}', '"slug" must be an object or an array', 3, 14),
        ('{"a": 5}', '"a" must be an object or an array', 1, 8),
        ('{"a": [[1]]}', "Match value must be String, number, true, false, or null", 1, 9),
        ('{"a": [{"prefix": 5}]}', "prefix match pattern must be a string", 1, 20),
        ('{"a": [{"suffix": null}]}', "suffix match pattern must be a string", 1, 23),
        ('{"a": [{"bogus": "x"}]}', "Unrecognized match type bogus", 1, 19),
        ('{"a": [{}]}', "Match expression name not found", 1, 10),
        ('{"a": [{"exists": "x"}]}', "exists match pattern must be either true or false.", 1, 20),
        ('{"a": [{"numeric": 5}]}', "Value of numeric must be an array.", 1, 21),
        ('{"a": [{"numeric": [">", "x"]}]}', "Value of > must be numeric", 1, 27),
        ('{"a": [{"numeric": ["=", "x"]}]}', "Value of equals must be numeric", 1, 27),
        ('{"a": [{"numeric": ["!", 5]}]}', "Unrecognized numeric range operator: !", 1, 22),
        ('{"a": [{"numeric": ["<", 5, ">", 1]}]}', "Too many elements in numeric expression", 1, 30),
        ('{"a": [{"numeric": [">", 5, "=", 9]}]}', "Bad numeric range operator: =", 1, 30),
        ('{"a": [{"anything-but": [1, "x"]}]}',
         "Inside anything but list, either all values are number or string, mixed type is not supported", 1, 33),
        ('{"a": [{"anything-but": [null]}]}',
         "Inside anything but list, start|null|boolean is not supported.", 1, 30),
        ('{"a": [{"anything-but": true}]}',
         "Value of anything-but must be an array or single string/number value.", 1, 29),
        ('{"a": [{"anything-but": {"cidr": "x"}}]}', "Unsupported anything-but pattern: cidr", 1, 35),
        ('{"a": [{"anything-but": {"prefix": ""}}]}', "Null prefix/suffix not allowed", 1, 37),
        ('{"a": [{"wildcard": "x**y"}]}', "Consecutive wildcard characters at pos 2", 1, 22),
        ('{"a": [{"cidr": "10.0.0.0"}]}', "Malformed CIDR, one '/' required", 1, 18),
        ('{"a": [{"cidr": "10.0.0.0/33"}]}', "IPv4 mask bits must be < 33", 1, 18),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, message: str, line: int, column: int) -> None:
    with pytest.raises(InvalidPattern) as refused:
        parse(text)
    assert str(refused.value) == f'{message}\n at [Source: (String)"{text}"; line: {line}, column: {column}]'


def test_only_one_condition_in_one_object() -> None:
    with pytest.raises(InvalidPattern, match="Only one key allowed in match expression"):
        parse('{"a": [{"prefix": "x", "suffix": "y"}]}')


@pytest.mark.parametrize(
    "text", ["", "{", '{"a": [tru]}', '{"a": ["x"]} x', "nonsense", '{"a": ["\x01"]}', "[" * 5000]
)
def test_what_is_no_json(text: str) -> None:
    with pytest.raises(InvalidPattern):
        parse(text)


def test_alternatives_are_bounded() -> None:
    choice = [{f"f{n}": ["x"]} for n in range(11)]
    wanted = {"$or": choice, "a": {"$or": choice}, "b": {"$or": choice}}
    with pytest.raises(InvalidPattern, match="more than 1000 combinations"):
        parse(json.dumps(wanted))


def test_stars_cost_no_more_than_the_text() -> None:
    pattern = parse(json.dumps({"a": [{"wildcard": "a*" * 500 + "b"}]}))
    assert not matches(pattern, {"a": "a" * 20_000})


# A second opinion, written as AWS's page reads: flatten, then ask.

NAMES = ["a", "b", "c"]
TEXTS = ["", "x", "X", "xy", "yx", "10.0.0.1", "\u0130x"]
"""The last is longer in lower case."""
NUMBER = st.one_of(st.integers(-2, 3), st.sampled_from([0.5, 1.0, 2.5]))
SCALARS = st.one_of(st.sampled_from(TEXTS), NUMBER, st.booleans(), st.none(), st.just(6_000_000_000))
EVENTS = st.recursive(
    st.dictionaries(st.sampled_from(NAMES), st.one_of(SCALARS, st.lists(SCALARS, max_size=3)), max_size=3),
    lambda inner: st.dictionaries(st.sampled_from(NAMES), st.one_of(inner, SCALARS), max_size=3),
    max_leaves=4,
)
TEXT = st.sampled_from(TEXTS)
SOME = st.sampled_from(TEXTS[1:])
WILD = ["*", "x*", "*x", "x", "x*y", "", "*0.0*", "1*.0.*1", "*x*", "1*", "*0*.*", "*.0*1"]
CONDITIONS = st.one_of(
    SCALARS,
    st.builds(lambda t: {"prefix": t}, TEXT),
    st.builds(lambda t: {"suffix": t}, TEXT),
    st.builds(lambda t: {"prefix": {"equals-ignore-case": t}}, TEXT),
    st.builds(lambda t: {"suffix": {"equals-ignore-case": t}}, TEXT),
    st.builds(lambda t: {"equals-ignore-case": t}, TEXT),
    st.builds(lambda t: {"wildcard": t}, st.sampled_from(WILD)),
    st.builds(lambda b: {"exists": b}, st.booleans()),
    st.builds(lambda o, n: {"numeric": [o, n]}, st.sampled_from(["=", "<", "<=", ">", ">="]), NUMBER),
    st.builds(
        lambda o, low, p, width: {"numeric": [o, low, p, low + width]},
        st.sampled_from([">", ">="]),
        NUMBER,
        st.sampled_from(["<", "<="]),
        st.sampled_from([0.5, 1, 2]),
    ),
    st.builds(lambda o, n: {"anything-but": {"numeric": [o, n]}}, st.sampled_from(["<", ">="]), NUMBER),
    st.builds(lambda t: {"anything-but": {"wildcard": t}}, st.sampled_from(WILD)),
    st.builds(lambda t: {"anything-but": {"equals-ignore-case": t}}, SOME),
    st.builds(
        lambda t: {"anything-but": t}, st.one_of(TEXT, st.lists(st.integers(-2, 3), min_size=1, max_size=2))
    ),
    st.builds(lambda t: {"anything-but": {"prefix": t}}, SOME),
    st.sampled_from(["10.0.0.0/8", "10.0.0.1/32", "10.0.0.0/32", "11.0.0.0/8", "::/0"]).map(
        lambda c: {"cidr": c}
    ),
)
LEAVES = st.lists(CONDITIONS, min_size=1, max_size=2)


def _with_choice(one: dict[str, Any], two: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
    return {**rest, "$or": [one, two]}


PATTERNS = st.recursive(
    st.dictionaries(st.sampled_from(NAMES), LEAVES, min_size=1, max_size=2),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from(NAMES), st.one_of(inner, LEAVES), min_size=1, max_size=2),
        st.builds(_with_choice, inner, inner, inner),
    ),
    max_leaves=4,
)


def naive(wanted: dict[str, Any], event: Any) -> bool:
    """For events without objects in arrays."""
    fields = event if isinstance(event, dict) else {}
    for name, inner in wanted.items():
        if name == "$or":
            if not any(naive(each, event) for each in inner):
                return False
        elif isinstance(inner, dict):
            if not naive(inner, fields.get(name)):
                return False
        else:
            there = fields.get(name, [])
            values = [] if isinstance(there, dict) else there if isinstance(there, list) else [there]
            if not any(_holds(c, values) for c in inner):
                return False
    return True


def _holds(wanted: Any, values: list[Any]) -> bool:
    if wanted == {"exists": False} and isinstance(wanted, dict):
        return not values
    return any(_one(wanted, value) for value in values)


def _one(wanted: Any, value: Any) -> bool:
    if not isinstance(wanted, dict):
        return isinstance(wanted, bool) == isinstance(value, bool) and wanted == value
    ((name, given),) = wanted.items()
    text = value if isinstance(value, str) else None
    match name:
        case "exists":
            return True
        case "prefix":
            if isinstance(given, dict):
                return text is not None and text.lower().startswith(given["equals-ignore-case"].lower())
            return text is not None and text.startswith(given)
        case "suffix":
            if isinstance(given, dict):
                return text is not None and text.lower().endswith(given["equals-ignore-case"].lower())
            return text is not None and text.endswith(given)
        case "equals-ignore-case":
            return text is not None and text.lower() == given.lower()
        case "wildcard":
            import fnmatch

            return text is not None and fnmatch.fnmatchcase(text, given)
        case "cidr":
            return text == "10.0.0.1" and given in ("10.0.0.0/8", "10.0.0.1/32")
        case "anything-but":
            each = given if isinstance(given, list) else [given]
            return not any(_one(one, value) for one in each)
        case "numeric":
            if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 5e9:
                return False
            ask = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
            return all(ask[o](value, n) for o, n in zip(given[::2], given[1::2], strict=True))
    raise AssertionError(name)


@settings(max_examples=150, deadline=None)
@given(st.lists(PATTERNS, min_size=1, max_size=12), st.lists(EVENTS, min_size=1, max_size=4))
def test_matcher_and_index_agree_with_the_naive_one(wanted: list[dict[str, Any]], events: list[Any]) -> None:
    parsed = [parse(json.dumps(each)) for each in wanted]
    index = Index(enumerate(parsed))
    for event in events:
        expected = [n for n, each in enumerate(wanted) if naive(each, event)]
        assert [n for n, each in enumerate(parsed) if matches(each, event)] == expected
        assert sorted(index.matching(event)) == expected


ARRAYS = st.fixed_dictionaries({"a": st.lists(EVENTS, max_size=3), "b": st.lists(SCALARS, max_size=2)})


@pytest.mark.parametrize("about", ["a", "the same two fields"])
@settings(max_examples=80, deadline=None)
@given(st.lists(LEAVES, min_size=20, max_size=30), st.lists(SCALARS, min_size=1, max_size=8))
def test_many_patterns_about_one_field(about: str, wanted: list[list[Any]], values: list[Any]) -> None:
    more = {} if about == "a" else {"b": [{"exists": True}]}
    patterns = [{"a": leaf} | more for leaf in wanted]
    index = Index((n, parse(json.dumps(each))) for n, each in enumerate(patterns))
    for value in (*values, values, []):
        event = {"a": value, "b": 1}
        assert sorted(index.matching(event)) == [n for n, each in enumerate(patterns) if naive(each, event)]
    assert sorted(index.matching({"b": 1})) == [n for n, p in enumerate(patterns) if naive(p, {"b": 1})]


def test_a_name_stands_for_one_pattern() -> None:
    with pytest.raises(ValueError, match="'twice'"):
        Index([("twice", parse('{"a": ["x"]}')), ("twice", parse('{"b": ["x"]}'))])


def test_what_is_no_object_has_no_fields() -> None:
    patterns = {"a": parse('{"a": [{"exists": false}]}'), "b": parse('{"a": [1]}')}
    for event in ([], [{"a": 1}], "a", None):
        assert [name for name, pattern in patterns.items() if matches(pattern, event)] == ["a"]
        assert Index(patterns.items()).matching(event) == ["a"]


@pytest.mark.parametrize("alternatives", [32, 33, 100])
def test_choices_that_are_multiplied_out_and_those_that_are_not(alternatives: int) -> None:
    """Around the bound of combinations; together with a field outside, which both forms must heed."""
    choice = [{"a": [n], "b": [{"numeric": ["<", n]}]} for n in range(alternatives)]
    pattern = parse(json.dumps({"$or": choice, "c": ["x"]}))
    index = Index([("it", pattern)])
    for a in (0, 1, alternatives - 1, alternatives):
        for b in (0, alternatives):
            for c in ("x", "y"):
                event = {"a": a, "b": b, "c": c}
                expected = b < a < alternatives and c == "x"
                assert matches(pattern, event) is expected
                assert index.matching(event) == ["it"] * expected


@pytest.mark.parametrize("seed", range(4))
def test_hundreds_of_patterns(seed: int) -> None:
    """Few and many found, more sets of fields than are remembered, fields twice, elements of arrays."""
    draw = Random(seed)
    wanted = [_drawn_pattern(draw, depth=2) for _ in range(400)]
    parsed = [parse(json.dumps(each)) for each in wanted]
    index = Index(enumerate(parsed))
    counts = set()
    for _ in range(150):
        event = _drawn_event(draw, depth=2)
        found = sorted(index.matching(event))
        assert found == [n for n, each in enumerate(parsed) if matches(each, event)]
        counts.add(len(found))
    assert min(counts) < len(wanted) / 16 < max(counts), "both forms of naming what was found"


def _drawn_pattern(draw: Random, depth: int) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    for name in draw.sample("abcdef", draw.randint(1, 2)):
        if depth and draw.random() < 0.3:
            wanted[name] = _drawn_pattern(draw, depth - 1)
        else:
            wanted[name] = [draw.choice(DRAWN_CONDITIONS) for _ in range(draw.randint(1, 3))]
    if depth and draw.random() < 0.2:
        wanted["$or"] = [_drawn_pattern(draw, depth - 1) for _ in range(draw.randint(2, 4))]
    return wanted


def _drawn_event(draw: Random, depth: int) -> dict[str, Any]:
    event: dict[str, Any] = {}
    for name in draw.sample("abcdefg", draw.randint(0, 7)):
        if depth and draw.random() < 0.5:
            inner = [_drawn_event(draw, depth - 1) for _ in range(draw.randint(0, 3))]
            event[name] = inner[0] if len(inner) == 1 else inner
        else:
            values = [draw.choice(DRAWN_VALUES) for _ in range(draw.randint(0, 2))]
            event[name] = values[0] if len(values) == 1 else values
    return event


DRAWN_VALUES = [*TEXTS, "abc", "ABCd", "x.y.z", 0, 1, 2.5, 7, True, False, None]
DRAWN_CONDITIONS = [
    *DRAWN_VALUES,
    *({"wildcard": text} for text in (*WILD, "a*c", "*bc*d", "*.*.*")),
    *({kind: text} for kind in ("prefix", "suffix", "equals-ignore-case") for text in ("x", "a", "ABC")),
    *({"numeric": [sign, number]} for sign in ("<", ">=", "=") for number in (0, 1.5, 7)),
    *({"anything-but": one} for one in ("x", ["abc", "x"], [1, 7], {"prefix": "a"}, {"wildcard": "*b*"})),
    {"exists": True},
    {"exists": False},
    {"cidr": "10.0.0.0/8"},
]


def test_more_sets_of_fields_than_are_remembered() -> None:
    names = [f"f{n}" for n in range(11)]
    patterns = [parse(json.dumps({name: [{"exists": n % 2 == 0}]})) for n, name in enumerate(names)]
    index = Index(enumerate(patterns))
    for chosen in [*range(2**11), 5]:
        event = {name: 1 for n, name in enumerate(names) if chosen >> n & 1}
        assert sorted(index.matching(event)) == [n for n in range(11) if (chosen >> n & 1) != n % 2]


def test_more_numbers_than_are_remembered() -> None:
    patterns = [parse(json.dumps({"a": [{"numeric": [">", n, "<=", n + 2]}]})) for n in range(700)]
    index = Index(enumerate(patterns))
    for value in [*range(703), 3]:
        assert sorted(index.matching({"a": value})) == [n for n in (value - 2, value - 1) if 0 <= n < 700]
        assert sorted(index.matching({"a": value + 0.5})) == [n for n in (value - 1, value) if 0 <= n < 700]


@settings(max_examples=150, deadline=None)
@given(st.lists(PATTERNS, min_size=1, max_size=12), ARRAYS)
def test_the_index_loses_nothing_in_arrays(wanted: list[dict[str, Any]], event: Any) -> None:
    parsed = [parse(json.dumps(each)) for each in wanted]
    assert sorted(Index(enumerate(parsed)).matching(event)) == [
        n for n, each in enumerate(parsed) if matches(each, event)
    ]
