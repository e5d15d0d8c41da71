"""Texts of a policy: ``*`` for any characters, ``?`` for one, ``${key}`` for what the request has under a key. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum

__all__ = ["VERSION", "InvalidPolicy", "Keys", "Text", "fits", "text"]

VERSION = "2012-10-17"
"""Of the policy language."""
Keys = Mapping[str, Sequence[str]]
"""What is known of a request: key in lower case -> its values."""


class InvalidPolicy(ValueError):  # noqa: N818 - as InvalidPattern
    """The document is not a policy, or says something that is not built; the message names it."""


class _Wild(Enum):
    ANY = "*"
    ONE = "?"


class _Variable(str):
    """The key of a variable, with its default behind a comma."""

    __slots__ = ()


Text = tuple[str | _Wild | _Variable, ...]
"""Literals, wildcards and variables, in order."""

_TOKEN = re.compile(r"\$\{([^}]*)\}|[*?]|[^*?$]+|\$")
_LITERALS = {"*", "?", "$"}
"""``${*}`` is a star."""


def text(source: str, version: str, *, wild: bool) -> Text:
    """:param version: of the policy: the old one knows no variables. :param wild: whether ``*`` and ``?`` mean any."""
    found: list[str | _Wild | _Variable] = []
    for token in _TOKEN.finditer(source):
        inside = token[1]
        if inside is not None and version == VERSION:
            found.append(inside if inside in _LITERALS else _Variable(inside))
        elif wild and token[0] in ("*", "?"):
            found.append(_Wild(token[0]))
        else:
            found.append(token[0])
    return tuple(found)


def fits(value: str, pattern: Text, keys: Keys) -> bool:
    """Whether a value is what a text stands for. A variable the request has no single value for fits nothing."""
    wanted: list[str | _Wild] = []
    for part in pattern:
        if isinstance(part, _Variable):
            known = _value(part, keys)
            if known is None:
                return False
            wanted += known
        elif isinstance(part, _Wild):
            wanted.append(part)
        else:
            wanted += part
    return _fits(value, wanted)


def _value(variable: str, keys: Keys) -> str | None:
    name, comma, default = variable.partition(",")
    values = keys.get(name.strip().lower(), ())
    if len(values) == 1:
        return values[0]
    return default.strip().strip("'") if comma and not values else None


def _fits(value: str, wanted: Sequence[str | _Wild]) -> bool:
    """From the left, going back to the last star only: no more than both lengths multiplied."""
    at = place = 0
    star, mark = -1, 0
    while at < len(value):
        part = wanted[place] if place < len(wanted) else None
        if part is _Wild.ANY:
            star, mark = place, at
            place += 1
        elif part is _Wild.ONE or part == value[at]:
            place, at = place + 1, at + 1
        elif star >= 0:
            mark += 1
            place, at = star + 1, mark
        else:
            return False
    return all(part is _Wild.ANY for part in wanted[place:])
