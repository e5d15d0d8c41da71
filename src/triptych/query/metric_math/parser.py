"""Tokens to a tree, by precedence: OR, AND, comparisons, + and -, * and /, unary minus, ^ (which groups right).

What can be known without data is checked here: functions exist and take that many arguments, keywords stand where
they may, search patterns are well formed. Types of operands are known once there are values: ``evaluator``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from triptych.kernel.limits import METRIC_MATH_CHARACTERS, METRIC_MATH_DEPTH
from triptych.query.metric_math.catalogue import FUNCTIONS
from triptych.query.metric_math.function import Function
from triptych.query.metric_math.lexer import Token, tokens
from triptych.query.metric_math.types import MathError
from triptych.query.search_expression import Search, SearchError, compile_search

__all__ = [
    "Array",
    "Binary",
    "Call",
    "Expression",
    "Minus",
    "Node",
    "Number",
    "Reference",
    "Text",
    "Word",
    "near",
    "parse",
    "references",
]


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    value: float
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The id of a metric or of another expression."""

    id: str
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """A keyword argument, such as REPEAT or DESC."""

    name: str
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    value: str
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Array:
    items: tuple[Node, ...]
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Minus:
    operand: Node
    position: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Binary:
    """Chains lean left and are as long as the text allows: walk them with a loop, not by recursion."""

    operator: str
    left: Node
    right: Node
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    function: Function
    arguments: tuple[Node, ...]
    position: int


Node = Number | Reference | Word | Text | Array | Minus | Binary | Call


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A parsed expression.

    :param searches: what its SEARCH calls look for; whoever evaluates it brings what they find.
    :param bands: the ids of which it asks the ANOMALY_DETECTION_BAND; whoever evaluates it brings their models.
    """

    text: str
    root: Node
    searches: tuple[Search, ...]
    bands: tuple[str, ...] = ()


_BINDING = {"OR": 1, "AND": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3}
_BINDING |= {"+": 4, "-": 4, "*": 5, "/": 5, "^": 7}
_MINUS_BINDING = 6


def parse(text: str) -> Expression:
    """Read an expression. Raises :class:`MathError`."""
    if len(text) > METRIC_MATH_CHARACTERS:
        message = f"The expression has {len(text)} characters, {METRIC_MATH_CHARACTERS} are allowed"
        raise MathError(message, METRIC_MATH_CHARACTERS)
    parser = _Parser(tokens(text))
    root = parser.expression(0, 0)
    parser.expect("end", "")
    if isinstance(root, Word | Text):
        raise MathError("The expression is neither a metric nor a function", root.position)
    return Expression(text, root, tuple(parser.searches), tuple(dict.fromkeys(parser.bands)))


def references(expression: Expression) -> set[str]:
    """The ids it names. What METRICS() takes is not named."""
    return {node.id for node in _walk(expression.root) if isinstance(node, Reference)}


def near(name: str, known: Iterator[str] | list[str] | set[str]) -> str:
    """``, did you mean 'x'?`` where something known is close, else nothing."""
    candidates = sorted(known)
    close = get_close_matches(name, candidates, 1, 0.6) or [c for c in candidates if c == name.upper()]
    return f", did you mean '{close[0]}'?" if close else ""


def _walk(root: Node) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        match node:
            case Array(items=children) | Call(arguments=children):
                waiting.extend(children)
            case Minus(operand=operand):
                waiting.append(operand)
            case Binary(left=left, right=right):
                waiting += (left, right)
            case _:
                pass


class _Parser:
    """Precedence climbing over the tokens; ``depth`` counts the recursion and is bounded."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._next = 0
        self.searches: list[Search] = []
        self.bands: list[str] = []

    def expression(self, minimum: int, depth: int) -> Node:
        if depth > METRIC_MATH_DEPTH:
            raise MathError(
                f"The expression is nested more than {METRIC_MATH_DEPTH} deep", self._peek().position
            )
        left = self._operand(depth)
        while True:
            token = self._peek()
            binding = _BINDING.get(token.text) if token.kind == "operator" else None
            if binding is None or binding < minimum:
                return left
            self._take()
            right = self.expression(binding if token.text == "^" else binding + 1, depth + 1)
            for side in (left, right):
                if isinstance(side, Word | Text):
                    raise MathError(f"{token.text} has an operand that is no value", side.position)
            left = Binary(token.text, left, right, token.position)

    def _operand(self, depth: int) -> Node:
        token = self._take()
        match token.kind:
            case "number":
                value = float(token.text)
                if math.isinf(value):
                    raise MathError("The number is too large", token.position)
                return Number(value, token.position)
            case "string":
                return Text(token.text, token.position)
            case "id" if self._at("("):
                raise self._no_function(token)
            case "id":
                return Reference(token.text, token.position)
            case "word":
                return self._call(token, depth) if self._at("(") else Word(token.text, token.position)
            case _:
                return self._grouped(token, depth)

    def _grouped(self, token: Token, depth: int) -> Node:
        match token.text:
            case "(":
                inner = self.expression(0, depth + 1)
                self.expect("operator", ")")
                return inner
            case "[":
                return Array(self._list("]", depth), token.position)
            case "-":
                operand = self.expression(_MINUS_BINDING, depth + 1)
                if isinstance(operand, Word | Text):
                    raise MathError("- has an operand that is no value", operand.position)
                return Minus(operand, token.position)
            case _:
                raise self._unexpected(token)

    def _list(self, closing: str, depth: int) -> tuple[Node, ...]:
        if self._at(closing):
            self._take()
            return ()
        items = [self.expression(0, depth + 1)]
        while self._at(","):
            self._take()
            items.append(self.expression(0, depth + 1))
        self.expect("operator", closing)
        return tuple(items)

    def _call(self, name: Token, depth: int) -> Call:
        function = FUNCTIONS.get(name.text)
        if function is None:
            raise self._no_function(name)
        if function.refusal:
            raise MathError(f"Triptych does not implement {name.text}: {function.refusal}", name.position)
        self._take()
        call = Call(function, self._list(")", depth), name.position)
        _check_form(call)
        if name.text == "SEARCH":
            self.searches.append(_search(call))
        if name.text == "ANOMALY_DETECTION_BAND":
            self.bands.append(_band(call))
        return call

    def expect(self, kind: str, text: str) -> None:
        token = self._take()
        if token.kind != kind or token.text != text:
            raise self._unexpected(token, text)

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _at(self, text: str) -> bool:
        token = self._peek()
        return token.kind == "operator" and token.text == text

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    @staticmethod
    def _no_function(token: Token) -> MathError:
        message = f"Function '{token.text}' not found"
        return MathError(message + near(token.text, set(FUNCTIONS)), token.position)

    @staticmethod
    def _unexpected(token: Token, wanted: str = "") -> MathError:
        if token.kind == "end":
            return MathError(
                f"The expression ends early{f', {wanted!r} is missing' if wanted else ''}", token.position
            )
        hint = f", did you mean '{token.text.upper()}'?" if token.text in {"and", "or"} else ""
        return MathError(f"Unexpected '{token.text}'{hint}", token.position)


