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
    """``document`` is a column: it is repeated, and the engine evaluates what is alike once.

    Most values can be told from their text alone, which takes one pass over the JSON. Empty text, ``true`` and what
    begins like a map may be something else than text, and are looked at again as they were written.
    """
    parts = name.split(".")
    keys = [bind(part) for part in parts]
    exact = _exact(_raw(document, name, keys, bind))
    if any(part.isdecimal() for part in parts[1:]):
        return exact
    text = call("JSONExtractString", document.copy(), *(key.copy() for key in keys))
    doubtful = call(
        "or",
        *(call("equals", text.copy(), literal(word)) for word in ("", "true", "false")),
        *(call("startsWith", text.copy(), literal(bracket)) for bracket in "{["),
    )
    return call("if", doubtful, exact, text)


def _exact(raw: exp.Expr) -> exp.Expr:
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
