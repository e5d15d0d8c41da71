"""The order ``sort`` puts values in: what is no number first, then numbers.

Text is compared in chunks of digits and of other characters: chunks of digits by length and then by value, others by
their characters. What is missing comes before everything.
"""

from __future__ import annotations

from sqlglot import exp

from triptych.query.insights.value import Value, as_number, call, let, literal

_CHUNK = "c"
_WIDTH = 8


def sort_keys(value: Value) -> list[exp.Expr]:
    """Expressions to order by, one after the other; NULL is to be first."""
    if value.kind != "text":
        return [value.sql]
    return [_present(value.sql), as_number(value), _chunks(value.sql)]


def sort_tuple(value: Value) -> exp.Expr:
    """The same as one value that is never NULL."""
    if value.kind != "text":
        return call("tuple", call("isNotNull", value.sql), call("ifNull", value.sql.copy(), literal(0)))

    def all_keys(text: exp.Expr) -> exp.Expr:
        number = as_number(Value(text, "text"))
        parts = (_present(text.copy()), call("isNotNull", number), call("ifNull", number.copy(), literal(0)))
        return call("tuple", *parts, _chunks(text.copy()))

    return let(value.sql, all_keys)


def _present(text: exp.Expr) -> exp.Expr:
    return call("isNotNull", text)


def _chunks(text: exp.Expr) -> exp.Expr:
    pieces = call("extractAll", call("ifNull", text, literal("")), literal("(?s)[0-9]+|[^0-9]+"))
    chunk = exp.column(_CHUNK)
    length = call("leftPad", call("toString", call("length", chunk)), literal(_WIDTH), literal("0"))
    padded = call("concat", length, chunk.copy())
    is_number = call("match", chunk.copy(), literal("^[0-9]"))
    keyed = exp.Lambda(
        this=call("if", is_number, padded, chunk.copy()), expressions=[exp.to_identifier(_CHUNK)]
    )
    return call("arrayMap", keyed, pieces)
