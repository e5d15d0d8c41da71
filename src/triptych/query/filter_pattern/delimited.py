"""Patterns of space-delimited lines: ``[ip, user, ..., status = 4* || status = 5*, bytes > 1000]``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from triptych.query.filter_pattern.condition import Condition, Glob, Number, Regex, read_condition
from triptych.query.filter_pattern.need import ANYTHING, Contains, Need, all_of, any_of
from triptych.query.filter_pattern.scan import InvalidPattern, Scanner

_FIELD = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"(?=\s|\Z)|\[([^\]]*)\](?=\s|\Z)|(\S+))', re.DOTALL)
_DEPTH = 64
"""Parentheses within parentheses (ours: the reader recurses)."""


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Rule, ...]


Rule = Condition | All | Any


def _holds(rule: Rule, text: str) -> bool:
    match rule:
        case Condition():
            return rule.holds_for_text(text, numeric=True)
        case All(parts):
            return all(_holds(part, text) for part in parts)
        case Any(parts):
            return any(_holds(part, text) for part in parts)


def _need(rule: Rule) -> Need:
    match rule:
        case Condition("=", Glob(pieces, _)):
            longest = max(pieces, key=len)
            return Contains(longest) if longest else ANYTHING
        case Condition(_, Number() | Regex() | Glob()):
            return ANYTHING
        case All(parts):
            return all_of(*(_need(part) for part in parts))
        case Any(parts):
            return any_of(*(_need(part) for part in parts))


@dataclass(frozen=True, slots=True)
class Field:
    """``name`` is empty for a field that is only counted."""

    name: str = ""
    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class DelimitedPattern:
    """``before`` fields from the left, ``after`` from the right; between them any number if ``open``, else none."""

    before: tuple[Field, ...]
    after: tuple[Field, ...]
    open: bool
    regexes: int
    exact = False

    def matches(self, message: str) -> bool:
        values = list(split(message))
        return self._fits(values) and all(
            _holds(field.rule, values[at]) for at, field in self._placed(values) if field.rule is not None
        )

    def _fits(self, values: list[str]) -> bool:
        least = len(self.before) + len(self.after)
        return len(values) >= least if self.open else len(values) == least

    def _placed(self, values: list[str]) -> Iterator[tuple[int, Field]]:
        yield from enumerate(self.before)
        yield from enumerate(self.after, len(values) - len(self.after))

    def extract(self, message: str) -> dict[str, str] | None:
        """Every field of the line, by name or else by its number from 1."""
        if not self.matches(message):
            return None
        values = list(split(message))
        names = {at: field.name for at, field in self._placed(values) if field.name}
        return {f"${names.get(at, at + 1)}": value for at, value in enumerate(values)}

    def value_of(self, message: str, reference: str) -> str | None:
        return (self.extract(message) or {}).get(reference)

    def knows(self, reference: str) -> bool:
        return reference.startswith("$") and (
            reference[1:].isdigit() or any(f.name == reference[1:] for f in (*self.before, *self.after))
        )

    def need(self) -> Need:
        return all_of(*(_need(f.rule) for f in (*self.before, *self.after) if f.rule is not None))


def split(message: str) -> Iterator[str]:
    """The fields of a line: words, and what stands in double quotes or square brackets."""
    for match in _FIELD.finditer(message):
        quoted, bracketed, word = match.groups()
        yield quoted if quoted is not None else bracketed if bracketed is not None else word


# Reading ----------------------------------------------------------------------------------------------------


def read_delimited(text: str) -> DelimitedPattern:
    """Raises InvalidPattern."""
    scanner = Scanner(text, 1)
    fields: list[Field] = []
    gap: int | None = None
    while True:
        scanner.blanks()
        if scanner.take("...", "…"):
            if gap is not None:
                raise InvalidPattern("A pattern can have one ellipsis", scanner.at)
            gap = len(fields)
        else:
            fields.append(_field(scanner))
        scanner.blanks()
        if scanner.take("]"):
            break
        if not scanner.take(","):
            raise scanner.fail(", or ]")
    scanner.blanks()
    if not scanner.done:
        raise scanner.fail("the end of the pattern")
    names = [field.name for field in fields if field.name]
    if len(set(names)) != len(names):
        raise InvalidPattern("A field name is used twice", 0)
    cut = len(fields) if gap is None else gap
    return DelimitedPattern(tuple(fields[:cut]), tuple(fields[cut:]), gap is not None, scanner.regexes)


def _field(scanner: Scanner) -> Field:
    if scanner.here in ",]":
        return Field()
    start = scanner.at
    name = _name(scanner)
    scanner.blanks()
    if name and scanner.here in ",]":
        return Field(name)
    scanner.at = start
    names: set[str] = set()
    rule = _any(scanner, names, 0)
    if len(names) != 1:
        raise InvalidPattern("The conditions of a field must be about that field", start)
    return Field(names.pop(), rule)


def _any(scanner: Scanner, names: set[str], depth: int) -> Rule:
    parts = [_all(scanner, names, depth)]
    while _sign(scanner, "||"):
        parts.append(_all(scanner, names, depth))
    return parts[0] if len(parts) == 1 else Any(tuple(parts))


def _all(scanner: Scanner, names: set[str], depth: int) -> Rule:
    parts = [_single(scanner, names, depth)]
    while _sign(scanner, "&&"):
        parts.append(_single(scanner, names, depth))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _sign(scanner: Scanner, sign: str) -> bool:
    scanner.blanks()
    return bool(scanner.take(sign))


def _single(scanner: Scanner, names: set[str], depth: int) -> Rule:
    scanner.blanks()
    if scanner.take("("):
        if depth >= _DEPTH:
            raise InvalidPattern("Too many parentheses", scanner.at)
        inner = _any(scanner, names, depth + 1)
        scanner.blanks()
        if not scanner.take(")"):
            raise scanner.fail(")")
        return inner
    name = _name(scanner)
    if not name:
        raise scanner.fail("a field name")
    names.add(name)
    return read_condition(scanner, ",]()", lambda character: character not in '"%')


def _name(scanner: Scanner) -> str:
    start = scanner.at
    while scanner.here and (scanner.here.isalnum() or scanner.here in "_-.$"):
        scanner.at += 1
    return scanner.text[start : scanner.at]
