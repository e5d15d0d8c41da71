"""Insights queries as they are kept, and what they read: ``insights_queries`` is their API, ``insights_run`` the work.

A query is a document; its rows are in the lake, where whatever grows belongs, but for an answer of a few bytes: that
is in the document, which spares the query an insert and every look at its results a search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import msgspec
from sqlglot import exp

from triptych.control.collection import Collection
from triptych.kernel import limits
from triptych.lake.sql import Fixed
from triptych.lake.table import Column, Table
from triptych.query.insights import Compiled, compile_insights
from triptych.services.contract import Ctx, Periodic
from triptych.services.logs.group import GROUPS
from triptych.services.logs.moments import millis, moment
from triptych.services.logs.removal import removed_streams
from triptych.services.logs.search import kept_since
from triptych.services.logs.sizes import minutes, summed, summed_between

Status = Literal["Scheduled", "Running", "Complete", "Failed", "Cancelled", "Timeout"]
RUN = "logs.insights"
"""The kind of the jobs that run queries."""
_FORGET_SECONDS = 3600.0
Row = tuple[str | None, ...]
"""Values of a row of an answer, as text; None for a field the event does not have."""


class InsightsQuery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One query.

    :param groups: names, in the order they were given.
    :param start: seconds since 1970, inclusive; ``end`` too.
    :param created: milliseconds since 1970; ``ended`` too, 0 until then.
    :param run: under which its rows are in the lake.
    :param fields: names of the values of a row.
    :param kept: the rows themselves, where they are ``short``; then none are in the lake.
    """

    id: str
    text: str
    groups: tuple[str, ...]
    start: int
    end: int
    limit: int
    created: int
    asked_by: str = ""
    status: Status = "Scheduled"
    ended: int = 0
    run: str = ""
    fields: tuple[str, ...] = ()
    results: int = 0
    kept: tuple[Row, ...] = ()
    matched: int = 0
    scanned: int = 0
    bytes: int = 0
    groups_scanned: int = 0

    @property
    def active(self) -> bool:
        return self.status in {"Scheduled", "Running"}


QUERIES = Collection(
    name="logs.queries",
    type=InsightsQuery,
    indexes={"active": lambda query: "yes" if query.active else None},
)
"""By id."""

RESULTS = Table(
    name="logs_query_results",
    columns=(
        Column("account", "LowCardinality(String)"),
        Column("region", "LowCardinality(String)"),
        Column("run", "String"),
        Column("number", "UInt32"),
        Column("created", "DateTime64(3, 'UTC')"),
        Column("row", "String", codec="ZSTD(1)"),
    ),
    order_by=("account", "region", "run", "number"),
)
"""Rows of answers: ``row`` is a JSON list of the values, text or null. A run that came to nothing leaves its rows
behind until they are too old, as everybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The log events a query reads: their condition and what it binds, and the groups by their ids.

    :ivar everything: whether it reads all that the groups have in the time.
    """

    condition: exp.Condition
    values: dict[str, Any]
    groups: dict[str, str]
    everything: bool


def shown_log(ctx: Ctx, name: str) -> str:
    """``@log``: the account and the group."""
    return f"{ctx.account}:{name}"


def _value(name: str) -> exp.Placeholder:
    return exp.Placeholder(this=name)


def _in_time() -> list[exp.Expr]:
    time = exp.column("time")
    return [
        exp.GTE(this=time, expression=_value("start")),
        exp.LT(this=time.copy(), expression=_value("end")),
    ]


_THE_GROUP = exp.column("group_id").eq(_value("groups"))
"""What most queries read. Equal, not one of: the engine then reads in the order of the times."""
_ONE_GROUP = exp.and_(_THE_GROUP, *_in_time())
_SCAN_OF_ONE = Fixed(summed_between(_THE_GROUP))


