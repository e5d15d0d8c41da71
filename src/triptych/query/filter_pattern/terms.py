"""Patterns of unstructured text: terms and phrases, ``?optional``, ``-excluded``, ``%regex%``."""

from __future__ import annotations

from dataclasses import dataclass

from triptych.query.filter_pattern.need import Contains, Finds, Need, all_of, any_of
from triptych.query.filter_pattern.scan import InvalidPattern, Scanner, finds


@dataclass(frozen=True, slots=True)
class Term:
    """``sign`` is ``+`` (must be there), ``-`` (must not) or ``?`` (one of these must)."""

    sign: str
    text: str
    is_regex: bool = False

    def within(self, message: str) -> bool:
        return finds(self.text, message) if self.is_regex else self.text in message

    def need(self, *, negated: bool) -> Need:
        return Finds(self.text, negated) if self.is_regex else Contains(self.text, negated)


@dataclass(frozen=True, slots=True)
class TermPattern:
    """All of ``wanted``, none of ``excluded``; one of ``optional``, which count only where nothing else is asked."""

    wanted: tuple[Term, ...]
    excluded: tuple[Term, ...]
    optional: tuple[Term, ...]
    regexes: int
    exact = True

    def matches(self, message: str) -> bool:
        return (
            all(term.within(message) for term in self.wanted)
            and not any(term.within(message) for term in self.excluded)
            and (not self.optional or any(term.within(message) for term in self.optional))
        )

    def extract(self, message: str) -> dict[str, str] | None:
        return {} if self.matches(message) else None

    def value_of(self, message: str, reference: str) -> str | None:  # noqa: ARG002 - terms have no values
        return None

    def knows(self, reference: str) -> bool:  # noqa: ARG002
        return False

    def need(self) -> Need:
        parts = [term.need(negated=False) for term in self.wanted]
        parts += [term.need(negated=True) for term in self.excluded]
        if self.optional:
            parts.append(any_of(*(term.need(negated=False) for term in self.optional)))
        return all_of(*parts)


def read_terms(text: str) -> TermPattern:
    """Raises InvalidPattern."""
    scanner = Scanner(text)
    found: list[Term] = []
    scanner.blanks()
    while not scanner.done:
        sign = scanner.take("?", "-") or "+"
        found.append(_term(scanner, sign))
        scanner.blanks()
    if scanner.regexes > 1:
        raise InvalidPattern("A pattern of terms can have one regular expression", 0)
    # A blank phrase (" ") matches everything.
    found = [term for term in found if term.text.strip() or term.is_regex]
    wanted = tuple(term for term in found if term.sign == "+")
    excluded = tuple(term for term in found if term.sign == "-")
    # Next to other terms a ? says nothing (the guide's note on optional terms).
    optional = () if wanted or excluded else tuple(term for term in found if term.sign == "?")
    return TermPattern(wanted, excluded, optional, scanner.regexes)


def _term(scanner: Scanner, sign: str) -> Term:
    start = scanner.at
    if scanner.here == '"':
        return Term(sign, "*".join(scanner.quoted()))
    if scanner.here == "%":
        return Term(sign, scanner.regex(), is_regex=True)
    while not scanner.done and not scanner.here.isspace():
        scanner.at += 1
    word = scanner.text[start : scanner.at]
    if not word:
        raise scanner.fail("a term")
    if not all(c.isalnum() or c == "_" for c in word):
        raise InvalidPattern(f"Invalid character(s) in term '{word}'", start)
    return Term(sign, word)
