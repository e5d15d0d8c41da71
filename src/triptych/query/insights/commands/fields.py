"""``fields a, b + 1 as c``: more fields to show."""

from __future__ import annotations

from dataclasses import replace

from triptych.query.insights.command import Case, Command
from triptych.query.insights.lowering import lower
from triptych.query.insights.named import Named, read_named
from triptych.query.insights.reader import Reader
from triptych.query.insights.relation import Relation


def _read(reader: Reader) -> tuple[Named, ...]:
    return tuple(reader.listed(lambda: read_named(reader)))


def _lower(relation: Relation, listed: tuple[Named, ...]) -> Relation:
    relation = relation.with_fields_of(each.expression for each in listed)
    made = {each.name: lower(each.expression, relation) for each in listed if not each.is_field}
    if made:
        relation = relation.with_columns(made)
    shown = dict.fromkeys((*(relation.shown or ()), *(each.name for each in listed)))
    return replace(relation, shown=tuple(shown))


COMMAND = Command(
    name="fields",
    docs="Fields to show, and new ones made of others.",
    read=_read,
    lower=_lower,
    keeps_events=True,
    cases=(
        Case("fields a, a * 2 as b", ('{"a": 1}', '{"a": 2.5}'), ("a=2.5 b=5", "a=1 b=2")),
        Case("fields a | fields b", ('{"a": 1, "b": "x"}',), ("a=1 b=x",)),
        Case("fields missing", ("{}",), ("",)),
        Case("fields strlen(@message)", ("abc",), ("strlen(@message)=3",)),
    ),
)
