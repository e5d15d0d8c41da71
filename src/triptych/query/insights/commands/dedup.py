"""``dedup a, b``: of rows alike in some fields, the first."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from triptych.query.insights import tree
from triptych.query.insights.command import Case, Command
from triptych.query.insights.lowering import lower
from triptych.query.insights.reader import Reader
from triptych.query.insights.relation import Relation
from triptych.query.insights.value import alias, as_text, call, literal


def _read(reader: Reader) -> tuple[tree.Expression, ...]:
    return tuple(reader.listed(reader.expression))


def _lower(relation: Relation, keys: tuple[tree.Expression, ...]) -> Relation:
    relation = relation.settled().with_fields_of(keys)
    texts = [as_text(lower(key, relation)) for key in keys]
    missing = call("or", literal(0), *(call("isNull", text) for text in texts))
    # A row without one of the fields is like no other: it is told apart by a number of its own.
    own = call("if", missing, call("plus", call("rowNumberInAllBlocks"), literal(1)), literal(0))
    names = [relation.names.column() for _ in range(len(texts) + 1)]
    made = [alias(sql.copy(), name) for sql, name in zip([*texts, own], names, strict=True)]
    relation = replace(relation, query=relation.rows("*", *made))
    first = relation.sorted(relation.rows("*"))
    first.set("limit", exp.Limit(expression=literal(1), expressions=[exp.column(name) for name in names]))
    return replace(relation, query=first)


_VALUES = ('{"a": 1, "b": "x"}', '{"a": 1, "b": "y"}', '{"b": "z"}', '{"b": "z"}', '{"a": 2, "b": "x"}')

COMMAND = Command(
    name="dedup",
    docs="Of rows alike in some fields the first in their order; rows without one of the fields all stay.",
    read=_read,
    lower=_lower,
    cases=(
        Case("fields a, b | dedup a", _VALUES, ("a=2 b=x", "b=z", "b=z", "a=1 b=y")),
        Case("fields a, b | sort @timestamp asc | dedup a | limit 1", _VALUES, ("a=1 b=x",)),
        Case("fields b | dedup b", _VALUES, ("b=x", "b=z", "b=y")),
    ),
)
