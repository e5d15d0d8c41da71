"""What a query of AWS Config finds: a plan and documents -> rows. Pure.

A document is an item as queries see it, JSON throughout. Lists on the way to a property mean "any element".
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

from triptych.query.config_sql import (
    Aggregate,
    AllOf,
    AnyOf,
    Column,
    Compare,
    Condition,
    Literals,
    Not,
    Operator,
    Plan,
    Property,
    StartsWith,
    Within,
)

__all__ = ["Row", "run"]

Row = dict[str, Any]


def run(plan: Plan, documents: Iterable[Mapping[str, Any]]) -> list[Row]:
    """The rows, in the order asked for; otherwise documents keep theirs, and groups go by their values."""
    matching = [one for one in documents if plan.where is None or _holds(plan.where, one)]
    if plan.is_aggregation:
        return _grouped(plan, matching)
    for column, descends in reversed(plan.order):
        assert isinstance(column, Property)
        matching.sort(key=_first(column), reverse=descends)
    return [_project(plan.columns, one) for one in matching]


def _holds(condition: Condition, document: Mapping[str, Any]) -> bool:
    match condition:
        case Not(of):
            return not _holds(of, document)
        case AllOf(parts):
            return all(_holds(one, document) for one in parts)
        case AnyOf(choices):
            return any(_holds(one, document) for one in choices)
        case StartsWith(of, prefix):
            return any(str(leaf).startswith(prefix) for leaf in _leaves(document, of.path))
        case Within(of, low, high):
            return any(_between(leaf, low, high) for leaf in _leaves(document, of.path))
        case Compare(of, operator, value):
            return any(_compares(leaf, operator, value) for leaf in _leaves(document, of.path))


def _leaves(value: Any, path: Sequence[str], parent: str = "") -> Iterator[Any]:
    """The scalars at a path; null is no value. The index knows some states as ``state.value``."""
    if isinstance(value, list | tuple):
        for element in value:
            yield from _leaves(element, path, parent)
    elif not path:
        if value is not None and not isinstance(value, Mapping):
            yield value
    elif isinstance(value, Mapping):
        name = path[0]
        if name == "value" and parent == "state" and name not in value:
            name = "name"
        if name in value:
            yield from _leaves(value[name], path[1:], path[0])
    elif parent == "state" and tuple(path) == ("value",) and value is not None:
        yield value


def _between(leaf: Any, low: Literals, high: Literals) -> bool:
    if isinstance(low, str) and isinstance(high, str) and isinstance(leaf, str):
        have, first, last = _addresses(leaf), _addresses(low), _addresses(high)
        if have and first and last:
            return have[0] == first[0] == last[0] and have[1] <= last[2] and first[1] <= have[2]
    return _compares(leaf, ">=", low) and _compares(leaf, "<=", high)


def _compares(leaf: Any, operator: Operator, value: Literals) -> bool:
    """Networks compare as ranges of addresses: equal to all they include, less when they begin before, and so on.

    A plain address, on the other hand, is equal to all networks that include it.
    """
    if isinstance(leaf, str) and isinstance(value, str):
        have, asked = _addresses(leaf), _addresses(value)
        if have and asked and operator == "=" and "/" not in leaf:
            have, asked = asked, have
        if have and asked:
            return have[0] == asked[0] and _RANGES[operator](have, asked)
    left, right = _comparable(leaf, value)
    return left is not None and _SCALARS[operator](left, right)


def _comparable(leaf: Any, value: Literals) -> tuple[Any, Any]:
    """Both as one type: attributes that services keep as text compare with numbers and truth values too."""
    if isinstance(value, bool) or isinstance(leaf, bool):
        return str(leaf).lower(), str(value).lower()
    if isinstance(value, float):
        try:
            return float(leaf), value
        except ValueError:
            return None, None
    if isinstance(leaf, int | float):
        return leaf, _number(value) if _number(value) is not None else float("nan")
    return str(leaf), value


def _number(text: str) -> float | None:
    """A number, or a time as milliseconds since 1970, as some types keep theirs."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text if "T" in text else f"{text}T00:00:00+00:00").timestamp() * 1000
    except ValueError:
        return None


Addresses = tuple[int, int, int]
"""Version, first and last address of a network."""


@lru_cache(maxsize=65536)
def _addresses_of(text: str) -> Addresses | None:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    return network.version, int(network.network_address), int(network.broadcast_address)


def _addresses(text: str) -> Addresses | None:
    # Short of parsing each value: addresses have points or colons, and nothing else but hex digits and a slash.
    if len(text) > 49 or not ("." in text or ":" in text) or text.strip("0123456789abcdefABCDEF.:/"):
        return None
    return _addresses_of(text)


