"""What an expression is once it has been read. Every node knows where it stood (``start``, ``end`` offsets)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(_Node):
    """``quoted``: some of it stood in backticks, so it is certainly a field."""

    name: str
    quoted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(_Node):
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(_Node):
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth(_Node):
    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Period(_Node):
    """``5m``: a length of time, where a function takes one."""

    count: int
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Star(_Node):
    """The ``*`` of ``count(*)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(_Node):
    """``text`` is how it was written: what the column is called when nobody says otherwise."""

    name: str
    arguments: tuple[Expression, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(_Node):
    operand: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative(_Node):
    operand: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(_Node):
    operator: Literal["and", "or", "=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "^"]
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Like(_Node):
    """``pattern`` is a regular expression (RE2) if ``regex``, else text to be contained."""

    operand: Expression
    pattern: str
    regex: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Within(_Node):
    operand: Expression
    choices: tuple[Expression, ...]


Expression = Field | Text | Number | Truth | Period | Star | Call | Not | Negative | Binary | Like | Within


def children(node: Expression) -> tuple[Expression, ...]:
    match node:
        case Call():
            return node.arguments
        case Not() | Negative() | Like():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case Within():
            return (node.operand, *node.choices)
        case _:
            return ()


def walk(
    node: Expression, closed: Callable[[Expression], bool] = lambda _node: False
) -> Iterator[Expression]:
    """The node and all below it, but nothing below a ``closed`` one; without recursion, chains may be long."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        yield here
        if not closed(here):
            waiting.extend(reversed(children(here)))
