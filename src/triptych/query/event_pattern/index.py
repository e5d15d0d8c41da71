"""Many patterns at once: an event finds those it matches by look-up; few are tried, and most of those match.

A pattern about one field is *settled* by look-ups alone: whoever answers them matches (``anything-but``: whoever does
not; ``exists: false``: whoever has no such field). Every other pattern is filed under the values of the field by which
it is told apart best (the one whose values the fewest others want), and tried when an event answers. Patterns filed
under one value are divided again by another field. Patterns that are the same are one.

What is tried one by one: patterns about several fields that offer no look-up in any (only ``anything-but`` and
``exists: false``), and wildcards without three characters in a row.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from triptych.query.event_pattern.conditions import (
    ANY,
    NUMBERS,
    Anchor,
    Condition,
    Not,
    Numeric,
    Wildcard,
    typed,
)
from triptych.query.event_pattern.lookups import Lookups, Node, meet
from triptych.query.event_pattern.pattern import Leaf, Path, Pattern, matches

__all__ = ["Index"]

K = TypeVar("K", bound=Hashable)
_FEW = 4
"""Patterns under one value that are tried rather than divided again."""
_RANGE = 2
"""How much dearer than another look-up a range is, which is spread over the nodes of a tree (measured)."""
_GRAMS = 32
"""Grams of one wildcard that are offered."""

_Key = tuple[Path, Anchor]
"""A path and a look-up."""
_Names = dict[Any, None]


@dataclass(slots=True, eq=False)
class _Entry:
    """One pattern and whoever wants it."""

    pattern: Pattern
    names: _Names
    offers: list[tuple[_Key, ...]]
    """Each a set of keys of which an event must have one: what the pattern can be filed under."""


@dataclass(slots=True)
class _Files:
    """A division: entries to try, and fields to look at for more."""

    entries: list[_Entry] = field(default_factory=list)
    fields: Node[Lookups[_Files]] | None = None


class Index(Generic[K]):
    """Built once from (name, pattern) pairs; not changed afterwards. Each name has one pattern."""

    def __init__(self, patterns: Iterable[tuple[K, Pattern]]) -> None:
        same: dict[Pattern, _Names] = defaultdict(dict)
        known: set[K] = set()
        for name, pattern in patterns:
            if name in known:
                raise ValueError(f"{name!r} names two patterns")
            known.add(name)
            same[pattern][name] = None
        settled: list[tuple[Leaf, _Names]] = []
        entries: list[_Entry] = []
        for pattern, names in same.items():
            if (leaf := _only_leaf(pattern)) and _is_decided(leaf):
                settled.append((leaf, names))
            else:
                entries.append(_Entry(pattern, names, _offers(pattern)))
        self._settled = _Settled(settled) if settled else None
        self._files = _filed(entries, frozenset()) if entries else None

    def matching(self, event: Any) -> list[K]:
        """The names whose patterns the event matches, in no particular order, each once."""
        names: _Names = {}
        if self._settled is not None:
            self._settled.collect(event, names)
        if self._files is not None:
            found: dict[int, _Entry] = {}
            _collect(self._files, event, found)
            for entry in found.values():
                if matches(entry.pattern, event):
                    names.update(entry.names)
        return list(names)


def _collect(files: _Files, event: Any, found: dict[int, _Entry]) -> None:
    for entry in files.entries:
        found[id(entry)] = entry
    if files.fields is None:
        return
    met: list[tuple[Lookups[_Files], Any]] = []
    meet(files.fields, event, met)
    inner: list[_Files] = []
    for lookups, value in met:
        lookups.find(value, inner)
    for each in inner:
        _collect(each, event, found)


# Patterns about one field.


def _only_leaf(pattern: Pattern) -> Leaf | None:
    while not pattern.leaves and len(pattern.nested) == 1 and not pattern.choices:
        pattern = pattern.nested[0][1]
    one = len(pattern.leaves) == 1 and not pattern.nested and not pattern.choices
    return pattern.leaves[0] if one else None


def _is_decided(leaf: Leaf) -> bool:
    """By look-ups; of what is excluded there can be one list, not the meet of several."""
    conditions = leaf.conditions
    return all(each.decided for each in conditions) and sum(isinstance(e, Not) for e in conditions) < 2


@dataclass(slots=True)
class _Field:
    """The settled patterns about one field.

    :ivar wanted: who wants which values; ``refused``: who wants all but which, ``refusing`` being everybody who
        refuses some; ``absent``: who wants that there is none.
    """

    wanted: Lookups[_Names]
    refused: Lookups[_Names]
    refusing: _Names
    absent: _Names


class _Settled:
    """Patterns that look-ups alone decide."""

    def __init__(self, patterns: Sequence[tuple[Leaf, _Names]]) -> None:
        self._fields: Node[_Field] = Node()
        self._absent: _Names = {}
        by_path: dict[Path, list[tuple[Leaf, _Names]]] = defaultdict(list)
        for leaf, names in patterns:
            by_path[leaf.path].append((leaf, names))
        for path, held in by_path.items():
            made = self._fields.at(path).here = _field(held)
            self._absent |= made.absent

    def collect(self, event: Any, names: _Names) -> None:
        met: list[tuple[_Field, Any]] = []
        meet(self._fields, event, met)
        found: list[_Names] = []
        present: list[_Names] = []
        for each, value in met:
            each.wanted.find(value, found)
            if each.refusing:
                refusing: list[_Names] = []
                each.refused.find(value, refusing)
                found.append(_without(each.refusing, refusing))
            if each.absent:
                present.append(each.absent)
        found.append(_without(self._absent, present))
        for some in found:
            names.update(some)


def _without(names: _Names, others: Sequence[_Names]) -> _Names:
    if not others:
        return names
    left = names.copy()
    for some in others:
        for name in some:
            left.pop(name, None)
    return left


def _field(patterns: Sequence[tuple[Leaf, _Names]]) -> _Field:
    wanted: dict[Anchor, list[_Names]] = defaultdict(list)
    refused: dict[Anchor, list[_Names]] = defaultdict(list)
    refusing: _Names = {}
    absent: _Names = {}
    for leaf, names in patterns:
        excluding = [each for each in leaf.conditions if isinstance(each, Not)]
        if len(excluding) == 1:
            refusing |= names
            for each in excluding[0].of:
                _hold(refused, each, names)
        for condition in leaf.conditions:
            if not isinstance(condition, Not):
                _hold(wanted, condition, names)
        if leaf.absent:
            absent |= names
    return _Field(Lookups(wanted, _together), Lookups(refused, _together), refusing, absent)


def _hold(held: dict[Anchor, list[_Names]], condition: Condition, names: _Names) -> None:
    for anchor in condition.anchors():
        held[_canonical(anchor)].append(names)


def _together(held: Sequence[_Names]) -> _Names:
    return {name: None for names in held for name in names}


# All others.


def _offers(pattern: Pattern) -> list[tuple[_Key, ...]]:
    offers = [keys for leaf in pattern.leaves for keys in _leaf_offers(leaf)]
    for _, inner in pattern.nested:
        offers += _offers(inner)
    for choice in pattern.choices:
        # Whichever alternative it is, it has a key; an alternative without leaves the choice without any.
        best = [min(each, key=_breadth) if (each := _offers(alternative)) else None for alternative in choice]
        if all(best):
            offers.append(tuple(dict.fromkeys(key for keys in best if keys for key in keys)))
    return offers


def _breadth(keys: Sequence[_Key]) -> tuple[bool, int]:
    return any(anchor == ANY for _, anchor in keys), len(keys)


def _leaf_offers(leaf: Leaf) -> Iterator[tuple[_Key, ...]]:
    """Nothing when the field need not be there; a lone wildcard offers each of its grams."""
    if leaf.absent:
        return
    conditions = leaf.conditions
    keys = ((leaf.path, _canonical(anchor)) for each in conditions for anchor in each.anchors())
    yield tuple(dict.fromkeys(keys))
    if len(conditions) == 1 and isinstance(conditions[0], Wildcard):
        for gram in conditions[0].grams[:_GRAMS]:
            yield ((leaf.path, Anchor("gram", gram)),)


def _canonical(anchor: Anchor) -> Anchor:
    """Under which true is not 1."""
    return Anchor("exact", typed(anchor.key)) if anchor.kind == "exact" else anchor


def _filed(entries: Sequence[_Entry], used: frozenset[Path]) -> _Files:
    if len(entries) <= _FEW:
        return _Files(list(entries))
    usable = [[keys for keys in e.offers if not any(key[0] in used for key in keys)] for e in entries]
    weights = _weights(Counter(key for offers in usable for key in {key for keys in offers for key in keys}))
    held: dict[Path, dict[Anchor, list[_Entry]]] = defaultdict(lambda: defaultdict(list))
    files = _Files()
    for entry, offers in zip(entries, usable, strict=True):
        if not offers:
            files.entries.append(entry)
            continue
        best = min(offers, key=lambda keys: (max(weights[key] for key in keys), *_breadth(keys)))
        for path, anchor in best:
            held[path][anchor].append(entry)
    if held:
        files.fields = Node()
        for path, anchors in held.items():
            # Under "any", nothing is told apart: further division is by the other fields all the same.
            inner = used | {path}
            files.fields.at(path).here = Lookups(anchors, lambda some, used=inner: _filed(some, used))  # type: ignore[misc]
    return files


def _weights(wanted: Mapping[_Key, int]) -> dict[_Key, int]:
    """How many entries an event would have to try that answers a key; ranges are answered together."""
    weights = dict(wanted)
    by_path: dict[Path, list[tuple[Numeric, int]]] = defaultdict(list)
    for (path, anchor), count in wanted.items():
        if anchor.kind == "range":
            by_path[path].append((anchor.key, count))
    for path, ranges in by_path.items():
        begun = sorted(low for each, n in ranges for low in [_low(each)] * n)
        ended = sorted(high for each, n in ranges for high in [_high(each)] * n)
        for each, _ in ranges:
            point = (max(_low(each), begun[0]) + min(_high(each), ended[-1])) / 2
            around = bisect_right(begun, point) - bisect_left(ended, point)
            weights[path, Anchor("range", each)] = _RANGE * max(1, around) + len(ranges).bit_length()
    return weights


def _low(interval: Numeric) -> float:
    return -NUMBERS if interval.low is None else interval.low


def _high(interval: Numeric) -> float:
    return NUMBERS if interval.high is None else interval.high
