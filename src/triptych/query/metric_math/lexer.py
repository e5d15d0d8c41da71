"""Characters to tokens: numbers, ids, words in capitals, strings, operators, each with its position."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from triptych.query.metric_math.types import MathError

__all__ = ["Token", "TokenKind", "tokens"]

TokenKind = Literal["number", "id", "word", "string", "operator", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """``text`` of a string is what is between the quotes, of ``&&`` and ``||`` the word AND or OR."""

    kind: TokenKind
    text: str
    position: int


_PATTERN = re.compile(
    r"""(?P<space>\s+)
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_]))
    | (?P<id>[a-z][A-Za-z0-9_]*)
    | (?P<word>[A-Z][A-Za-z0-9_]*)
    | (?P<string>'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*")
    | (?P<operator>==|!=|<=|>=|&&|\|\||[-+*/^<>()\[\],])
    """,
    re.VERBOSE | re.DOTALL,
)
_LOGIC = {"&&": "AND", "||": "OR"}


def tokens(text: str) -> list[Token]:
    """The tokens of an expression, the last of kind ``end``. Raises :class:`MathError` at what is none."""
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _PATTERN.match(text, position)
        if match is None:
            raise MathError(_complaint(text, position), position)
        kind, piece = match.lastgroup, match.group()
        if kind == "number":
            found.append(Token("number", piece, position))
        elif kind == "id":
            found.append(Token("id", piece, position))
        elif kind == "word":
            found.append(Token("operator" if piece in {"AND", "OR"} else "word", piece, position))
        elif kind == "string":
            # Only the quote is unescaped: the pattern of SEARCH has escapes of its own.
            found.append(Token("string", piece[1:-1].replace("\\" + piece[0], piece[0]), position))
        elif kind == "operator":
            found.append(Token("operator", _LOGIC.get(piece, piece), position))
        position = match.end()
    found.append(Token("end", "", len(text)))
    return found


def _complaint(text: str, position: int) -> str:
    character = text[position]
    if character in "'\"":
        return f"The string that starts with {character} does not end"
    if character in "&|=":
        return f"Unexpected '{character}', did you mean '{character * 2}'?"
    if character == "!":
        return "Unexpected '!'; there is no negation, compare with == 0 instead"
    if character.isdigit() or character == ".":
        return "A number may not be followed by letters"
    return f"Unexpected character '{character}'"
