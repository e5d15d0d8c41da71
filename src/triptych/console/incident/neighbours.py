"""What Config knows to be near: the resources an incident names, and those related to them within two hops.

Asked of SelectResourceConfig, in both directions of a relationship. The names go into its text as quoted literals; the
language has no placeholders.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from triptych.console.causes import Resource
from triptych.kernel import limits
from triptych.services.contract import Ctx

__all__ = ["Near", "aliases", "conditions", "near"]

_HOPS = 2
_NAME_CHARACTERS = 512
"""Longer values name no resource."""
_CONDITION_CHARACTERS = 3900
"""An expression has at most 4,096 (the model), its columns included."""
_QUERIES = 4
"""Expressions asked for one hop (ours)."""
_SELECT = (
    "SELECT resourceType, resourceId, resourceName, arn, relationships.resourceId, relationships.resourceType"
)


@dataclass(frozen=True, slots=True)
class Near:
    """:param hops: every known name of a resource -> relationships away, 0 for its own.
    :param listed: each resource once, by its type and id. :param tagged: resources tagged with a wanted value.
    :param cut: whether there were more than could be looked at.
    """

    hops: Mapping[Resource, int] = field(default_factory=dict)
    listed: Mapping[Resource, int] = field(default_factory=dict)
    tagged: frozenset[Resource] = frozenset()
    cut: bool = False


async def near(ctx: Ctx, own: Iterable[Resource], values: Iterable[str]) -> Near:
    """:param own: what the incident is about for certain; :param values: names that may be those of resources."""
    own = list(dict.fromkeys(own))
    hops = dict.fromkeys(own, 0)
    listed = dict(hops)
    names = sorted({*(each.id for each in own), *values})
    rows, cut = await _select(
        ctx, conditions({"resourceId": names, "resourceName": names, "tags.value": sorted(values)})
    )
    types = {each.id: each.type for each in own}
    mine, tagged = [], set()
    for row in rows:
        if {row["resourceId"], row.get("resourceName")} & set(names):
            if types.get(row["resourceId"], row["resourceType"]) == row["resourceType"]:
                mine.append(row)
        else:
            tagged |= set(aliases(row))
    for row in mine:
        hops |= dict.fromkeys(aliases(row), 0)
        listed[_key(row)] = 0
    level = mine
    for hop in range(1, _HOPS + 1):
        level, more = await _around(ctx, level, listed)
        cut |= more
        for row in level:
            listed.setdefault(_key(row), hop)
            for name in aliases(row):
                hops.setdefault(name, hop)
        if not level or len(listed) >= limits.TIMELINE_RELATED:
            break
    return Near(hops, listed, frozenset(tagged) - hops.keys(), cut)


async def _around(
    ctx: Ctx, level: list[dict[str, Any]], known: Mapping[Resource, int]
) -> tuple[list[dict[str, Any]], bool]:
    """Items these are related to, and those related to these; ones Config has no item of are there by name only."""
    targets = {
        Resource(each["resourceType"], each["resourceId"])
        for row in level
        for each in row.get("relationships") or ()
        if each.get("resourceId")
    } - known.keys()
    ids = sorted({row["resourceId"] for row in level})
    if not ids:
        return [], False
    rows, cut = await _select(
        ctx,
        conditions({"relationships.resourceId": ids, "resourceId": sorted({each.id for each in targets})}),
    )
    found = {_key(row): row for row in rows if _key(row) not in known}
    for target in sorted(targets - found.keys()):
        found[target] = {"resourceType": target.type, "resourceId": target.id}
    room = limits.TIMELINE_RELATED - len(known)
    return list(found.values())[: max(0, room)], cut or len(found) > room


def _key(row: Mapping[str, Any]) -> Resource:
    return Resource(row["resourceType"], row["resourceId"])


def aliases(row: Mapping[str, Any]) -> list[Resource]:
    """Every name an API call may know this resource by."""
    kind = row["resourceType"]
    found = [Resource(kind, row["resourceId"])]
    if row.get("resourceName"):
        found.append(Resource(kind, row["resourceName"]))
    if row.get("arn"):
        found += [Resource("", row["arn"]), Resource(kind, row["arn"])]
    return found


def conditions(wanted: Mapping[str, list[str]]) -> list[str]:
    """The conditions, each as long as one expression may be."""
    single: list[str] = []
    for prop, names in wanted.items():
        kept: list[str] = []
        for literal in (_literal(name) for name in names if name and len(name) <= _NAME_CHARACTERS):
            if kept and sum(map(len, kept)) + 2 * len(kept) + len(literal) > _CONDITION_CHARACTERS:
                single.append(f"{prop} IN ({', '.join(kept)})")
                kept = []
            kept.append(literal)
        if kept:
            single.append(f"{prop} IN ({', '.join(kept)})")
    packed: list[str] = []
    for condition in single:
        if packed and len(packed[-1]) + len(condition) < _CONDITION_CHARACTERS:
            packed[-1] += f" OR {condition}"
        else:
            packed.append(condition)
    return packed


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


async def _select(ctx: Ctx, wheres: list[str]) -> tuple[list[dict[str, Any]], bool]:
    """The items any condition holds of, by key, and whether there were more."""
    cut = len(wheres) > _QUERIES
    found: dict[Resource, dict[str, Any]] = {}
    for where in wheres[:_QUERIES]:
        expression = f"{_SELECT} WHERE {where}"
        asked = {"Expression": expression, "Limit": limits.TIMELINE_RELATED}
        reply = await ctx.call("config", "SelectResourceConfig", asked)
        cut |= bool(reply.get("NextToken"))
        for row in map(json.loads, reply.get("Results", ())):
            found[_key(row)] = row
    return [found[key] for key in sorted(found)], cut
