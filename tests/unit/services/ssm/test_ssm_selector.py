from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.services.ssm.selector import InvalidSelector, Missing, parse, select

VALUE = {
    "a": [{"b": 1, "c": "x"}, {"b": 2}, {"b": "2"}],
    "n": {"m": {"b": 3}, "k-1": True, "with space": None, "aws:tag": "t"},
    "empty": [],
    "zero": 0,
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", VALUE),
        ("$.a[0].b", 1),
        ("$.a[-1].b", "2"),
        ("$['a'][1]['b']", 2),
        ('$["n"]["with space"]', None),
        ("$.n.k-1", True),
        ("$.n.aws:tag", "t"),
        ("$.zero", 0),
        ("$.a[*].b", [1, 2, "2"]),
        ("$.a[0,2].b", [1, "2"]),
        ("$.a[1:].b", [2, "2"]),
        ("$.a[:-1].b", [1, 2]),
        ("$.n.*", [{"b": 3}, True, None, "t"]),
        ("$..b", [1, 2, "2", 3]),
        ("$..[0].c", ["x"]),
        ("$.n['k-1','aws:tag']", [True, "t"]),
        ("$.empty[*]", []),
        ("$.nope[*].b", []),
        ("$.a[?(@.b == 2)].b", [2]),
        ("$.a[?(@.b == '2')].b", ["2"]),
        ("$.a[?(@.b != 2)].b", [1, "2"]),
        ("$.a[?(@.b >= 1 && @.b < 2)].b", [1]),
        ("$.a[?(@.c)].b", [1]),
        ("$.a[?(!@.c)].b", [2, "2"]),
        ("$.a[?(@.b == 1 || @.b == 2 && @.c == 'x')].b", [1]),
        ("$.a[?((@.b == 1 || @.b == 2) && !(@.c == 'x'))].b", [2]),
        ("$.a[?(@['c'] == \"x\")].b", [1]),
        ("$.n[?(@.b == 3)]", []),
        ("$.n.m[?(@.b > 2.5)].b", [3]),
        ("$.a[ ?( @.b==1 ) ].c", ["x"]),
        ("$.n[?(@.k-1 == true)].aws:tag", ["t"]),
        ("$.n[?(@['with space'] == null)].k-1", [True]),
    ],
)
def test_select(path: str, expected: object) -> None:
    assert select(parse(path), VALUE) == expected


@pytest.mark.parametrize(
    "path", ["$.nope", "$.a[3]", "$.a[-4]", "$.a.b", "$.n[0]", "$.zero.x", "$.a[0].nope.b"]
)
def test_missing(path: str) -> None:
    with pytest.raises(Missing):
        select(parse(path), VALUE)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "expected '$' at character 1"),
        ("a.b", "expected '$'"),
        ("$a", "expected '.' or '['"),
        ("$.", "expected a name"),
        ("$.a[", "expected an index"),
        ("$.a[x]", "expected an index"),
        ("$.a['x'", "expected ']'"),
        ("$.a['x]", "expected an index"),
        ("$.a[0", "expected ']'"),
        ("$.a[0,]", "expected an index"),
        ("$.a[?(@.b ==)]", "expected '@'"),
        ("$.a[?(@.b]", "expected ')'"),
        ("$.a[?(@.b =~ /x/)]", "expected ')'"),
        ("$.a[?(@.b[*] == 1)]", "single values"),
        ("$.a.length()", "expected '.' or '['"),
        ("$...b", "expected a name"),
        ("$." + "a" * 2000, "longer than 1024"),
        ("$[?" + "(" * 1000, "nested too deeply"),
    ],
)
def test_invalid(path: str, message: str) -> None:
    with pytest.raises(
        InvalidSelector, match=message.replace("$", r"\$").replace("[", r"\[").replace(")", r"\)")
    ):
        parse(path)


@settings(max_examples=300)
@given(st.text(alphabet="$.[]*?()@'\"ab01:,=<>!&|- ", max_size=30))
def test_any_text_is_a_selector_or_refused(text: str) -> None:
    try:
        selector = parse("$" + text)
    except InvalidSelector:
        return
    try:
        found = select(selector, VALUE)
    except Missing:
        assert selector.definite
    else:
        assert selector.definite or isinstance(found, list)


def test_selection_that_grows_without_end_is_refused() -> None:
    wide = [[[list(range(10))] * 10] * 10] * 10
    with pytest.raises(InvalidSelector, match="more than 10000 values"):
        select(parse("$" + "..*" * 8), wide)
    assert len(select(parse("$[*][*][*][*]"), wide)) == 10_000


KEYS = st.text(alphabet="abc", min_size=1, max_size=3)
TREES = st.recursive(
    st.integers(), lambda t: st.lists(t, max_size=3) | st.dictionaries(KEYS, t, max_size=3), max_leaves=10
)


@settings(max_examples=150)
@given(TREES)
def test_every_leaf_is_reached_by_its_path(tree: object) -> None:
    def walk(path: str, value: object) -> None:
        assert select(parse(path), tree) == value
        if isinstance(value, dict):
            for key, item in value.items():
                walk(f"{path}.{key}", item)
        elif isinstance(value, list):
            for i, item in enumerate(value):
                walk(f"{path}[{i}]", item)

    walk("$", tree)
