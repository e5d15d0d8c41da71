"""JSONPath as Automation documents use it: ``$.Reservations[0].Instances[*].InstanceId``. Pure.

Names, indexes, slices, wildcards, deep scans and filters (``[?(@.FromPort == 22 && @.CidrIpv4 == '0.0.0.0/0')]``).
A path without wildcard, slice, scan or filter is *definite*: it selects one value or is missing. Any other
selects a list, which may be empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from triptych.kernel import limits

__all__ = ["InvalidSelector", "Missing", "Selector", "parse", "select"]

Segment = Callable[[Any], Iterator[Any]]
Test = Callable[[Any], bool]
_MISSING = object()


class InvalidSelector(ValueError):  # noqa: N818
    """The text is no JSONPath of the kind described above, or one that selects too much."""


class Missing(LookupError):  # noqa: N818
    """A definite path leads nowhere in this value."""


@dataclass(frozen=True, slots=True)
class Selector:
    text: str
    segments: tuple[Segment, ...]
    definite: bool


def select(selector: Selector, value: Any) -> Any:
    """The value a definite selector points at (raises Missing), or the list of everything another one matches.

    Raises InvalidSelector when that is too much.
    """
    found = [value]
    for segment in selector.segments:
        hits = (hit for one in found for hit in segment(one))
        found = list(islice(hits, limits.SSM_SELECTED_VALUES + 1))
        if len(found) > limits.SSM_SELECTED_VALUES:
            raise InvalidSelector(f"{selector.text} selects more than {limits.SSM_SELECTED_VALUES} values")
    if not selector.definite:
        return found
    if not found:
        raise Missing(selector.text)
    return found[0]


@lru_cache(maxsize=1024)
def parse(text: str) -> Selector:
    """Raises InvalidSelector with the position of the mistake."""
    if len(text) > limits.SSM_SELECTOR_CHARACTERS:
        raise InvalidSelector(f"longer than {limits.SSM_SELECTOR_CHARACTERS} characters")
    reader = _Reader(text)
    reader.expect("$")
    try:
        segments, definite = _path(reader)
    except RecursionError as error:
        raise InvalidSelector("filters are nested too deeply") from error
    if not reader.done:
        raise reader.error("expected '.' or '['")
    return Selector(text, segments, definite)


class _Reader:
    """A text and how far it was read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    @property
    def done(self) -> bool:
        return self.at >= len(self.text)

    def error(self, message: str) -> InvalidSelector:
        return InvalidSelector(f"{message} at character {self.at + 1} of {self.text!r}")

    def accept(self, word: str) -> bool:
        if not self.text.startswith(word, self.at):
            return False
        self.at += len(word)
        return True

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise self.error(f"expected {word!r}")

    def match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self.text, self.at)
        if not found:
            return None
        self.at = found.end()
        return found[0]

    def skip_space(self) -> None:
        self.match(_SPACE)


