"""What the events a condition is true of must have, as far as their text tells. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from triptych.query.insights import tree

__all__ = ["Want", "wants"]

_COMPARE = frozenset({"=", "!=", "<", "<=", ">", ">="})
_NOT_OF_NUMBERS = re.compile(r"[^0-9+\-.eEinfa]")


class Want(NamedTuple):
    """A field that is not missing; ``text``, if not empty, is in its value, which is text then.

    A number may be written otherwise than it is shown, and ``true`` is shown as 1, so a text of which a number could be
    a part says nothing.
    """

    name: str
    text: str = ""


def wants(condition: tree.Expression) -> Iterator[Want]:
    """Of the terms of a condition, all of which must be true, those that ask for fields as they are. Whatever is compared
    with a missing field is neither true nor false."""
    waiting = [condition]
    while waiting:
        match waiting.pop():
            case tree.Binary(operator="and", left=left, right=right):
                waiting += [right, left]
            case tree.Binary(operator="=", left=tree.Field(name=name), right=tree.Text(value=text)):
                yield Want(name, _telling(text))
            case tree.Binary(operator="=", left=tree.Text(value=text), right=tree.Field(name=name)):
                yield Want(name, _telling(text))
            case tree.Binary(operator=operator, left=left, right=right) if operator in _COMPARE:
                yield from (Want(side.name) for side in (left, right) if isinstance(side, tree.Field))
            case tree.Like(operand=tree.Field(name=name), pattern=text, regex=regex):
                yield Want(name, "" if regex else _telling(text))
            case tree.Within(operand=tree.Field(name=name)):
                yield Want(name)


def _telling(text: str) -> str:
    return text if _NOT_OF_NUMBERS.search(text) else ""
