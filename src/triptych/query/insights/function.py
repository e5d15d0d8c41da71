"""What a function is: its contract, which every file of ``functions/`` fulfils."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlglot import exp

from triptych.query.insights import tree
from triptych.query.insights.malformed import MalformedQuery
from triptych.query.insights.value import Value

__all__ = ["Case", "Function", "Place", "by_name", "constant_text"]


class Place(Protocol):
    """What a function may know of where it stands."""

    now: int
    """When the query was started, milliseconds since 1970."""

    def bind(self, value: object) -> exp.Placeholder:
        """A user's value; never text of the query."""
        ...

    def field(self, name: str, node: tree.Expression) -> Value: ...

    def order(self, node: tree.Expression) -> exp.Expr:
        """What events sort by in time. Raises MalformedQuery where rows are no events any more."""
        ...


@dataclass(frozen=True, slots=True)
class Case:
    """An expression over an event's message, and how its value is shown; None: there is none.

    For an aggregation ``messages`` are the events, a second apart. A meta-test walks the cases, on the lake and on
    the naive interpreter.
    """

    expression: str
    expected: str | None
    messages: tuple[str, ...] = ("{}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function.

    :param least: how many arguments it takes at least; ``most``: None for any number.
    :param lower: pure; gets the place, the call as it was read, the values of its arguments.
    :param aggregate: whether it makes one value of many events, in ``stats``.
    """

    name: str
    docs: str
    least: int
    most: int | None
    lower: Callable[[Place, tree.Call, tuple[Value, ...]], Value]
    cases: tuple[Case, ...]
    aggregate: bool = False
    aliases: tuple[str, ...] = ()

    def check(self, node: tree.Call) -> None:
        """Raises MalformedQuery for a wrong number of arguments."""
        count = len(node.arguments)
        if count < self.least or (self.most is not None and count > self.most):
            if self.most is None:
                wanted = f"at least {self.least}"
            elif self.least == self.most:
                wanted = str(self.least)
            else:
                wanted = f"{self.least} to {self.most}"
            message = f"{self.name} takes {wanted} argument(s), not {count}"
            raise MalformedQuery(message, node.start, node.end)


def constant_text(node: tree.Call, position: int, values: tuple[Value, ...]) -> str:
    """An argument that must be a text in quotes."""
    constant = values[position].constant
    if not isinstance(constant, str):
        argument = node.arguments[position]
        raise MalformedQuery("A text in quotes is expected here", argument.start, argument.end)
    return constant


def by_name(families: list[tuple[object, ...]]) -> Mapping[str, Function]:
    """Functions by their folded names."""
    found: dict[str, Function] = {}
    for family in families:
        for function in family:
            if not isinstance(function, Function):
                raise TypeError(f"{function!r} is not a function")
            for name in (function.name, *function.aliases):
                if name.lower() in found:
                    raise TypeError(f"there are two functions called {name}")
                found[name.lower()] = function
    return found
