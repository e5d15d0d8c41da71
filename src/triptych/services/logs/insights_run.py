"""The work of an Insights query: Scheduled -> Running -> Complete, Failed, Timeout or Cancelled."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import structlog

from triptych.control.store import Conflict, Job
from triptych.jobs.kind import Retry
from triptych.kernel import limits
from triptych.lake.engine import TooMuch
from triptych.query.insights import MalformedQuery
from triptych.services.contract import Ctx, JobKind
from triptych.services.logs.insights import (
    QUERIES,
    RUN,
    InsightsQuery,
    Row,
    Status,
    compiled,
    save_rows,
    scan,
    short,
    source_of,
)
from triptych.services.logs.moments import millis

log = structlog.get_logger()

_LOOK_SECONDS = 0.2
"""How often a running query looks whether it was stopped, and says how far it is."""


@dataclass(slots=True)
class _Work:
    """One run while it lasts.

    :ivar name: of its SELECTs in the lake, and of its rows: a second run does not meet the first.
    :ivar events: all that it will read, as soon as that is counted; ``bytes`` too.
    """

    name: str
    events: int = 0
    bytes: int = 0


class _Answer(NamedTuple):
    fields: tuple[str, ...]
    rows: list[Row]
    matched: int
    scanned: int
    bytes: int
    groups: int


async def _run(ctx: Ctx, job: Job) -> None:
    """Run one query."""
    unit = ctx.runtime.control.unit()  # not the job's own, for which this would be what it decided by
    query = await unit.get(QUERIES, job.body["id"], account=ctx.account, region=ctx.region)
    if query is None or not query.active:
        return
    work = _Work(ctx.ids.uuid())
    working = asyncio.create_task(_answer(ctx, query, work))
    try:
        stopped = await _until_done(ctx, query.id, work, working)
    finally:
        if not working.done():
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
    if stopped:
        return
    try:
        answer = working.result()
    except TooMuch as error:
        log.info("insights_query_too_much", query=query.id, error=str(error))
        await _ended(ctx, query.id, "Timeout" if "TIMEOUT" in str(error) else "Failed")
        return
    except MalformedQuery as error:  # it was read when it was started, perhaps by an older version
        log.warning("insights_query_unreadable", query=query.id, error=str(error))
        await _ended(ctx, query.id, "Failed")
        return
    kept = short(answer.rows)
    if kept is None:
        await save_rows(ctx, work.name, answer.rows)
    await _ended(ctx, query.id, "Complete", answer, work.name, kept or ())


async def _until_done(ctx: Ctx, key: str, work: _Work, working: asyncio.Task[_Answer]) -> bool:
    """Whether the query was stopped before its work was done."""
    while not working.done():
        pause = asyncio.ensure_future(ctx.runtime.clock.sleep(_LOOK_SECONDS))
        await asyncio.wait({working, pause}, return_when=asyncio.FIRST_COMPLETED)
        pause.cancel()
        if not working.done() and not await _still_wanted(ctx, key, work):
            return True
    return False  # a stop that came this late is seen when the end is staged


async def _still_wanted(ctx: Ctx, key: str, work: _Work) -> bool:
    """Whether nobody stopped it. One that takes longer than a look is shown as Running, with how much of what it reads
    it has behind it; a short one is spared that commit and goes from Scheduled to its end."""
    unit = ctx.runtime.control.unit()
    query = await unit.get(QUERIES, key, account=ctx.account, region=ctx.region)
    if query is None or not query.active:
        return False
    read = min(await ctx.runtime.lake.rows_read(work.name), work.events)
    if query.status != "Running" or read > query.scanned:
        size = work.bytes * read // max(1, work.events)
        running = msgspec.structs.replace(query, status="Running", scanned=read, bytes=size)
        unit.put(QUERIES, key, running, account=ctx.account, region=ctx.region)
        # Who was quicker has stopped it: the next look sees that.
        with contextlib.suppress(Conflict):
            await unit.commit()
    return True


async def _answer(ctx: Ctx, query: InsightsQuery, work: _Work) -> _Answer:
    lake, place = ctx.runtime.lake, {"account": ctx.account, "region": ctx.region}
    source = await source_of(ctx, query)
    select = compiled(query, source)

    async def count() -> None:
        everything, bound = scan(source)
        (whole,) = await lake.select(everything, bound, **place)
        work.events, work.bytes = whole["events"], whole["size"]

    found, _ = await asyncio.gather(
        lake.select(select.rows, select.values, called=work.name, **place), count()
    )
    rows = [tuple(row.values()) for row in found]
    if select.unfiltered:
        matched = work.events
    elif select.carried and rows:
        matched = int(rows[0][-1])
    elif len(rows) < select.all_below:
        matched = len(rows)
    else:
        matched = (await lake.select(select.matched, select.matched_values, **place))[0]["matched"]
    width = len(select.fields)
    return _Answer(
        select.fields,
        [row[:width] for row in rows],
        matched,
        work.events,
        work.bytes,
        len(source.groups),
    )


async def _ended(
    ctx: Ctx,
    key: str,
    status: Status,
    answer: _Answer | None = None,
    run: str = "",
    kept: tuple[Row, ...] = (),
) -> None:
    """Stage the end, unless somebody stopped the query first."""
    query = await ctx.unit.get(QUERIES, key, account=ctx.account, region=ctx.region)
    if query is None or not query.active:
        return
    done = msgspec.structs.replace(query, status=status, ended=millis(ctx.runtime.clock.now()), run=run)
    if answer is not None:
        done = msgspec.structs.replace(
            done,
            fields=answer.fields,
            results=len(answer.rows),
            kept=kept,
            matched=answer.matched,
            scanned=answer.scanned,
            bytes=answer.bytes,
            groups_scanned=answer.groups,
        )
    ctx.unit.put(QUERIES, key, done, account=ctx.account, region=ctx.region)


async def _given_up(ctx: Ctx, job: Job, _error: str) -> None:
    await _ended(ctx, job.body["id"], "Failed")


QUERY = JobKind(
    name=RUN,
    handle=_run,
    retry=Retry(max_attempts=2, first_delay_seconds=0.2),
    concurrency=limits.INSIGHTS_RUNNING,
    dead=_given_up,
)
