"""Configuration history files: what was captured in the last six hours, a file for each resource type.

``config.history_files`` (periodic) finds windows that are over and stages ``config.deliver_history`` (job), which goes
through the lake's items by ``seq``: it commits which items come next, puts their files, and commits the cursor behind
them. A crash in between puts the same files again. What cannot be put waits and is tried again, for as long as it takes.
An item that reaches the lake after its window was looked through is in the next one's files.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlglot import exp, select

from triptych.control.store import Job
from triptych.jobs.kind import Later
from triptych.kernel.errors import ServiceError
from triptych.services.config.delivery import (
    HISTORY_CURSORS,
    WINDOW,
    HistoryCursor,
    Window,
    history_key,
    note,
    put_file,
    the_channel,
    whole_window,
    zipped,
)
from triptych.services.config.documents import CHANNELS, Channel
from triptych.services.config.notifications import delivery_message
from triptych.services.config.tables import CONFIG_ITEMS
from triptych.services.contract import Ctx, JobKind, Periodic

__all__ = ["DELIVER_HISTORY", "HISTORY_DUE"]

_KIND = "config.deliver_history"
_KEY = "history"
_ITEMS = 1000
"""Items read, and so at most in the files of one part, at once (ours)."""
_AGAIN_SECONDS = 60.0
"""When files that could not be put are tried again (ours)."""


async def _due(ctx: Ctx) -> None:
    """Stage the deliveries of the windows that are over; a channel's first window begins when it is first seen."""
    known = {(d.account, d.region): d.value for d in await ctx.unit.list(HISTORY_CURSORS)}
    for account, region, *_ in await ctx.unit.list(CHANNELS):
        cursor = known.get((account, region))
        here = ctx.at(account=account, region=region)
        if cursor is None:
            begun = HistoryCursor(window=whole_window(ctx.now))
            here.unit.create(HISTORY_CURSORS, _KEY, begun, account=account, region=region)
        elif cursor.window + WINDOW <= ctx.now:
            here.job(_KIND, {}, key=f"{account}/{region}")


async def _deliver(ctx: Ctx, job: Job) -> None:
    """One step: choose the next items, or put the files of those chosen."""
    place = {"account": job.account, "region": job.region}
    channel, cursor = await the_channel(ctx), await ctx.unit.get(HISTORY_CURSORS, _KEY, **place)
    if channel is None or cursor is None:
        return
    if cursor.pending is None:
        cursor = await _planned(ctx, cursor)
        ctx.unit.put(HISTORY_CURSORS, _KEY, cursor, **place)
        if cursor.pending is not None:
            raise Later(0)
        return
    try:
        keys = await _put(ctx, channel, cursor.pending)
    except ServiceError as error:
        await note(ctx, "history", error)
        raise Later(_AGAIN_SECONDS) from error
    await note(ctx, "history", None)
    for key in keys:
        bucket = channel.members["s3BucketName"]
        done = delivery_message("ConfigurationHistoryDeliveryCompleted", ctx.now, bucket=bucket, key=key)
        ctx.fact("ConfigDelivered", channel.name, done)
    ctx.unit.put(HISTORY_CURSORS, _KEY, msgspec.structs.replace(cursor, pending=None), **place)
    raise Later(0)


async def _planned(ctx: Ctx, cursor: HistoryCursor) -> HistoryCursor:
    """The cursor with its next files chosen, or with the window over when nothing is left."""
    ends = whole_window(ctx.now)
    rows = await _rows(ctx, after=cursor.seq)
    if not rows:
        return msgspec.structs.replace(cursor, window=ends, part=0)
    until, part = int(rows[-1]["seq"]), cursor.part + 1
    pending = Window(after=cursor.seq, until=until, ends=ends, part=part)
    return msgspec.structs.replace(cursor, seq=until, part=part, pending=pending)


async def _put(ctx: Ctx, channel: Channel, window: Window) -> list[str]:
    by_type: dict[str, list[dict[str, Any]]] = {}
    for row in await _rows(ctx, after=window.after, until=window.until):
        by_type.setdefault(row["resource_type"], []).append(row)
    keys = []
    for resource_type, rows in sorted(by_type.items()):
        times = [row["time"] for row in rows]
        key = history_key(
            prefix=channel.members.get("s3KeyPrefix") or "",
            account=ctx.account,
            region=ctx.region,
            resource_type=resource_type,
            first=min(times),
            last=max(times),
            window=window,
        )
        await put_file(ctx, channel.members, key, zipped({}, (row["item"] for row in rows)))
        keys.append(key)
    return keys


async def _rows(ctx: Ctx, *, after: int, until: int | None = None) -> list[dict[str, Any]]:
    """Items behind ``after`` in the outbox's order, at most ``_ITEMS``."""
    query = (
        select("seq", "resource_type", "time", "item")
        .from_(CONFIG_ITEMS.name)
        .where(exp.GT(this=exp.column("seq"), expression=exp.Placeholder(this="after")))
    )
    values = {"after": after}
    if until is not None:
        query = query.where(exp.LTE(this=exp.column("seq"), expression=exp.Placeholder(this="until")))
        values["until"] = until
    return await ctx.runtime.lake.select(
        query.order_by("seq").limit(_ITEMS), values, account=ctx.account, region=ctx.region
    )


DELIVER_HISTORY = JobKind(name=_KIND, handle=_deliver)
HISTORY_DUE = Periodic(name="config.history_files", seconds=lambda _settings: 60.0, handle=_due)
