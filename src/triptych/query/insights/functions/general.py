"""Presence: ispresent, coalesce."""

from __future__ import annotations

from triptych.query.insights import tree
from triptych.query.insights.function import Case, Function, Place
from triptych.query.insights.value import Value, as_text, call, truth


def _present(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
    return truth(call("isNotNull", values[0].sql))


def _coalesce(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
    kinds = {value.kind for value in values}
    if len(kinds) == 1:
        return Value(call("coalesce", *(value.sql for value in values)), kinds.pop())
    return Value(call("coalesce", *(as_text(value) for value in values)), "text")


FUNCTIONS = (
    Function(
        name="ispresent",
        docs="Whether the field exists.",
        least=1,
        most=1,
        lower=_present,
        cases=(
            Case("ispresent(a)", "1", ('{"a": 0}',)),
            Case("isPresent(a)", "0", ('{"a": null}',)),
            Case("ispresent(b.c)", "0", ('{"b": 1}',)),
        ),
    ),
    Function(
        name="coalesce",
        docs="The first value that exists.",
        least=1,
        most=None,
        lower=_coalesce,
        cases=(
            Case("coalesce(a, b, 'none')", "2", ('{"b": 2}',)),
            Case("coalesce(a, 'none')", "none"),
            Case("coalesce(a, 1) + 1", "2"),
            Case("coalesce(a, b)", None),
        ),
    ),
)
