"""Many patterns at once: what an event matches costs a look-up per field, not a try per pattern.

Every pattern is a bit. A field's value finds, by look-up, the mask of those it satisfies and of those that do not ask
about the field; what is left of all masks together matches. Which patterns the *absence* of fields leaves is
remembered for each set of fields seen. ``$or`` is multiplied out: a bit for each combination.

Tried one by one after that, because fields alone do not decide: what asks for several fields of one element when the
event has several elements; fields that a pattern asks about twice (outside and inside ``$or``); several
``anything-but`` for one field; and ``$or`` of more combinations than are multiplied out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any, Generic, TypeVar

from triptych.query.event_pattern.conditions import Anchor, Condition, Not, Value
from triptych.query.event_pattern.lookups import Lookups
from triptych.query.event_pattern.pattern import Leaf, Path, Pattern, matches

__all__ = ["Index"]

K = TypeVar("K", bound=Hashable)
_COMBINATIONS = 32
"""Combinations of one pattern's ``$or`` that are multiplied out."""
_SHAPES = 1024
"""Sets of fields remembered."""


class Index(Generic[K]):
    """Built once from (name, pattern) pairs; not changed afterwards. Each name has one pattern."""

    def __init__(self, patterns: Iterable[tuple[K, Pattern]]) -> None:
        self._names: list[K] = []
        """By bit, as ``_patterns``; a name of several bits has them in a row."""
        self._patterns: list[Pattern] = []
        self._tried = 0
        """Whom the masks of the fields let pass too often."""
        making: dict[Path, _Making] = defaultdict(_Making)
        asking: dict[Path, int] = defaultdict(int)
        known: set[K] = set()
        for name, pattern in patterns:
            if name in known:
                raise ValueError(f"{name!r} names two patterns")
            known.add(name)
            ways, whole = _ways(pattern)
            for leaves in ways:
                bit = 1 << len(self._names)
                self._names.append(name)
                self._patterns.append(pattern)
                by_path = {leaf.path: leaf for leaf in reversed(leaves)}
                if not whole or len(by_path) < len(leaves):
                    self._tried |= bit
                for path, leaf in by_path.items():
                    if not making[path].add(leaf, bit):
                        self._tried |= bit
                for path in _shared(by_path):
                    asking[path] |= bit
        self._all = (1 << len(self._names)) - 1
        self._repeated = len(known) < len(self._names)
        self._root = _Node()
        self._fields: list[_Field] = []
        same: dict[int, int] = {}
        for path, each in sorted(making.items(), key=lambda item: -item[1].asking.bit_count()):
            self._root.at(path).here = len(self._fields)
            self._fields.append(each.made(self._all, same))
        for path, bits in asking.items():
            self._root.at(path).shared = bits
        self._left: dict[tuple[int, ...], int] = {}

    def matching(self, event: Any) -> list[K]:
        """The names whose patterns the event matches, in no particular order, each once."""
        met: dict[int, list[Value]] = {}
        tried = self._tried | _meet(self._root, event if type(event) is dict else {}, met)
        numbers = tuple(sorted(met))
        found = self._left_by(numbers)
        for number in numbers:
            each = self._fields[number]
            if found & each.asking:
                left = 0
                for value in met[number]:
                    left |= each.wanted.find(value)
                    if each.refusing:
                        left |= each.refusing ^ each.refused.find(value)
                found &= left
        if tried := tried & found:
            found ^= tried
            for bit in _bits(tried):
                if matches(self._patterns[bit], event):
                    found |= 1 << bit
        names = self._named(found)
        return list(dict.fromkeys(names)) if self._repeated else names

    def _left_by(self, fields: tuple[int, ...]) -> int:
        """Whom an event with just these fields does not lack one."""
        left = self._left.get(fields)
        if left is None:
            left = self._all
            for number in set(range(len(self._fields))).difference(fields):
                left &= self._fields[number].without
            if len(self._left) >= _SHAPES:
                self._left.clear()
            self._left[fields] = left
        return left

    def _named(self, found: int) -> list[K]:
        if found.bit_count() * _SPARSE < len(self._names):
            return [self._names[bit] for bit in _bits(found)]
        return list(compress(self._names, bin(found)[:1:-1].encode().translate(_ZEROES)))


_SPARSE = 16
"""One in so many found, and every bit is looked at rather than each of the found searched (measured)."""
_ZEROES = bytes(each != ord("0") for each in range(256))


