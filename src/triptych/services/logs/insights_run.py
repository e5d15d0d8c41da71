"""The work of an Insights query: Scheduled -> Running -> Complete, Failed, Timeout or Cancelled."""

from __future__ import annotations

import asyncio
import contextlib
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
"""How often a running query looks whether it was stopped."""


class _Answer(NamedTuple):
    fields: tuple[str, ...]
    rows: list[Row]
    matched: int
    scanned: int
    bytes: int
    groups: int


async def _run(ctx: Ctx, job: Job) -> None:
    """Run one query. What it finds is kept under a new name each time, so a second run does not meet the first."""
    unit = ctx.runtime.control.unit()  # not the job's own, for which this would be what it decided by
    query = await unit.get(QUERIES, job.body["id"], account=ctx.account, region=ctx.region)
    if query is None or not query.active:
        return
    working = asyncio.create_task(_answer(ctx, query))
    try:
        stopped = await _until_done(ctx, query.id, working)
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
    run = ctx.ids.uuid()
    if kept is None:
        await save_rows(ctx, run, answer.rows)
    await _ended(ctx, query.id, "Complete", answer, run, kept or ())


async def _until_done(ctx: Ctx, key: str, working: asyncio.Task[_Answer]) -> bool:
    """Whether the query was stopped before its work was done."""
    while not working.done():
        pause = asyncio.ensure_future(ctx.runtime.clock.sleep(_LOOK_SECONDS))
        await asyncio.wait({working, pause}, return_when=asyncio.FIRST_COMPLETED)
        pause.cancel()
        if not working.done() and not await _still_wanted(ctx, key):
            return True
    return False  # a stop that came this late is seen when the end is staged


async def _still_wanted(ctx: Ctx, key: str) -> bool:
    """Whether nobody stopped it. One that takes longer than a look is shown as Running; a short one is spared that
    commit and goes from Scheduled to its end."""
    unit = ctx.runtime.control.unit()
    query = await unit.get(QUERIES, key, account=ctx.account, region=ctx.region)
    if query is None or not query.active:
        return False
    if query.status != "Running":
        running = msgspec.structs.replace(query, status="Running")
        unit.put(QUERIES, key, running, account=ctx.account, region=ctx.region)
        # Who was quicker has stopped it: the next look sees that.
        with contextlib.suppress(Conflict):
            await unit.commit()
    return True


async def _answer(ctx: Ctx, query: InsightsQuery) -> _Answer:
    lake, place = ctx.runtime.lake, {"account": ctx.account, "region": ctx.region}
    source = await source_of(ctx, query)
    select = compiled(query, source)
    everything, bound = scan(source)
    found, (whole,) = await asyncio.gather(
        lake.select(select.rows, select.values, **place), lake.select(everything, bound, **place)
    )
    rows = [tuple(row.values()) for row in found]
    if select.unfiltered:
        matched = whole["events"]
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
        whole["events"],
        whole["size"],
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
