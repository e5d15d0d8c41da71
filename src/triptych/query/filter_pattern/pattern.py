"""Any filter pattern: which kind a text is, and what all kinds can do."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from triptych.query.filter_pattern.delimited import read_delimited
from triptych.query.filter_pattern.json_pattern import read_json
from triptych.query.filter_pattern.need import Need
from triptych.query.filter_pattern.scan import InvalidPattern
from triptych.query.filter_pattern.terms import read_terms

REGEXES = 2
"""Regular expressions one JSON or delimited pattern may have (CloudWatch Logs)."""


class Pattern(Protocol):
    """One parsed filter pattern; immutable."""

    @property
    def exact(self) -> bool:
        """Whether a message that has what ``need`` says always matches."""
        ...

    @property
    def regexes(self) -> int:
        """How many regular expressions the pattern has."""
        ...

    def matches(self, message: str) -> bool: ...

    def extract(self, message: str) -> dict[str, str] | None:
        """What the pattern names, by reference (``$.a.b``, ``$name``, ``$3``); None if it does not match."""
        ...

    def value_of(self, message: str, reference: str) -> str | None:
        """The value of ``$.selector`` or ``$name`` in a message; None if it has none there."""
        ...

    def knows(self, reference: str) -> bool:
        """Whether ``value_of`` can ever have an answer for this reference."""
        ...

    def need(self) -> Need:
        """What every message that matches contains."""
        ...


@lru_cache(maxsize=1024)
def parse(text: str) -> Pattern:
    """Read a filter pattern. Raises InvalidPattern, which says where and why."""
    stripped = text.strip()
    pattern: Pattern
    if stripped.startswith("{"):
        pattern = read_json(stripped)
    elif stripped.startswith("["):
        pattern = read_delimited(stripped)
    else:
        pattern = read_terms(stripped)
    if pattern.regexes > REGEXES:
        raise InvalidPattern(f"A pattern can have at most {REGEXES} regular expressions", 0)
    return pattern
