"""``parse @message "user=*" as user`` and ``parse @message /user=(?<user>\\w+)/``: fields out of text."""

from __future__ import annotations

from dataclasses import dataclass

from triptych.query.insights import regex, tree
from triptych.query.insights.command import Case, Command
from triptych.query.insights.lowering import lower
from triptych.query.insights.malformed import MalformedQuery
from triptych.query.insights.reader import Reader
from triptych.query.insights.relation import Relation
from triptych.query.insights.value import Value, as_text, call, literal, null


@dataclass(frozen=True, slots=True)
class Parse:
    """``groups``: field -> number of the group of ``pattern`` (RE2) it is."""

    operand: tree.Expression
    pattern: str
    groups: dict[str, int]


def _read(reader: Reader) -> Parse:
    start = reader.behind
    token = reader.regex()
    operand: tree.Expression = tree.Field(name="@message", start=start, end=start)
    if token is None and reader.peek().kind != "string":
        operand = reader.operand()
        token = reader.regex()
    if token is not None:
        groups = regex.group_names(token.text)
        if not groups:
            message = "The regular expression has no named groups: write (?<name>...)"
            raise MalformedQuery(message, token.start, token.end)
        return Parse(operand, regex.for_extraction(token.text), groups)
    token = reader.string()
    pattern, stars = regex.of_glob(token.text)
    if not stars:
        raise MalformedQuery("The pattern has no '*'", token.start, token.end)
    if not reader.take_word("as"):
        raise reader.unexpected("'as' and a name for each '*'")
    names = reader.listed(reader.name)
    if len(names) != stars:
        message = f"The pattern has {stars} '*' but {len(names)} name(s) follow"
        raise MalformedQuery(message, token.start, names[-1].end)
    return Parse(operand, pattern, {name.text: number for number, name in enumerate(names, 1)})


def _lower(relation: Relation, parse: Parse) -> Relation:
    relation = relation.with_fields_of([parse.operand])
    text = call("ifNull", as_text(lower(parse.operand, relation)), literal(""))
    # One that is missing is no match even for a pattern that matches nothing at all.
    present = call("isNotNull", as_text(lower(parse.operand, relation)))
    pattern = relation.names.bind(parse.pattern)
    if list(parse.groups.values()) == [1]:
        # The first group alone costs half of all groups; only an empty one may be no match at all.
        first = call("extract", text, pattern)
        empty = call("and", present, call("match", text.copy(), pattern.copy()))
        value = call("if", call("or", call("notEmpty", first), empty), first.copy(), null())
        return relation.with_columns({name: Value(value, "text") for name in parse.groups})
    found = call("extractGroups", text, pattern)
    matched = call("and", present, call("notEmpty", found))
    made = {
        name: Value(
            call("if", matched.copy(), call("arrayElement", found.copy(), literal(number)), null()), "text"
        )
        for name, number in parse.groups.items()
    }
    return relation.with_columns(made)


COMMAND = Command(
    name="parse",
    docs="New fields out of a text, by a pattern with '*' or a regular expression with named groups.",
    read=_read,
    lower=_lower,
    keeps_events=True,
    cases=(
        Case(
            "parse @message 'user=*, method:*, latency := *' as @user, method, ms | display @user, method, ms",
            ("25 user=ann, method:get, latency := 25.5", "other"),
            ("", "@user=ann method=get ms=25.5"),
        ),
        Case("parse '[*] *' as level, rest | display level, rest", ("[INFO] a b",), ("level=INFO rest=a b",)),
        Case(
            "parse @message /id=(?<id>\\d+)( of (?<all>\\d+))?/ | display id, all",
            ("id=7 of 9", "id=8"),
            ("id=8 all=", "id=7 all=9"),
        ),
        Case(
            r"parse @message /\(?<(?<tag>\w+)>.(?<rest>.*)/ | display tag, rest",
            ("(<b> one\ntwo", "<>"),
            ("", "tag=b rest=one"),
        ),
        Case(r"parse @message /n=(?<n>\d*)/ | display n", ("n=", "n=7", "m"), ("", "n=7", "n=")),
        Case("parse u 'a*c' as b | display b", ('{"u": "abbc"}', '{"u": "xac"}', "{}"), ("", "b=", "b=bb")),
    ),
)
