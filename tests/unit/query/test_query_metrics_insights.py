"""Metrics Insights as a language: every query there is comes back from its text, and any other text says where it fails."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.kernel.limits import METRICS_INSIGHTS_SERIES
from triptych.query.metrics_insights import (
    Condition,
    Function,
    Order,
    Select,
    SelectError,
    is_select,
    parse,
)

functions = st.sampled_from(["AVG", "COUNT", "MAX", "MIN", "SUM"])
names = st.one_of(
    st.from_regex(r"[A-Za-z0-9_]{1,12}\Z"),
    st.text(min_size=1, max_size=8),
    st.sampled_from(
        ["AWS/EC2", "LIMIT", "from", "tag.env", "AWS.AccountId", "Put.Bytes", 'Bytes"Input"', "it's", "\\"]
    ),
)


def quoted(text: str, mark: str) -> str:
    return mark + "".join("\\" + each if each in "\"'\\" else each for each in text) + mark


@st.composite
def queries(draw: st.DrawFn) -> Select:
    labels = st.lists(names, max_size=3, unique=True)
    condition = st.builds(Condition, names, st.booleans(), st.text(max_size=6))
    return Select(
        "",
        draw(functions),
        draw(names),
        draw(names),
        draw(st.none() | labels.map(frozenset)),
        tuple(draw(st.lists(condition, max_size=3))),
        tuple(draw(labels)),
        draw(st.none() | st.builds(Order, functions, st.booleans())),
        draw(st.integers(1, METRICS_INSIGHTS_SERIES)),
    )


def written(query: Select, draw: st.DrawFn) -> str:
    """The text of a query, its spaces and the case of its keywords any that are allowed."""

    def name(text: str) -> str:
        return quoted(text, '"')

    words = ["SELECT", query.function, "(", name(query.metric_name), ")", "FROM"]
    if query.schema is None:
        words.append(name(query.namespace))
    else:
        listed = ",".join(map(name, [query.namespace, *query.schema]))
        words += ["SCHEMA", "(", listed, ")"]
    for place, each in enumerate(query.conditions):
        words += [
            "AND" if place else "WHERE",
            name(each.label),
            "=" if each.equal else "!=",
            quoted(each.value, "'"),
        ]
    if query.labels:
        words += ["GROUP", "BY", ",".join(map(name, query.labels))]
    if query.order:
        words += ["ORDER", "BY", query.order.function, "(", ")"]
        words += ["DESC"] if query.order.descending else draw(st.sampled_from([[], ["ASC"]]))
    words += ["LIMIT", str(query.limit)]
    cased = [draw(st.sampled_from([word, word.lower()])) if word.isalpha() else word for word in words]
    space = draw(st.sampled_from([" ", "\n  ", "\t"]))
    return space.join(cased) + draw(st.sampled_from(["", ";", " ; "]))


@given(st.data())
def test_every_query_comes_back_from_its_text(data: st.DataObject) -> None:
    query = data.draw(queries())
    text = written(query, data.draw)
    assert is_select(text)
    found = parse(text)
    assert found.text == text
    assert {name: getattr(found, name) for name in Select.__slots__ if name != "text"} == {
        name: getattr(query, name) for name in Select.__slots__ if name != "text"
    }


pieces = st.sampled_from(
    ["SELECT", "SUM", "(", "m", ")", "FROM", "SCHEMA", "ns", ",", "WHERE", "a", "=", "!=", "'v'", "AND", "OR", "GROUP", "BY",
     "ORDER", "MAX", "DESC", "LIMIT", "5", "0", ";", '"q"', '"', "'", "\\", "tag.x", "*", "/", "é", "999999999999"]
)  # fmt: skip


@given(st.lists(pieces, max_size=14).map(" ".join) | st.text(max_size=30))
def test_any_other_text_says_where_it_fails(text: str) -> None:
    try:
        parse(text)
    except SelectError as error:
        assert 0 <= error.position <= len(text)
        assert error.message


@pytest.mark.parametrize(
    ("text", "function", "name"),
    [
        ("SELECT AVG(CPUUtilization) FROM SCHEMA(x)", "AVG", "CPUUtilization"),
        ('select sum ( "PutRecords.Bytes" ) from x', "SUM", "PutRecords.Bytes"),
        ("SELECT COUNT(4XXError) FROM x", "COUNT", "4XXError"),
        ("SELECT MIN(500) FROM x", "MIN", "500"),
        ('SELECT AVG("Bytes\\"Input\\"") FROM x', "AVG", 'Bytes"Input"'),
        ("SELECT MAX(Type) FROM x", "MAX", "Type"),
    ],
)
def test_names(text: str, function: Function, name: str) -> None:
    found = parse(text)
    assert (found.function, found.metric_name, found.limit) == (function, name, METRICS_INSIGHTS_SERIES)


@pytest.mark.parametrize(
    "text", ["select", "select * 2", "SELECT", "selects + 1", "m1 / select", "SUM(METRICS())"]
)
def test_what_is_metric_math(text: str) -> None:
    assert not is_select(text)
