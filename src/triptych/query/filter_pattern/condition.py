"""Conditions on one value: ``= 4*``, ``!= "a b"``, ``>= 1.5e3``, ``= %re%``; shared by JSON and delimited patterns."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from triptych.query.filter_pattern.scan import InvalidPattern, Scanner, finds

OPERATORS = ("!=", "<=", ">=", "=", "<", ">")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip


def number_of(text: str) -> float | None:
    return float(text) if _NUMBER.match(text) else None


@dataclass(frozen=True, slots=True)
class Glob:
    """Text with wildcards: the literal pieces between the asterisks.

    :param bare: written without quotation marks, so that a number's digits count as text (``4*``).
    """

    pieces: tuple[str, ...]
    bare: bool = False

    def fits(self, text: str) -> bool:
        first, last = self.pieces[0], self.pieces[-1]
        if len(self.pieces) == 1:
            return text == first
        if not text.startswith(first):
            return False
        at, end = len(first), len(text) - len(last)
        for piece in self.pieces[1:-1]:
            found = text.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return at <= end and text.endswith(last)


@dataclass(frozen=True, slots=True)
class Number:
    """A number; written bare, so its spelling is also an unquoted text."""

    value: float
    spelling: str


@dataclass(frozen=True, slots=True)
class Regex:
    expression: str


Operand = Glob | Number | Regex


@dataclass(frozen=True, slots=True)
class Condition:
    operator: str
    operand: Operand

    def holds_for_text(self, text: str, *, numeric: bool) -> bool:
        """Of a text value.

        :param numeric: whether text that reads as a number is one (fields of a line, but not JSON strings).
        """
        match self.operand:
            case Number(value, spelling):
                read = number_of(text) if numeric else None
                if read is not None:
                    return _COMPARE[self.operator](read, value)
                return self._said(text == spelling)
            case Glob():
                return self._said(self.operand.fits(text))
            case Regex(expression):
                return self._said(finds(expression, text))

    def holds_for_number(self, value: float, text: str) -> bool:
        """Of a JSON number; ``text`` is its spelling."""
        match self.operand:
            case Number(wanted, _):
                return _COMPARE[self.operator](value, wanted)
            case Glob(_, bare):
                return self._said(bare and self.operand.fits(text))
            case Regex(expression):
                return self._said(finds(expression, text))

    def _said(self, equal: bool) -> bool:  # noqa: FBT001 - the answer to be turned around or not
        return equal if self.operator == "=" else self.operator == "!=" and not equal


def read_condition(scanner: Scanner, stop: str, allowed: Callable[[str], bool]) -> Condition:
    """An operator and its operand.

    :param stop: characters that end a bare operand, besides blanks, ``&&`` and ``||``.
    :param allowed: which characters a bare operand may have.
    """
    scanner.blanks()
    sign = scanner.take(*OPERATORS)
    if not sign:
        raise scanner.fail("one of = != < > <= >=")
    scanner.blanks()
    start = scanner.at
    operand: Operand
    if scanner.here == '"':
        operand = Glob(tuple(scanner.quoted()))
    elif scanner.here == "%":
        operand = Regex(scanner.regex())
    else:
        word = scanner.until(stop)
        if not word:
            raise scanner.fail("a value")
        if wrong := "".join(dict.fromkeys(c for c in word if not allowed(c))):
            raise InvalidPattern(f"Invalid character(s) '{wrong}' in term '{word}'", start)
        value = number_of(word)
        operand = Glob(tuple(word.split("*")), bare=True) if value is None else Number(value, word)
    if sign not in ("=", "!=") and not isinstance(operand, Number):
        raise InvalidPattern(f"The operator {sign} needs a number", start)
    return Condition(sign, operand)
