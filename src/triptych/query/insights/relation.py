"""What a pipeline has come to after some of its commands: rows of the lake and the fields they have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from triptych.query.insights import known_formats, tree
from triptych.query.insights.json_field import leaf, written
from triptych.query.insights.malformed import MalformedQuery, near
from triptych.query.insights.ordering import sort_keys
from triptych.query.insights.said import Said
from triptych.query.insights.value import Value, alias, call, literal, null

__all__ = ["SYSTEM", "Names", "Relation", "Sort", "source"]

_ROWS = "q"
EVENT_ORDER = ("time", "batch", "number")
"""Columns that tell events apart and put them in order."""
SYSTEM = ("@timestamp", "@message", "@logStream", "@log", "@ingestionTime", "@ptr")


class Names:
    """Bound values and names of columns of one compilation; the only thing in it that changes."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.values: dict[str, Any] = {}
        self._columns = 0

    def bind(self, value: object) -> exp.Placeholder:
        name = f"i{len(self.values)}"
        self.values[name] = value
        return exp.Placeholder(this=name)

    def column(self) -> str:
        self._columns += 1
        return f"c{self._columns}"


@dataclass(frozen=True, slots=True)
class _Lookup:
    """A field found in two steps: a column, and the value made of the column, which repeats it."""

    sql: exp.Expr
    value: Callable[[exp.Expr], Value]


def _text(raw: exp.Expr) -> Value:
    return Value(leaf(raw), "text")


