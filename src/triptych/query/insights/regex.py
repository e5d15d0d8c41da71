"""Regular expressions of queries: AWS's (Java's) in, RE2's out; what RE2 cannot do is refused when it is read."""

from __future__ import annotations

import re

_BEYOND = (
    (re.compile(r"(?<!\\)\(\?(?:[=!>]|<[=!])"), "look-around and atomic groups are not supported"),
    (re.compile(r"(?<!\\)(?:\\\\)*\\[1-9k]"), "references to groups are not supported"),
    (re.compile(r"(?<!\\)[*+?}]\+"), "possessive repetitions are not supported"),
)
_NAMED = re.compile(r"(?<!\\)((?:\\\\)*)\(\?<([A-Za-z][A-Za-z0-9_]*)>")
_NAME = re.compile(r"(?<!\\)((?:\\\\)*)\(\?P<[A-Za-z0-9_]+>")
_DOT = re.compile(r"(?<!\\)(?:\\\\)*\.")


def translated(pattern: str) -> str:
    """The pattern for RE2, checked as far as it can be without it. Raises ValueError with the reason."""
    for beyond, reason in _BEYOND:
        if beyond.search(pattern):
            raise ValueError(reason)
    written = _NAMED.sub(r"\1(?P<\2>", pattern)
    try:
        re.compile(written)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(str(error)) from error
    return written


def group_names(pattern: str) -> dict[str, int]:
    """Name -> number of the named groups of a translated pattern."""
    return dict(re.compile(pattern).groupindex)


def for_extraction(pattern: str) -> str:
    """A translated pattern by which the engine takes groups out of text: they have no names, and that a dot stops at a
    line break is said only where there is a dot. Either hides from the engine what text a match must contain, and the
    query takes half as long again.
    """
    unnamed = _NAME.sub(r"\1(", pattern)
    return f"(?-s){unnamed}" if _DOT.search(pattern) else unnamed


def of_glob(glob: str) -> tuple[str, int]:
    """The expression that finds what ``user=* id=*`` describes, and how many ``*`` it has.

    A ``*`` takes as little as it can; one at the very end takes the rest.
    """
    parts = glob.split("*")
    stars = len(parts) - 1
    pieces = [re.escape(parts[0])]
    for number, part in enumerate(parts[1:], 1):
        greedy = number == stars and not part
        pieces.append(("(.*)" if greedy else "(.*?)") + re.escape(part))
    return "(?s)" + "".join(pieces), stars
