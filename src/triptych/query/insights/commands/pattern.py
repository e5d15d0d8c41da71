"""``pattern @message``: how often lines of the same form come."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from triptych.query.insights import tree
from triptych.query.insights.command import Case, Command
from triptych.query.insights.lowering import lower
from triptych.query.insights.reader import Reader
from triptych.query.insights.relation import Relation, Sort
from triptych.query.insights.value import Value, alias, as_text, call, literal

VARYING = r"[A-Za-z0-9_.:/+\-]*[0-9][A-Za-z0-9_.:/+\-]*"
"""What differs from line to line: a word with a digit (numbers, times, addresses, ids)."""
TOKEN = "<*>"  # noqa: S105 - what stands for it
SEVERITIES = (
    ("Error", r"(?i)\b(error|exception|fatal|fail(ed|ure)?|critical)\b"),
    ("Warning", r"(?i)\bwarn(ing)?\b"),
    ("Debug", r"(?i)\b(debug|trace)\b"),
    ("Info", r"(?i)\binfo\b"),
)


def _read(reader: Reader) -> tree.Expression:
    return reader.expression()


def _lower(relation: Relation, node: tree.Expression) -> Relation:
    relation = relation.settled().with_fields_of([node])
    text = as_text(lower(node, relation))
    form = call("replaceRegexpAll", text, literal(VARYING), literal(TOKEN))
    names = [relation.names.column() for _ in range(4)]
    query = (
        relation.rows(alias(form, names[0]), alias(call("count"), names[1]))
        .where(call("isNotNull", text.copy()), copy=False)
        .group_by(exp.column(names[0]), copy=False)
    )
    counted, form = exp.column(names[1]), exp.column(names[0])
    ratio = call("divide", counted, exp.Window(this=call("sum", counted.copy())))
    severity: list[exp.Expr] = []
    for label, words in SEVERITIES:
        severity += [call("match", form.copy(), literal(words)), literal(label)]
    rows = replace(relation, query=query)
    query = rows.rows("*", alias(ratio, names[2]), alias(call("multiIf", *severity, literal("")), names[3]))
    fields = {
        "@pattern": Value(exp.column(names[0]), "text"),
        "@ratio": Value(exp.column(names[2]), "number"),
        "@sampleCount": Value(call("toFloat64", exp.column(names[1])), "number"),
        "@severityLabel": Value(call("nullIf", exp.column(names[3]), literal("")), "text"),
    }
    order = (Sort(fields["@sampleCount"], descending=True), Sort(fields["@pattern"], descending=False))
    return Relation(
        names=relation.names, query=query, fields=fields, shown=tuple(fields), events=False, order=order
    )


COMMAND = Command(
    name="pattern",
    docs="Lines with whatever has a digit in it replaced by <*>, counted; AWS finds varying words too.",
    read=_read,
    lower=_lower,
    cases=(
        Case(
            "pattern @message",
            ("ERROR took 12ms", "started", "ERROR took 7ms", "ERROR took 100ms"),
            (
                "@pattern=ERROR took <*> @ratio=0.75 @sampleCount=3 @severityLabel=Error",
                "@pattern=started @ratio=0.25 @sampleCount=1",
            ),
        ),
    ),
)
