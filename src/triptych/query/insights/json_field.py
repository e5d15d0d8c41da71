"""A dotted name into the JSON of a text: ``userIdentity.sessionContext.0.type``.

As AWS flattens JSON, only leaves are values: text, numbers, and booleans as 1 and 0; null, maps and lists are
missing. A part that is a number reaches into a list, or else is a key. A key that has dots itself is found too.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from triptych.query.insights.value import call, literal, null

Bind = Callable[[object], exp.Placeholder]


def written(document: exp.Expr, name: str, bind: Bind, *, said: str = "") -> exp.Expr:
    """The value as it is written in the JSON; empty if it is not there. Give it a column: ``leaf`` repeats it.

    ``document`` is repeated too. The JSON is read only where it can have the key: the key stands in the text, unless
    it is written with escapes. An empty document costs nothing.

    :param said: what is in the JSON of all rows that matter, by key or value; of others nothing need be found. It is
        rarer than a key, which often every row has.
    """
    parts = name.split(".")
    keys = [bind(part) for part in parts]
    key = max((part for place, part in enumerate(parts) if not place or not part.isdecimal()), key=len)
    possible = call("multiSearchAny", document.copy(), bind([said or key, "\\"]))
    looked_into = call("if", possible, document.copy(), literal(""))
    return _raw(looked_into, name, keys, bind)


def leaf(raw: exp.Expr) -> exp.Expr:
    """What a value says that is ``written`` so; NULL for what is no leaf."""

    def is_(text: str) -> exp.Expr:
        return call("equals", raw.copy(), literal(text))

    def begins(text: str) -> exp.Expr:
        return call("startsWith", raw.copy(), literal(text))

    absent = call("or", is_(""), is_("null"), begins("{"), begins("["))
    inside = call("substring", raw.copy(), literal(2), call("minus", call("length", raw.copy()), literal(2)))
    escaped = call("greater", call("position", raw.copy(), literal("\\")), literal(0))
    text = call("if", escaped, call("JSONExtractString", raw.copy()), inside)
    branches = [begins('"'), text, absent, null(), is_("true"), literal("1"), is_("false"), literal("0")]
    return call("multiIf", *branches, raw)


def _raw(document: exp.Expr, name: str, keys: list[exp.Placeholder], bind: Bind) -> exp.Expr:
    """As it is written in the JSON; empty if it is not there."""
    parts = name.split(".")
    found = call("JSONExtractRaw", document.copy(), *(key.copy() for key in keys))
    numbers = [place for place, part in enumerate(parts) if place and part.isdecimal() and len(part) < 6]
    if numbers:
        steps: list[exp.Expr] = [
            bind(int(part) + 1) if place in numbers else keys[place].copy()
            for place, part in enumerate(parts)
        ]
        listed = [
            call(
                "equals",
                call("JSONType", document.copy(), *(s.copy() for s in steps[:place])),
                literal("Array"),
            )
            for place in numbers
        ]
        every = listed[0] if len(listed) == 1 else call("and", *listed)
        found = call("if", every, call("JSONExtractRaw", document.copy(), *steps), found)
    if len(parts) > 1:
        whole = call("JSONExtractRaw", document.copy(), bind(name))
        found = call("if", call("equals", found, literal("")), whole, found.copy())
    return found
