"""A dotted name into the JSON of a text: ``userIdentity.sessionContext.0.type``.

As AWS flattens JSON, only leaves are values: text, numbers, and booleans as 1 and 0; null, maps and lists are
missing. A part that is a number reaches into a list, or else is a key. A key that has dots itself is found too.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from triptych.query.insights.value import call, literal, null

Bind = Callable[[object], exp.Placeholder]


def leaf(document: exp.Expr, name: str, bind: Bind) -> exp.Expr:
    """``document`` is a column: it is repeated, and the engine reads it once."""
    raw = _raw(document, name, bind)

    def is_(text: str) -> exp.Expr:
        return call("equals", raw.copy(), literal(text))

    def begins(text: str) -> exp.Expr:
        return call("startsWith", raw.copy(), literal(text))

    absent = call("or", is_(""), is_("null"), begins("{"), begins("["))
    text = call("JSONExtractString", raw.copy())
    return call(
        "multiIf",
        begins('"'),
        text,
        absent,
        null(),
        is_("true"),
        literal("1"),
        is_("false"),
        literal("0"),
        raw,
    )


def _raw(document: exp.Expr, name: str, bind: Bind) -> exp.Expr:
    parts = name.split(".")
    keys = [bind(part) for part in parts]
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
