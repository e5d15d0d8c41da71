"""The tree of a pattern: fields that must all match, each by one of its conditions, and ``$or``.

How an event is read: a field of an array is a field of each of its elements; what a nested pattern asks for must
be found in one and the same element. ``{"exists": false}`` holds when the event has no value at that path in any
element; an object is no value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from triptych.query.event_pattern.conditions import Absent, Condition, Exact, Value, condition, typed
from triptych.query.event_pattern.document import InvalidPattern, Items, Members, Node, read

__all__ = ["Leaf", "Path", "Pattern", "matches", "parse", "values_at"]

Path = tuple[str, ...]
ALTERNATIVES = 1000
"""Combinations all ``$or`` of one pattern may have (EventBridge)."""
_WORDS = frozenset(
    {
        "exactly",
        "prefix",
        "suffix",
        "anything-but",
        "numeric",
        "cidr",
        "exists",
        "equals-ignore-case",
        "wildcard",
    }
)
"""``$or`` over objects with one of these names is a field of that name, not a choice (EventBridge)."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field and what its value may be.

    :param equal: the values that match as they are, for a look-up; ``others``: the conditions that must be asked.
    """

    path: Path
    equal: frozenset[Any]
    others: tuple[Condition, ...]
    absent: bool

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every condition but absence."""
        found = (Exact(key[1] if isinstance(key, tuple) else key) for key in self.equal)
        return (*found, *self.others)

    def holds(self, value: Value) -> bool:
        return typed(value) in self.equal or any(each.holds(value) for each in self.others)


@dataclass(frozen=True, slots=True)
class Pattern:
    """All of ``leaves``, ``nested`` and ``choices`` (one alternative each) must match one object."""

    leaves: tuple[Leaf, ...] = ()
    nested: tuple[tuple[str, Pattern], ...] = ()
    choices: tuple[tuple[Pattern, ...], ...] = ()


def parse(source: str) -> Pattern:
    """Raises InvalidPattern, which says what and where in AWS's words."""
    node = read(source)
    if not isinstance(node, Members):
        raise InvalidPattern("Filter is not an object", source, node.place)
    return _pattern(node, source, ())[0]


def matches(pattern: Pattern, event: Any) -> bool:
    """Whether an event is what the pattern asks for.

    :param event: decoded JSON, its objects dicts and its arrays lists; what is no object has no fields.
    """
    event = event if isinstance(event, dict) else _EMPTY
    return _object_matches(pattern, event, event)


def values_at(event: Any, path: Path) -> Iterator[Value]:
    """Every scalar an event has at a path, through arrays."""
    if isinstance(event, list):
        for element in event:
            yield from values_at(element, path)
    elif path:
        if isinstance(event, dict) and path[0] in event:
            yield from values_at(event[path[0]], path[1:])
    elif not isinstance(event, dict):
        yield event


# Loops rather than ``any`` and ``all``: this runs for every candidate of every event.


def _object_matches(pattern: Pattern, one: dict[str, Any], event: Any) -> bool:
    for leaf in pattern.leaves:
        if not _leaf_matches(leaf, one, event):
            return False
    for name, inner in pattern.nested:
        value = one.get(name)
        if type(value) is dict:
            if not _object_matches(inner, value, event):
                return False
        elif not any(_object_matches(inner, each, event) for each in _objects(value)):
            return False
    for choice in pattern.choices:
        for alternative in choice:
            if _object_matches(alternative, one, event):
                break
        else:
            return False
    return True


def _leaf_matches(leaf: Leaf, one: dict[str, Any], event: Any) -> bool:
    found = one.get(leaf.path[-1], one)  # the object itself stands for nothing: it is no value
    if type(found) is str:
        if found in leaf.equal:
            return True
        for each in leaf.others:
            if each.holds(found):
                return True
    elif type(found) is list:
        if any(leaf.holds(value) for value in values_at(found, ())):
            return True
    elif type(found) is not dict and leaf.holds(found):
        return True
    return leaf.absent and next(values_at(event, leaf.path), values_at) is values_at


_EMPTY: dict[str, Any] = {}
_NOTHING: tuple[dict[str, Any], ...] = (_EMPTY,)


def _objects(value: Any) -> Sequence[dict[str, Any]]:
    """The objects a nested pattern may match: one, an array's, or one without anything (for ``exists: false``)."""
    if isinstance(value, dict):
        return (value,)
    if isinstance(value, list):
        return [each for element in value for each in _objects(element) if each] or _NOTHING
    return _NOTHING


# Reading.


def _pattern(node: Members, source: str, path: Path) -> tuple[Pattern, int]:
    """The pattern and how many combinations it stands for."""
    if not node.members:
        raise InvalidPattern("Empty Patterns are not allowed", source, node.end)
    leaves: list[Leaf] = []
    nested: list[tuple[str, Pattern]] = []
    choices: list[tuple[Pattern, ...]] = []
    combinations = 1
    for name, value in node.members.items():
        if name == "$or" and _is_choice(value):
            assert isinstance(value, Items)
            read_ones = [_pattern(item, source, path) for item in value.items if isinstance(item, Members)]
            choices.append(tuple(each for each, _ in read_ones))
            combinations *= sum(count for _, count in read_ones)
        elif isinstance(value, Members):
            inner, count = _pattern(value, source, (*path, name))
            nested.append((name, inner))
            combinations *= count
        elif isinstance(value, Items):
            leaves.append(_leaf(value, source, (*path, name)))
        else:
            raise InvalidPattern(f'"{name}" must be an object or an array', source, value.place)
        if combinations > ALTERNATIVES:
            raise InvalidPattern(
                f"The pattern has more than {ALTERNATIVES} combinations of $or alternatives",
                source,
                value.place,
            )
    return Pattern(tuple(leaves), tuple(nested), tuple(choices)), combinations


def _is_choice(node: Node) -> bool:
    """At least two objects, none of which looks like a condition."""
    return (
        isinstance(node, Items)
        and len(node.items) > 1
        and all(isinstance(item, Members) and not (_WORDS & set(item.members)) for item in node.items)
    )


def _leaf(node: Items, source: str, path: Path) -> Leaf:
    if not node.items:
        raise InvalidPattern("Empty arrays are not allowed", source, node.end)
    found = [condition(item, source) for item in node.items]
    return Leaf(
        path=path,
        equal=frozenset(typed(each.value) for each in found if isinstance(each, Exact)),
        others=tuple(each for each in found if not isinstance(each, Exact | Absent)),
        absent=any(isinstance(each, Absent) for each in found),
    )
