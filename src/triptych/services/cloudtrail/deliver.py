"""Delivery: what logging trails want, as gzip files of records under AWS's key names in their buckets.

A trail walks through the lake's records by ``seq`` with one cursor for all its regions. A run first *plans*: it
chooses the next records and commits the names of the files they go into; then it *puts* the files and commits the
cursor behind them. A crash in between puts the same records under the same names again, so nothing is lost and
nothing is there twice. While files cannot be put, the plan stays and later records wait in the lake.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec
from sqlglot import exp

from triptych.control.collection import Collection
from triptych.control.store import Job
from triptych.jobs.kind import Later
from triptych.kernel.errors import ServiceError
from triptych.kernel.ids import UPPER_ALNUM, Ids
from triptych.lake.sql import Fixed
from triptych.services.cloudtrail import digests
from triptych.services.cloudtrail.bucket_policy import ACL, PRINCIPAL
from triptych.services.cloudtrail.digest_file import LogFile
from triptych.services.cloudtrail.events import GLOBAL_SOURCES
from triptych.services.cloudtrail.selectors import wanted
from triptych.services.cloudtrail.trail import TRAILS, Trail
from triptych.services.contract import Ctx, JobKind, Periodic

RECORDS_AT_ONCE = 1000
"""Records read, and so at most in one file, at once (ours; AWS's files hold up to 50 MB)."""
_FILE_MINUTES = 5
"""File names carry the delivery's time, rounded down to this (AWS)."""
_LATE = timedelta(days=1)
"""How long after it stopped a trail is still looked after: records of its time may reach the lake late (ours)."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is being put: the trail's records of one region with ``after`` < ``seq`` <= ``until``."""

    key: str
    region: str
    after: int
    until: int


class Delivery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a trail's delivery is.

    :param cursor: every record up to this ``seq`` is delivered, or in ``pending``, or not wanted.
    :param behind: whether more records waited when the plan was made.
    :param checked_at: when there was last nothing left to deliver.
    :param error: S3's code for the last attempt; empty when it succeeded.
    """

    cursor: int = 0
    pending: tuple[File, ...] = ()
    behind: bool = False
    checked_at: datetime | None = None
    attempted_at: datetime | None = None
    delivered_at: datetime | None = None
    error: str = ""


DELIVERIES = Collection(name="cloudtrail.deliveries", type=Delivery)
"""By trail name, in the trail's home region; apart from the trail, which users change at any time."""


def file_key(*, prefix: str, account: str, region: str, now: datetime, ids: Ids) -> str:
    """``[prefix/]AWSLogs/<account>/CloudTrail/<region>/YYYY/MM/DD/<account>_CloudTrail_<region>_<time>_<16>.json.gz``."""
    at = now.astimezone(UTC)
    at = at.replace(minute=at.minute - at.minute % _FILE_MINUTES)
    lead = f"{prefix}/" if prefix else ""
    name = f"{account}_CloudTrail_{region}_{at:%Y%m%dT%H%MZ}_{ids.text(16, UPPER_ALNUM)}.json.gz"
    return f"{lead}AWSLogs/{account}/CloudTrail/{region}/{at:%Y/%m/%d}/{name}"


def content(records: Iterable[str]) -> bytes:
    """A log file of records (JSON text), not yet compressed."""
    return ('{"Records":[' + ",".join(records) + "]}").encode()


def wants(trail: Trail, row: Mapping[str, Any]) -> bool:
    """Whether a record (a lake row) belongs into the trail's files."""
    if not trail.logged_at(row["time"]):
        return False
    record = msgspec.json.decode(row["record"])
    if not trail.global_events and record["eventSource"] in GLOBAL_SOURCES:
        return False
    return wanted(record, basic=trail.event_selectors, advanced=trail.advanced_event_selectors)


async def records(
    ctx: Ctx,
    trail: Trail,
    *,
    after: int,
    start: datetime,
    until: int | None = None,
    region: str | None = None,
) -> list[dict[str, Any]]:
    """The next lake rows behind ``after`` that can concern the trail, not before ``start``, in order, at most
    RECORDS_AT_ONCE.
    """
    values: dict[str, Any] = {"after": after, "start": start}
    if until is not None:
        values["until"] = until
    scope = region or (None if trail.multi_region else trail.home_region)
    query = _query(RECORDS_AT_ONCE, bounded=until is not None)
    return await ctx.runtime.lake.select(query, values, account=trail.account, region=scope)


@cache
def _query(most: int, *, bounded: bool) -> Fixed:
    def place(name: str) -> exp.Placeholder:
        return exp.Placeholder(this=name)

    rows = (
        exp.select("seq", "region", "time", "record")
        .from_("cloudtrail_events")
        .where(exp.GT(this=exp.column("seq"), expression=place("after")))
        .where(exp.GTE(this=exp.column("time"), expression=place("start")))
    )
    if bounded:
        rows = rows.where(exp.LTE(this=exp.column("seq"), expression=place("until")))
    return Fixed(rows.order_by("seq").limit(most))


async def _planned(ctx: Ctx, trail: Trail, delivery: Delivery) -> Delivery:
    """The delivery with its next files named, or without when nothing is left."""
    cursor = delivery.cursor
    while rows := await records(ctx, trail, after=cursor, start=trail.intervals[0].start):
        after, cursor = cursor, int(rows[-1]["seq"])
        regions = sorted({row["region"] for row in rows if wants(trail, row)})
        if regions:
            files = tuple(
                File(key=_named(ctx, trail, region), region=region, after=after, until=cursor)
                for region in regions
            )
            behind = len(rows) == RECORDS_AT_ONCE
            return msgspec.structs.replace(delivery, cursor=cursor, pending=files, behind=behind)
    return msgspec.structs.replace(delivery, cursor=cursor, behind=False, checked_at=ctx.now)


def _named(ctx: Ctx, trail: Trail, region: str) -> str:
    return file_key(prefix=trail.prefix, account=trail.account, region=region, now=ctx.now, ids=ctx.ids)


async def _put(ctx: Ctx, trail: Trail, file: File) -> LogFile | None:
    rows = await records(
        ctx,
        trail,
        after=file.after,
        until=file.until,
        region=file.region,
        start=trail.intervals[0].start,
    )
    rows = [row for row in rows if wants(trail, row)]
    if not rows:  # the selectors were changed since the plan was made
        return None
    body = content(row["record"] for row in rows)
    put = {
        "Bucket": trail.bucket,
        "Key": file.key,
        "Body": gzip.compress(body, mtime=0),  # one member, the same bytes for the same records
        "ContentType": "application/json",
        "ContentEncoding": "gzip",
        "ACL": ACL,
    }
    await ctx.call("s3", "PutObject", put, principal=PRINCIPAL)
    times = [row["time"] for row in rows]
    return LogFile(
        bucket=trail.bucket,
        key=file.key,
        sha256=hashlib.sha256(body).hexdigest(),
        newest=max(times),
        oldest=min(times),
    )


async def deliver(ctx: Ctx, job: Job) -> None:
    """One step of one trail's delivery: plan the next files, or put the planned ones."""
    place = {"account": job.account, "region": job.region}
    name = job.body["trail"]
    trail = await ctx.unit.get(TRAILS, name, **place)
    if trail is None or not trail.intervals:
        return
    delivery = await ctx.unit.get(DELIVERIES, name, **place) or Delivery()
    if not delivery.pending:
        delivery = await _planned(ctx, trail, delivery)
        ctx.unit.put(DELIVERIES, name, delivery, **place)
        if delivery.pending:
            raise Later(0)
        return
    delivery = msgspec.structs.replace(delivery, attempted_at=ctx.now)
    try:
        put = [(file.region, await _put(ctx, trail, file)) for file in delivery.pending]
    except ServiceError as error:
        ctx.unit.put(DELIVERIES, name, msgspec.structs.replace(delivery, error=error.code), **place)
        raise Later(ctx.runtime.settings.intervals.trail_delivery_seconds) from error
    done = msgspec.structs.replace(delivery, pending=(), delivered_at=ctx.now, error="")
    ctx.unit.put(DELIVERIES, name, done, **place)
    if trail.validation:
        await digests.add(ctx, trail, [(region, log) for region, log in put if log is not None])
    # Not always: a trail that logs its own bucket's objects would then never come to rest.
    if delivery.behind or delivery.error:
        raise Later(0)


def unplanned(delivery: Delivery) -> Delivery:
    """The delivery without its plan: its files are named and put anew, for a trail that got another bucket."""
    first = min((file.after for file in delivery.pending), default=delivery.cursor)
    return msgspec.structs.replace(delivery, cursor=first, pending=())


async def _due(ctx: Ctx) -> None:
    """Stage a delivery for every trail that may have something to deliver."""
    # Listed, not got: a delivery that ends meanwhile is no conflict.
    stored = {(d.account, d.region, d.key): d.value for d in await ctx.unit.list(DELIVERIES)}
    for account, region, name, trail, _ in await ctx.unit.list(TRAILS):
        if not trail.intervals or _has_all(trail, stored.get((account, region, name), Delivery())):
            continue
        at = ctx.at(account=account, region=region)
        at.job("cloudtrail.deliver", {"trail": name}, key=f"{account}/{region}/{name}")


def _has_all(trail: Trail, delivery: Delivery) -> bool:
    """Whether a stopped trail has everything of its time."""
    return not delivery.pending and is_over(trail, delivery.checked_at)


def is_over(trail: Trail, checked_at: datetime | None) -> bool:
    """Whether nothing can come any more: it stopped, and was looked through (``checked_at``) long after that."""
    stop = trail.intervals[-1].stop
    return stop is not None and checked_at is not None and checked_at > stop + _LATE


DELIVER = JobKind(name="cloudtrail.deliver", handle=deliver)
DUE = Periodic(
    name="cloudtrail.deliver",
    seconds=lambda settings: settings.intervals.trail_delivery_seconds,
    handle=_due,
)
