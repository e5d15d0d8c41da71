"""Java's regular expressions, as the models have them, in Python's ``re``.

AWS's validators match a whole value. What differs between the languages is translated: POSIX and Unicode
classes, surrogate pairs, ASCII-only ``\\w``. What cannot be translated, or could run for ever on a hostile
value, has no ``Pattern`` and is not checked; ``unchecked`` lists those with the reason.
"""

from __future__ import annotations

import importlib
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from botocore.model import ServiceModel

from triptych.kernel.limits import PATTERN_CHARACTERS

__all__ = ["Untranslatable", "matcher", "translate", "unchecked"]

_POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7f",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "0-9a-zA-Z",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F",
    "Space": r"\t-\r ",
    "IsAlphabetic": None,
}
_SURROGATES = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_PROPERTY = re.compile(r"\\p(?:\{(?:Is|gc=)?(\w+)\}|(\w))")

# The parse tree of a pattern. The standard library keeps its parser private but stable, and a second parser
# of regular expressions would be a worse bargain.
_parser: Any = importlib.import_module("re._parser")


class Untranslatable(ValueError):  # noqa: N818 - a reason, not a failure: the pattern is then not checked
    """Python cannot say what the Java pattern says, or saying it would be dangerous."""


@cache
def matcher(pattern: str) -> Callable[[str], bool] | None:
    """Whether a whole value matches, or None when the pattern cannot be checked.

    A pattern of several repeats may take quadratic time, so very long values pass it unread.
    """
    try:
        expression, linear = _compile(pattern)
    except Untranslatable:
        return None
    if linear:
        return lambda value: expression.fullmatch(value) is not None
    return lambda value: len(value) > PATTERN_CHARACTERS or expression.fullmatch(value) is not None


def unchecked(service: ServiceModel) -> dict[str, str]:
    """Every pattern of a service that is not checked, with the reason."""
    reasons: dict[str, str] = {}
    for name in service.shape_names:
        pattern = service.shape_for(name).metadata.get("pattern")
        if pattern is not None:
            try:
                _compile(pattern)
            except Untranslatable as reason:
                reasons[pattern] = str(reason)
    return reasons


