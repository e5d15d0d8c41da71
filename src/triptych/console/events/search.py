"""Searching the audit trail: many filters at once, full text, facets, a histogram, pages that stay where they are.

A page ends at (time, event id), newest first, so events that arrive later do not shift the next one. Everything a user
gives is a bound value; the range, the page, the filters and the facets are bounded (``kernel.limits``), and the lake
bounds each query's time and memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from sqlglot import exp

from triptych.console.binding import Bind, Binding, moment
from triptych.console.contract import Input, millis
from triptych.console.events.fields import field_named, has_text, whole_record
from triptych.kernel import limits, pages
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx

__all__ = ["Filter", "Found", "Search", "condition", "search"]

EVENTS = "cloudtrail_events"
_COLUMNS = ("time", "event_id", "username", "resource_types", "resource_names", "cause", "origin", "record")
_NICE_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)


class Filter(Input, frozen=True, kw_only=True):
    """One token: a field of the record, ``=`` or ``:`` (contains), either with ``!`` before it, and a value."""

    field: str
    op: Literal["=", "!=", ":", "!:"]
    value: str


class Search(Input, frozen=True, kw_only=True):
    """What to look for: [from, to) in epoch milliseconds (default: the last 24 hours), filters, words.

    :param join: how the filters are joined; the range and the text hold in any case.
    :param text: words that all have to appear somewhere in the record.
    :param facets: fields whose most frequent values are counted among everything found.
    :param bucketSeconds: of the histogram; 0: chosen from the range. :param allRegions: not only the context's.
    """

    from_: int | None = msgspec.field(name="from", default=None)
    to: int | None = None
    filters: list[Filter] = msgspec.field(default_factory=list)
    join: Literal["and", "or"] = "and"
    text: str = ""
    limit: int = 50
    next_token: str | None = None
    facets: list[str] = msgspec.field(default_factory=list)
    bucket_seconds: int = 0
    all_regions: bool = False


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    t: int
    count: int


class Facet(msgspec.Struct, frozen=True, kw_only=True):
    value: str
    count: int


class Found(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """``events`` are CloudTrail records with ``eventId``, ``t``, ``username``, ``touched``, ``cause`` and ``origin``.

    ``total`` and the histogram are of everything found, not of the page.
    """

    events: list[dict[str, Any]]
    total: int
    facets: dict[str, list[Facet]]
    histogram: list[Bucket]
    bucket_seconds: int
    next_token: str | None = None


def condition(filters: Sequence[Filter], join: Literal["and", "or"], bind: Bind) -> exp.Condition | None:
    """What the filters say, as a tree with bound values; None for none. Raises ServiceError for an unknown field."""
    if len(filters) > limits.EVENT_FILTERS:
        raise ServiceError(
            "ValidationException", f"At most {limits.EVENT_FILTERS} filters, not {len(filters)}."
        )
    parts: list[exp.Condition] = []
    for each in filters:
        field = field_named(each.field)
        holds = field.equals if each.op.endswith("=") else field.contains
        one = holds(each.value, bind)
        parts.append(exp.not_(one) if each.op.startswith("!") else one)
    if not parts:
        return None
    return exp.and_(*parts) if join == "and" else exp.or_(*parts)


async def search(ctx: Ctx, wanted: Search) -> Found:
    """Raises ServiceError (ValidationException) for what cannot be searched, with a near match for a field."""
    start, end = _range(wanted, ctx.now)
    if not 1 <= wanted.limit <= limits.EVENT_PAGE:
        raise ServiceError("ValidationException", f"limit must be between 1 and {limits.EVENT_PAGE}.")
    if len(wanted.facets) > limits.EVENT_FACETS:
        raise ServiceError("ValidationException", f"At most {limits.EVENT_FACETS} facets.")
    step = _step(wanted, start, end)
    region = None if wanted.all_regions else ctx.region
    after = _position(wanted)

    async def run(build: Any) -> list[dict[str, Any]]:
        bind = Binding()
        query = build(_matching(wanted, start, end, bind), bind)
        return await ctx.runtime.lake.select(query, bind.values, account=ctx.account, region=region)

    events, histogram, *facets = await asyncio.gather(
        run(lambda query, bind: _page(query, after, wanted.limit, bind)),
        run(lambda query, bind: _histogram(query, step, bind)),
        *(run(lambda query, bind, name=name: _facet(query, name, bind)) for name in wanted.facets),
    )
    token = None
    if len(events) > wanted.limit:
        events = events[: wanted.limit]
        token = pages.token(_listing(wanted), [millis(events[-1]["time"]), events[-1]["event_id"]])
    return Found(
        events=[_event(row) for row in events],
        total=sum(row["count"] for row in histogram),
        facets={
            name: [Facet(value=row["value"], count=row["count"]) for row in rows]
            for name, rows in zip(wanted.facets, facets, strict=True)
        },
        histogram=[Bucket(t=row["bucket"] * 1000, count=row["count"]) for row in histogram],
        bucket_seconds=step,
        next_token=token,
    )


def _range(wanted: Search, now: datetime) -> tuple[datetime, datetime]:
    end = now + timedelta(milliseconds=1) if wanted.to is None else moment(wanted.to)
    start = end - timedelta(days=1) if wanted.from_ is None else moment(wanted.from_)
    if start >= end:
        raise ServiceError("ValidationException", "from must be before to.")
    if end - start > timedelta(days=limits.EVENT_RANGE_DAYS):
        raise ServiceError("ValidationException", f"A search covers at most {limits.EVENT_RANGE_DAYS} days.")
    return start, end


def _step(wanted: Search, start: datetime, end: datetime) -> int:
    seconds = (end - start).total_seconds()
    step = wanted.bucket_seconds
    if not step:
        return next((each for each in _NICE_SECONDS if seconds / each <= 60), 86400)
    if step < 1 or seconds / step > limits.EVENT_BUCKETS:
        raise ServiceError(
            "ValidationException",
            f"bucketSeconds must be at least {max(1, -(-int(seconds) // limits.EVENT_BUCKETS))} for this range.",
        )
    return step


def _listing(wanted: Search) -> str:
    """What makes a search the same search on its next page."""
    same = msgspec.structs.replace(wanted, next_token=None, limit=1, facets=[], bucket_seconds=0)
    return "events/search|" + msgspec.json.encode(same).decode()


def _position(wanted: Search) -> tuple[datetime, str] | None:
    if wanted.next_token is None:
        return None
    try:
        time, event_id = pages.position(_listing(wanted), wanted.next_token)
        return moment(int(time)), str(event_id)
    except (ValueError, TypeError) as error:
        raise ServiceError(
            "ValidationException", "The nextToken is not valid, or belongs to another search."
        ) from error


def _matching(wanted: Search, start: datetime, end: datetime, bind: Bind) -> exp.Select:
    query = exp.select().from_(EVENTS)
    query = query.where(exp.GTE(this=exp.column("time"), expression=bind(start)))
    query = query.where(exp.LT(this=exp.column("time"), expression=bind(end)))
    if (filtered := condition(wanted.filters, wanted.join, bind)) is not None:
        query = query.where(exp.paren(filtered))
    words = wanted.text.split()
    if len(words) > limits.EVENT_WORDS:
        raise ServiceError("ValidationException", f"At most {limits.EVENT_WORDS} words.")
    for word in words:
        query = query.where(has_text(whole_record(), word, bind))
    return query


def _page(query: exp.Select, after: tuple[datetime, str] | None, limit: int, bind: Bind) -> exp.Select:
    if after is not None:
        time, event_id = after
        older = exp.LT(this=exp.column("time"), expression=bind(time))
        same = exp.and_(
            exp.column("time").eq(bind(time)),
            exp.LT(this=exp.column("event_id"), expression=bind(event_id)),
        )
        query = query.where(exp.or_(older, same))
    newest_first = [exp.Ordered(this=exp.column(name), desc=True) for name in ("time", "event_id")]
    return query.select(*_COLUMNS).order_by(*newest_first).limit(limit + 1)


def _histogram(query: exp.Select, step: int, bind: Bind) -> exp.Select:
    second = exp.Anonymous(this="toUnixTimestamp", expressions=[exp.column("time")])
    bucket = exp.Mul(
        this=exp.Anonymous(this="intDiv", expressions=[second, bind(step)]), expression=bind(step)
    )
    return (
        query.select(exp.alias_(bucket, "bucket"), exp.alias_(exp.Count(this=exp.Star()), "count"))
        .group_by("bucket")
        .order_by("bucket")
    )


def _facet(query: exp.Select, name: str, bind: Bind) -> exp.Select:
    most_first = [exp.Ordered(this=exp.column("count"), desc=True), exp.Ordered(this=exp.column("value"))]
    return (
        query.select(
            exp.alias_(field_named(name).each_value(bind), "value"),
            exp.alias_(exp.Count(this=exp.Star()), "count"),
        )
        .group_by("value")
        .order_by(*most_first)
        .limit(limits.EVENT_FACET_VALUES)
    )


def _event(row: dict[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = msgspec.json.decode(row["record"])
    touched = zip(row["resource_types"], row["resource_names"], strict=True)
    return record | {
        "eventId": row["event_id"],
        "t": millis(row["time"]),
        "username": row["username"],
        "touched": [{"type": kind, "id": name} for kind, name in touched],
        "cause": row["cause"] or None,
        "origin": row["origin"],
    }
