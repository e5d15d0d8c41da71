"""What metric filters and subscriptions still have to do: one small entry for each batch and consumer.

PutLogEvents commits the entry before it answers; a job takes entries in order, reads their events from the lake, and
deletes them in the commit that ends it. So every acknowledged event is processed at least once, whatever dies when,
and a consumer that fails keeps its entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from triptych.control.collection import Collection, Document
from triptych.kernel import limits
from triptych.services.contract import Ctx, Periodic
from triptych.services.logs.group import METRICS, LogGroup
from triptych.services.logs.moments import millis
from triptych.services.logs.search import Event, Search, events_of

METRICS_JOB = "logs.metrics"
DELIVER_JOB = "logs.deliver"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of events that waits for one consumer.

    :param group: the group's name; ``first`` and ``last``: times of the batch's events, ``ingested`` when it came,
        all in milliseconds.
    """

    group: str
    batch: int
    first: int
    last: int
    count: int
    ingested: int


BACKLOG = Collection(name="logs.backlog", type=Entry)
"""By group id, consumer and batch, so in the order of arrival."""


def _lead(group: LogGroup, consumer: str) -> str:
    return f"{group.id}:{consumer}:"  # neither has a colon


def put_by(ctx: Ctx, group: LogGroup, consumers: Sequence[str], entry: Entry) -> None:
    """Stage an entry for each consumer and the job that takes it on."""
    for consumer in consumers:
        # Two batches may bear one number, about once in a million within a millisecond: then one entry does for both.
        key = f"{_lead(group, consumer)}{entry.batch:020d}"
        ctx.unit.put(BACKLOG, key, entry, account=ctx.account, region=ctx.region)
        stage(ctx, group, consumer)


def stage(ctx: Ctx, group: LogGroup, consumer: str, *, delay_seconds: float = 0.0) -> None:
    """Stage the job that works off a consumer's entries, unless it waits already."""
    kind = METRICS_JOB if consumer == METRICS else DELIVER_JOB
    ctx.job(
        kind,
        {"group": group.name, "consumer": consumer},
        key=f"{group.id}:{consumer}",
        delay_seconds=delay_seconds,
    )


async def waiting(ctx: Ctx, group: LogGroup, consumer: str) -> tuple[list[Document[Entry]], bool]:
    """The next entries of a consumer, up to ``limits.LOG_BACKLOG_EVENTS``, and whether there are more."""
    found = await ctx.unit.list(
        BACKLOG, account=ctx.account, region=ctx.region, prefix=_lead(group, consumer), limit=501
    )
    taken: list[Document[Entry]] = []
    events = 0
    for document in found[:500]:
        events += document.value.count
        if taken and events > limits.LOG_BACKLOG_EVENTS:
            break
        taken.append(document)
    return taken, len(found) > len(taken)


async def events_waiting(ctx: Ctx, group: LogGroup, entries: Sequence[Entry]) -> list[Event]:
    """The entries' events, in the order of their times; without those that were deleted meanwhile."""
    search = Search(
        group=group,
        start=min(entry.first for entry in entries),
        end=max(entry.last for entry in entries) + 1,
        batches=[entry.batch for entry in entries],
    )
    return await events_of(ctx, search)


def done_with(ctx: Ctx, documents: Sequence[Document[Entry]]) -> None:
    for document in documents:
        ctx.unit.delete(BACKLOG, document.key, account=ctx.account, region=ctx.region)


async def entries_of(ctx: Ctx, group: LogGroup, consumer: str) -> list[Document[Entry]]:
    return await ctx.unit.list(BACKLOG, account=ctx.account, region=ctx.region, prefix=_lead(group, consumer))


async def _remind(ctx: Ctx) -> None:
    """Stage the jobs of entries that have waited long: theirs may have been given up."""
    long_ago = millis(ctx.now - timedelta(seconds=60))
    reminded: set[tuple[str, str, str]] = set()
    for account, region, key, entry, _ in await ctx.unit.list(BACKLOG):
        group_id, consumer, _batch = key.split(":")
        if entry.ingested > long_ago or (region, group_id, consumer) in reminded:
            continue
        reminded.add((region, group_id, consumer))
        at = ctx.at(account=account, region=region)
        kind = METRICS_JOB if consumer == METRICS else DELIVER_JOB
        at.job(kind, {"group": entry.group, "consumer": consumer}, key=f"{group_id}:{consumer}")


REMIND = Periodic(name="logs.remind", seconds=lambda _: 60.0, handle=_remind)
