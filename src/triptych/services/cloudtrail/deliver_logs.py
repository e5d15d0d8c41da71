"""Delivery to CloudWatch Logs: what a trail wants, one record a log event, in a stream for each region.

A trail has a cursor of its own for its log group. A run reads the next records, puts them, and commits the cursor
behind them: a crash in between puts them again, so every record arrives at least once, as AWS promises. What cannot
be put waits in the lake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import structlog

from triptych.control.collection import Collection
from triptych.control.store import Job
from triptych.jobs.kind import Later
from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.services.cloudtrail import deliver
from triptych.services.cloudtrail.bucket_policy import PRINCIPAL
from triptych.services.cloudtrail.log_group import check_log_group, group_name
from triptych.services.cloudtrail.trail import TRAILS, Trail, whole_milliseconds
from triptych.services.contract import Ctx, JobKind, Periodic

log = structlog.get_logger()

_EVENT_BYTES = 256 * 1024
"""A longer record is not sent to a log group (AWS)."""
_OLDEST = timedelta(days=13)
"""Log events older than 14 days are refused: a record that waited longer goes by this age."""
_SPAN = timedelta(hours=23)
"""What one PutLogEvents may span at most, and a margin (AWS: 24 hours)."""


class LogDelivery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a trail's delivery to its log group is.

    :param since: when the trail got its log group; what happened before is not delivered.
    :param cursor: every record up to this ``seq`` is delivered or not wanted.
    :param checked_at: when there was last nothing left to deliver.
    :param error: CloudWatch Logs' code for the last attempt; empty when it succeeded.
    """

    since: datetime
    cursor: int = 0
    checked_at: datetime | None = None
    delivered_at: datetime | None = None
    error: str = ""


LOG_DELIVERIES = Collection(name="cloudtrail.log_deliveries", type=LogDelivery)
"""By trail name, in the trail's home region."""


async def begin_or_end(ctx: Ctx, before: Trail | None, after: Trail) -> None:
    """Check the log group a trail is given and keep its cursor; a trail that gets another group goes on in it."""
    old = (before.log_group, before.role) if before else ("", "")
    if (after.log_group, after.role) == old:
        return
    await check_log_group(ctx, after)
    place = {"account": after.account, "region": after.home_region}
    if not after.log_group:
        ctx.unit.delete(LOG_DELIVERIES, after.name, **place)
    elif await ctx.unit.get(LOG_DELIVERIES, after.name, **place) is None:
        ctx.unit.put(LOG_DELIVERIES, after.name, LogDelivery(since=whole_milliseconds(ctx.now)), **place)


def forget(ctx: Ctx, trail: Trail) -> None:
    ctx.unit.delete(LOG_DELIVERIES, trail.name, account=trail.account, region=trail.home_region)


async def deliver_logs(ctx: Ctx, job: Job) -> None:
    """One step of one trail's delivery to its log group."""
    place = {"account": job.account, "region": job.region}
    name = job.body["trail"]
    trail = await ctx.unit.get(TRAILS, name, **place)
    delivery = await ctx.unit.get(LOG_DELIVERIES, name, **place)
    if trail is None or delivery is None or not trail.log_group or not trail.intervals:
        return
    since = max(delivery.since, trail.intervals[0].start)
    rows = await deliver.records(ctx, trail, after=delivery.cursor, start=since)
    if not rows:
        _keep(ctx, trail, msgspec.structs.replace(delivery, checked_at=ctx.now, error=""))
        return
    wanted = [row for row in rows if deliver.wants(trail, row) and not _own_delivery(row)]
    try:
        for region in sorted({row["region"] for row in wanted}):
            await _put(ctx, trail, region, [row for row in wanted if row["region"] == region])
    except ServiceError as error:
        _keep(ctx, trail, msgspec.structs.replace(delivery, error=error.code))
        raise Later(ctx.runtime.settings.intervals.trail_delivery_seconds) from error
    done = msgspec.structs.replace(delivery, cursor=int(rows[-1]["seq"]), error="")
    _keep(ctx, trail, msgspec.structs.replace(done, delivered_at=ctx.now) if wanted else done)
    if len(rows) == deliver.RECORDS_AT_ONCE:
        raise Later(0)


def _keep(ctx: Ctx, trail: Trail, delivery: LogDelivery) -> None:
    ctx.unit.put(LOG_DELIVERIES, trail.name, delivery, account=trail.account, region=trail.home_region)


def _own_delivery(row: Mapping[str, Any]) -> bool:
    """A call this delivery made: a trail that selects its own group's data events would never come to rest."""
    record = msgspec.json.decode(row["record"])
    return bool(
        record["eventName"] == "PutLogEvents" and record["userIdentity"].get("invokedBy") == PRINCIPAL
    )


async def _put(ctx: Ctx, trail: Trail, region: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """The records of one region into their stream. Raises ServiceError as CloudWatch Logs answers."""
    where = {
        "logGroupName": group_name(trail.log_group),
        "logStreamName": f"{trail.account}_CloudTrail_{region}",
    }
    for batch in batches(rows, oldest=ctx.now - _OLDEST, newest=ctx.now):
        put = where | {"logEvents": batch}
        try:
            await ctx.call("logs", "PutLogEvents", put, principal=PRINCIPAL)
        except ServiceError as error:
            if error.code != "ResourceNotFoundException":
                raise
            await ctx.call("logs", "CreateLogStream", where, principal=PRINCIPAL)
            await ctx.call("logs", "PutLogEvents", put, principal=PRINCIPAL)


def batches(
    rows: Sequence[Mapping[str, Any]], *, oldest: datetime, newest: datetime
) -> Iterator[list[dict[str, Any]]]:
    """Log events for PutLogEvents, each list within its bounds, in the order of their times.

    :param oldest: and ``newest``: times beyond are taken as these, for CloudWatch Logs would refuse them.
    """
    batch: list[dict[str, Any]] = []
    room = 0
    for row in sorted(rows, key=lambda row: row["time"]):
        time = _milliseconds(min(max(row["time"], oldest), newest))
        size = len(row["record"].encode()) + limits.LOG_EVENT_OVERHEAD_BYTES
        if size > _EVENT_BYTES:
            log.warning("trail_record_too_long_for_logs", seq=row["seq"], bytes=size)
            continue
        full = size > room or len(batch) == limits.LOG_EVENTS_PAGE
        if batch and (full or time - batch[0]["timestamp"] > _SPAN.total_seconds() * 1000):
            yield batch
            batch = []
        if not batch:
            room = limits.LOG_BATCH_BYTES
        batch.append({"timestamp": time, "message": row["record"]})
        room -= size
    if batch:
        yield batch


def _milliseconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1000)


async def _due(ctx: Ctx) -> None:
    """Stage a delivery for every trail with a log group that may have something to deliver."""
    trails = {(d.account, d.region, d.key): d.value for d in await ctx.unit.list(TRAILS)}
    for account, region, name, delivery, _ in await ctx.unit.list(LOG_DELIVERIES):
        trail = trails.get((account, region, name))
        if trail is None or not trail.intervals or deliver.is_over(trail, delivery.checked_at):
            continue
        at = ctx.at(account=account, region=region)
        at.job(DELIVER_LOGS.name, {"trail": name}, key=f"{account}/{region}/{name}")


DELIVER_LOGS = JobKind(name="cloudtrail.deliver_logs", handle=deliver_logs)
LOGS_DUE = Periodic(
    name="cloudtrail.deliver_logs",
    seconds=lambda settings: settings.intervals.trail_delivery_seconds,
    handle=_due,
)
