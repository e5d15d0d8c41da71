"""Replays: an archive's events of a range of time come again, with ``replay-name`` in each.

A replay is one job that reads a page, offers it to the rules and moves its cursor, all in one commit: what a replay
stages is staged once, whatever dies meanwhile.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from triptych.control.collection import Collection
from triptych.control.store import Job
from triptych.jobs.kind import Later
from triptych.kernel.arn import Arn, arn
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, JobKind, operation
from triptych.services.events.archived_events import read
from triptych.services.events.archives import find_archive
from triptych.services.events.documents import missing, page_of, validation, with_token
from triptych.services.events.matching import offer

__all__ = ["REPLAY", "REPLAYS", "Replay"]

_PAGE = 200
"""Events offered in one commit (ours)."""
_KIND = "events.replay"


class Replay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """:param archive: its id. :param last: the last event offered: its time, and its id in ``last_id``."""

    name: str
    account: str
    region: str
    archive: str
    source: str
    bus: str
    destination: dict[str, Any]
    start: datetime
    end: datetime
    started: datetime
    state: Literal["STARTING", "RUNNING", "CANCELLED", "COMPLETED"] = "STARTING"
    description: str = ""
    last: datetime | None = None
    last_id: str = ""
    ended: datetime | None = None

    @property
    def arn(self) -> str:
        return arn("events", self.region, self.account, f"replay/{self.name}")


REPLAYS = Collection(name="events.replays", type=Replay)
"""By name."""


async def _find(ctx: Ctx, name: str) -> Replay:
    found = await ctx.unit.get(REPLAYS, name, account=ctx.account, region=ctx.region)
    if found is None:
        raise missing(f"Replay {name} does not exist.")
    return found


def _put(ctx: Ctx, replay: Replay) -> None:
    ctx.unit.put(REPLAYS, replay.name, replay, account=replay.account, region=replay.region)


@operation
async def start_replay(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Send an archive's events to the bus they came from, again."""
    name, source = params["ReplayName"], params["EventSourceArn"]
    if await ctx.unit.get(REPLAYS, name, account=ctx.account, region=ctx.region):
        raise ServiceError("ResourceAlreadyExistsException", f"Replay {name} already exists.")
    parsed = Arn.parse(source) if source.count(":") >= 5 and source.startswith("arn:") else None
    if parsed is None or not parsed.resource.startswith("archive/"):
        raise validation("Parameter EventSourceArn is not valid. Reason: Must contain an archive ARN.")
    archive = await find_archive(ctx, parsed.resource.removeprefix("archive/"))
    if params["Destination"]["Arn"] != archive.source:
        raise validation(
            "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted."
        )
    if params["EventEndTime"] <= params["EventStartTime"]:
        raise validation(
            "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime."
        )
    replay = Replay(
        name=name,
        account=ctx.account,
        region=ctx.region,
        archive=archive.id,
        source=source,
        bus=archive.bus,
        destination=params["Destination"],
        start=params["EventStartTime"].astimezone(UTC),
        end=params["EventEndTime"].astimezone(UTC),
        started=ctx.now,
        description=params.get("Description") or "",
    )
    ctx.unit.create(REPLAYS, name, replay, account=ctx.account, region=ctx.region)
    ctx.job(_KIND, {"replay": name})
    return {"ReplayArn": replay.arn, "State": replay.state, "ReplayStartTime": replay.started}


@operation
async def cancel_replay(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Offer no more of its events; those that were offered are delivered."""
    replay = await _find(ctx, params["ReplayName"])
    if replay.state in ("CANCELLED", "COMPLETED"):
        raise ServiceError(
            "IllegalStatusException", f"Replay {replay.name} is not in a valid state for this operation."
        )
    cancelled = msgspec.structs.replace(replay, state="CANCELLED", ended=ctx.now)
    _put(ctx, cancelled)
    return {"ReplayArn": replay.arn, "State": cancelled.state}


def _listed(replay: Replay) -> dict[str, Any]:
    members = {
        "ReplayName": replay.name,
        "EventSourceArn": replay.source,
        "State": replay.state,
        "EventStartTime": replay.start,
        "EventEndTime": replay.end,
        "EventLastReplayedTime": replay.last,
        "ReplayStartTime": replay.started,
        "ReplayEndTime": replay.ended,
    }
    return {name: value for name, value in members.items() if value is not None}


@operation
async def describe_replay(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """One replay."""
    replay = await _find(ctx, params["ReplayName"])
    described = _listed(replay) | {"ReplayArn": replay.arn, "Destination": replay.destination}
    return described | ({"Description": replay.description} if replay.description else {})


@operation
async def list_replays(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Replays by name."""
    prefix, source, state = (params.get(name) for name in ("NamePrefix", "EventSourceArn", "State"))
    stored = await ctx.unit.list(REPLAYS, account=ctx.account, region=ctx.region, prefix=prefix or "")
    found = [d.value for d in stored if source in (None, d.value.source) and state in (None, d.value.state)]
    page, token = page_of(f"ListReplays/{prefix}/{source}/{state}", found, params)
    return with_token({"Replays": [_listed(each) for each in page]}, token)


async def _replay(ctx: Ctx, job: Job) -> None:
    replay = await ctx.unit.get(REPLAYS, job.body["replay"], account=ctx.account, region=ctx.region)
    if replay is None or replay.state in ("CANCELLED", "COMPLETED"):
        return
    rows = await read(
        ctx,
        replay.archive,
        start=replay.last or replay.start,
        end=replay.end,
        after=replay.last_id,
        limit=_PAGE,
    )
    only = frozenset(replay.destination.get("FilterArns") or ()) or None
    for row in {row["id"]: row for row in rows}.values():
        event = json.loads(row["event"]) | {"replay-name": replay.name}
        await offer(ctx, replay.bus, event, only=only)
    if not rows:
        _put(ctx, msgspec.structs.replace(replay, state="COMPLETED", ended=ctx.runtime.clock.now()))
        return
    last = rows[-1]
    _put(ctx, msgspec.structs.replace(replay, state="RUNNING", last=last["time"], last_id=last["id"]))
    raise Later(0)


REPLAY = JobKind(name=_KIND, handle=_replay, concurrency=2)
