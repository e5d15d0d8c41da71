"""``expression as name``: what fields, display, stats and by list."""

from __future__ import annotations

from dataclasses import dataclass

from triptych.query.insights import tree
from triptych.query.insights.reader import Reader


@dataclass(frozen=True, slots=True)
class Named:
    """``name``: after ``as``, or else how the expression was written."""

    expression: tree.Expression
    name: str

    @property
    def is_field(self) -> bool:
        """Whether it only names a field that is there."""
        return isinstance(self.expression, tree.Field) and self.expression.name == self.name


def read_named(reader: Reader) -> Named:
    expression = reader.expression()
    written = reader.text[expression.start : expression.end]
    name = expression.name if isinstance(expression, tree.Field) else " ".join(written.split())
    if reader.take_word("as"):
        name = reader.name().text
    return Named(expression, name)
