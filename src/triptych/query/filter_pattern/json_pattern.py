"""Patterns of JSON messages: ``{ $.a.b[0] = "x*" && ($.n > 3 || $.gone NOT EXISTS) }``.

A comparison is about a value that is there: one with a missing property, null, an object or a list does not hold,
whether it says ``=`` or ``!=``. A selector with a wildcard is about any of the values it finds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from triptych.query.filter_pattern.condition import Condition, Glob, Number, Regex, read_condition
from triptych.query.filter_pattern.need import ANYTHING, Contains, JsonNumber, Need, all_of, any_of
from triptych.query.filter_pattern.scan import InvalidPattern, Scanner

_NOTHING = object()
_DEPTH = 64
"""Parentheses within parentheses (ours: the reader recurses)."""

Step = str | int | None
"""A property's name, an element's index, or (None) every property or element."""


@dataclass(frozen=True, slots=True)
class Selector:
    """``text`` as it was written, which is also the name of what it extracts."""

    text: str
    steps: tuple[Step, ...]

    def find(self, document: Any) -> list[Any]:
        """The values it selects, in order; empty if there are none."""
        values = [document]
        for step in self.steps:
            values = [found for value in values for found in _follow(value, step)]
        return values


def _follow(value: Any, step: Step) -> Iterator[Any]:
    if isinstance(value, dict):
        if step is None:
            yield from value.values()
        elif isinstance(step, str) and step in value:
            yield value[step]
    elif isinstance(value, list):
        if step is None:
            yield from value
        elif isinstance(step, int) and step < len(value):
            yield value[step]


@dataclass(frozen=True, slots=True)
class Comparison:
    selector: Selector
    condition: Condition

    def holds(self, document: Any) -> bool:
        return any(self._holds_for(value) for value in self.selector.find(document))

    def _holds_for(self, value: Any) -> bool:
        match value:
            case bool():
                # Booleans are asked for by IS; to a comparison they are a value that equals no other.
                return self.condition.operator == "!="
            case str():
                return self.condition.holds_for_text(value, numeric=False)
            case int() | float():
                return self.condition.holds_for_number(value, text_of(value))
        return False

    def need(self) -> Need:
        return all_of(_key(self.selector), _literal(self.condition), _range(self.selector, self.condition))


@dataclass(frozen=True, slots=True)
class Is:
    selector: Selector
    value: Literal["NULL", "TRUE", "FALSE"]

    def holds(self, document: Any) -> bool:
        wanted = {"NULL": None, "TRUE": True, "FALSE": False}[self.value]
        return any(value is wanted for value in self.selector.find(document))

    def need(self) -> Need:
        return all_of(_key(self.selector), Contains(self.value.lower()))


@dataclass(frozen=True, slots=True)
class NotExists:
    selector: Selector

    def holds(self, document: Any) -> bool:
        return not self.selector.find(document)

    def need(self) -> Need:
        return ANYTHING


@dataclass(frozen=True, slots=True)
class Both:
    parts: tuple[Expression, ...]

    def holds(self, document: Any) -> bool:
        return all(part.holds(document) for part in self.parts)

    def need(self) -> Need:
        return all_of(*(part.need() for part in self.parts))


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple[Expression, ...]

    def holds(self, document: Any) -> bool:
        return any(part.holds(document) for part in self.parts)

    def need(self) -> Need:
        return any_of(*(part.need() for part in self.parts))


Expression = Comparison | Is | NotExists | Both | Either


def _key(selector: Selector) -> Need:
    """The last property's name stands in the message, unless JSON escapes hide it."""
    names = [step for step in selector.steps if isinstance(step, str)]
    return _plainly(names[-1]) if names else ANYTHING


def _literal(condition: Condition) -> Need:
    """The longest literal piece of a text that must be equal."""
    if condition.operator != "=":
        return ANYTHING
    match condition.operand:
        case Glob(pieces, bare):
            longest = max(pieces, key=len)
            # A number may be spelled in several ways (400, 4e2), so its digits need not stand in the message.
            return ANYTHING if bare and not longest.strip("0123456789+-.eE") else _plainly(longest)
        case Number() | Regex():
            return ANYTHING


def _range(selector: Selector, condition: Condition) -> Need:
    """Between which numbers the value must be. Bounds are never left out: a database may round on its way there."""
    steps = tuple(step for step in selector.steps if step is not None)
    if len(steps) != len(selector.steps) or not isinstance(condition.operand, Number):
        return ANYTHING
    value = condition.operand.value
    match condition.operator:
        case "=":
            return JsonNumber(steps, value, value)
        case "<" | "<=":
            return JsonNumber(steps, -math.inf, value)
        case ">" | ">=":
            return JsonNumber(steps, value, math.inf)
    return ANYTHING


def _plainly(text: str) -> Need:
    return any_of(Contains(text), Contains("\\")) if text else ANYTHING


