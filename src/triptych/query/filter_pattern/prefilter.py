"""What a pattern needs, as a SQL condition: true of every message that matches."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from triptych.query.filter_pattern.need import AllOf, AnyOf, Contains, Finds, Need
from triptych.query.filter_pattern.pattern import Pattern


def prefilter(
    pattern: Pattern, column: exp.Expr, *, prefix: str = "pattern"
) -> tuple[exp.Condition | None, dict[str, Any]]:
    """The condition on a text column and the values it binds; None when any message might match.

    :param prefix: begins the placeholders' names.
    Where ``pattern.exact``, the condition is also false of every message that does not match.
    """
    values: dict[str, Any] = {}

    def bind(value: str) -> exp.Placeholder:
        name = f"{prefix}_{len(values)}"
        values[name] = value
        return exp.Placeholder(this=name)

    def condition(need: Need) -> exp.Condition | None:
        match need:
            case Contains(text, negated):
                found: exp.Condition = exp.GT(
                    this=exp.Anonymous(this="position", expressions=[column.copy(), bind(text)]),
                    expression=exp.Literal.number(0),
                )
                return exp.not_(found) if negated else found
            case Finds(regex, negated):
                # In the lake a dot matches line breaks unless told otherwise.
                found = exp.Anonymous(this="match", expressions=[column.copy(), bind(f"(?-s){regex}")])
                return exp.not_(found) if negated else found
            case AllOf(parts):
                conditions = [each for part in parts if (each := condition(part)) is not None]
                return exp.and_(*conditions) if conditions else None
            case AnyOf(parts):
                # any_of keeps no part that is true of everything.
                return exp.or_(*(each for part in parts if (each := condition(part)) is not None))

    return condition(pattern.need()), values
