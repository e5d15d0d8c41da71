"""DeliverConfigSnapshot: every current item in one file, when asked and as often as the channel says.

The operation (or the clock) chooses the id and says that the delivery has started; ``config.deliver_snapshot`` (job)
puts the file and says how that went. The file's name holds the id, so a repeat overwrites it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from triptych.bus.post import is_permanent
from triptych.control.store import Job
from triptych.jobs.kind import Retry
from triptych.kernel.errors import ServiceError
from triptych.services.config.delivery import (
    SNAPSHOT_CLOCKS,
    SnapshotClock,
    note,
    period_of,
    put_file,
    snapshot_key,
    the_channel,
    zipped,
)
from triptych.services.config.documents import CHANNELS, ITEMS, Channel, Recorder
from triptych.services.config.item import compact, event_item
from triptych.services.config.notifications import delivery_message
from triptych.services.config.recorders import needs_recorder, the_recorder
from triptych.services.config.recording import records
from triptych.services.contract import Ctx, JobKind, Periodic, operation

__all__ = ["DELIVER_SNAPSHOT", "SNAPSHOTS_DUE"]

_KIND = "config.deliver_snapshot"
_PAGE = 500
"""Items read at once (ours)."""


@operation
async def deliver_config_snapshot(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Deliver a file of all current items to the channel's bucket, soon."""
    name = params["deliveryChannelName"]
    recorder = await needs_recorder(
        ctx, "Configuration recorder is not available to deliver configuration snapshot."
    )
    channel = await the_channel(ctx)
    if channel is None or channel.name != name:
        raise ServiceError(
            "NoSuchDeliveryChannelException", f"Cannot find delivery channel with specified name '{name}'."
        )
    if not recorder.recording:
        raise ServiceError(
            "NoRunningConfigurationRecorderException",
            "There is no configuration recorder running to deliver configuration snapshot.",
        )
    return {"configSnapshotId": _begin(ctx, channel)}


def _begin(ctx: Ctx, channel: Channel) -> str:
    snapshot_id = ctx.ids.uuid()
    started = delivery_message("ConfigurationSnapshotDeliveryStarted", ctx.now, snapshot_id=snapshot_id)
    ctx.fact("ConfigDelivered", channel.name, started)
    ctx.job(_KIND, {"id": snapshot_id, "at": ctx.now.isoformat()})
    return snapshot_id


async def _deliver(ctx: Ctx, job: Job) -> None:
    channel, recorder = await the_channel(ctx), await the_recorder(ctx)
    if channel is None or recorder is None:
        return
    snapshot_id: str = job.body["id"]
    key = _key(ctx, channel, job)
    body = zipped({"configSnapshotId": snapshot_id}, await _items(ctx, recorder))
    try:
        await put_file(ctx, channel.members, key, body)
    except ServiceError as error:
        if not is_permanent(error.code, error.status):
            raise
        await _failed(ctx, channel, job, error)
        return
    await note(ctx, "snapshot", None)
    done = delivery_message(
        "ConfigurationSnapshotDeliveryCompleted",
        ctx.now,
        bucket=channel.members["s3BucketName"],
        key=key,
        snapshot_id=snapshot_id,
    )
    ctx.fact("ConfigDelivered", channel.name, done)


def _key(ctx: Ctx, channel: Channel, job: Job) -> str:
    return snapshot_key(
        prefix=channel.members.get("s3KeyPrefix") or "",
        account=ctx.account,
        region=ctx.region,
        at=datetime.fromisoformat(job.body["at"]),
        snapshot_id=job.body["id"],
    )


async def _items(ctx: Ctx, recorder: Recorder) -> list[str]:
    """The living resources of the recorded types, as JSON text."""
    found: list[str] = []
    after = ""
    while page := await ctx.unit.list(
        ITEMS, account=ctx.account, region=ctx.region, after=after, limit=_PAGE
    ):
        after = page[-1].key
        items = (document.value for document in page)
        found += [
            compact(event_item(item))
            for item in items
            if not item.is_deleted and records(recorder, item.resource_type)
        ]
    return found


async def _failed(ctx: Ctx, channel: Channel, job: Job, error: ServiceError) -> None:
    await note(ctx, "snapshot", error)
    failed = delivery_message(
        "ConfigurationSnapshotDeliveryFailed",
        ctx.now,
        bucket=channel.members["s3BucketName"],
        snapshot_id=job.body["id"],
        failure=error,
    )
    ctx.fact("ConfigDelivered", channel.name, failed)


async def _dead(ctx: Ctx, job: Job, reason: str) -> None:
    here = ctx.at(account=job.account, region=job.region, cause=job.cause)
    channel = await the_channel(here)
    if channel is not None:
        await _failed(here, channel, job, _error_of(reason))


def _error_of(reason: str) -> ServiceError:
    """What a job was given up for, as the error it was; ours are an internal error."""
    kind, _, answered = reason.partition(": ")
    code, _, message = answered.partition(": ")
    return (
        ServiceError(code, message)
        if kind == "ServiceError"
        else ServiceError("InternalError", "Triptych failed.")
    )


async def _due(ctx: Ctx) -> None:
    """Begin the snapshots whose time has come, in the rhythm of each channel."""
    for account, region, name, channel, _ in await ctx.unit.list(CHANNELS):
        period, here = period_of(channel), ctx.at(account=account, region=region)
        recorder = await the_recorder(here)
        if period is None or recorder is None or not recorder.recording:
            continue
        clock = await here.unit.get(SNAPSHOT_CLOCKS, name, account=account, region=region)
        if clock is None:
            last = ctx.now
        elif ctx.now - clock.last >= period:
            last = clock.last + (ctx.now - clock.last) // period * period
            _begin(here, channel)
        else:
            continue
        here.unit.put(SNAPSHOT_CLOCKS, name, SnapshotClock(last), account=account, region=region)


DELIVER_SNAPSHOT = JobKind(
    name=_KIND, handle=_deliver, retry=Retry(max_attempts=10), concurrency=2, dead=_dead
)
SNAPSHOTS_DUE = Periodic(name="config.snapshots", seconds=lambda _settings: 60.0, handle=_due)
