"""JSON whose every part knows where it stands, because AWS's errors about patterns name a line and a column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import NoReturn

__all__ = ["InvalidPattern", "Items", "Members", "Node", "Scalar", "read"]

DEPTH = 100
"""Nesting of a pattern (ours: whoever walks it does so by recursion)."""
_QUOTED_SOURCE = 500
"""Characters of the source an error repeats (as the parser behind AWS's messages does)."""


class InvalidPattern(ValueError):  # noqa: N818 - callers turn it into their service's own exception
    """What is wrong with a pattern; the text is what AWS says after ``Reason:``.

    :param message: the sentence without the place, for dialects that say it differently.
    """

    def __init__(self, message: str, source: str, offset: int) -> None:
        before = source[:offset]
        line, column = before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
        shown = f'"{source[:_QUOTED_SOURCE]}"'
        if len(source) > _QUOTED_SOURCE:
            shown += f"[truncated {len(source) - _QUOTED_SOURCE} chars]"
        super().__init__(f"{message}\n at [Source: (String){shown}; line: {line}, column: {column}]")
        self.message = message


@dataclass(frozen=True, slots=True)
class Node:
    """:param place: the offset AWS's parser has reached when it looks at this part."""

    place: int


@dataclass(frozen=True, slots=True)
class Scalar(Node):
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Items(Node):
    """An array; ``end`` is behind its bracket."""

    items: tuple[Node, ...]
    end: int


@dataclass(frozen=True, slots=True)
class Members(Node):
    """An object; of a name that comes twice the last one counts."""

    members: dict[str, Node]
    end: int


_STRINGS = JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_WORD = re.compile(r"[A-Za-z]+")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_NUMBER_CHARACTERS = 400
"""The longest number read; more digits than a double has any use for (ours)."""


def read(source: str) -> Node:
    """The whole text as one value. Raises InvalidPattern."""
    reader = _Reader(source)
    node, end = reader.value(reader.skip(0), 0)
    if (end := reader.skip(end)) < len(source):
        reader.unexpected(end)
    return node


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source

    def fail(self, message: str, at: int) -> NoReturn:
        raise InvalidPattern(message, self.source, at)

    def unexpected(self, at: int) -> NoReturn:
        if at >= len(self.source):
            self.fail("Unexpected end-of-input", len(self.source))
        found = self.source[at]
        self.fail(f"Unexpected character ('{found}' (code {ord(found)}))", at + 1)

    def skip(self, at: int) -> int:
        found = _SPACE.match(self.source, at)
        return found.end() if found else at

    def value(self, at: int, depth: int) -> tuple[Node, int]:
        """The value at an offset that is no space, and the offset behind it."""
        if depth > DEPTH:
            self.fail(f"Document nesting depth exceeds the maximum allowed ({DEPTH})", at)
        match self.source[at : at + 1]:
            case "{":
                return self._object(at + 1, depth)
            case "[":
                return self._array(at + 1, depth)
            case '"':
                text, end = self._string(at)
                return Scalar(at + 1, text), end  # read no further than the quote when looked at
            case _:
                return self._word(at)

    def _string(self, at: int) -> tuple[str, int]:
        try:
            text, end = _STRINGS.raw_decode(self.source, at)
            return str(text), end
        except JSONDecodeError as error:
            self.fail(error.msg, error.pos)

    def _word(self, at: int) -> tuple[Node, int]:
        if (number := _NUMBER.match(self.source, at)) and number.end() - at <= _NUMBER_CHARACTERS:
            text, end = number.group(), number.end()
            whole = number.group(1) is None and number.group(2) is None
            return Scalar(end, int(text) if whole else float(text)), end
        word = _WORD.match(self.source, at)
        if word is None:
            self.unexpected(at)
        if word.group() not in _WORDS:
            expected = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
            self.fail(f"Unrecognized token '{word.group()}': was expecting {expected}", word.end())
        return Scalar(word.end(), _WORDS[word.group()]), word.end()

    def _object(self, at: int, depth: int) -> tuple[Node, int]:
        members: dict[str, Node] = {}
        begin, at = at, self.skip(at)
        if self.source[at : at + 1] == "}":
            return Members(begin, members, at + 1), at + 1
        while True:
            if self.source[at : at + 1] != '"':
                self.unexpected(at)
            name, at = self._string(at)
            at = self._expect(":", at)
            members[name], at = self.value(at, depth + 1)
            at = self.skip(at)
            if self.source[at : at + 1] == "}":
                return Members(begin, members, at + 1), at + 1
            at = self._expect(",", at)

    def _array(self, at: int, depth: int) -> tuple[Node, int]:
        items: list[Node] = []
        begin, at = at, self.skip(at)
        if self.source[at : at + 1] == "]":
            return Items(begin, (), at + 1), at + 1
        while True:
            item, at = self.value(at, depth + 1)
            items.append(item)
            at = self.skip(at)
            if self.source[at : at + 1] == "]":
                return Items(begin, tuple(items), at + 1), at + 1
            at = self._expect(",", at)

    def _expect(self, character: str, at: int) -> int:
        at = self.skip(at)
        if self.source[at : at + 1] != character:
            self.unexpected(at)
        return self.skip(at + 1)
