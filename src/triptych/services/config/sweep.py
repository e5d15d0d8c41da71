"""Sweeps: looking at everything, to find what changed or vanished without a call passing through the gateway.

``config.sweep`` (periodic) stages one ``config.sweep_region`` (job) per running recorder; starting a recorder
stages one at once. A sweep lists; what is new, different, missing or not told by the listing is captured.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import AsyncIterator

import msgspec

from triptych.control.store import Job
from triptych.jobs.kind import Retry
from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.services.config.capture import item_of
from triptych.services.config.difference import difference
from triptych.services.config.documents import (
    ITEMS,
    RECORDER_STATUSES,
    RECORDERS,
    SWEEP_CURSORS,
    RecorderStatus,
    SweepCursor,
)
from triptych.services.config.item import Item
from triptych.services.config.parts import TYPES
from triptych.services.config.recording import records
from triptych.services.config.resource_type import Replies, ResourceType
from triptych.services.config.staging import caller_in, capture_soon, sweep_soon
from triptych.services.contract import Ctx, JobKind, Periodic

__all__ = ["SWEEP", "SWEEP_REGION"]


async def _sweep(ctx: Ctx) -> None:
    for document in await ctx.unit.list(RECORDERS):
        if document.value.recording:
            sweep_soon(ctx.at(account=document.account, region=document.region))


async def _sweep_region(ctx: Ctx, job: Job) -> None:
    """Look at every resource of the recorded types of one account and region, or of the one type named.

    A type whose service answers an error is looked at again by a job of its own, so that it keeps no other
    type waiting; that job retries, and says so in the recorder's status when it gives up.
    """
    here = ctx.at(account=job.account, region=job.region, cause=job.cause)
    recorders = await here.unit.list(RECORDERS, account=job.account, region=job.region)
    only: str = job.body["type"]
    for document in recorders:
        failed = False
        for kind in TYPES.values():
            if not records(document.value, kind.name) or only not in {"", kind.name}:
                continue
            try:
                await _sweep_type(here, kind)
            except ServiceError:
                if only:
                    raise
                failed = True
                sweep_soon(here, kind.name)
        if not only and not failed:
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
    unsure: list[str] = []
    async for resource_id, replies in _listed(ctx, kind):
        seen.add(resource_id)
        items = living.get(resource_id, [])
        if items and all(item.region != ctx.region for item in items):
            continue  # it lives in another region, whose own sweep looks at it
        if items and replies is None:
            unsure.append(resource_id)
        elif not items or difference(items[0], item_of(ctx, kind, resource_id, replies or {})) is not None:
            capture_soon(ctx, kind, resource_id)
    for resource_id in await _in_turn(ctx, kind, sorted(unsure)):
        capture_soon(ctx, kind, resource_id)
    for resource_id, items in living.items():
        if resource_id not in seen and any(item.region == ctx.region for item in items):
            capture_soon(ctx, kind, resource_id)


async def _listed(ctx: Ctx, kind: ResourceType) -> AsyncIterator[tuple[str, Replies | None]]:
    """The listing of a type; a service that nobody here implements has no resources, which is no failure."""
    try:
        async for entry in kind.listing(caller_in(ctx, ctx.region)):
            yield entry
    except ServiceError as error:
        if error.code != "NotImplemented":
            raise


async def _in_turn(ctx: Ctx, kind: ResourceType, ids: list[str]) -> list[str]:
    """The ids whose turn it is to be read again; all of them unless there are very many."""
    most = limits.CONFIG_SWEEP_CHECKS
    if len(ids) <= most:
        return ids
    where = {"account": ctx.account, "region": ctx.region}
    cursor = await ctx.unit.get(SWEEP_CURSORS, kind.name, **where)
    start = 0 if cursor is None else bisect_right(ids, cursor.after)
    chosen = (ids[start:] + ids[:start])[:most]
    ctx.unit.put(SWEEP_CURSORS, kind.name, SweepCursor(after=chosen[-1]), **where)
    return chosen


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
