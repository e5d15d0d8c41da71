"""What a condition says is in the text of every event it is true of. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from triptych.query.insights import tree

__all__ = ["Said", "said"]

_NO_NUMBER = re.compile(r"[^0-9+\-.eEinfa]")


class Said(NamedTuple):
    """The value of a field is text that has this in it."""

    name: str
    text: str


def said(condition: tree.Expression) -> Iterator[Said]:
    """By the terms of a condition that must all be true.

    A number may be written otherwise than it is shown, and ``true`` is shown as 1, so what could be a part of a number
    says nothing.
    """
    waiting = [condition]
    while waiting:
        match waiting.pop():
            case tree.Binary(operator="and", left=left, right=right):
                waiting += [right, left]
            case (
                tree.Binary(operator="=", left=tree.Field(name=name), right=tree.Text(value=text))
                | tree.Binary(operator="=", left=tree.Text(value=text), right=tree.Field(name=name))
                | tree.Like(operand=tree.Field(name=name), pattern=text, regex=False)
            ) if _NO_NUMBER.search(text):
                yield Said(name, text)