def _bits(mask: int) -> Iterator[int]:
    while mask:
        bit = mask.bit_length() - 1
        yield bit
        mask ^= 1 << bit


def _ways(pattern: Pattern) -> tuple[list[tuple[Leaf, ...]], bool]:
    """Sets of leaves of which one must hold, and whether that is all the pattern asks for."""
    ways, whole = [pattern.leaves], True
    parts = [_ways(inner) for _, inner in pattern.nested]
    for choice in pattern.choices:
        alternatives = [_ways(each) for each in choice]
        every = [way for some, _ in alternatives for way in some]
        parts.append((every, all(complete for _, complete in alternatives)))
    for some, complete in parts:
        if len(ways) * len(some) <= _COMBINATIONS:
            ways, whole = [(*way, *more) for way in ways for more in some], whole and complete
        else:
            whole = False
    return ways, whole


def _shared(paths: Iterable[Path]) -> list[Path]:
    """Under which of their beginnings lie several: which must be of one element, if that is an array."""
    under: dict[Path, int] = defaultdict(int)
    for path in paths:
        for length in range(1, len(path)):
            under[path[:length]] += 1
    return [path for path, several in under.items() if several > 1]


# Fields.


@dataclass(slots=True, eq=False)
class _Field:
    """What patterns ask about one field.

    :ivar asking: everybody who asks; ``wanted``: who wants which values, and everybody who does not ask; ``refused``: who wants all but which,
        ``refusing`` being everybody who refuses some; ``without``: whom the field's absence leaves.
    """

    asking: int
    wanted: Lookups
    refused: Lookups
    refusing: int
    without: int


class _Making:
    """A field while patterns are added."""

    def __init__(self) -> None:
        self._wanted: dict[Anchor, int] = defaultdict(int)
        self._refused: dict[Anchor, int] = defaultdict(int)
        self.asking = self._refusing = self._absent = 0

    def add(self, leaf: Leaf, bit: int) -> bool:
        """Whether the field's mask decides the leaf; otherwise it is among the left too often."""
        self.asking |= bit
        if leaf.absent:
            self._absent |= bit
        excluding = [each for each in leaf.conditions if isinstance(each, Not)]
        if excluding:
            self._refusing |= bit
        if len(excluding) == 1:  # of several, none excludes anything for certain
            _hold(self._refused, excluding, bit)
        _hold(self._wanted, [each for each in leaf.conditions if not isinstance(each, Not)], bit)
        return len(excluding) < 2

    def made(self, everybody: int, same: dict[int, int]) -> _Field:
        """:param same: masks there are already, not to keep equal ones twice."""

        def kept(mask: int) -> int:
            return same.setdefault(mask, mask)

        wanted, refused = (
            {anchor: kept(mask) for anchor, mask in held.items()} for held in (self._wanted, self._refused)
        )
        silent = kept(everybody ^ self.asking)
        without = kept(silent | self._absent)
        return _Field(kept(self.asking), Lookups(wanted, silent), Lookups(refused), self._refusing, without)


def _hold(held: dict[Anchor, int], conditions: Sequence[Condition], bit: int) -> None:
    for each in conditions:
        for anchor in each.anchors():
            held[anchor] |= bit


@dataclass(slots=True)
class _Node:
    """A step of a path: what is asked about the field there, who asks for several fields inside it, and those."""

    here: int | None = None
    shared: int = 0
    inside: dict[str, _Node] = field(default_factory=dict)

    def at(self, path: Path) -> _Node:
        """The node of a path, made if it is not there."""
        node = self
        for name in path:
            node = node.inside.setdefault(name, _Node())
        return node


def _meet(node: _Node, value: Any, met: dict[int, list[Value]]) -> int:
    """Add every scalar of the event a field asks about, through arrays, to that field's. The cost is that of the
    smaller one, event or tree. Answers who must be tried, because there are several elements to find their fields in.
    """
    tried = 0
    kind = type(value)
    if kind is dict:
        for name in node.inside.keys() & value.keys():
            inner, child = value[name], node.inside[name]
            if type(inner) is not str:
                tried |= _meet(child, inner, met)
            elif child.here is not None:  # texts are most of an event: without another call
                met.setdefault(child.here, []).append(inner)
    elif kind is list:
        if len(value) > 1:
            tried = node.shared
        for each in value:
            tried |= _meet(node, each, met)
    elif node.here is not None:
        met.setdefault(node.here, []).append(value)
    return tried
