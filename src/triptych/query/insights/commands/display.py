"""``display a, b``: exactly these fields."""

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
    return replace(relation, shown=tuple(dict.fromkeys(each.name for each in listed)))


COMMAND = Command(
    name="display",
    docs="Exactly the fields to show; the last display counts.",
    read=_read,
    lower=_lower,
    keeps_events=True,
    cases=(
        Case("fields a, b | display b", ('{"a": 1, "b": 2}',), ("b=2",)),
        Case("display a | display @message", ('{"a":1}',), ('@message={"a":1}',)),
    ),
)