async def source_of(ctx: Ctx, query: InsightsQuery) -> Source:
    """Groups that are gone by now are left out, as are events no longer kept and those of deleted streams."""
    unit = ctx.runtime.control.unit()
    found = [
        group
        for name in query.groups
        if (group := await unit.get(GROUPS, name, account=ctx.account, region=ctx.region)) is not None
    ]
    removed: list[str] = []
    for group in found:
        removed += await removed_streams(ctx, group)
    groups = {group.id: shown_log(ctx, group.name) for group in found}
    start, end = moment(query.start * 1000), moment((query.end + 1) * 1000)
    values: dict[str, Any] = {"groups": list(groups) or [""], "start": start, "end": end}
    inside = exp.and_(_some_groups(), *_in_time())
    wanted: list[exp.Expr] = []
    for number, group in enumerate(found):
        since = kept_since(group, ctx.now)
        if since is None or since <= start:
            continue
        if len(found) == 1:
            values["start"] = since
            continue
        values |= {f"group{number}": group.id, f"since{number}": since}
        other = exp.NEQ(this=exp.column("group_id"), expression=_value(f"group{number}"))
        young = exp.GTE(this=exp.column("time"), expression=_value(f"since{number}"))
        wanted.append(exp.or_(other, young))
    if len(groups) == 1:
        values["groups"] = next(iter(groups))
        inside = _ONE_GROUP
    if removed:
        values["removed"] = removed
        gone = exp.ArrayContains(this=_value("removed"), expression=exp.column("stream_id"))
        wanted.append(exp.not_(gone))
    return Source(
        condition=exp.and_(inside, *wanted) if wanted else inside,
        values=values,
        groups=groups,
        everything=not wanted,
    )


def _some_groups() -> exp.Condition:
    return exp.In(this=exp.column("group_id"), expressions=[_value("groups")])


def compiled(query: InsightsQuery, source: Source) -> Compiled:
    """The SELECTs of a query. Raises MalformedQuery."""
    columns = ("message", "log_stream", "time", "ingested", "batch", "number", "group_id")
    events = exp.select(*columns).from_("logs_events").where(source.condition)
    return compile_insights(
        query.text, events, source.values, groups=source.groups, now=query.created, limit=query.limit
    )


def scan(source: Source) -> tuple[exp.Select | Fixed, dict[str, Any]]:
    """How many events are read, and their bytes: a SELECT and what it binds."""
    if not source.everything:
        return summed(source.condition), source.values
    query = _SCAN_OF_ONE if len(source.groups) == 1 else summed_between(_some_groups())
    time = minutes(source.values["start"], source.values["end"])
    return query, {"groups": source.values["groups"], **time}


def short(rows: Sequence[Row]) -> tuple[Row, ...] | None:
    """The rows, if they fit into the query's document; None if they belong in the lake."""
    size = sum(len(value or "") + 4 for row in rows for value in row)
    return tuple(rows) if size <= limits.INSIGHTS_KEPT_CHARACTERS else None


async def save_rows(ctx: Ctx, run: str, rows: Sequence[Sequence[str | None]]) -> None:
    written = [
        {
            "account": ctx.account,
            "region": ctx.region,
            "run": run,
            "number": number,
            "created": ctx.now,
            "row": msgspec.json.encode(list(row)).decode(),
        }
        for number, row in enumerate(rows)
    ]
    if written:
        await ctx.runtime.lake.write(RESULTS, written)


async def rows_of(ctx: Ctx, query: InsightsQuery, *, first: int, count: int) -> Sequence[Row]:
    if query.kept:
        return query.kept[first : first + count]
    wanted = (
        exp.select("row")
        .from_(RESULTS.name)
        .where(exp.column("run").eq(_value("run")))
        .where(exp.GTE(this=exp.column("number"), expression=_value("first")))
        .where(exp.LT(this=exp.column("number"), expression=_value("last")))
        .order_by("number")
    )
    values = {"run": query.run, "first": first, "last": first + count}
    found = await ctx.runtime.lake.select(wanted, values, account=ctx.account, region=ctx.region)
    return [msgspec.json.decode(row["row"], type=Row) for row in found]


def oldest_kept(ctx: Ctx) -> int:
    """Queries before this (milliseconds) are forgotten."""
    return millis(ctx.now - timedelta(days=limits.INSIGHTS_DAYS))


async def _forget(ctx: Ctx) -> None:
    """Take away queries and rows that are too old."""
    places: set[tuple[str, str]] = set()
    for account, region, key, query, _ in await ctx.unit.list(QUERIES):
        if query.created >= oldest_kept(ctx):
            continue
        ctx.unit.delete(QUERIES, key, account=account, region=region)
        places.add((account, region))
    old = exp.LT(this=exp.column("created"), expression=_value("oldest"))
    for account, region in sorted(places):
        values = {"oldest": moment(oldest_kept(ctx))}
        await ctx.runtime.lake.delete(RESULTS, old, values, account=account, region=region)


FORGET = Periodic(name="logs.forget_queries", seconds=lambda _: _FORGET_SECONDS, handle=_forget)
