"""What one value of an event must be: ``"x"``, ``{"prefix": "x"}``, ``{"numeric": [">", 5]}`` and so on.

Each condition answers ``holds(value)`` for a scalar of an event, and ``anchors()``: look-ups for an index. It holds for
a value that answers one of them, and for no other; ``anything-but`` the other way round, by what it excludes.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from triptych.query.event_pattern.document import InvalidPattern, Items, Members, Node, Scalar

__all__ = [
    "ANY",
    "NUMBERS",
    "Absent",
    "Anchor",
    "Condition",
    "Exact",
    "Not",
    "Numeric",
    "Value",
    "Wildcard",
    "condition",
    "typed",
]

Value = str | int | float | bool | None
NUMBERS = 5_000_000_000
"""Numbers of ``numeric`` lie between plus and minus this (EventBridge)."""


class Anchor(NamedTuple):
    """A look-up: the value itself (``typed``), its lower case, its beginning, its end, a wildcard, the range or the
    network it lies in; ``any`` is answered by every value.
    """

    kind: Literal[
        "exact",
        "folded",
        "prefix",
        "suffix",
        "folded-prefix",
        "folded-suffix",
        "wildcard",
        "range",
        "network",
        "any",
    ]
    key: Any


ANY = Anchor("any", None)


class Condition(Protocol):
    def holds(self, value: Value) -> bool: ...
    def anchors(self) -> tuple[Anchor, ...]: ...


def typed(value: Value) -> Value | tuple[str, bool]:
    """A key under which true is not 1 (as Python has it)."""
    return ("", value) if isinstance(value, bool) else value


@dataclass(frozen=True, slots=True)
class Exact:
    """Equal: numbers by what they are worth, everything else as it is written."""

    value: Value

    def holds(self, value: Value) -> bool:
        return value == self.value and isinstance(value, bool) == isinstance(self.value, bool)

    def anchors(self) -> tuple[Anchor, ...]:
        return (Anchor("exact", typed(self.value)),)


@dataclass(frozen=True, slots=True)
class Absent:
    """``{"exists": false}``; whether the field is there is decided by the tree, not by a value."""

    def holds(self, value: Value) -> bool:  # noqa: ARG002
        return False

    def anchors(self) -> tuple[Anchor, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class Present:
    """``{"exists": true}``: any value at all, null included."""

    def holds(self, value: Value) -> bool:  # noqa: ARG002
        return True

    def anchors(self) -> tuple[Anchor, ...]:
        return (ANY,)


@dataclass(frozen=True, slots=True)
class Folded:
    """``equals-ignore-case``."""

    text: str

    def holds(self, value: Value) -> bool:
        return isinstance(value, str) and value.lower() == self.text

    def anchors(self) -> tuple[Anchor, ...]:
        return (Anchor("folded", self.text),)


@dataclass(frozen=True, slots=True)
class Affix:
    """``prefix`` or ``suffix``; ``folded`` is already lower case then."""

    end: Literal["prefix", "suffix"]
    text: str
    folded: bool = False

    def holds(self, value: Value) -> bool:
        if not isinstance(value, str):
            return False
        value = value.lower() if self.folded else value
        return value.startswith(self.text) if self.end == "prefix" else value.endswith(self.text)

    def anchors(self) -> tuple[Anchor, ...]:
        if self.end == "prefix":
            return (Anchor("folded-prefix" if self.folded else "prefix", self.text),)
        return (Anchor("folded-suffix" if self.folded else "suffix", self.text),)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """``*`` stands for any characters, none included; ``\\*`` and ``\\\\`` for themselves.

    :param pieces: the literal texts between the stars, at least one. Searched from the left, each behind the one
        before: linear, whatever the text (a regular expression would be exponential in the stars).
    """

    pieces: tuple[str, ...]

    def grams(self, length: int) -> list[str]:
        """Texts so long that a text must have, or as long as there are; none if there are only stars."""
        length = min(length, max(len(piece) for piece in self.pieces))
        found = (piece[at : at + length] for piece in self.pieces for at in range(len(piece) - length + 1))
        return [gram for gram in dict.fromkeys(found) if gram]

    def holds(self, value: Value) -> bool:
        if not isinstance(value, str):
            return False
        first, last = self.pieces[0], self.pieces[-1]
        if len(self.pieces) == 1:
            return value == first
        if len(value) < len(first) + len(last) or not (value.startswith(first) and value.endswith(last)):
            return False
        at, end = len(first), len(value) - len(last)
        for piece in self.pieces[1:-1]:
            found = value.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True

    def anchors(self) -> tuple[Anchor, ...]:
        if len(self.pieces) == 1:
            return (Anchor("exact", self.pieces[0]),)
        if len(self.pieces) == 2 and not self.pieces[1]:
            return (Anchor("prefix", self.pieces[0]),)
        if len(self.pieces) == 2 and not self.pieces[0]:
            return (Anchor("suffix", self.pieces[1]),)
        return (Anchor("wildcard", self),)


@dataclass(frozen=True, slots=True)
class Numeric:
    """A range of numbers; a bound that is None is open to infinity."""

    low: float | None = None
    high: float | None = None
    above: bool = False
    """Greater than ``low``, not equal to it; ``below`` likewise."""
    below: bool = False

    def holds(self, value: Value) -> bool:
        if not (isinstance(value, int) or isinstance(value, float)) or isinstance(value, bool):  # noqa: SIM101 - a tuple is slower
            return False
        if not -NUMBERS <= value <= NUMBERS:  # nor NaN
            return False
        if self.low is not None and (value <= self.low if self.above else value < self.low):
            return False
        return self.high is None or (value < self.high if self.below else value <= self.high)

    def anchors(self) -> tuple[Anchor, ...]:
        if self.low is not None and self.low == self.high:
            return (Anchor("exact", self.low),)
        return (Anchor("range", self),)


@dataclass(frozen=True, slots=True)
class Cidr:
    network: ipaddress.IPv4Network | ipaddress.IPv6Network

    def holds(self, value: Value) -> bool:
        if not isinstance(value, str):
            return False
        try:
            return ipaddress.ip_address(value) in self.network
        except ValueError:
            return False

    def anchors(self) -> tuple[Anchor, ...]:
        return (Anchor("network", self.network),)


@dataclass(frozen=True, slots=True)
class Not:
    """``anything-but``: a value is there and none of these holds for it."""

    of: tuple[Condition, ...]

    def holds(self, value: Value) -> bool:
        return not any(each.holds(value) for each in self.of)

    def anchors(self) -> tuple[Anchor, ...]:
        """What is excluded: it holds for a value that answers none."""
        return tuple(anchor for each in self.of for anchor in each.anchors())


# Reading.


def condition(node: Node, source: str) -> Condition:
    """One element of a field's array. Raises InvalidPattern with AWS's words."""
    if isinstance(node, Scalar):
        return Exact(node.value)
    if not isinstance(node, Members):
        raise InvalidPattern("Match value must be String, number, true, false, or null", source, node.place)
    name, value = _only(node, source, "Match expression name not found")
    text_conditions = {"prefix", "suffix", "equals-ignore-case", "wildcard", "cidr"}
    if name in text_conditions:
        return _textual(name, value, source)
    match name:
        case "numeric":
            return _numeric(value, source)
        case "exists":
            if not isinstance(value, Scalar) or not isinstance(value.value, bool):
                raise InvalidPattern(
                    "exists match pattern must be either true or false.", source, value.place
                )
            return Present() if value.value else Absent()
        case "anything-but":
            return _anything_but(value, source)
        case _:
            raise InvalidPattern(f"Unrecognized match type {name}", source, value.place)


def _only(node: Members, source: str, missing: str) -> tuple[str, Node]:
    if not node.members:
        raise InvalidPattern(missing, source, node.end)
    if len(node.members) > 1:
        second = list(node.members.values())[1]
        raise InvalidPattern("Only one key allowed in match expression", source, second.place)
    return next(iter(node.members.items()))


def _text(node: Node, source: str, what: str) -> str:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node.value
    raise InvalidPattern(f"{what} match pattern must be a string", source, node.place)


def _textual(name: str, node: Node, source: str) -> Condition:
    if name in ("prefix", "suffix") and isinstance(node, Members):
        inner, value = _only(node, source, f"{name.capitalize()} expression name not found")
        if inner != "equals-ignore-case":
            raise InvalidPattern(f"Unsupported {name} pattern: {inner}", source, value.place)
        return _affix(name, _text(value, source, "equals-ignore-case").lower(), folded=True)
    text = _text(node, source, "prefix" if name == "cidr" else name)
    match name:
        case "equals-ignore-case":
            return Folded(text.lower())
        case "wildcard":
            return _wildcard(text, node, source)
        case "cidr":
            return _cidr(text, node, source)
        case _:
            return _affix(name, text, folded=False)


def _affix(end: str, text: str, *, folded: bool) -> Affix:
    return Affix("prefix" if end == "prefix" else "suffix", text, folded)


def _wildcard(text: str, node: Node, source: str) -> Wildcard:
    pieces: list[str] = []
    piece, at = "", 0
    while at < len(text):
        match text[at]:
            case "\\":
                if text[at + 1 : at + 2] not in ("*", "\\"):
                    raise InvalidPattern(f"Invalid escape character at pos {at + 1}", source, node.place)
                piece, at = piece + text[at + 1], at + 1
            case "*":
                if text[at + 1 : at + 2] == "*":
                    raise InvalidPattern(
                        f"Consecutive wildcard characters at pos {at + 1}", source, node.place
                    )
                pieces, piece = [*pieces, piece], ""
            case character:
                piece += character
        at += 1
    return Wildcard((*pieces, piece))


def _cidr(text: str, node: Node, source: str) -> Cidr:
    def fail(message: str) -> InvalidPattern:
        return InvalidPattern(message, source, node.place)

    address, slash, bits = text.partition("/")
    if not slash or "/" in bits:
        raise fail("Malformed CIDR, one '/' required")
    if not re.fullmatch(r"[0-9]{1,9}", bits):
        raise fail("Malformed CIDR, mask bits must be an integer")
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        raise fail(f"Nonstandard IP address: {address}") from None
    if int(bits) > parsed.max_prefixlen:
        raise fail(f"IPv{parsed.version} mask bits must be < {parsed.max_prefixlen + 1}")
    return Cidr(ipaddress.ip_network(text, strict=False))


def _anything_but(node: Node, source: str) -> Not:
    if isinstance(node, Items):
        return Not(_listed(node, source))
    if isinstance(node, Members):
        return _anything_but_form(node, source)
    assert isinstance(node, Scalar)
    if isinstance(node.value, bool) or node.value is None:
        raise InvalidPattern(
            "Value of anything-but must be an array or single string/number value.", source, node.place
        )
    return Not((Exact(node.value),))


def _listed(node: Items, source: str) -> tuple[Condition, ...]:
    kinds: set[bool] = set()
    values: list[Condition] = []
    for item in node.items:
        if not isinstance(item, Scalar) or isinstance(item.value, bool) or item.value is None:
            raise InvalidPattern(
                "Inside anything but list, start|null|boolean is not supported.", source, item.place
            )
        kinds.add(isinstance(item.value, str))
        values.append(Exact(item.value))
    if len(kinds) != 1:
        raise InvalidPattern(
            "Inside anything but list, either all values are number or string, mixed type is not supported",
            source,
            node.end,
        )
    return tuple(values)


def _anything_but_form(node: Members, source: str) -> Not:
    name, value = _only(node, source, "Anything-But expression name not found")
    if name == "numeric":
        return Not((_numeric(value, source),))
    if name not in ("prefix", "suffix", "equals-ignore-case", "wildcard"):
        raise InvalidPattern(f"Unsupported anything-but pattern: {name}", source, value.place)
    items: Sequence[Node] = value.items if isinstance(value, Items) else (value,)
    if not items:
        raise InvalidPattern("Empty arrays are not allowed", source, value.place)
    if name in ("prefix", "suffix"):
        for item in items:
            if isinstance(item, Scalar) and item.value == "":
                raise InvalidPattern("Null prefix/suffix not allowed", source, item.place)
    if isinstance(value, Items) and (bad := [i for i in items if not _is_text(i)]):
        raise InvalidPattern(
            f"Inside anything-but/{name} list, number|start|null|boolean is not supported.",
            source,
            bad[0].place,
        )
    return Not(tuple(_textual(name, item, source) for item in items))


def _is_text(node: Node) -> bool:
    return isinstance(node, Scalar) and isinstance(node.value, str)


def _numeric(node: Node, source: str) -> Numeric:
    if not isinstance(node, Items):
        raise InvalidPattern("Value of numeric must be an array.", source, node.place)
    items = node.items
    if not items or not isinstance(items[0], Scalar) or not isinstance(items[0].value, str):
        place = items[0].place if items else node.end
        shown = source[items[0].place - 1 : items[0].place] if items else "]"
        raise InvalidPattern(f"Invalid member in numeric match: {shown}", source, place)
    operator = items[0].value
    if operator not in ("=", ">", ">=", "<", "<="):
        raise InvalidPattern(f"Unrecognized numeric range operator: {operator}", source, items[0].place)
    bound = _bound(items, 1, "equals" if operator == "=" else operator, node, source)
    if operator in (">", ">=") and len(items) > 2:
        return _between(items, bound, node, source)
    if len(items) > 2:
        raise InvalidPattern("Too many elements in numeric expression", source, items[2].place)
    match operator:
        case "=":
            return Numeric(low=bound, high=bound)
        case ">" | ">=":
            return Numeric(low=bound, above=operator == ">")
        case _:
            return Numeric(high=bound, below=operator == "<")


def _between(items: Sequence[Node], low: float, node: Items, source: str) -> Numeric:
    first, second = items[0], items[2]
    assert isinstance(first, Scalar)
    if not isinstance(second, Scalar) or not isinstance(second.value, str):
        shown = second.value if isinstance(second, Scalar) else source[second.place - 1]
        raise InvalidPattern(f"Bad value in numeric range: {shown}", source, second.place)
    if second.value not in ("<", "<="):
        raise InvalidPattern(f"Bad numeric range operator: {second.value}", source, second.place)
    high = _bound(items, 3, second.value, node, source)
    if len(items) > 4:
        raise InvalidPattern("Too many terms in numeric range expression", source, items[4].place)
    if low >= high:
        raise InvalidPattern("Bottom must be less than top", source, node.end)
    return Numeric(low=low, high=high, above=first.value == ">", below=second.value == "<")


def _bound(items: Sequence[Node], at: int, name: str, node: Items, source: str) -> float:
    item = items[at] if at < len(items) else None
    if (
        not isinstance(item, Scalar)
        or isinstance(item.value, bool)
        or not isinstance(item.value, int | float)
    ):
        raise InvalidPattern(
            f"Value of {name} must be numeric", source, item.place if item is not None else node.end
        )
    if abs(item.value) > NUMBERS:
        raise InvalidPattern("Value must be between -5.0E9 and 5.0E9, inclusive", source, item.place)
    return item.value
