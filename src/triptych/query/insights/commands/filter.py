"""``filter a > 1 and @message like /x/``: the events a condition is true of."""

from __future__ import annotations

from triptych.query.insights import tree
from triptych.query.insights.command import Case, Command
from triptych.query.insights.lowering import lower
from triptych.query.insights.reader import Reader
from triptych.query.insights.relation import Relation
from triptych.query.insights.said import said
from triptych.query.insights.value import as_truth


def _read(reader: Reader) -> tree.Expression:
    return reader.expression()


def _lower(relation: Relation, condition: tree.Expression) -> Relation:
    relation = relation.settled().saying(said(condition)).with_fields_of([condition])
    # A field is looked at by its number; other text is no condition. What is neither true nor false WHERE leaves out
    # by itself; to say so with ifNull would hide the condition from the engine's indexes.
    return relation.where(as_truth(lower(condition, relation)))


_STATUS = ('{"s": 200}', '{"s": "404"}', '{"s": "none"}', "{}")

COMMAND = Command(
    name="filter",
    docs="Only the events that a condition is true of.",
    read=_read,
    lower=_lower,
    keeps_events=True,
    cases=(
        Case("fields s | filter s >= 300", _STATUS, ("s=404",)),
        Case("fields s | filter s != 200", _STATUS, ("s=none", "s=404")),
        Case("fields s | filter not ispresent(s)", _STATUS, ("",)),
        Case("fields s | filter s in [200, 404]", _STATUS, ("s=404", "s=200")),
        Case("fields s | filter s not in ['none']", _STATUS, ("s=404", "s=200")),
        Case("display @message | filter @message like 'b c'", ("a b c", "bc"), ("@message=a b c",)),
        Case("display @message | filter @message like /(?i)B.c/", ("a b c", "bc"), ("@message=a b c",)),
        Case(
            "display @message | filter @message like /a|C$/",
            ("xa", "cb", "bC"),
            ("@message=bC", "@message=xa"),
        ),
        Case(
            "display @message | filter @message like /(?i)A|c/",
            ("xa", "bC", "b"),
            ("@message=bC", "@message=xa"),
        ),
        Case("filter s like /0|1/ | display s", ('{"s": 10}', '{"s": "2"}', "{}"), ("s=10",)),
        Case("filter s not like /0|1/ | display s", ('{"s": 10}', '{"s": "2"}', "{}"), ("s=2",)),
        Case("display @message | filter @message =~ 'b$'", ("ab", "ba"), ("@message=ab",)),
        Case("display @message | filter @message not like /a/ or 1 = 1", ("a",), ("@message=a",)),
    ),
)