def _check_form(call: Call) -> None:
    """The number of arguments, and the keywords and strings among them, fit at least one form."""
    function = call.function
    fitting = [form for form in function.lists() if len(form) == len(call.arguments)]
    if not fitting:
        message = (
            f"{function.name} does not take {len(call.arguments)} arguments, it is {function.signature()}"
        )
        raise MathError(message, call.position)
    for place, argument in enumerate(call.arguments):
        allowed = frozenset[str]().union(*(form[place] for form in fitting))
        if isinstance(argument, Word) and argument.name not in allowed:
            words = {word for word in allowed if word.isupper() and word not in {"S", "TS"}}
            message = f"'{argument.name}' is not understood here{near(argument.name, words)}"
            raise MathError(f"{message}; it is {function.signature()}", argument.position)
        if isinstance(argument, Text) and "string" not in allowed:
            raise MathError(
                f"{function.name} takes no string, it is {function.signature()}", argument.position
            )


def _search(call: Call) -> Search:
    """SEARCH is computed by whoever has the metrics, so its arguments must be written out."""
    pattern, statistic, *rest = call.arguments
    period: int | None = None
    if not isinstance(pattern, Text) or not isinstance(statistic, Text):
        raise MathError("SEARCH takes a pattern and a statistic in quotes", call.position)
    if rest:
        if not isinstance(rest[0], Number) or rest[0].value != int(rest[0].value):
            raise MathError("The period of SEARCH is a whole number of seconds", rest[0].position)
        period = int(rest[0].value)
    try:
        return compile_search(pattern.value, statistic.value, period)
    except SearchError as error:
        raise MathError(error.message, pattern.position + 1 + error.position) from None


def _band(call: Call) -> str:
    """The past of what is named is needed too, so it must be named."""
    metric = call.arguments[0]
    if not isinstance(metric, Reference):
        message = "ANOMALY_DETECTION_BAND takes the Id of a metric or of an expression"
        raise MathError(message, call.position)
    return metric.id