_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[\w:@/-]+")
_INTEGER = re.compile(r"-?[0-9]{1,9}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_COMPARISON = re.compile(r"==|!=|<=|>=|<|>")


def _path(reader: _Reader) -> tuple[tuple[Segment, ...], bool]:
    segments: list[Segment] = []
    definite = True
    while True:
        if reader.accept(".."):
            definite = False
            segments.append(_descendants)
            if reader.text.startswith("[", reader.at):
                continue
        elif not reader.accept("."):
            if not reader.accept("["):
                return tuple(segments), definite
            segment, one = _bracket(reader)
            segments.append(segment)
            definite = definite and one
            continue
        if reader.accept("*"):
            definite = False
            segments.append(_children)
        elif name := reader.match(_WORD):
            segments.append(_member(name))
        else:
            raise reader.error("expected a name or '*'")


def _bracket(reader: _Reader) -> tuple[Segment, bool]:
    reader.skip_space()
    if reader.accept("*"):
        _close(reader)
        return _children, False
    if reader.accept("?"):
        reader.skip_space()
        reader.expect("(")
        test = _either(reader)
        reader.skip_space()
        reader.expect(")")
        _close(reader)
        return _filter(test), False
    if quoted := reader.match(_QUOTED):
        names = [_unquote(quoted)]
        while _comma(reader):
            if not (quoted := reader.match(_QUOTED)):
                raise reader.error("expected a quoted name")
            names.append(_unquote(quoted))
        _close(reader)
        return _members(names), len(names) == 1
    return _indexes(reader)


def _indexes(reader: _Reader) -> tuple[Segment, bool]:
    first = reader.match(_INTEGER)
    if reader.accept(":"):
        last = reader.match(_INTEGER)
        _close(reader)
        return _slice(int(first) if first else None, int(last) if last else None), False
    if first is None:
        raise reader.error("expected an index, a quoted name, '*' or '?('")
    wanted = [int(first)]
    while _comma(reader):
        if (more := reader.match(_INTEGER)) is None:
            raise reader.error("expected an index")
        wanted.append(int(more))
    _close(reader)
    return _items(wanted), len(wanted) == 1


def _comma(reader: _Reader) -> bool:
    reader.skip_space()
    found = reader.accept(",")
    reader.skip_space()
    return found


def _close(reader: _Reader) -> None:
    reader.skip_space()
    reader.expect("]")


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


# Segments: from one value to the values it leads to.


def _member(name: str) -> Segment:
    return _members([name])


def _members(names: list[str]) -> Segment:
    return lambda value: (value[n] for n in names if isinstance(value, dict) and n in value)


def _items(indexes: list[int]) -> Segment:
    return lambda value: (
        value[i] for i in indexes if isinstance(value, list) and -len(value) <= i < len(value)
    )


def _slice(first: int | None, last: int | None) -> Segment:
    return lambda value: iter(value[first:last]) if isinstance(value, list) else iter(())


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        return iter(value.values())
    return iter(value) if isinstance(value, list) else iter(())


def _descendants(value: Any) -> Iterator[Any]:
    """The value and everything below it, depth first."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(list(_children(one))))


def _filter(test: Test) -> Segment:
    """Elements of a list that pass; an object passes or not as a whole."""
    return lambda value: (one for one in (value if isinstance(value, list) else [value]) if test(one))


# Filters: ``||`` binds weaker than ``&&``, which binds weaker than ``!``.


def _either(reader: _Reader) -> Test:
    tests = [_both(reader)]
    while _operator(reader, "||"):
        tests.append(_both(reader))
    return lambda value: any(test(value) for test in tests)


def _both(reader: _Reader) -> Test:
    tests = [_single(reader)]
    while _operator(reader, "&&"):
        tests.append(_single(reader))
    return lambda value: all(test(value) for test in tests)


def _operator(reader: _Reader, word: str) -> bool:
    reader.skip_space()
    return reader.accept(word)


def _single(reader: _Reader) -> Test:
    if _operator(reader, "!"):
        inner = _single(reader)
        return lambda value: not inner(value)
    if _operator(reader, "("):
        inner = _either(reader)
        reader.skip_space()
        reader.expect(")")
        return inner
    left = _operand(reader)
    reader.skip_space()
    comparison = reader.match(_COMPARISON)
    if comparison is None:
        return lambda value: left(value) is not _MISSING
    right = _operand(reader)
    return lambda value: _compare(left(value), comparison, right(value))


def _operand(reader: _Reader) -> Callable[[Any], Any]:
    reader.skip_space()
    if reader.accept("@"):
        segments, definite = _path(reader)
        if not definite:
            raise reader.error("a filter compares single values")
        path = Selector("@", segments, definite)
        return lambda value: _or_missing(path, value)
    literal: Any
    if quoted := reader.match(_QUOTED):
        literal = _unquote(quoted)
    elif number := reader.match(_NUMBER):
        literal = float(number) if "." in number else int(number)
    else:
        for word, meaning in (("true", True), ("false", False), ("null", None)):
            if reader.accept(word):
                literal = meaning
                break
        else:
            raise reader.error("expected '@', a string, a number, true, false or null")
    return lambda value: literal  # noqa: ARG005


def _or_missing(path: Selector, value: Any) -> Any:
    try:
        return select(path, value)
    except Missing:
        return _MISSING


def _compare(left: Any, comparison: str, right: Any) -> bool:
    """Values of different kinds are unequal and have no order; ``true`` is no number."""
    numbers = all(isinstance(side, int | float) and not isinstance(side, bool) for side in (left, right))
    same_kind = numbers or type(left) is type(right)
    if comparison == "==":
        return same_kind and left == right
    if comparison == "!=":
        return not (same_kind and left == right)
    if not (numbers or (same_kind and isinstance(left, str))):
        return False
    if comparison in ("<", ">="):
        return bool(left < right) == (comparison == "<")
    return bool(left > right) == (comparison == ">")
