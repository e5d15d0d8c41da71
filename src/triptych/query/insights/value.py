"""Values of expressions as SQL, each with a kind, and the conversions between the kinds.

Every SQL value may be NULL: a field an event does not have. Kinds and what they are in the lake:

- ``text``: String. Whether it is a number is seen when it is used as one.
- ``number``: Float64, as AWS has only one kind of numbers.
- ``time``: Int64, milliseconds since 1970; shown as ``2024-05-17 10:11:12.123``.
- ``truth``: UInt8; shown as 1 and 0.

Operators are printed as functions (``plus(a, b)``), so nothing depends on precedence, and a subtree is never copied
(``let`` names it): the text grows with the query, not with its nesting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

__all__ = ["Kind", "Value", "alias", "as_number", "as_text", "as_truth", "call", "let", "literal", "truth"]

Kind = Literal["text", "number", "time", "truth"]

NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
"""What counts as a number in text."""


@dataclass(frozen=True, slots=True)
class Value:
    """``constant``: what it is if the query says it; ``structure``: text that is JSON, with attributes to look into."""

    sql: exp.Expr
    kind: Kind
    constant: str | float | None = None
    structure: bool = False


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))


def alias(sql: exp.Expr, name: str) -> exp.Expr:
    """``sql AS name``, sharing the tree."""
    named: exp.Expr = exp.alias_(sql, name, copy=False)
    return named


def literal(value: str | float) -> exp.Expr:
    """A value of ours; a user's is bound."""
    return exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value)


def null() -> exp.Expr:
    return exp.Null()


def truth(sql: exp.Expr) -> Value:
    return Value(sql, "truth")


_LET = "v"


def let(sql: exp.Expr, use: Callable[[exp.Expr], exp.Expr], *, name: str = _LET) -> exp.Expr:
    """``use`` of a value that it may repeat. One inside another's ``use`` needs a ``name`` of its own."""
    if isinstance(sql, exp.Column | exp.Placeholder | exp.Literal):
        return use(sql)
    function = exp.Lambda(this=use(exp.column(name)), expressions=[exp.to_identifier(name)])
    named = call("arrayMap", function, call("array", sql))
    return call("arrayElement", named, literal(1))


def as_number(value: Value) -> exp.Expr:
    """NULL where text is no number."""
    if value.kind == "number":
        return value.sql
    if value.kind in {"time", "truth"}:
        return call("toFloat64", value.sql)

    def finite(text: exp.Expr) -> exp.Expr:
        parsed = call("toFloat64OrNull", text.copy())
        return call("if", call("isFinite", parsed), parsed.copy(), null())

    return let(value.sql, finite)


def as_text(value: Value) -> exp.Expr:
    """How AWS shows it: integers without a fraction, times to the millisecond in UTC."""
    if value.kind == "text":
        return value.sql
    if value.kind == "truth":
        return call("toString", value.sql)
    if value.kind == "time":
        return call("toString", call("fromUnixTimestamp64Milli", value.sql, literal("UTC")))
    shown = call("toString", call("plus", value.sql, literal(0)))  # -0 becomes 0
    for nothing in ("nan", "-nan", "inf", "-inf"):
        shown = call("nullIf", shown, literal(nothing))
    return shown


def as_truth(value: Value) -> exp.Expr:
    """A condition; a number is true unless it is 0."""
    if value.kind == "truth":
        return value.sql
    return call("notEquals", as_number(value), literal(0))
