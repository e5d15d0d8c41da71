"""What is gone: events of deleted groups and streams, and those older than their group keeps them.

They are invisible from the moment they are deleted or expire; here they leave the lake.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
from sqlglot import exp

from triptych.control.collection import Collection
from triptych.services.contract import Ctx, Periodic
from triptych.services.logs.group import GROUPS, LogGroup, LogStream
from triptych.services.logs.moments import millis
from triptych.services.logs.tables import LOG_EVENTS

_REST = timedelta(minutes=1)
"""How long a removal waits: a PutLogEvents that found the stream still there may be on its way (ours)."""


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """A life of a group, or of a stream, whose events are to be removed; ``asked`` in milliseconds."""

    group_id: str
    stream_id: str = ""
    asked: int


REMOVALS = Collection(name="logs.removals", type=Removal)
"""By group id and stream id. Until a stream's is done, searches of its group leave its events out."""


def remove_later(ctx: Ctx, group: LogGroup, stream: LogStream | None = None) -> None:
    removal = Removal(group_id=group.id, stream_id=stream.id if stream else "", asked=millis(ctx.now))
    key = f"{group.id}:{removal.stream_id}"
    ctx.unit.put(REMOVALS, key, removal, account=ctx.account, region=ctx.region)


async def removed_streams(ctx: Ctx, group: LogGroup) -> list[str]:
    """Ids of deleted streams whose events may still be there."""
    found = await ctx.unit.list(REMOVALS, account=ctx.account, region=ctx.region, prefix=f"{group.id}:")
    return [document.value.stream_id for document in found]


async def _remove(ctx: Ctx) -> None:
    """Take away what was deleted a while ago."""
    for account, region, key, removal, _ in await ctx.unit.list(REMOVALS):
        if removal.asked > millis(ctx.now - _REST):
            continue
        where: exp.Condition = exp.column("group_id").eq(exp.Placeholder(this="group"))
        values = {"group": removal.group_id}
        if removal.stream_id:
            where = exp.and_(where, exp.column("stream_id").eq(exp.Placeholder(this="stream")))
            values["stream"] = removal.stream_id
        await ctx.runtime.lake.delete(LOG_EVENTS, where, values, account=account, region=region)
        ctx.unit.delete(REMOVALS, key, account=account, region=region)


async def _expire(ctx: Ctx) -> None:
    """Take away what groups no longer keep, where there is any."""
    for account, region, _, group, _ in await ctx.unit.list(GROUPS):
        oldest = group.oldest(ctx.now)
        if oldest is None:
            continue
        where = exp.and_(
            exp.column("group_id").eq(exp.Placeholder(this="group")),
            exp.LT(this=exp.column("time"), expression=exp.Placeholder(this="oldest")),
        )
        values = {"group": group.id, "oldest": oldest}
        probe = exp.select("time").from_("logs_events").where(where).limit(1)
        if await ctx.runtime.lake.select(probe, values, account=account, region=region):
            await ctx.runtime.lake.delete(LOG_EVENTS, where, values, account=account, region=region)


REMOVE = Periodic(
    name="logs.remove", seconds=lambda settings: settings.intervals.logs_removal_seconds, handle=_remove
)
EXPIRE = Periodic(
    name="logs.expire", seconds=lambda settings: settings.intervals.logs_retention_seconds, handle=_expire
)
