"""Regular expressions of queries: AWS's (Java's) in, RE2's out; what RE2 cannot do is refused when it is read."""

from __future__ import annotations

import re

_BEYOND = (
    (re.compile(r"(?<!\\)\(\?(?:[=!>]|<[=!])"), "look-around and atomic groups are not supported"),
    (re.compile(r"(?<!\\)(?:\\\\)*\\[1-9k]"), "references to groups are not supported"),
    (re.compile(r"(?<!\\)[*+?}]\+"), "possessive repetitions are not supported"),
)
_NAMED = re.compile(r"\(\?<([A-Za-z][A-Za-z0-9_]*)>")


def translated(pattern: str) -> str:
    """The pattern for RE2, checked as far as it can be without it. Raises ValueError with the reason."""
    for beyond, reason in _BEYOND:
        if beyond.search(pattern):
            raise ValueError(reason)
    written = _NAMED.sub(r"(?P<\1>", pattern)
    try:
        re.compile(written)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(str(error)) from error
    return written


def group_names(pattern: str) -> dict[str, int]:
    """Name -> number of the named groups of a translated pattern."""
    return dict(re.compile(pattern).groupindex)


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
