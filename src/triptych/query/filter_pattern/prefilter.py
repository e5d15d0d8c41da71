"""What a pattern needs, as a SQL condition: true of every message that matches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from triptych.query.containing import containing, finds
from triptych.query.filter_pattern.need import AllOf, AnyOf, Contains, Finds, JsonNumber, Need
from triptych.query.filter_pattern.pattern import Pattern


def prefilter(
    pattern: Pattern, column: exp.Expr, *, prefix: str = "pattern"
) -> tuple[exp.Condition | None, dict[str, Any]]:
    """The condition on a text column and the values it binds; None when any message might match.

    :param prefix: begins the placeholders' names.
    Where ``pattern.exact``, the condition is also false of every message that does not match.
    """
    values: dict[str, Any] = {}

    def bind(value: object) -> exp.Placeholder:
        name = f"{prefix}_{len(values)}"
        values[name] = value
        return exp.Placeholder(this=name)

    def condition(need: Need) -> exp.Condition | None:
        match need:
            case Contains(text, negated):
                found: exp.Condition = exp.Anonymous(
                    this="like", expressions=[column.copy(), bind(containing(text))]
                )
                return exp.not_(found) if negated else found
            case Finds(regex, negated):
                found = finds(regex, column.copy(), bind)
                return exp.not_(found) if negated else found
            case JsonNumber():
                return _in_range(need, column, bind)
            case AllOf(parts):
                conditions = [each for part in parts if (each := condition(part)) is not None]
                return exp.and_(*conditions) if conditions else None
            case AnyOf(parts):
                # any_of keeps no part that is true of everything.
                return exp.or_(*(each for part in parts if (each := condition(part)) is not None))

    return condition(pattern.need()), values


def _in_range(need: JsonNumber, column: exp.Expr, bind: Callable[[object], exp.Placeholder]) -> exp.Condition:
    """The value read by the engine, or a reason why it might read another one than we do: escapes, a key that stands
    there twice, a document it does not take for JSON."""

    def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
        return exp.Anonymous(this=name, expressions=[column.copy(), *arguments])

    def path() -> list[exp.Expr]:
        # The engine counts elements from 1.
        return [bind(step) if isinstance(step, str) else exp.Literal.number(step + 1) for step in need.path]

    zero, one = exp.Literal.number(0), exp.Literal.number(1)
    number = exp.and_(
        exp.GTE(this=call("JSONExtractFloat", *path()), expression=bind(need.least)),
        exp.LTE(this=call("JSONExtractFloat", *path()), expression=bind(need.most)),
    )
    kind = exp.Cast(this=call("JSONType", *path()), to=exp.DataType.build("String", dialect="clickhouse"))
    text = exp.EQ(this=kind, expression=exp.Literal.string("String"))
    unsure: list[exp.Expr] = [
        exp.GT(this=call("position", bind("\\")), expression=zero.copy()),
        exp.EQ(this=call("isValidJSON"), expression=zero.copy()),
    ]
    keys = dict.fromkeys(step for step in need.path if isinstance(step, str))
    unsure += [exp.GT(this=call("countSubstrings", bind(f'"{key}"')), expression=one.copy()) for key in keys]
    return exp.or_(number, text, *unsure)