_RANGES: dict[Operator, Callable[[Addresses, Addresses], bool]] = {
    "=": lambda have, asked: have[1] <= asked[1] and asked[2] <= have[2],
    "<": lambda have, asked: have[1] < asked[1],
    ">": lambda have, asked: have[2] > asked[2],
    "<=": lambda have, asked: have[1] <= asked[2],
    ">=": lambda have, asked: have[2] >= asked[1],
}
_SCALARS: dict[Operator, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: bool(left == right),
    "<": lambda left, right: bool(left < right),
    ">": lambda left, right: bool(left > right),
    "<=": lambda left, right: bool(left <= right),
    ">=": lambda left, right: bool(left >= right),
}


def _first(column: Property) -> Callable[[Mapping[str, Any]], tuple[int, float, str]]:
    """Sorts by the first value; what has none comes first. Numbers stand before text."""

    def key(document: Mapping[str, Any]) -> tuple[int, float, str]:
        return _rank(next(_leaves(document, column.path), None))

    return key


def _rank(value: Any) -> tuple[int, float, str]:
    if value is None:
        return 0, 0.0, ""
    if isinstance(value, int | float):
        return 1, float(value), ""
    return 2, 0.0, str(value)


def _project(columns: Iterable[Column], document: Mapping[str, Any]) -> Row:
    row: Row = {}
    for column in columns:
        if isinstance(column, Property):
            _merge(row, _pick(document, column.path))
    return row


def _pick(value: Any, path: Sequence[str], parent: str = "") -> Any:
    """What is at a path, within what is around it; numbers as the service gives them, which is as doubles."""
    if not path:
        return _doubles(value)
    if isinstance(value, list | tuple):
        return [_pick(element, path, parent) for element in value]
    if isinstance(value, Mapping):
        if path[0] in value:
            return {path[0]: _pick(value[path[0]], path[1:], path[0])}
        return (
            {path[0]: value["name"]} if parent == "state" and path == ("value",) and "name" in value else {}
        )
    return {"value": value} if parent == "state" and tuple(path) == ("value",) else {}


def _doubles(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _doubles(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_doubles(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _merge(into: Row, other: Mapping[str, Any]) -> None:
    for name, value in other.items():
        known = into.get(name)
        if isinstance(known, dict) and isinstance(value, Mapping):
            _merge(known, value)
        elif isinstance(known, list) and isinstance(value, list) and len(known) == len(value):
            for mine, theirs in zip(known, value, strict=True):
                if isinstance(mine, dict) and isinstance(theirs, Mapping):
                    _merge(mine, theirs)
        else:
            into[name] = value


def _grouped(plan: Plan, documents: list[Mapping[str, Any]]) -> list[Row]:
    """A document is in the group of each of its values; one without a value is in none."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {} if plan.group else {(): documents}
    for document in documents if plan.group else ():
        values = [dict.fromkeys(_leaves(document, one.path)) for one in plan.group]
        for key in itertools.product(*values):
            groups.setdefault(key, []).append(document)
    ordered = sorted(groups, key=lambda key: tuple(map(_rank, key)))
    for column, descends in reversed(plan.order):
        ordered.sort(key=lambda key, of=column: _rank(_value(plan, of, key, groups[key])), reverse=descends)  # type: ignore[misc]
    rows = []
    for key in ordered:
        row: Row = {}
        for column in plan.columns:
            value = _value(plan, column, key, groups[key])
            if isinstance(column, Aggregate):
                row[column.name] = value
            else:
                for name in reversed(column.path):
                    value = {name: value}
                _merge(row, value)
        rows.append(row)
    return rows


def _value(plan: Plan, column: Column, key: tuple[Any, ...], documents: list[Mapping[str, Any]]) -> Any:
    if isinstance(column, Property):
        return _doubles(key[plan.group.index(column)])
    if column.of is None:
        return len(documents)
    leaves = [leaf for one in documents for leaf in _leaves(one, column.of.path)]
    if column.function == "COUNT":
        return len(leaves)
    numbers = [number for leaf in leaves if (number := _numeric(leaf)) is not None]
    if column.function == "SUM":
        return sum(numbers, 0.0)
    if not numbers:
        return None
    if column.function == "AVG":
        return sum(numbers) / len(numbers)
    return max(numbers) if column.function == "MAX" else min(numbers)


def _numeric(leaf: Any) -> float | None:
    if isinstance(leaf, bool):
        return None
    try:
        return float(leaf)
    except ValueError:
        return None
