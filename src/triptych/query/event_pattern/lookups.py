"""From a value to the patterns that want it, without trying those that do not. Pure.

A set of patterns is a *mask*: an integer with one bit for each. ``Lookups`` holds what is filed under one field: by
value, lower case, beginning, end, wildcard, network, or range of numbers (``Ranges``).
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from triptych.query.event_pattern.conditions import NUMBERS, Anchor, Numeric, Value, Wildcard, typed

__all__ = ["Lookups", "Ranges"]

_GRAM = 3
"""Characters in a row by which wildcards are found; fewer if a wildcard has no three."""
_GRAMS_OF = 4096
"""Characters of a text up to which its grams are looked up; a longer one is tried by every wildcard."""

_GAPS = 1024
"""Gaps between bounds for which is remembered what lies around them."""


class Lookups:
    """What is filed under one field.

    :param held: look-up -> whose it is. :param always: who is among the found whatever the value.
    """

    __slots__ = ("_affixes", "_always", "_equal", "_folded", "_networks", "_ranges", "_wildcards")

    def __init__(self, held: Mapping[Anchor, int], always: int = 0) -> None:
        self._always = always
        self._equal: dict[Any, int] = {}
        self._folded: dict[str, int] = {}
        affixes: dict[tuple[bool, bool, int], dict[str, int]] = defaultdict(dict)
        self._networks: dict[tuple[int, int], dict[int, int]] = {}
        wildcards: dict[Wildcard, int] = {}
        ranges: dict[Numeric, int] = {}
        for (kind, key), mask in held.items():
            match kind:
                case "exact":
                    self._equal[key] = mask
                case "folded":
                    self._folded[key] = mask
                case "wildcard":
                    wildcards[key] = mask
                case "any":
                    self._always |= mask
                case "range":
                    ranges[key] = mask
                case "network":
                    place = (key.version, key.max_prefixlen - key.prefixlen)
                    self._networks.setdefault(place, {})[int(key.network_address) >> place[1]] = mask
                case _:
                    affixes[(*_AFFIXES[kind], len(key))][key] = mask
        self._affixes = [(*place, texts) for place, texts in affixes.items()]
        self._ranges = Ranges(ranges) if ranges else None
        self._wildcards = _by_grams(wildcards)

    def find(self, value: Value) -> int:
        """Whose look-ups a value answers, and whoever is always found."""
        if type(value) is not str:
            found = self._always | self._equal.get(typed(value), 0)
            if self._ranges is not None and (type(value) is int or type(value) is float):
                found |= self._ranges.find(value)
            return found
        found = self._always
        if (mask := self._equal.get(value)) is not None:
            found |= mask
        if self._folded:
            found |= self._folded.get(value.lower(), 0)
        if self._affixes:
            found |= self._by_ends(value)
        if self._wildcards:
            found |= self._by_wildcard(value)
        if self._networks:
            found |= self._by_network(value)
        return found

    def _by_ends(self, value: str) -> int:
        found = 0
        for folded, at_the_end, length, texts in self._affixes:
            text = value.lower() if folded else value  # whole: lower case may be longer
            size = len(text)
            if length <= size:
                part = text[size - length :] if at_the_end else text[:length]
                if (mask := texts.get(part)) is not None:
                    found |= mask
        return found

    def _by_wildcard(self, value: str) -> int:
        found = 0
        for length, grams in self._wildcards.items():
            if len(grams) <= len(value):
                there = [gram for gram in grams if gram in value]
            elif len(value) <= _GRAMS_OF:
                places = range(len(value) - length + 1)
                there = [gram for gram in {value[at : at + length] for at in places} if gram in grams]
            else:
                there = list(grams)
            for gram in there:
                for wildcard, mask in grams[gram]:
                    if wildcard.holds(value):
                        found |= mask
        return found

    def _by_network(self, value: str) -> int:
        found = 0
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            return found
        number, version = int(address), address.version
        for (of, shift), networks in self._networks.items():
            if of == version:
                found |= networks.get(number >> shift, 0)
        return found


_AFFIXES = {
    "prefix": (False, False),
    "suffix": (False, True),
    "folded-prefix": (True, False),
    "folded-suffix": (True, True),
}
"""Kind of look-up -> whether case does not matter, whether it is about the end."""


def _by_grams(wildcards: Mapping[Wildcard, int]) -> dict[int, dict[str, list[tuple[Wildcard, int]]]]:
    """Length of a gram -> gram -> the wildcards found by it: each by the gram it has in common with the fewest."""
    offered = {each: each.grams(_GRAM) for each in wildcards}
    shared = Counter(gram for grams in offered.values() for gram in grams)
    filed: dict[int, dict[str, list[tuple[Wildcard, int]]]] = {}
    for wildcard, mask in wildcards.items():
        gram = min(offered[wildcard], key=lambda each: shared[each])
        filed.setdefault(len(gram), {}).setdefault(gram, []).append((wildcard, mask))
    return filed


class Ranges:
    """Intervals of numbers: which of them a number lies in, in the logarithm of how many there are.

    A segment tree. Its leaves are the bounds and the gaps between them, in order; an interval is filed at the few nodes
    that cover it, and a number passes those above its leaf. What was found for a leaf is remembered.
    """

    __slots__ = ("_bounds", "_found", "_leaves", "_nodes")

    def __init__(self, held: Mapping[Numeric, int]) -> None:
        bounds = {bound for each in held for bound in (each.low, each.high) if bound is not None}
        self._bounds: Sequence[float] = sorted(bounds)
        self._leaves = 2 * len(self._bounds) + 1
        self._found: dict[int, int] = {}
        self._nodes: dict[int, int] = defaultdict(int)
        for interval, mask in held.items():
            left, right = self._span(interval)
            left, right = left + self._leaves, right + self._leaves + 1
            while left < right:
                if left & 1:
                    self._nodes[left] |= mask
                    left += 1
                if right & 1:
                    right -= 1
                    self._nodes[right] |= mask
                left, right = left >> 1, right >> 1

    def _span(self, interval: Numeric) -> tuple[int, int]:
        """Its first and last leaf: leaf 2n+1 is the n-th bound itself, 2n the gap before it."""
        first, last = 0, self._leaves - 1
        if interval.low is not None:
            first = 2 * bisect_left(self._bounds, interval.low) + (2 if interval.above else 1)
        if interval.high is not None:
            last = 2 * bisect_left(self._bounds, interval.high) + (0 if interval.below else 1)
        return first, last

    def find(self, value: float) -> int:
        found = 0
        if not abs(value) <= NUMBERS:
            return found
        at = bisect_left(self._bounds, value)
        leaf = 2 * at + (at < len(self._bounds) and self._bounds[at] == value)
        if (known := self._found.get(leaf)) is not None:
            return known
        node = leaf + self._leaves
        while node:
            if (mask := self._nodes.get(node)) is not None:
                found |= mask
            node >>= 1
        if len(self._found) >= _GAPS:
            self._found.clear()
        self._found[leaf] = found
        return found
