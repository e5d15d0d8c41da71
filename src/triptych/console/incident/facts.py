"""What the lake knows of a range: rows for the lanes, counted in buckets and read the telling ones first.

Four tables: the audit trail, Config's items and verdicts, and the timeline of all facts. ``Source`` says for each what
a lane needs to know of it; values are bound, and the account and region are the lake's own business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlglot import exp

from triptych.console.causes import Resource
from triptych.lake.sql import Fixed
from triptych.services.contract import Ctx

__all__ = [
    "SOURCES",
    "Bucket",
    "Interest",
    "Range",
    "Source",
    "calls_before",
    "count",
    "fact",
    "first_calls",
    "first_noncompliant",
    "items_from",
    "last_item",
    "last_news",
    "read",
    "touched_by",
]

API_EVENTS, ITEMS, VERDICTS, FACTS = "cloudtrail_events", "config_items", "config_evaluations", "timeline"
GLOBAL_REGION = "us-east-1"
"""Where calls to global services (IAM, STS's old endpoint) are recorded: they belong to every region's story."""
FIRST_CALL_DAYS = 90
"""How far back a call is looked for that was made before (CloudTrail's event history)."""


class Range(NamedTuple):
    """[start, end)."""

    start: datetime
    end: datetime


class Interest(NamedTuple):
    """What comes first where not everything fits: what touches these names, or is of these chains."""

    names: Collection[str] = ()
    origins: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Bucket:
    """``t`` and ``t_end`` in epoch milliseconds; ``bad``: how many of them are errors."""

    t: int
    t_end: int
    count: int
    bad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """:param where: which rows are a lane's; :param names: the column (or list) that names resources."""

    table: str
    columns: tuple[str, ...]
    where: exp.Condition
    bad: exp.Condition
    names: str
    origin: str = "cause_origin"
    id: str = "fact_id"
    lists_names: bool = False
    regional: bool = True


def _is(column: str, value: str) -> exp.Condition:
    return exp.column(column).eq(exp.Literal.string(value))


def _of_kind(kind: str) -> Source:
    return Source(
        table=FACTS,
        columns=("time", "id", "kind", "subject", "cause", "origin", "summary", "body"),
        where=_is("kind", kind),
        bad=exp.false(),
        names="subject",
        origin="origin",
        id="id",
    )


_CALL_COLUMNS = (
    "time", "event_id", "event_name", "event_source", "read_only", "username", "resource_types", "resource_names",
    "error_code", "source_ip", "identity_arn", "cause", "origin", "region", "management",
)  # fmt: skip
_CAUSE = ("cause_parent", "cause_origin")
_VERDICT_COLUMNS = (
    "time", "fact_id", "rule_name", "resource_type", "resource_id", "compliance", "previous", "annotation",
)  # fmt: skip
_CALLS_OF_NOTE = exp.or_(
    exp.not_(exp.column("read_only")),
    exp.and_(exp.not_(_is("error_code", "")), exp.not_(_is("identity_arn", ""))),
)
"""Calls that change something, and those of people and roles that failed. Services (they have no ARN) look for what is
not there all the time."""

SOURCES: Mapping[str, Source] = {
    "api": Source(
        table=API_EVENTS,
        columns=_CALL_COLUMNS,
        where=_CALLS_OF_NOTE,
        bad=exp.not_(_is("error_code", "")),
        names="resource_names",
        origin="origin",
        id="event_id",
        lists_names=True,
        regional=False,
    ),
    "configuration": Source(
        table=ITEMS,
        columns=(
            "time",
            "fact_id",
            "resource_type",
            "resource_id",
            "resource_name",
            "status",
            "diff",
            *_CAUSE,
        ),
        where=exp.true(),
        bad=_is("status", "ResourceDeleted"),
        names="resource_id",
    ),
    "compliance": Source(
        table=VERDICTS,
        columns=(*_VERDICT_COLUMNS, *_CAUSE),
        where=exp.true(),
        bad=_is("compliance", "NON_COMPLIANT"),
        names="resource_id",
    ),
    "alarm": _of_kind("AlarmStateChanged"),
    "remediation": _of_kind("RemediationChanged"),
    "automation": _of_kind("AutomationChanged"),
}


_LANE_OF = {
    "AlarmStateChanged": "alarm",
    "RemediationChanged": "remediation",
    "AutomationChanged": "automation",
}
_ALL_FACTS = replace(_of_kind(""), where=exp.or_(*(_is("kind", kind) for kind in _LANE_OF)))
"""The lanes that are read from the timeline's table, counted at once."""


def _value(name: str) -> exp.Placeholder:
    return exp.Placeholder(this=name)


def _columns(*names: str) -> list[exp.Expr]:
    return [exp.column(name) for name in names]


def _within() -> exp.Condition:
    """The range's placeholders are ``start`` and ``end``."""
    return exp.and_(
        exp.GTE(this=exp.column("time"), expression=_value("start")),
        exp.LT(this=exp.column("time"), expression=_value("end")),
    )


def _has(placeholder: str, column: str) -> exp.Condition:
    return exp.ArrayContains(this=_value(placeholder), expression=exp.column(column))


def _descending(name: str) -> exp.Ordered:
    return exp.Ordered(this=exp.column(name), desc=True)


async def count(
    ctx: Ctx, kinds: Sequence[str], axis: Range, width: int, *, every: bool = False
) -> dict[str, tuple[list[Bucket], int]]:
    """For each lane the rows in buckets of ``width`` milliseconds from the axis' start, and how many more there are
    that the lane leaves out. :param every: leave nothing out.
    """
    zero = round(axis.start.timestamp() * 1000)
    found: dict[str, tuple[list[Bucket], int]] = {kind: ([], 0) for kind in kinds}

    async def of(kind: str) -> None:
        values = {"start": axis.start, "end": axis.end, "zero": zero, "width": width}
        source = _ALL_FACTS if kind == FACTS else SOURCES[kind]
        for row in await _select(ctx, source, _count_query(kind, every=every), values):
            lane = _LANE_OF.get(row["kind"], "") if kind == FACTS else kind
            if lane not in found:
                continue
            buckets, hidden = found[lane]
            t = zero + row["bucket"] * width
            if row["shown"]:
                buckets.append(Bucket(t, t + width, row["shown"], row["bad"]))
            found[lane] = buckets, hidden + row["total"] - row["shown"]

    tables = dict.fromkeys(FACTS if SOURCES[kind].table == FACTS else kind for kind in kinds)
    await asyncio.gather(*(of(each) for each in tables))
    return found


@cache
def _count_query(kind: str, *, every: bool) -> Fixed:
    """Trees are made once: making one costs more than asking."""
    source = _ALL_FACTS if kind == FACTS else SOURCES[kind]
    milliseconds = exp.Anonymous(this="toUnixTimestamp64Milli", expressions=_columns("time"))
    since = exp.paren(exp.Sub(this=milliseconds, expression=_value("zero")))
    place = exp.Anonymous(this="intDiv", expressions=[since, _value("width")])
    shown = exp.true() if every or kind == FACTS else source.where
    lane = exp.column("kind") if kind == FACTS else exp.alias_(exp.Literal.string(kind), "kind")
    query = (
        exp.select(
            lane,
            exp.alias_(place, "bucket"),
            exp.alias_(exp.Anonymous(this="countIf", expressions=[shown.copy()]), "shown"),
            exp.alias_(
                exp.Anonymous(this="countIf", expressions=[exp.and_(shown.copy(), source.bad.copy())]), "bad"
            ),
            exp.alias_(exp.Count(this=exp.Star()), "total"),
        )
        .from_(source.table)
        .where(_within())
        .group_by(*_columns("kind", "bucket"))
        .order_by(*_columns("bucket"))
    )
    if kind == FACTS:
        query = query.where(source.where.copy())
    return _fixed(source, query)


async def read(
    ctx: Ctx, kind: str, axis: Range, interest: Interest, *, limit: int, every: bool = False
) -> list[dict[str, Any]]:
    """At most ``limit`` rows in time order, each with ``related``; the related, then the bad, then the latest first."""
    source = SOURCES[kind]
    values = {"start": axis.start, "end": axis.end, "most": limit, **_interesting(interest)}
    rows = await _select(ctx, source, _read_query(kind, every=every), values)
    return sorted(rows, key=lambda row: (row["time"], row[source.id]))


@cache
def _read_query(kind: str, *, every: bool) -> Fixed:
    source = SOURCES[kind]
    query = (
        exp.select(
            *_columns(*source.columns),
            exp.alias_(_related(source), "related"),
            exp.alias_(source.bad.copy(), "bad"),
        )
        .from_(source.table)
        .where(_within())
        .order_by(*(_descending(name) for name in ("related", "bad", "time", source.id)))
        .limit(_value("most"))
    )
    return _fixed(source, query if every else query.where(source.where.copy()))


def _interesting(interest: Interest) -> dict[str, list[str]]:
    """An empty list has no type, and nothing is called nothing."""
    return {"names": sorted(interest.names) or [""], "origins": sorted(interest.origins) or [""]}


def _related(source: Source) -> exp.Condition:
    """Placeholders: ``names`` and ``origins``."""
    if source.lists_names:
        touches: exp.Expr = exp.Anonymous(
            this="hasAny", expressions=[exp.column(source.names), _value("names")]
        )
    else:
        touches = _has("names", source.names)
    return exp.or_(touches, _has("origins", source.origin))


def _fixed(source: Source, query: exp.Select) -> Fixed:
    return Fixed(query if source.regional else query.where(_has("regions", "region")))


async def _select(ctx: Ctx, source: Source, query: Fixed, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    if source.regional:
        return await ctx.runtime.lake.select(query, values, account=ctx.account, region=ctx.region)
    regions = sorted({ctx.region, GLOBAL_REGION})
    everywhere = {**values, "regions": regions}
    return await ctx.runtime.lake.select(query, everywhere, account=ctx.account, region=None)


# --- the calls that may have caused it ----------------------------------------------------------------------


async def calls_before(ctx: Ctx, window: Range, interest: Interest, *, limit: int) -> list[dict[str, Any]]:
    """Calls of note in the window, and those of the chains wherever they are in time; the related ones first."""
    values = {"start": window.start, "end": window.end, "most": limit, **_interesting(interest)}
    return await _select(ctx, SOURCES["api"], _calls_query(), values)


@cache
def _calls_query() -> Fixed:
    source = SOURCES["api"]
    query = (
        exp.select(*_columns(*source.columns), exp.alias_(_related(source), "related"))
        .from_(source.table)
        .where(exp.or_(exp.and_(_within(), source.where.copy()), _has("origins", "event_id")))
        .order_by(*(_descending(name) for name in ("related", "time", "event_id")))
        .limit(_value("most"))
    )
    return _fixed(source, query)


async def first_calls(
    ctx: Ctx, usernames: Collection[str], names: Collection[str], until: datetime
) -> dict[tuple[str, str, str], datetime]:
    """(username, event source, event name) -> when the records have it first, in all regions."""
    if not usernames or not names:
        return {}
    values = {
        "start": until - timedelta(days=FIRST_CALL_DAYS),
        "end": until,
        "usernames": sorted(usernames),
        "names": sorted(names),
    }
    rows = await ctx.runtime.lake.select(_first_query(), values, account=ctx.account, region=None)
    return {(row["username"], row["event_source"], row["event_name"]): row["first"] for row in rows}


@cache
def _first_query() -> Fixed:
    who_and_what = ("username", "event_source", "event_name")
    return Fixed(
        exp.select(*_columns(*who_and_what), exp.alias_(exp.Min(this=exp.column("time")), "first"))
        .from_(API_EVENTS)
        .where(_within(), _has("usernames", "username"), _has("names", "event_name"))
        .group_by(*_columns(*who_and_what))
    )


# --- single facts -------------------------------------------------------------------------------------------


async def fact(ctx: Ctx, id_: str) -> dict[str, Any] | None:
    """One fact of any kind, of any region of the account."""
    rows = await ctx.runtime.lake.select(_fact_query(), {"id": id_}, account=ctx.account, region=None)
    return rows[0] if rows else None


@cache
def _fact_query() -> Fixed:
    columns = _columns("time", "id", "kind", "subject", "cause", "origin", "summary", "region")
    return Fixed(exp.select(*columns).from_(FACTS).where(exp.column("id").eq(_value("id"))).limit(1))


async def touched_by(ctx: Ctx, ids: Sequence[str]) -> list[Resource]:
    """The resources these calls, items and verdicts are about."""
    values, lake = {"ids": list(ids)}, ctx.runtime.lake
    calls, *others = await asyncio.gather(
        *(lake.select(each, values, account=ctx.account, region=None) for each in _touched_queries())
    )
    found: dict[Resource, None] = {}
    for row in calls:
        pairs = zip(row["resource_types"], row["resource_names"], strict=True)
        found |= dict.fromkeys(Resource(kind, name) for kind, name in pairs)
    for row in (row for rows in others for row in rows):
        found[Resource(row["resource_type"], row["resource_id"])] = None
    return list(found)


@cache
def _touched_queries() -> tuple[Fixed, ...]:
    calls = exp.select(*_columns("resource_types", "resource_names")).from_(API_EVENTS)
    others = [
        exp.select(*_columns("resource_type", "resource_id")).from_(table).where(_has("ids", "fact_id"))
        for table in (ITEMS, VERDICTS)
    ]
    return tuple(map(Fixed, (calls.where(_has("ids", "event_id")), *others)))


async def first_noncompliant(ctx: Ctx, axis: Range, resource: Resource | None) -> dict[str, Any] | None:
    """The first verdict NON_COMPLIANT in a range, of a resource or of all."""
    return await _one(ctx, "against", axis, resource)


async def last_item(ctx: Ctx, axis: Range, resource: Resource) -> dict[str, Any] | None:
    """The last configuration item of a resource in a range."""
    return await _one(ctx, "item", axis, resource)


async def last_news(ctx: Ctx, resource: Resource, within: Range) -> datetime | None:
    """When a resource was last heard of."""
    found = await asyncio.gather(_one(ctx, "item", within, resource), _one(ctx, "verdict", within, resource))
    return max((row["time"] for row in found if row), default=None)


_Wanted = Literal["against", "item", "verdict"]


async def _one(ctx: Ctx, wanted: _Wanted, axis: Range, resource: Resource | None) -> dict[str, Any] | None:
    values: dict[str, Any] = {"start": axis.start, "end": axis.end}
    if resource is not None:
        values |= {"type": resource.type, "id": resource.id}
    query = _one_query(wanted, named=resource is not None)
    rows = await ctx.runtime.lake.select(query, values, account=ctx.account, region=ctx.region)
    return rows[0] if rows else None


@cache
def _one_query(wanted: _Wanted, *, named: bool) -> Fixed:
    table = ITEMS if wanted == "item" else VERDICTS
    query = exp.select(*_columns("time", "cause_origin")).from_(table).where(_within()).limit(1)
    if named:
        query = query.where(
            exp.column("resource_type").eq(_value("type")), exp.column("resource_id").eq(_value("id"))
        )
    if wanted == "against":
        query = query.select(*_columns("rule_name", "resource_id")).order_by(exp.column("time"))
        return Fixed(query.where(_is("compliance", "NON_COMPLIANT")))
    return Fixed(query.order_by(_descending("time")))


async def items_from(ctx: Ctx, origins: Sequence[str], *, limit: int) -> list[dict[str, Any]]:
    """Configuration items that followed from these facts, oldest first."""
    values = {"origins": list(origins), "most": limit}
    return await ctx.runtime.lake.select(_from_query(), values, account=ctx.account, region=ctx.region)


@cache
def _from_query() -> Fixed:
    return Fixed(
        exp.select(*_columns("time", "resource_type", "resource_id", "diff", "cause_origin"))
        .from_(ITEMS)
        .where(_has("origins", "cause_origin"))
        .order_by(exp.column("time"))
        .limit(_value("most"))
    )
