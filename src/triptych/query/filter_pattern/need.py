"""What a message must contain for a pattern to match: a small tree that a database can check quickly."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contains:
    """The message contains the text, or, if ``negated``, it does not."""

    text: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Finds:
    """An RE2 expression finds something in the message, or, if ``negated``, nothing."""

    regex: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class JsonNumber:
    """Where the message is JSON that everybody reads alike: the value at ``path`` is a number of at least ``least``
    and at most ``most``, or a text. Of other messages it is true."""

    path: tuple[str | int, ...]
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Need, ...]


Need = Contains | Finds | JsonNumber | AllOf | AnyOf

ANYTHING = AllOf(())
"""True of every message."""


def all_of(*parts: Need) -> Need:
    kept = tuple(dict.fromkeys(part for part in parts if part != ANYTHING))
    return kept[0] if len(kept) == 1 else AllOf(kept)


def any_of(*parts: Need) -> Need:
    """One of the parts; a part that is true of everything makes the whole so."""
    kept = tuple(dict.fromkeys(parts))
    if ANYTHING in kept:
        return ANYTHING
    return kept[0] if len(kept) == 1 else AnyOf(kept)
