"""What changed between two items: the ``configurationItemDiff`` of AWS's change notifications. Pure.

Paths are spelled as AWS spells them, every part with a capital: ``Configuration.IpPermissions.0``,
``SupplementaryConfiguration.PublicAccessBlockConfiguration.BlockPublicAcls``, ``Relationships.0``.
Lists are compared as collections: an element that is gone is a DELETE, a new one a CREATE, order means nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Literal

from triptych.services.config.item import Item, compact, event_item

__all__ = ["ChangeType", "difference"]

ChangeType = Literal["CREATE", "UPDATE", "DELETE"]

_COMPARED = {
    "configuration": "Configuration",
    "supplementaryConfiguration": "SupplementaryConfiguration",
    "tags": "Tags",
    "relationships": "Relationships",
}


def difference(previous: Item | None, current: Item) -> dict[str, Any] | None:
    """The diff, or None when nothing changed; ``previous`` is None (or deleted) for a new resource."""
    if previous is None or previous.is_deleted:
        return None if current.is_deleted else {"changedProperties": {}, "changeType": "CREATE"}
    before, after = event_item(previous), event_item(current)
    # As a list, a tag's name cannot be mistaken for a property's.
    before["tags"], after["tags"] = _tag_list(previous.tags), _tag_list(current.tags)
    changed = {
        path: change
        for name, title in _COMPARED.items()
        for path, change in _changes(title, before[name], after[name])
    }
    if current.is_deleted:
        return {"changedProperties": changed, "changeType": "DELETE"}
    return {"changedProperties": changed, "changeType": "UPDATE"} if changed else None


def _changes(path: str, before: Any, after: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The changes under one path; a value that came or went entire is one change, not one per leaf."""
    if before == after or (_empty(before) and _empty(after)):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            yield from _changes(f"{path}.{_title(name)}", before.get(name), after.get(name))
    elif isinstance(before or [], list) and isinstance(after or [], list):
        yield from _elements(path, before or [], after or [])
    else:
        kind: ChangeType = "CREATE" if _empty(before) else "DELETE" if _empty(after) else "UPDATE"
        yield path, _change(before, after, kind)


def _elements(path: str, before: list[Any], after: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    numbers = itertools.count()
    for element in _without(before, after):
        yield f"{path}.{next(numbers)}", _change(element, None, "DELETE")
    for element in _without(after, before):
        yield f"{path}.{next(numbers)}", _change(None, element, "CREATE")


def _without(these: list[Any], those: list[Any]) -> list[Any]:
    """The elements of ``these`` that ``those`` lack, counting repeats."""
    left: dict[str, int] = {}
    for element in those:
        left[_canonical(element)] = left.get(_canonical(element), 0) + 1
    missing = []
    for element in these:
        name = _canonical(element)
        if left.get(name):
            left[name] -= 1
        else:
            missing.append(element)
    return missing


def _canonical(value: Any) -> str:
    """Equal for values that differ only in the order of keys or of list elements."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{compact(k)}:{_canonical(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ",".join(sorted(map(_canonical, value))) + "]"
    return compact(value)


def _change(before: Any, after: Any, kind: ChangeType) -> dict[str, Any]:
    return {"previousValue": before, "updatedValue": after, "changeType": kind}


def _tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in sorted(tags.items())]


def _empty(value: Any) -> bool:
    return value is None or value in ({}, [])


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]
