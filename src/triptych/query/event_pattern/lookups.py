"""From a value to what is filed under it, without trying what is not. Pure.

``Lookups`` is what is filed under one field: by value, lower case, beginning, end, three characters, network, or range
of numbers. ``Node`` is a tree of fields: an event's values meet what is filed under their paths in one walk, whose cost
is that of the smaller one, event or tree.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from triptych.query.event_pattern.conditions import NUMBERS, Anchor, Numeric, Value, typed

__all__ = ["Lookups", "Node", "Ranges", "meet"]

E = TypeVar("E")
P = TypeVar("P")
_GRAMS_OF = 4096
"""Characters of a text up to which its grams are looked up; a longer one answers every gram."""


class Lookups(Generic[P]):
    """What is filed under one field.

    :param held: look-up -> what is filed under it. :param file: makes of that what ``find`` gives.
    """

    __slots__ = ("_affixes", "_anything", "_equal", "_folded", "_grams", "_networks", "_ranges")

    def __init__(self, held: Mapping[Anchor, Sequence[E]], file: Callable[[Sequence[E]], P]) -> None:
        self._equal: dict[Any, P] = {}
        self._folded: dict[str, P] = {}
        self._affixes: dict[tuple[bool, bool], dict[int, dict[str, P]]] = {}
        self._grams: dict[str, P] = {}
        self._networks: dict[tuple[int, int], dict[int, P]] = {}
        self._anything: P | None = None
        ranges: dict[Numeric, Sequence[E]] = {}
        for (kind, key), elements in held.items():
            match kind:
                case "exact":
                    self._equal[typed(key)] = file(elements)
                case "folded":
                    self._folded[key] = file(elements)
                case "gram":
                    self._grams[key] = file(elements)
                case "any":
                    self._anything = file(elements)
                case "range":
                    ranges[key] = elements
                case "network":
                    place = (key.version, key.max_prefixlen - key.prefixlen)
                    bits = int(key.network_address) >> place[1]
                    self._networks.setdefault(place, {})[bits] = file(elements)
                case _:
                    lengths = self._affixes.setdefault(_AFFIXES[kind], {})
                    lengths.setdefault(len(key), {})[key] = file(elements)
        self._ranges = Ranges(ranges, file) if ranges else None

    def find(self, value: Value, found: list[P]) -> None:
        """Add whatever the value answers to ``found``."""
        if self._anything is not None:
            found.append(self._anything)
        if type(value) is not str:
            if (filed := self._equal.get(typed(value))) is not None:
                found.append(filed)
            if self._ranges is not None and (type(value) is int or type(value) is float):
                self._ranges.find(value, found)
            return
        if (filed := self._equal.get(value)) is not None:
            found.append(filed)
        if self._folded and (filed := self._folded.get(value.lower())) is not None:
            found.append(filed)
        if self._affixes:
            self._by_ends(value, found)
        if self._grams:
            self._by_grams(value, found)
        if self._networks:
            self._by_network(value, found)

    def _by_ends(self, value: str, found: list[P]) -> None:
        for (folded, at_the_end), lengths in self._affixes.items():
            text = value.lower() if folded else value
            for length, texts in lengths.items():
                if length <= len(text):
                    part = text[len(text) - length :] if at_the_end else text[:length]
                    if (filed := texts.get(part)) is not None:
                        found.append(filed)

    def _by_grams(self, value: str, found: list[P]) -> None:
        if len(value) > _GRAMS_OF:
            found += self._grams.values()
            return
        there = {value[at : at + 3] for at in range(len(value) - 2)}
        found += [self._grams[gram] for gram in self._grams.keys() & there]

    def _by_network(self, value: str, found: list[P]) -> None:
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            return
        number, version = int(address), address.version
        for (of, shift), networks in self._networks.items():
            if of == version and (filed := networks.get(number >> shift)) is not None:
                found.append(filed)


_AFFIXES = {
    "prefix": (False, False),
    "suffix": (False, True),
    "folded-prefix": (True, False),
    "folded-suffix": (True, True),
}
"""Kind of look-up -> whether case does not matter, whether it is about the end."""


class Ranges(Generic[P]):
    """Intervals of numbers: which of them a number lies in, in the logarithm of how many there are.

    A segment tree. Its leaves are the bounds and the gaps between them, in order; an interval is filed at the few nodes
    that cover it, and a number passes those above its leaf.
    """

    __slots__ = ("_bounds", "_leaves", "_nodes")

    def __init__(self, held: Mapping[Numeric, Sequence[E]], file: Callable[[Sequence[E]], P]) -> None:
        bounds = {bound for each in held for bound in (each.low, each.high) if bound is not None}
        self._bounds: list[float] = sorted(bounds)
        self._leaves = 2 * len(self._bounds) + 1
        nodes: dict[int, list[E]] = {}
        for interval, elements in held.items():
            left, right = self._span(interval)
            left, right = left + self._leaves, right + self._leaves + 1
            while left < right:
                if left & 1:
                    nodes.setdefault(left, []).extend(elements)
                    left += 1
                if right & 1:
                    right -= 1
                    nodes.setdefault(right, []).extend(elements)
                left, right = left >> 1, right >> 1
        self._nodes: dict[int, P] = {node: file(elements) for node, elements in nodes.items()}

    def _span(self, interval: Numeric) -> tuple[int, int]:
        """Its first and last leaf: leaf 2n+1 is the n-th bound itself, 2n the gap before it."""
        first, last = 0, self._leaves - 1
        if interval.low is not None:
            first = 2 * bisect_left(self._bounds, interval.low) + (2 if interval.above else 1)
        if interval.high is not None:
            last = 2 * bisect_left(self._bounds, interval.high) + (0 if interval.below else 1)
        return first, last

    def find(self, value: float, found: list[P]) -> None:
        if not abs(value) <= NUMBERS:
            return
        at = bisect_left(self._bounds, value)
        leaf = 2 * at + (at < len(self._bounds) and self._bounds[at] == value)
        node = leaf + self._leaves
        while node:
            if (filed := self._nodes.get(node)) is not None:
                found.append(filed)
            node >>= 1


@dataclass(slots=True)
class Node(Generic[P]):
    """A field: what is filed under it, and the fields inside it."""

    here: P | None = None
    inside: dict[str, Node[P]] = field(default_factory=dict)

    def at(self, path: Sequence[str]) -> Node[P]:
        """The node of a path, made if it is not there."""
        node = self
        for name in path:
            node = node.inside.setdefault(name, Node())
        return node


def meet(node: Node[P], value: Any, met: list[tuple[P, Value]]) -> None:
    """Add every pair of something filed and a scalar of the event at its path, through arrays."""
    kind = type(value)
    if kind is dict:
        inside = node.inside
        for name in inside if len(inside) <= len(value) else value:
            if name in inside and name in value:
                inner, child = value[name], inside[name]
                if type(inner) is not str:
                    meet(child, inner, met)
                elif child.here is not None:  # texts are most of an event: without another call
                    met.append((child.here, inner))
    elif kind is list:
        for each in value:
            meet(node, each, met)
    elif node.here is not None:
        met.append((node.here, value))
