"""Capture: a call that touched a resource leads to one look at it, and to an item if it differs.

``config.observe`` (reaction on ApiCall) stages ``config.capture`` (job), one runner per resource. A capture
reads the resource as it is now, so however late or often it runs the item is true; a change that happens
while it reads has its own ApiCall fact, whose capture waits for this one.
"""

from __future__ import annotations

import msgspec

from triptych.bus.batch import Batch
from triptych.control.store import Job
from triptych.jobs.kind import Retry
from triptych.kernel.fact import ApiCall
from triptych.services.config.difference import difference
from triptych.services.config.documents import ITEMS, RECORDERS, Recorder
from triptych.services.config.item import Item, deleted, event_item, item_key, later_than
from triptych.services.config.parts import TYPES
from triptych.services.config.recording import records
from triptych.services.config.resource_type import Replies, ResourceType, touched
from triptych.services.config.staging import caller_in, capture_soon, recording_of, sweep_soon
from triptych.services.contract import Ctx, JobKind, Reaction, caused_by

__all__ = ["CAPTURE", "OBSERVE", "home_of", "item_of", "keep", "read_item"]

_TOUCHES = {
    call: [(kind, kind.touched_by[call]) for kind in TYPES.values() if call in kind.touched_by]
    for call in {call for kind in TYPES.values() for call in kind.touched_by}
}


async def _observe(ctx: Ctx, batch: Batch) -> None:
    """Stage a capture for every resource of a recorded type that a successful call changed."""
    running: dict[str, list[tuple[str, Recorder]]] = {}
    for fact in batch.facts:
        touches = _TOUCHES.get((fact.body["service"], fact.body["operation"]))
        if not touches:
            continue
        call = msgspec.convert(fact.body, ApiCall)
        if call.read_only or call.error_code or call.status >= 400:
            continue
        if fact.account not in running:
            found = await ctx.unit.list(RECORDERS, account=fact.account)
            running[fact.account] = [(document.region, document.value) for document in found]
        for kind, touch in touches:
            recording = [region for region, recorder in running[fact.account] if records(recorder, kind.name)]
            ids = touched(touch, call)
            for region in _places(kind, fact.region, recording):
                here = ctx.at(account=fact.account, region=region, cause=caused_by(fact))
                for resource_id in ids:
                    capture_soon(here, kind, resource_id)
                if not ids and touch.relist:
                    sweep_soon(here, kind.name)


def _places(kind: ResourceType, called_in: str, recording: list[str]) -> list[str]:
    """The regions from which a changed resource is looked at, given those that record its type."""
    if kind.located == "everywhere":
        return recording
    if kind.located == "itself":
        return [called_in] if recording else []
    return [called_in] if called_in in recording else []


async def home_of(ctx: Ctx, kind: ResourceType, resource_id: str) -> Ctx | None:
    """The context in the region where the resource lives; None: it is gone."""
    if kind.locate is None:
        return ctx
    region = await kind.locate(caller_in(ctx, ctx.region), resource_id)
    return None if region is None else ctx.at(account=ctx.account, region=region, cause=ctx.context.because)


async def read_item(home: Ctx, kind: ResourceType, resource_id: str) -> Item | None:
    """The resource as it is now, not stored; None: it is gone."""
    replies = await kind.describe(caller_in(home, home.region), resource_id)
    return None if replies is None else item_of(home, kind, resource_id, replies)


def item_of(home: Ctx, kind: ResourceType, resource_id: str, replies: Replies) -> Item:
    resource = kind.resource(home.account, home.region, resource_id, replies)
    return Item(
        account=home.account,
        region=home.region,
        resource_type=kind.name,
        resource_id=resource_id,
        resource_name=resource.name,
        arn=resource.arn,
        availability_zone=resource.availability_zone,
        status="OK",
        captured=later_than(None, home.now),
        created=resource.created,
        tags=resource.tags,
        relationships=resource.relationships,
        configuration=resource.configuration,
        supplementary=resource.supplementary,
    )


async def _capture(ctx: Ctx, job: Job) -> None:
    """Bring the stored item of one resource up to what the resource is now."""
    kind = TYPES[job.body["type"]]
    resource_id: str = job.body["id"]
    here = ctx.at(account=job.account, region=job.region, cause=job.cause)
    home = await home_of(here, kind, resource_id)
    if home is not None and await recording_of(home, kind.name):
        item = await read_item(home, kind, resource_id)
        if item is None:
            home = None
        else:
            await keep(home, item)
    await _bury(here, kind, resource_id, alive_in=None if home is None else home.region)


async def keep(ctx: Ctx, item: Item) -> None:
    """Make ``item`` the current one and say so, if anything about the resource differs."""
    current = await ctx.unit.get(ITEMS, item.key, account=item.account, region=item.region)
    diff = difference(current, item)
    if diff is None:
        return
    if not item.is_deleted:
        item = msgspec.structs.replace(
            item,
            status="ResourceDiscovered" if diff["changeType"] == "CREATE" else "OK",
            captured=later_than(current, item.captured),
        )
    ctx.unit.put(ITEMS, item.key, item, account=item.account, region=item.region)
    ctx.fact("ItemChanged", item.key, {"item": event_item(item), "diff": diff})


async def _bury(ctx: Ctx, kind: ResourceType, resource_id: str, *, alive_in: str | None) -> None:
    """Write the last item of a resource that is gone, in every region where it was known but is no more."""
    known = await ctx.unit.list(
        ITEMS,
        account=ctx.account,
        region=None if kind.located == "itself" else ctx.region,
        index=("resource", item_key(kind.name, resource_id)),
    )
    for document in known:
        if document.region == alive_in or document.value.is_deleted:
            continue
        there = ctx.at(account=ctx.account, region=document.region, cause=ctx.context.because)
        if await recording_of(there, kind.name):
            await keep(there, deleted(document.value, ctx.now))


OBSERVE = Reaction(name="config.observe", kinds=frozenset({"ApiCall"}), handle=_observe, stable=False)
CAPTURE = JobKind(name="config.capture", handle=_capture, retry=Retry(max_attempts=10))
