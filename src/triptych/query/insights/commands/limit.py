"""``limit 20``: at most so many rows."""

from __future__ import annotations

from dataclasses import replace

from triptych.kernel import limits
from triptych.query.insights.command import Case, Command
from triptych.query.insights.malformed import MalformedQuery
from triptych.query.insights.reader import Reader
from triptych.query.insights.relation import Relation


def _read(reader: Reader) -> int:
    token = reader.peek()
    if token.kind != "number" or not token.text.isdecimal():
        raise reader.unexpected("a whole number")
    reader.next()
    count = int(token.text)
    if not 1 <= count <= limits.INSIGHTS_RESULTS_AT_MOST:
        message = f"limit takes a number from 1 to {limits.INSIGHTS_RESULTS_AT_MOST}"
        raise MalformedQuery(message, token.start, token.end)
    return count


def _lower(relation: Relation, count: int) -> Relation:
    return replace(relation.settled(), limit=count)


COMMAND = Command(
    name="limit",
    docs="At most so many rows, the first in their order.",
    read=_read,
    lower=_lower,
    cases=(
        Case("fields a | limit 1", ('{"a": 1}', '{"a": 2}'), ("a=2",)),
        Case("sort @timestamp | limit 2 | stats sum(a)", ('{"a": 1}', '{"a": 2}', '{"a": 4}'), ("sum(a)=3",)),
    ),
)