@dataclass(frozen=True, slots=True)
class Sort:
    value: Value
    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Rows so far.

    :ivar fields: what has a name; of events also everything in their JSON.
    :ivar shown: names in the order of the answer; None: what events show when nobody says.
    :ivar events: whether rows are log events, with the columns of ``EVENT_ORDER`` and ``message``.
    :ivar order: what ``sort`` said; empty: the usual order.
    :ivar limit: a number of rows still to be applied.
    :ivar matched: the column with the number of events that went into a ``stats``.
    :ivar found_in: names of ``fields`` that are values in the JSON of the message, or words of it.
    :ivar said: what is in the message of every row, unless it is JSON written with escapes; empty: nothing is known.
    """

    names: Names
    query: exp.Select
    fields: Mapping[str, Value] = field(default_factory=dict)
    shown: tuple[str, ...] | None = None
    events: bool = True
    order: tuple[Sort, ...] = ()
    limit: int | None = None
    matched: str | None = None
    found_in: frozenset[str] = frozenset()
    said: str = ""

    def rows(self, *columns: str | exp.Expr) -> exp.Select:
        """A SELECT from these rows; it shares their tree, which nobody changes."""
        return exp.select(*columns, copy=False).from_(self.query.subquery(_ROWS, copy=False), copy=False)

    def with_columns(self, values: Mapping[str, Value]) -> Relation:
        """The values computed, each under its field's name."""
        made: list[exp.Expr] = []
        fields = dict(self.fields)
        for name, value in values.items():
            column = self.names.column()
            made.append(alias(value.sql, column))
            fields[name] = Value(exp.column(column), value.kind, structure=value.structure)
        found_in = self.found_in.difference(values)
        return replace(self, query=self.rows("*", *made), fields=fields, found_in=found_in)

    def where(self, condition: exp.Expr) -> Relation:
        return replace(self, query=self.rows("*").where(condition, copy=False))

    def with_fields_of(self, nodes: Iterable[tree.Expression]) -> Relation:
        """Every field the expressions name has a value. Raises MalformedQuery for one there cannot be."""
        wanted: dict[str, _Lookup] = {}
        for node in nodes:
            # What is written like a column of stats is that column, not a call over fields.
            for part in tree.walk(node, self._is_column):
                if isinstance(part, tree.Field) and part.name not in self.fields:
                    wanted[part.name] = self._discovered(part)
        if not wanted:
            return self
        columns = {name: self.names.column() for name in wanted}
        looked_up = [alias(lookup.sql, columns[name]) for name, lookup in wanted.items()]
        relation = replace(self, query=self.rows("*", *looked_up))
        relation = relation.with_columns(
            {name: lookup.value(exp.column(columns[name])) for name, lookup in wanted.items()}
        )
        return replace(relation, found_in=relation.found_in.union(filter(self._is_found, wanted)))

    def saying(self, found: Iterable[Said]) -> Relation:
        """For a condition that says this and is to leave out all other rows: their JSON need not be read for it."""
        texts = [each.text for each in found if self._is_found(each.name)]
        return replace(self, said=max([self.said, *texts], key=len))

    def _is_found(self, name: str) -> bool:
        """Whether a field's value is one in the message's JSON, or a word of the message, or it is missing."""
        if not self.events or name in self.fields:
            return self.events and name in self.found_in
        parts = name.split(".")
        holders = (self.fields.get(".".join(parts[:length])) for length in range(1, len(parts)))
        if any(holder is not None and holder.structure for holder in holders):
            return False
        return name.startswith("@@") or not name.startswith("@")

    def _is_column(self, node: tree.Expression) -> bool:
        return isinstance(node, tree.Call) and node.text in self.fields

    def _discovered(self, node: tree.Field) -> _Lookup:
        parts = node.name.split(".")
        for length in range(len(parts) - 1, 0, -1):
            holder = self.fields.get(".".join(parts[:length]))
            if holder is not None and holder.structure:
                rest = ".".join(parts[length:])
                document = call("ifNull", holder.sql, literal(""))
                return _Lookup(written(document, rest, self.names.bind), _text)
        if not self.events:
            message = f"There is no field {node.name} behind stats or pattern.{near(node.name, self.fields)}"
            raise MalformedQuery(message, node.start, node.end)
        line = exp.column("message")
        if node.name in known_formats.NAMES:
            found = known_formats.field_of(node.name, line, null())
            return _Lookup(found.sql, lambda column: replace(found, sql=column))
        if node.name.startswith("@@"):  # how AWS shows a name in JSON that begins with an @ itself
            return _Lookup(written(line, node.name[1:], self.names.bind, said=self.said), _text)
        if node.name.startswith("@"):
            message = f"There is no field {node.name}.{near(node.name, {*self.fields, *known_formats.NAMES})}"
            raise MalformedQuery(message, node.start, node.end)
        return _Lookup(
            written(line, node.name, self.names.bind, said=self.said),
            lambda column: known_formats.field_of(node.name, line.copy(), leaf(column)),
        )

    def settled(self) -> Relation:
        """With its limit applied, for commands that look at which rows there are."""
        if self.limit is None:
            return self
        return replace(self, query=self.sorted(self.rows("*")).limit(self.limit, copy=False), limit=None)

    def sorted(self, query: exp.Select) -> exp.Select:
        """A SELECT from these rows in their order; events that compare equal newest first."""
        keys = [
            exp.Ordered(this=key, desc=sort.descending, nulls_first=not sort.descending)
            for sort in self.order
            for key in self._sort_keys(sort.value)
        ]
        if self.events:
            keys += [exp.Ordered(this=exp.column(name), desc=True, nulls_first=False) for name in EVENT_ORDER]
        return query.order_by(*keys, copy=False) if keys else query

    def _sort_keys(self, value: Value) -> list[exp.Expr]:
        # By the column itself the engine reads in order, and stops at the limit.
        if self.events and value is self.fields.get("@timestamp"):
            return [exp.column("time")]
        return sort_keys(value)

    def displayed(self) -> tuple[str, ...]:
        shown = self.shown
        if shown is None:
            shown = ("@timestamp", "@message")
        return (*(name for name in shown if name != "@ptr"), "@ptr") if self.events else shown


def source(names: Names, query: exp.Select, groups: Mapping[str, str]) -> Relation:
    """Log events.

    :param query: has the columns message, log_stream, time, ingested, batch, number, group_id.
    :param groups: id of a group -> what ``@log`` shows.
    """

    def milliseconds(column: str) -> Value:
        return Value(call("toUnixTimestamp64Milli", exp.column(column)), "time")

    ids, shown = names.bind(list(groups)), names.bind(list(groups.values()))
    log = call("transform", call("toString", exp.column("group_id")), ids, shown, literal(""))
    place: list[exp.Expr] = [call("toString", exp.column("group_id"))]
    for number in (milliseconds("time").sql, exp.column("batch"), exp.column("number")):
        place += [literal(":"), call("toString", number)]
    fields = {
        "@timestamp": milliseconds("time"),
        "@message": Value(exp.column("message"), "text"),
        "@logStream": Value(call("toString", exp.column("log_stream")), "text"),
        "@log": Value(log, "text"),
        "@ingestionTime": milliseconds("ingested"),
        "@ptr": Value(call("base64Encode", call("concat", *place)), "text"),
    }
    return Relation(names=names, query=query, fields=fields)
