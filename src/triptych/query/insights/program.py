"""A whole query: commands one behind the other, from text to a SELECT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from sqlglot import exp

from triptych.kernel import limits
from triptych.kernel.catalog import discover
from triptych.query.insights import commands
from triptych.query.insights.command import Command
from triptych.query.insights.malformed import MalformedQuery, near
from triptych.query.insights.reader import Reader
from triptych.query.insights.relation import Names, Relation, source
from triptych.query.insights.value import alias, as_text, call

__all__ = ["COMMANDS", "REFUSED", "Compiled", "Step", "compile_insights", "read"]

COMMANDS: Mapping[str, Command] = {
    command.name: command for command in discover(commands, "COMMAND", Command)
}

REFUSED = (
    "source", "unnest", "diff", "anomaly", "join", "lookup", "filterindex", "unmask", "subquery", "addtotals", "logtransform",
)  # fmt: skip
"""Words AWS knows that are not built; they are refused by name."""


_KEEP_ROWS = frozenset({"sort", "display", "fields", "parse"})


@dataclass(frozen=True, slots=True)
class Step:
    """A command and what it read."""

    command: Command
    read: Any


@dataclass(frozen=True, slots=True)
class Compiled:
    """Two SELECTs and what they bind.

    :ivar rows: the answer; its first columns are the values of ``fields``, text or NULL.
    :ivar matched: counts the events that matched, in its only column.
    :ivar carried: whether the last column of ``rows``, if there is a row, says that too.
    :ivar all_below: if ``rows`` has fewer rows than this, they are all that matched; 0: that cannot be told.
    :ivar unfiltered: whether every event that is read matched.
    """

    rows: exp.Select
    values: dict[str, Any]
    fields: tuple[str, ...]
    matched: exp.Select
    matched_values: dict[str, Any]
    carried: bool
    all_below: int
    unfiltered: bool


def read(text: str) -> list[Step]:
    """The commands. Raises MalformedQuery."""
    reader = Reader(text)
    steps: list[Step] = []
    while True:
        steps.append(_step(reader))
        if len(steps) > limits.INSIGHTS_COMMANDS:
            message = f"A query has at most {limits.INSIGHTS_COMMANDS} commands"
            raise MalformedQuery(message, reader.behind, len(text))
        if not reader.take_symbol("|"):
            break
    if reader.peek().kind != "end":
        raise reader.unexpected("'|' or the end")
    return steps


def _step(reader: Reader) -> Step:
    token = reader.peek()
    if token.kind != "word":
        raise reader.unexpected("a command")
    word = token.text.lower()
    if word in REFUSED:
        message = f"The command {token.text} is not supported: Triptych does not have it"
        raise MalformedQuery(message, token.start, token.end)
    command = COMMANDS.get(word)
    if command is None:
        error = reader.unexpected("a command")
        raise MalformedQuery(f"{error.message}.{near(word, COMMANDS)}", error.start, error.end)
    reader.next()
    found = command.read(reader)
    if not reader.at_end():
        raise reader.unexpected("'|' or the end")
    return Step(command, found)


def compile_insights(
    text: str,
    events: exp.Select,
    values: Mapping[str, Any],
    *,
    groups: Mapping[str, str],
    now: int,
    limit: int = limits.INSIGHTS_RESULTS,
) -> Compiled:
    """The query over some events.

    :param events: what ``relation.source`` needs; it binds ``values``, whose names do not begin with ``i``.
    :param now: milliseconds since 1970.
    :param limit: rows of a query that does not say how many.
    Raises MalformedQuery.
    """
    relation = source(Names(now), events, groups)
    matched: Relation | None = None
    carried = False
    steps = read(text)
    for step in steps:
        if matched is None and not step.command.keeps_events:
            matched, carried = relation, step.command.name == "stats"
        relation = step.command.lower(relation, step.read)
    matched = matched or relation
    shown = relation.displayed()
    columns = [alias(as_text(relation.fields[name]), f"f{number}") for number, name in enumerate(shown)]
    if relation.matched and carried:
        columns.append(exp.column(relation.matched))
    rows = relation.sorted(relation.rows(*columns)).limit(relation.limit or limit, copy=False)
    count = matched.rows(alias(call("count"), "matched"))
    bound = {**values, **relation.names.values}
    return Compiled(
        rows,
        _used(rows, bound),
        shown,
        count,
        _used(count, bound),
        carried,
        _all_below(steps, limit),
        _unfiltered(steps),
    )


def _all_below(steps: Sequence[Step], default: int) -> int:
    """See ``Compiled.all_below``. Behind the first limit a filter drops events that did match."""
    least, cut = default, False
    for step in steps:
        if step.command.name == "limit":
            least, cut = min(least, step.read), True
        elif not (step.command.name in _KEEP_ROWS or (step.command.name == "filter" and not cut)):
            return 0
    return least


def _unfiltered(steps: Sequence[Step]) -> bool:
    """See ``Compiled.unfiltered``."""
    counted = takewhile(lambda step: step.command.keeps_events, steps)
    return all(step.command.name in _KEEP_ROWS for step in counted)


def _used(query: exp.Select, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values a tree binds; columns nobody asks for leave theirs behind."""
    names = {node.name for node in query.find_all(exp.Placeholder)}
    return {name: value for name, value in values.items() if name in names}
