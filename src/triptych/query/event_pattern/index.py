"""Many patterns at once: an event finds the few that may match by look-up, and only those are tried.

Each pattern is filed under the values of the field by which it is told apart best (the one whose values the fewest
others want): an event has a look at the fields that patterns are filed under, not at the patterns. Patterns filed
under one value are divided again by another field. Patterns that are the same are one.

What can be looked up are values, beginnings and ends of texts. A pattern without any (only ``anything-but``,
``numeric`` ranges, ``cidr``, ``exists``) is filed under its field and tried whenever an event has it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from triptych.query.event_pattern.conditions import Anchor, Value, typed
from triptych.query.event_pattern.pattern import Leaf, Path, Pattern, matches, values_at

__all__ = ["Index"]

K = TypeVar("K", bound=Hashable)
_FEW = 4
"""Patterns under one value that are tried rather than divided again."""
_ANY = "any"
"""The kind of a look-up that every value answers."""

_Key = tuple[Path, str, Any]
"""A path, a kind of look-up, and what is looked up."""


@dataclass(slots=True, eq=False)
class _Entry:
    """One pattern and whoever wants it."""

    pattern: Pattern
    names: list[Any]
    offers: list[tuple[_Key, ...]]
    """Each a set of keys of which an event must have one: what the pattern can be filed under."""


@dataclass(slots=True)
class _Lookups:
    """What is filed under one field."""

    equal: dict[Any, _Files] = field(default_factory=dict)
    folded: dict[str, _Files] = field(default_factory=dict)
    affixes: dict[str, dict[int, dict[str, _Files]]] = field(default_factory=dict)
    anything: _Files | None = None


@dataclass(slots=True)
class _Files:
    """A division: entries to try, and fields to look at for more."""

    entries: list[_Entry] = field(default_factory=list)
    fields: list[tuple[Path, _Lookups]] = field(default_factory=list)


class Index(Generic[K]):
    """Built once from (name, pattern) pairs; not changed afterwards."""

    def __init__(self, patterns: Iterable[tuple[K, Pattern]]) -> None:
        same: dict[Pattern, list[K]] = defaultdict(list)
        for name, pattern in patterns:
            same[pattern].append(name)
        entries = [_Entry(pattern, names, _offers(pattern)) for pattern, names in same.items()]
        self._files = _filed(entries, frozenset())

    def matching(self, event: Any) -> list[K]:
        """The names whose patterns the event matches, in no particular order, each once."""
        found: dict[int, _Entry] = {}
        _collect(self._files, event, found)
        return [name for entry in found.values() if matches(entry.pattern, event) for name in entry.names]


def _collect(files: _Files, event: Any, found: dict[int, _Entry]) -> None:
    for entry in files.entries:
        found[id(entry)] = entry
    for path, lookups in files.fields:
        value = event
        for name in path:  # straight down; arrays on the way take the slower road
            if type(value) is not dict:
                break
            value = value.get(name, _MISSING)
        if value is _MISSING:
            continue
        if type(value) is str:
            _look_up(lookups, value, event, found)
        else:
            for each in set(map(typed, values_at(event, path))):
                _look_up(lookups, each[1] if isinstance(each, tuple) else each, event, found)


_MISSING = object()
_AFFIXES = {
    "prefix": (False, False),
    "suffix": (False, True),
    "folded-prefix": (True, False),
    "folded-suffix": (True, True),
}
"""Kind of look-up -> whether case does not matter, whether it is about the end."""


def _look_up(lookups: _Lookups, value: Value, event: Any, found: dict[int, _Entry]) -> None:
    if (files := lookups.equal.get(value if type(value) is str else typed(value))) is not None:
        _collect(files, event, found)
    if lookups.anything is not None:
        _collect(lookups.anything, event, found)
    if not isinstance(value, str):
        return
    if lookups.folded and (files := lookups.folded.get(value.lower())) is not None:
        _collect(files, event, found)
    for kind, lengths in lookups.affixes.items():
        folded, at_the_end = _AFFIXES[kind]
        text = value.lower() if folded else value
        for length, texts in lengths.items():
            if length > len(text):
                continue
            part = text[len(text) - length :] if at_the_end else text[:length]
            if (files := texts.get(part)) is not None:
                _collect(files, event, found)


# Building.


def _offers(pattern: Pattern) -> list[tuple[_Key, ...]]:
    offers = [keys for leaf in pattern.leaves if (keys := _leaf_keys(leaf))]
    for _, inner in pattern.nested:
        offers += _offers(inner)
    for choice in pattern.choices:
        # Whichever alternative it is, it has a key; an alternative without leaves the choice without any.
        best = [min(each, key=_breadth) if (each := _offers(alternative)) else None for alternative in choice]
        if all(best):
            offers.append(tuple(dict.fromkeys(key for keys in best if keys for key in keys)))
    return offers


def _breadth(keys: Sequence[_Key]) -> tuple[bool, int]:
    return any(kind == _ANY for _, kind, _ in keys), len(keys)


def _leaf_keys(leaf: Leaf) -> tuple[_Key, ...]:
    """Nothing when the field need not be there."""
    if leaf.absent:
        return ()
    anchors: list[Anchor] = []
    for condition in leaf.conditions:
        offered = condition.anchors()
        if offered is None:
            return ((leaf.path, _ANY, None),)
        anchors += offered
    return tuple(
        dict.fromkeys((leaf.path, a.kind, typed(a.key) if a.kind == "exact" else a.key) for a in anchors)
    )


def _filed(entries: Sequence[_Entry], used: frozenset[Path]) -> _Files:
    if len(entries) <= _FEW:
        return _Files(list(entries))
    usable = [[keys for keys in e.offers if not any(key[0] in used for key in keys)] for e in entries]
    wanted = Counter(key for offers in usable for key in {key for keys in offers for key in keys})
    by_key: dict[_Key, list[_Entry]] = defaultdict(list)
    files = _Files()
    for entry, offers in zip(entries, usable, strict=True):
        if not offers:
            files.entries.append(entry)
            continue
        best = min(offers, key=lambda keys: (max(wanted[key] for key in keys), *_breadth(keys)))
        for key in best:
            by_key[key].append(entry)
    lookups: dict[Path, _Lookups] = {}
    for (path, kind, key), held in by_key.items():
        # Under "any", nothing is told apart: further division is by the other fields all the same.
        inner = _filed(held, used | {path})
        _place(lookups.setdefault(path, _Lookups()), kind, key, inner)
    files.fields = list(lookups.items())
    return files


def _place(lookups: _Lookups, kind: str, key: Any, files: _Files) -> None:
    if kind == "exact":
        lookups.equal[key] = files
    elif kind == "folded":
        lookups.folded[key] = files
    elif kind == _ANY:
        lookups.anything = files
    else:
        lookups.affixes.setdefault(kind, {}).setdefault(len(key), {})[key] = files
