"""Reading a pattern character by character: what all kinds of patterns share."""

from __future__ import annotations

import re
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

_REGEX_CHARACTERS = re.compile(r"[A-Za-z0-9:_#=@/;, \-^$?\[\]{}|\\*+.]*\Z")
_ESCAPED = re.compile(r"\\(?:[dDsSwW]|x[0-9A-Fa-f]{2}|[^A-Za-z0-9\s])")


class InvalidPattern(ValueError):  # noqa: N818
    """The text is no filter pattern.

    :ivar position: index of the character where reading stopped making sense.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class Scanner:
    """A text and how far it is read."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.text = text
        self.at = at
        self.regexes = 0

    @property
    def done(self) -> bool:
        return self.at >= len(self.text)

    @property
    def here(self) -> str:
        """The next character; empty at the end."""
        return self.text[self.at : self.at + 1]

    def blanks(self) -> None:
        while self.here.isspace():
            self.at += 1

    def take(self, *options: str) -> str:
        """The first of the options that comes next, passed over; empty if none does."""
        for option in options:
            if self.text.startswith(option, self.at):
                self.at += len(option)
                return option
        return ""

    def words(self, *wanted: str) -> bool:
        """Whether these words come next, in any case, blanks between them; passed over only if all do."""
        match = re.compile(r"\s+".join(map(re.escape, wanted)) + r"(?![\w])", re.IGNORECASE).match(
            self.text, self.at
        )
        if match:
            self.at = match.end()
        return match is not None

    def until(self, stop: str) -> str:
        """Everything up to the next blank, ``&&``, ``||`` or a character of ``stop``."""
        start = self.at
        while not self.done and not self.here.isspace() and self.here not in stop:
            if self.text.startswith(("&&", "||"), self.at):
                break
            self.at += 1
        return self.text[start : self.at]

    def quoted(self) -> list[str]:
        """A text in double quotes, split at its wildcards; ``\\"``, ``\\\\`` and ``\\*`` stand for themselves."""
        start = self.at
        self.at += 1
        pieces = [""]
        while not self.done:
            character = self.here
            self.at += 1
            if character == '"':
                return pieces
            if character == "\\" and self.here in ('"', "\\", "*") and not self.done:
                character = self.here
                self.at += 1
                pieces[-1] += character
            elif character == "*":
                pieces.append("")
            else:
                pieces[-1] += character
        raise InvalidPattern("A quotation mark is not closed", start)

    def regex(self) -> str:
        """An expression between percent signs, checked."""
        start = self.at
        self.at += 1
        while not self.done and self.here != "%":
            self.at += 2 if self.here == "\\" else 1
        if self.done:
            raise InvalidPattern("A regular expression is not closed by %", start)
        expression = self.text[start + 1 : self.at]
        self.at += 1
        self.regexes += 1
        check_regex(expression, start)
        return expression

    def fail(self, expected: str) -> InvalidPattern:
        found = f"'{self.here}'" if self.here else "the end"
        return InvalidPattern(f"Expected {expected} but found {found} at position {self.at}", self.at)


def check_regex(expression: str, position: int) -> None:
    """Raises InvalidPattern for what filter patterns' regular expressions may not contain."""
    bare = _ESCAPED.sub("", expression)
    if not expression or "\\" in bare or not _REGEX_CHARACTERS.match(bare):
        raise InvalidPattern(f"Invalid regular expression '{expression}'", position)
    try:
        finds(expression, "")
    except pa.ArrowInvalid as error:
        raise InvalidPattern(f"Invalid regular expression '{expression}'", position) from error


def finds(expression: str, text: str) -> bool:
    """Whether the expression finds something in the text.

    RE2, as in the lake: time grows with the text only, whatever the expression.
    """
    return bool(pc.match_substring_regex(pa.scalar(text), options=_options(expression)).as_py())


@cache
def _options(expression: str) -> pc.MatchSubstringOptions:
    return pc.MatchSubstringOptions(expression)
