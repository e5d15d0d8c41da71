"""Characters to tokens. A regular expression is read only where the reader expects one: elsewhere ``/`` divides."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from triptych.query.insights.malformed import MalformedQuery

__all__ = ["Token", "TokenKind", "regex_at", "token_at"]

TokenKind = Literal["word", "field", "number", "duration", "string", "symbol", "regex", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """``text`` of a string, a regex or a field in backticks is what it means; ``start`` and ``end`` are offsets."""

    kind: TokenKind
    text: str
    start: int
    end: int


_SPACE = re.compile(r"(?:\s+|\#[^\n]*)*")
_TOKEN = re.compile(
    r"""(?P<duration>[0-9]+(?:msec|ms|sec|s|min|mon|mo|m|hr|h|d|w|qtr|q|yr|y)(?![A-Za-z0-9_]))
    | (?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_]))
    | (?P<word>(?:[A-Za-z_@][A-Za-z0-9_@]*|`[^`\n]+`)(?:\.(?:[A-Za-z0-9_@]+|`[^`\n]+`))*)
    | (?P<string>"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*')
    | (?P<symbol>!=|<=|>=|=~|[-+*/%^=<>(),|\[\]])
    """,
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/((?:[^/\\\n]|\\.)+)/")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}


def token_at(text: str, position: int) -> Token:
    """The token at or behind a place; comments and white space lie between tokens."""
    start = _skip(text, position)
    if start == len(text):
        return Token("end", "", start, start)
    match = _TOKEN.match(text, start)
    if match is None:
        raise _unreadable(text, start)
    end, piece = match.end(), match.group()
    if match.lastgroup == "string":
        return Token("string", _ESCAPE.sub(_unescaped, piece[1:-1]), start, end)
    if match.lastgroup == "word":
        quoted = "`" in piece
        return Token("field" if quoted else "word", piece.replace("`", ""), start, end)
    if match.lastgroup == "number":
        return Token("number", piece, start, end)
    return Token("duration" if match.lastgroup == "duration" else "symbol", piece, start, end)


def regex_at(text: str, position: int) -> Token | None:
    """The regular expression ``/.../`` at or behind a place, if one begins there."""
    start = _skip(text, position)
    if text[start : start + 1] != "/":
        return None
    match = _REGEX.match(text, start)
    if match is None:
        raise MalformedQuery("The regular expression does not end: '/' is missing", start, len(text))
    return Token("regex", match[1].replace("\\/", "/"), start, match.end())


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _unescaped(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[1], match[0])


def _unreadable(text: str, start: int) -> MalformedQuery:
    character = text[start]
    if character in "\"'`":
        return MalformedQuery(f"The text that begins with {character} does not end", start, len(text))
    if character.isdigit():
        end = start + 1
        while end < len(text) and text[end].isalnum():
            end += 1
        return MalformedQuery(f"'{text[start:end]}' is neither a number nor a period", start, end)
    if character == "&" or text.startswith("||", start):
        return MalformedQuery("unexpected symbol: use the words 'and' and 'or'", start, start + 1)
    return MalformedQuery(f"unexpected symbol found {character}", start, start + 1)
