"""What is wrong with a query, and where."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class MalformedQuery(ValueError):  # noqa: N818 - AWS's word
    """The query cannot be read or means nothing.

    :ivar start: offset of the first character concerned; ``end`` is behind the last one.
    """

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end


def near(word: str, known: Iterable[str]) -> str:
    """`` Did you mean 'stats'?`` or nothing."""
    names = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return f" Did you mean '{names[found[0]]}'?" if found else ""
