"""Archived events in the lake: written by deliveries to archives, read again in order by replays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlglot import exp

from triptych.lake.table import Column, Table
from triptych.services.contract import Ctx

__all__ = ["ARCHIVED", "count", "forget", "keep", "read"]

ARCHIVED = Table(
    name="events_archived",
    columns=(
        Column("account", "LowCardinality(String)"),
        Column("region", "LowCardinality(String)"),
        Column("archive", "LowCardinality(String)"),
        Column("time", "DateTime64(3, 'UTC')", codec="Delta, ZSTD(1)"),
        Column("id", "String"),
        Column("event", "String", codec="ZSTD(3)"),
    ),
    order_by=("account", "region", "archive", "time", "id"),
    partition_by="toYYYYMM(time)",
)
"""``archive`` is the archive's id, not its name: a new archive of an old name does not have the old events."""


def _value(name: str) -> exp.Placeholder:
    return exp.Placeholder(this=name)


async def keep(ctx: Ctx, archive: str, event: Mapping[str, Any]) -> None:
    """Durable when it returns; the same event again is absorbed."""
    row = {
        "account": ctx.account,
        "region": ctx.region,
        "archive": archive,
        "time": datetime.fromisoformat(event["time"]),
        "id": event["id"],
        "event": json.dumps(event, separators=(",", ":"), ensure_ascii=False),
    }
    await ctx.runtime.lake.write(ARCHIVED, [row], token=f"{archive}/{event['id']}")


async def read(
    ctx: Ctx, archive: str, *, start: datetime, end: datetime, after: str, limit: int
) -> list[dict[str, Any]]:
    """``time``, ``id`` and ``event`` (text) of a range, oldest first; at ``start`` only ids greater than ``after``."""
    query = (
        exp.select("time", "id", "event")
        .from_(ARCHIVED.name)
        .where(
            exp.column("archive").eq(_value("archive")),
            exp.LT(this=exp.column("time"), expression=_value("end")),
            exp.or_(
                exp.GT(this=exp.column("time"), expression=_value("start")),
                exp.and_(
                    exp.column("time").eq(_value("start")),
                    exp.GT(this=exp.column("id"), expression=_value("after")),
                ),
            ),
        )
        .order_by("time", "id")
        .limit(limit)
    )
    values = {"archive": archive, "start": start, "end": end, "after": after}
    return await ctx.runtime.lake.select(query, values, account=ctx.account, region=ctx.region)


async def count(ctx: Ctx, archive: str) -> tuple[int, int]:
    """How many events an archive has, and their size in bytes."""
    query = (
        exp.select("count() AS events", "sum(length(event)) AS bytes")
        .from_(ARCHIVED.name)
        .where(exp.column("archive").eq(_value("archive")))
    )
    rows = await ctx.runtime.lake.select(query, {"archive": archive}, account=ctx.account, region=ctx.region)
    return (int(rows[0]["events"]), int(rows[0]["bytes"])) if rows else (0, 0)


async def forget(ctx: Ctx, archive: str, *, before: datetime | None = None) -> None:
    """Remove an archive's events, or those from before a time."""
    where: exp.Condition = exp.column("archive").eq(_value("archive"))
    values: dict[str, Any] = {"archive": archive}
    if before is not None:
        where = exp.and_(where, exp.LT(this=exp.column("time"), expression=_value("before")))
        values["before"] = before
    await ctx.runtime.lake.delete(ARCHIVED, where, values, account=ctx.account, region=ctx.region)
