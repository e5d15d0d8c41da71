"""Events of a group from the lake, page by page: the condition, the order, the bounds.

A page is read in two steps, the places and sizes first and then the messages, because a message may be a megabyte and
a page ten thousand events. A pattern that SQL cannot decide is decided here, on what SQL lets through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlglot import exp

from triptych.kernel import limits
from triptych.query.filter_pattern import Pattern, prefilter
from triptych.services.contract import Ctx
from triptych.services.logs.group import LogGroup
from triptych.services.logs.moments import LATEST, millis, moment
from triptych.services.logs.place import Place

_COLUMNS = ("time", "batch", "number", "ingested", "log_stream", "message", "bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What to look for in a group.

    :param start: milliseconds, inclusive; ``end`` exclusive.
    :param streams: ids to look into; None: all but ``without``.
    :param after: only places behind this one (before it, if not ``forward``).
    """

    group: LogGroup
    start: int = 0
    end: int = LATEST
    streams: Sequence[str] | None = None
    without: Sequence[str] = ()
    batches: Sequence[int] | None = None
    pattern: Pattern | None = None
    after: int | None = None
    forward: bool = True


@dataclass(frozen=True, slots=True)
class Event:
    """``ingested`` in milliseconds."""

    place: Place
    ingested: int
    stream: str
    message: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Page:
    """Events in the search's direction.

    :ivar more: the place behind which to go on; None when there is nothing more.
    """

    events: list[Event]
    more: int | None


def kept_since(group: LogGroup, now: datetime) -> datetime | None:
    """The oldest time a group shows; None: no bound."""
    return group.oldest(now)


async def page(ctx: Ctx, search: Search, *, count: int, size: int = limits.LOG_PAGE_BYTES) -> Page:
    """At most ``count`` events of together at most ``size`` bytes, at least one if there is one.

    A search whose pattern lets little through ends after ``limits.LOG_SCAN_BYTES`` with what it has found so far.
    """
    exact = search.pattern is None or search.pattern.exact
    found: list[Event] = []
    taken = examined = 0
    while True:
        room = count - len(found)
        rows = room if exact else limits.LOG_SCAN_ROWS
        chunk = await _chunk(ctx, search, rows, size - taken if exact else limits.LOG_CHUNK_BYTES)
        for event in chunk.events:
            if not exact and search.pattern is not None and not search.pattern.matches(event.message):
                continue
            if found and (len(found) == count or taken + event.bytes > size):
                return Page(found, found[-1].place.as_int())
            found.append(event)
            taken += event.bytes
        examined += sum(event.bytes for event in chunk.events)
        if chunk.more is None:
            return Page(found, None)
        if len(found) >= count or taken >= size or examined >= limits.LOG_SCAN_BYTES or (exact and found):
            return Page(found, chunk.more)
        search = replace(search, after=chunk.more)


async def _chunk(ctx: Ctx, search: Search, rows: int, size: int) -> Page:
    """The next events that the lake lets through: at most so many, of so many bytes, at least one."""
    keys, values = _query(ctx, search, ("time", "batch", "number", "bytes"))
    places = await ctx.runtime.lake.select(
        keys.limit(rows + 1), values, account=ctx.account, region=ctx.region
    )
    cut = total = 0
    for row in places[:rows]:
        total += row["bytes"]
        if cut and total > size:
            break
        cut += 1
    if not cut:
        return Page([], None)
    first, last = sorted((millis(places[0]["time"]), millis(places[cut - 1]["time"])))
    # Between these times only; `after` still holds within the first of them.
    within = replace(search, start=max(search.start, first), end=min(search.end, last + 1))
    whole, values = _query(ctx, within, _COLUMNS)
    found = await ctx.runtime.lake.select(whole.limit(cut), values, account=ctx.account, region=ctx.region)
    events = [_event(row) for row in found]
    # What was removed in between makes the second answer shorter; it does not end the search.
    more = events[-1].place.as_int() if events and len(places) > cut else None
    return Page(events, more)


def _event(row: Mapping[str, Any]) -> Event:
    return Event(
        Place(millis(row["time"]), row["batch"], row["number"]),
        millis(row["ingested"]),
        row["log_stream"],
        row["message"],
        row["bytes"],
    )


async def small(ctx: Ctx, search: Search) -> Page:
    """All events of a search of which is known that it can find few bytes only: in one step."""
    whole, values = _query(ctx, search, _COLUMNS)
    found = await ctx.runtime.lake.select(whole, values, account=ctx.account, region=ctx.region)
    pattern = search.pattern
    events = [_event(row) for row in found]
    if pattern is not None and not pattern.exact:
        events = [event for event in events if pattern.matches(event.message)]
    return Page(events, None)


async def events_of(ctx: Ctx, search: Search) -> list[Event]:
    """All events of a search that is bounded by its batches."""
    events: list[Event] = []
    while True:
        chunk = await _chunk(ctx, search, limits.LOG_SCAN_ROWS, limits.LOG_SCAN_BYTES)
        events += chunk.events
        if chunk.more is None:
            return events
        search = replace(search, after=chunk.more)


def _query(ctx: Ctx, search: Search, columns: Sequence[str]) -> tuple[exp.Select, dict[str, Any]]:
    values: dict[str, Any] = {"group": search.group.id}

    def given(name: str, value: Any) -> exp.Placeholder:
        values[name] = value
        return exp.Placeholder(this=name)

    def column(name: str) -> exp.Column:
        return exp.column(name)

    start = moment(max(0, search.start))
    if (since := kept_since(search.group, ctx.now)) is not None:
        start = max(start, since)
    wanted: list[exp.Expr] = [
        column("group_id").eq(exp.Placeholder(this="group")),
        exp.GTE(this=column("time"), expression=given("start", start)),
        exp.LT(this=column("time"), expression=given("end", moment(search.end))),
    ]
    if search.streams is not None:
        wanted.append(
            exp.ArrayContains(this=given("streams", search.streams), expression=column("stream_id"))
        )
    elif search.without:
        gone = exp.ArrayContains(this=given("without", search.without), expression=column("stream_id"))
        wanted.append(exp.not_(gone))
    if search.batches is not None:
        wanted.append(exp.ArrayContains(this=given("batches", search.batches), expression=column("batch")))
    if search.after is not None:
        wanted += _beyond(Place.of_int(search.after), search.forward, values)
    if search.pattern is not None:
        condition, bound = prefilter(search.pattern, column("message"))
        values |= bound
        if condition is not None:
            wanted.append(condition)
    query = exp.select(*columns).from_("logs_events").where(*wanted)
    for name in ("time", "batch", "number"):
        query = query.order_by(exp.Ordered(this=column(name), desc=not search.forward))
    return query, values


def _beyond(place: Place, forward: bool, values: dict[str, Any]) -> list[exp.Expr]:  # noqa: FBT001
    """Conditions: strictly behind a place, or strictly before it. The first is for the index."""
    strict, loose = (exp.GT, exp.GTE) if forward else (exp.LT, exp.LTE)
    values |= {"at": moment(place.time), "at_batch": place.batch, "at_number": place.number}

    def compare(kind: type[exp.Binary], name: str, placeholder: str) -> exp.Expr:
        return kind(this=exp.column(name), expression=exp.Placeholder(this=placeholder))

    same_batch = exp.and_(compare(exp.EQ, "batch", "at_batch"), compare(strict, "number", "at_number"))
    same_time = exp.and_(
        compare(exp.EQ, "time", "at"), exp.or_(compare(strict, "batch", "at_batch"), same_batch)
    )
    return [compare(loose, "time", "at"), exp.or_(compare(strict, "time", "at"), same_time)]
