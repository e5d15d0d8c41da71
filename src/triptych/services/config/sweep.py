"""Sweeps: looking at everything, to find what changed or vanished without a call passing through the gateway.

``config.sweep`` (periodic) stages one ``config.sweep_region`` (job) per running recorder; starting a recorder
stages one at once. A sweep lists; what is new, different, missing or not told by the listing is captured.
"""

from __future__ import annotations

import msgspec

from triptych.control.store import Job
from triptych.jobs.kind import Retry
from triptych.services.config.capture import item_of
from triptych.services.config.difference import difference
from triptych.services.config.documents import ITEMS, RECORDER_STATUSES, RECORDERS, RecorderStatus
from triptych.services.config.item import Item
from triptych.services.config.parts import TYPES
from triptych.services.config.recording import records
from triptych.services.config.resource_type import ResourceType
from triptych.services.config.staging import caller_in, capture_soon, sweep_soon
from triptych.services.contract import Ctx, JobKind, Periodic

__all__ = ["SWEEP", "SWEEP_REGION"]


async def _sweep(ctx: Ctx) -> None:
    for document in await ctx.unit.list(RECORDERS):
        if document.value.recording:
            sweep_soon(ctx.at(account=document.account, region=document.region))


async def _sweep_region(ctx: Ctx, job: Job) -> None:
    """Look at every resource of the recorded types of one account and region, or of the one type named."""
    here = ctx.at(account=job.account, region=job.region, cause=job.cause)
    recorders = await here.unit.list(RECORDERS, account=job.account, region=job.region)
    only: str = job.body["type"]
    for document in recorders:
        for kind in TYPES.values():
            if records(document.value, kind.name) and only in {"", kind.name}:
                await _sweep_type(here, kind)
        if not only:
            await _set_status(here, document.key, "Success")


async def _sweep_type(ctx: Ctx, kind: ResourceType) -> None:
    known = await ctx.unit.list(
        ITEMS,
        account=ctx.account,
        region=None if kind.located == "itself" else ctx.region,
        index=("type", kind.name),
    )
    living: dict[str, list[Item]] = {}
    for document in known:
        if not document.value.is_deleted:
            living.setdefault(document.value.resource_id, []).append(document.value)
    seen: set[str] = set()
    async for resource_id, replies in kind.listing(caller_in(ctx, ctx.region)):
        seen.add(resource_id)
        items = living.get(resource_id, [])
        if items and all(item.region != ctx.region for item in items):
            continue  # it lives in another region, whose own sweep looks at it
        if items and replies is not None:
            now = item_of(ctx, kind, resource_id, replies)
            if difference(items[0], now) is None:
                continue
        capture_soon(ctx, kind, resource_id)
    for resource_id, items in living.items():
        if resource_id not in seen and any(item.region == ctx.region for item in items):
            capture_soon(ctx, kind, resource_id)


async def _set_status(ctx: Ctx, name: str, status: str, *, code: str = "", message: str = "") -> None:
    """Tell the recorder's status how the last look at everything went; written only when that is news."""
    where = {"account": ctx.account, "region": ctx.region}
    known = await ctx.unit.get(RECORDER_STATUSES, name, **where)
    if known is None or (known.last_status, known.error_message) == (status, message):
        return
    news: RecorderStatus = msgspec.structs.replace(
        known, last_status=status, error_code=code, error_message=message, changed=ctx.now
    )
    ctx.unit.put(RECORDER_STATUSES, name, news, **where)


async def _sweep_failed(ctx: Ctx, job: Job, reason: str) -> None:
    here = ctx.at(account=job.account, region=job.region, cause=job.cause)
    for document in await here.unit.list(RECORDERS, account=job.account, region=job.region):
        await _set_status(here, document.key, "Failure", code="SweepFailed", message=reason)


SWEEP = Periodic(
    name="config.sweep", seconds=lambda settings: settings.intervals.config_sweep_seconds, handle=_sweep
)
SWEEP_REGION = JobKind(
    name="config.sweep_region",
    handle=_sweep_region,
    retry=Retry(max_attempts=5),
    concurrency=2,
    dead=_sweep_failed,
)