def _compile(pattern: str) -> tuple[re.Pattern[str], bool]:
    """The pattern, and whether it has at most one long repeat and so runs in linear time."""
    text = translate(pattern)
    try:
        tree = _parser.parse(text, re.ASCII)
        made = re.compile(text, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise Untranslatable(str(error)) from error
    if _runs_away(tree):
        raise Untranslatable("nested repeats without a separator can take exponential time")
    return made, sum(1 for _ in _long_repeats(tree)) <= 1


# Translation -----------------------------------------------------------------------------------------------


def translate(pattern: str) -> str:
    """The pattern in Python's dialect; raises Untranslatable."""
    text = _SURROGATES.sub(_join_surrogates, pattern)
    made: list[str] = []
    position, in_class, class_start = 0, False, 0
    while position < len(text):
        char = text[position]
        step = 1
        if char == "\\":
            piece, step = _escape(text, position, in_class=in_class)
        elif not in_class and char == "[":
            in_class, piece = True, char
            class_start = position + (2 if text[position + 1 : position + 2] == "^" else 1)
        elif in_class:
            if char == "[" or text.startswith("&&", position):
                raise Untranslatable("nested character classes and intersections")
            in_class = not (char == "]" and position > class_start)
            piece = char if char == "]" else _class_literal(text, position, class_start)
        else:
            piece = char
        made.append(piece)
        position += step
    return "".join(made)


def _join_surrogates(match: re.Match[str]) -> str:
    high, low = int(match[1], 16), int(match[2], 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


def _class_literal(text: str, position: int, class_start: int) -> str:
    """A character in a class, escaped where Python would read more into it than Java does."""
    char = text[position]
    if char in "|~&" and text[position + 1 : position + 2] == char:
        return "\\" + char  # Python reserves the doubled signs
    if char == "-" and position > class_start:
        before, after = text[position - 2 : position], text[position + 1 : position + 3]
        # `\w-_` is no range: Java takes the dash as itself.
        if (
            re.fullmatch(r"\\[wWdDsS]", before)
            or re.match(r"\\[wWdDsSp]", after)
            or text[position - 1] == "}"
        ):
            return r"\-"
        if text[position + 1 : position + 2] == "-":
            return r"\-"
    return char


def _escape(text: str, position: int, *, in_class: bool) -> tuple[str, int]:
    """The translation of the escape at ``position`` and how many characters it took."""
    letter = text[position + 1 : position + 2]
    if letter == "p":
        match = _PROPERTY.match(text, position)
        if match is None:
            raise Untranslatable("a property without a name")
        ranges = _ranges(match[1] or match[2])
        return (ranges if in_class else f"[{ranges}]"), match.end() - position
    if letter == "U":
        return text[position : position + 10], 10
    if letter in ("P", "Q", "E", "h", "H", "R", "X", "G", "z", "x") and not re.match(
        r"\\x[0-9a-fA-F]{2}", text[position:]
    ):
        raise Untranslatable(f"the escape \\{letter}")
    return text[position : position + 2], 2


@cache
def _ranges(name: str) -> str:
    """A POSIX class or Unicode category as the inside of a character class."""
    if _POSIX.get(name):
        return str(_POSIX[name])
    prefix = {"IsAlphabetic": "L", "Alphabetic": "L", "L1": ""}.get(name, name)
    if not re.fullmatch(r"[LMNPSZC][a-z]?", prefix):
        raise Untranslatable(f"the property {name}")
    return "".join(
        f"\\U{low:08x}-\\U{high:08x}"
        for category, low, high in _category_runs()
        if category.startswith(prefix)
    )


@cache
def _category_runs() -> tuple[tuple[str, int, int], ...]:
    """All of Unicode as (category, first, last); made once, when the first pattern asks."""
    runs: list[tuple[str, int, int]] = []
    start, current = 0, unicodedata.category("\0")
    for code in range(1, sys.maxunicode + 1):
        category = unicodedata.category(chr(code))
        if category != current:
            runs.append((current, start, code - 1))
            start, current = code, category
    runs.append((current, start, sys.maxunicode))
    return tuple(runs)


# Danger ----------------------------------------------------------------------------------------------------

_MANY = 32  # repeats of at least this many rounds count as unbounded
_ASCII = range(128)


def _runs_away(tree: Any) -> bool:
    """Whether a long repeat holds another long repeat with nothing that tells their rounds apart.

    ``(a+)*`` does; ``(a+\\.)*`` does not, for the dot ends each round. Conservative: it may call a harmless
    pattern dangerous.
    """
    return any(_blurred(body) for body in _long_repeats(tree))


def _blurred(body: Any) -> bool:
    inner = [item for repeat in _long_repeats(body) for item in _flat(repeat)]
    if not inner:
        return False
    items = _flat(body)
    return not any(_separates(end, inner) for end in (items[0], items[-1]))


def _separates(end: tuple[Any, Any], inner: list[tuple[Any, Any]]) -> bool:
    """Whether a round's first or last item is one character that no inner repeat can take."""
    if str(end[0]) not in ("LITERAL", "IN"):
        return False
    return not any(_may_match(end, char) and any(_may_match(i, char) for i in inner) for char in _ASCII)


def _flat(body: Any) -> list[tuple[Any, Any]]:
    """A sequence with its plain groups opened."""
    opened: list[tuple[Any, Any]] = []
    for kind, value in body:
        opened.extend(_flat(value[-1]) if str(kind) == "SUBPATTERN" else [(kind, value)])
    return opened


def _long_repeats(tree: Any) -> Iterator[Any]:
    """The bodies of all long repeats in a parse tree, outer ones before theirs."""
    for kind, value in tree:
        if str(kind) in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and value[1] >= _MANY:
            yield value[2]
        for child in _children(kind, value):
            yield from _long_repeats(child)


def _children(kind: Any, value: Any) -> list[Any]:
    match str(kind):
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return [value[2]]
        case "SUBPATTERN" | "ASSERT" | "ASSERT_NOT":
            return [value[-1]]
        case "BRANCH":
            return list(value[1])
        case "ATOMIC_GROUP":
            return [value]
    return []


def _may_match(item: tuple[Any, Any], char: int) -> bool:
    """Whether an item can take this character anywhere; what is not understood counts as yes."""
    kind, value = str(item[0]), item[1]
    match kind:
        case "LITERAL":
            return bool(value == char)
        case "NOT_LITERAL":
            return bool(value != char)
        case "IN":
            found = any(_in_class(str(part), argument, char) for part, argument in value)
            return found != (str(value[0][0]) == "NEGATE")
        case "AT":
            return False
    children = _children(*item)
    return not children or any(_may_match(part, char) for child in children for part in child)


def _in_class(part: str, argument: Any, char: int) -> bool:
    if part == "LITERAL":
        return bool(argument == char)
    if part == "RANGE":
        return bool(argument[0] <= char <= argument[1])
    if part == "CATEGORY":
        letter = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}[str(argument).rsplit("_", maxsplit=1)[-1]]
        return bool(re.match(letter, chr(char), re.ASCII)) != ("_NOT_" in str(argument))
    return False