@dataclass(frozen=True, slots=True)
class JsonPattern:
    expression: Expression
    selectors: tuple[Selector, ...]
    regexes: int
    exact = False

    def matches(self, message: str) -> bool:
        document = _decoded(message)
        return document is not _NOTHING and self.expression.holds(document)

    def extract(self, message: str) -> dict[str, str] | None:
        document = _decoded(message)
        if document is _NOTHING or not self.expression.holds(document):
            return None
        found = {selector.text: selector.find(document) for selector in self.selectors}
        return {name: text_of(values[0]) for name, values in found.items() if values}

    def value_of(self, message: str, reference: str) -> str | None:
        document = _decoded(message)
        values = [] if document is _NOTHING else _selector_of(reference).find(document)
        return text_of(values[0]) if values and values[0] is not None else None

    def knows(self, reference: str) -> bool:
        try:
            return bool(_selector_of(reference).steps)
        except InvalidPattern:
            return False

    def need(self) -> Need:
        return self.expression.need()


def text_of(value: Any) -> str:
    """A value as text: strings as they are, everything else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _decoded(message: str) -> Any:
    if not message.lstrip().startswith(("{", "[")):
        return _NOTHING
    try:
        return msgspec.json.decode(message)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return _NOTHING


# Reading ----------------------------------------------------------------------------------------------------


def read_json(text: str) -> JsonPattern:
    """Raises InvalidPattern."""
    scanner = Scanner(text, 1)
    selectors: dict[str, Selector] = {}
    expression = _either(scanner, selectors, 0)
    scanner.blanks()
    if not scanner.take("}"):
        raise scanner.fail("}")
    if not scanner.done:
        raise scanner.fail("the end of the pattern")
    return JsonPattern(expression, tuple(selectors.values()), scanner.regexes)


def _either(scanner: Scanner, selectors: dict[str, Selector], depth: int) -> Expression:
    parts = [_both(scanner, selectors, depth)]
    while _sign(scanner, "||"):
        parts.append(_both(scanner, selectors, depth))
    return parts[0] if len(parts) == 1 else Either(tuple(parts))


def _both(scanner: Scanner, selectors: dict[str, Selector], depth: int) -> Expression:
    parts = [_single(scanner, selectors, depth)]
    while _sign(scanner, "&&"):
        parts.append(_single(scanner, selectors, depth))
    return parts[0] if len(parts) == 1 else Both(tuple(parts))


def _sign(scanner: Scanner, sign: str) -> bool:
    scanner.blanks()
    return bool(scanner.take(sign))


def _single(scanner: Scanner, selectors: dict[str, Selector], depth: int) -> Expression:
    scanner.blanks()
    if scanner.take("("):
        if depth >= _DEPTH:
            raise InvalidPattern("Too many parentheses", scanner.at)
        inner = _either(scanner, selectors, depth + 1)
        scanner.blanks()
        if not scanner.take(")"):
            raise scanner.fail(")")
        return inner
    selector = _selector(scanner)
    selectors[selector.text] = selector
    scanner.blanks()
    if scanner.words("NOT", "EXISTS"):
        return NotExists(selector)
    if scanner.words("IS"):
        scanner.blanks()
        for word in ("NULL", "TRUE", "FALSE"):
            if scanner.words(word):
                return Is(selector, word)
        raise scanner.fail("NULL, TRUE or FALSE after IS")
    return Comparison(selector, read_condition(scanner, "(){}&|", _in_bare_value))


def _in_bare_value(character: str) -> bool:
    return character.isalnum() or character in "_-.*+:/@#"


def _selector_of(text: str) -> Selector:
    scanner = Scanner(text)
    selector = _selector(scanner)
    if not scanner.done:
        raise scanner.fail("the end of the selector")
    return selector


def _selector(scanner: Scanner) -> Selector:
    start = scanner.at
    if not scanner.take("$"):
        raise scanner.fail("a property selector ($.)")
    steps: list[Step] = []
    while True:
        if scanner.take(".[", "["):
            steps.append(_bracket(scanner))
        elif scanner.take("."):
            steps.append(None if scanner.take("*") else _name(scanner))
        else:
            break
    if not steps:
        raise scanner.fail("a property name")
    return Selector(scanner.text[start : scanner.at], tuple(steps))


def _name(scanner: Scanner) -> str:
    start = scanner.at
    while scanner.here and (scanner.here.isalnum() or scanner.here in "_-@:#/$"):
        scanner.at += 1
    if scanner.at == start:
        raise scanner.fail("a property name")
    return scanner.text[start : scanner.at]


def _bracket(scanner: Scanner) -> Step:
    step: Step
    if scanner.take("*"):
        step = None
    elif scanner.here in ("'", '"'):
        mark = scanner.take("'", '"')
        end = scanner.text.find(mark, scanner.at)
        if end < 0:
            raise InvalidPattern("A quotation mark is not closed", scanner.at)
        step = scanner.text[scanner.at : end]
        scanner.at = end + 1
    else:
        start = scanner.at
        while scanner.here in "0123456789" and not scanner.done:
            scanner.at += 1
        if not 1 <= scanner.at - start <= 9:
            raise scanner.fail("an index")
        step = int(scanner.text[start : scanner.at])
    if not scanner.take("]"):
        raise scanner.fail("]")
    return step
