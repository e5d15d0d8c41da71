"""StartLiveTail: events as they arrive, on an event stream.

A session asks the lake a few times a second for batches it has not shown yet. Batches become visible in another order
than their numbers', so it looks back over a few seconds each time and remembers what it has shown of them. It takes
no more than half of one reader's time, however large the groups are: the next look waits as long as this one took.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.query.filter_pattern import Pattern
from triptych.services.contract import Ctx, operation
from triptych.services.logs.group import LogGroup, group_arn, group_called, invalid, name_of
from triptych.services.logs.moments import LATEST, millis
from triptych.services.logs.place import batches_since
from triptych.services.logs.read_events import pattern_of
from triptych.services.logs.search import Event, Search, page, small

_LOOK_BACK = 10_000
"""Milliseconds between a batch's number and the moment when it can be read, at most (ours; an insert takes tens)."""
_UPDATE_SECONDS = 1.0
"""An update comes at least this often, with nothing in it if need be (CloudWatch Logs)."""


@dataclass(slots=True)
class _Tail:
    """One group of a session: ``shown`` are the batches since ``since`` that were looked at."""

    group: LogGroup
    arn: str
    since: int
    shown: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Wanted:
    names: frozenset[str]
    prefixes: tuple[str, ...]
    pattern: Pattern | None

    def includes(self, event: Event) -> bool:
        """Whether the session is about the event's stream."""
        if not self.names and not self.prefixes:
            return True
        return event.stream in self.names or event.stream.startswith(self.prefixes)


@operation
async def start_live_tail(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Open a session: its start, then updates, at once when there are events and every second when not."""
    identifiers = params["logGroupIdentifiers"]
    names, prefixes = params.get("logStreamNames") or [], params.get("logStreamNamePrefixes") or []
    if (names or prefixes) and len(identifiers) != 1:
        raise invalid("Log streams can be chosen in one log group only.")
    if names and prefixes:
        raise invalid("logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.")
    wanted = _Wanted(frozenset(names), tuple(prefixes), pattern_of(params.get("logEventFilterPattern")))
    now = millis(ctx.now)
    groups = [await group_called(ctx, name_of(ctx, identifier)) for identifier in identifiers]
    tails = [_Tail(group, group_arn(ctx, group.name), now) for group in groups]
    start = {
        "requestId": ctx.context.request_id,
        "sessionId": ctx.ids.uuid(),
        "logGroupIdentifiers": identifiers,
        **({"logStreamNames": names} if names else {}),
        **({"logStreamNamePrefixes": prefixes} if prefixes else {}),
        "logEventFilterPattern": params.get("logEventFilterPattern") or "",
    }
    return {"responseStream": _session(ctx, start, tails, wanted)}


async def _session(
    ctx: Ctx, start: dict[str, Any], tails: Sequence[_Tail], wanted: _Wanted
) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    clock, pause = ctx.runtime.clock, ctx.runtime.settings.intervals.live_tail_seconds
    opened = updated = clock.monotonic()
    yield "sessionStart", start
    while clock.monotonic() - opened < limits.LIVE_TAIL_SECONDS:
        began = clock.monotonic()
        results: list[dict[str, Any]] = []
        sampled = False
        for tail in tails:
            found, cut = await _fresh(ctx, tail, wanted)
            results += found
            sampled = sampled or cut
        results.sort(key=lambda result: result["timestamp"])
        ended = clock.monotonic()
        if results or ended - updated >= _UPDATE_SECONDS:
            updated = ended
            sampled = sampled or len(results) > limits.LIVE_TAIL_EVENTS
            yield (
                "sessionUpdate",
                {
                    "sessionMetadata": {"sampled": sampled},
                    "sessionResults": results[: limits.LIVE_TAIL_EVENTS],
                },
            )
        await clock.sleep(max(pause, ended - began))
    raise ServiceError("SessionTimeoutException", "The session has been open for three hours and ends here.")


async def _fresh(ctx: Ctx, tail: _Tail, wanted: _Wanted) -> tuple[list[dict[str, Any]], bool]:
    """Events of batches that were not shown yet, and whether there were more than are sent."""
    least = max(batches_since(tail.since), batches_since(millis(ctx.runtime.clock.now()) - _LOOK_BACK))
    count = exp.Anonymous(this="count", expressions=[])
    size = exp.Anonymous(this="sum", expressions=[exp.column("bytes")])
    query = (
        exp.select("batch", exp.alias_(count, "events"), exp.alias_(size, "size"))
        .from_("logs_events")
        .where(exp.column("group_id").eq(exp.Placeholder(this="group")))
        .where(exp.GTE(this=exp.column("batch"), expression=exp.Placeholder(this="least")))
        .group_by("batch")
    )
    rows = await ctx.runtime.lake.select(
        query, {"group": tail.group.id, "least": least}, account=ctx.account, region=ctx.region
    )
    fresh = [row for row in rows if row["batch"] not in tail.shown]
    tail.shown = {row["batch"] for row in rows}
    if not fresh:
        return [], False
    search = Search(
        group=tail.group, end=LATEST, batches=sorted(row["batch"] for row in fresh), pattern=wanted.pattern
    )
    if (
        sum(row["events"] for row in fresh) <= limits.LIVE_TAIL_EVENTS
        and sum(row["size"] for row in fresh) <= limits.LOG_CHUNK_BYTES
    ):
        found = await small(ctx, search)  # it is soon there
    else:
        found = await page(ctx, search, count=limits.LIVE_TAIL_EVENTS)
    results = [
        {
            "logGroupIdentifier": tail.arn,
            "logStreamName": event.stream,
            "timestamp": event.place.time,
            "ingestionTime": event.ingested,
            "message": event.message,
        }
        for event in found.events
        if wanted.includes(event)
    ]
    return results, found.more is not None
