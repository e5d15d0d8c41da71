"""``sort a desc, b``: the order of the rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from triptych.query.insights import tree
from triptych.query.insights.command import Case, Command
from triptych.query.insights.lowering import lower
from triptych.query.insights.reader import Reader
from triptych.query.insights.relation import Relation, Sort


@dataclass(frozen=True, slots=True)
class Key:
    expression: tree.Expression
    descending: bool


def _read(reader: Reader) -> tuple[Key, ...]:
    def key() -> Key:
        expression = reader.expression()
        descending = reader.take_word("desc")
        if not descending:
            reader.take_word("asc")
        return Key(expression, descending)

    return tuple(reader.listed(key))


def _lower(relation: Relation, keys: tuple[Key, ...]) -> Relation:
    relation = relation.settled().with_fields_of(key.expression for key in keys)
    order = tuple(Sort(lower(key.expression, relation), key.descending) for key in keys)
    return replace(relation, order=(*order, *relation.order))  # an earlier sort decides between equals


_VALUES = ('{"a": "b10"}', '{"a": 9}', "{}", '{"a": "b9"}', '{"a": "10"}')

COMMAND = Command(
    name="sort",
    docs="The order of the rows: what is no number before numbers, digits in text by their value.",
    read=_read,
    lower=_lower,
    keeps_events=True,
    cases=(
        Case("fields a | sort a", _VALUES, ("", "a=b9", "a=b10", "a=9", "a=10")),
        Case("fields a | sort a desc", _VALUES, ("a=10", "a=9", "a=b10", "a=b9", "")),
        Case("fields a | sort @timestamp asc | limit 2", _VALUES, ("a=b10", "a=9")),
        Case("display a | sort b | sort c", ('{"a":1,"b":2}', '{"a":2,"b":1}'), ("a=2", "a=1")),
        Case("fields a, b | sort b, a desc", ('{"a":1,"b":1}', '{"a":2,"b":1}'), ("a=2 b=1", "a=1 b=1")),
    ),
)
