"""Archives: a managed rule on a bus whose target keeps every event it matches, except replayed ones."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import msgspec

from triptych.control.collection import Collection
from triptych.control.store import Job
from triptych.kernel.arn import Arn, arn
from triptych.kernel.errors import ServiceError, unbuilt
from triptych.services.contract import Ctx, JobKind, Periodic, operation
from triptych.services.events.archived_events import count, forget
from triptych.services.events.documents import (
    RULES,
    Rule,
    find_bus,
    keep_rule,
    missing,
    page_of,
    rule_key,
    touch,
    validation,
    with_token,
)
from triptych.services.events.rules import check_pattern

__all__ = ["ARCHIVES", "FORGET", "RETENTION", "Archive", "find_archive"]

_MOST = 100
"""Archives of one account in one region (EventBridge quota)."""
_MANAGED_BY = "prod.vhs.events.aws.internal"
_SWEEP_SECONDS = 6 * 3600


class Archive(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """:param retention_days: 0: for ever."""

    name: str
    id: str
    bus: str
    source: str
    account: str
    region: str
    created: datetime
    pattern: str = ""
    description: str = ""
    retention_days: int = 0

    @property
    def arn(self) -> str:
        return arn("events", self.region, self.account, f"archive/{self.name}")

    @property
    def rule(self) -> str:
        return f"Events-Archive-{self.name}"


ARCHIVES = Collection(name="events.archives", type=Archive)
"""By name."""


async def find_archive(ctx: Ctx, name: str) -> Archive:
    found = await ctx.unit.get(ARCHIVES, name, account=ctx.account, region=ctx.region)
    if found is None:
        raise missing(f"Archive {name} does not exist.")
    return found


async def _keep(ctx: Ctx, archive: Archive) -> None:
    """The archive and its rule."""
    wanted: dict[str, Any] = json.loads(archive.pattern) if archive.pattern else {}
    rule = Rule(
        name=archive.rule,
        bus=archive.bus,
        account=ctx.account,
        region=ctx.region,
        pattern=json.dumps(wanted | {"replay-name": [{"exists": False}]}),
        description=f"Rule for archive {archive.name}",
        targets={"archive": {"Id": "archive", "Arn": f"{archive.arn}:{archive.id}"}},
        managed_by=_MANAGED_BY,
    )
    ctx.unit.put(ARCHIVES, archive.name, archive, account=ctx.account, region=ctx.region)
    await keep_rule(ctx, rule)


def _answer(archive: Archive) -> dict[str, Any]:
    return {"ArchiveArn": archive.arn, "State": "ENABLED", "CreationTime": archive.created}


@operation
async def create_archive(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Keep what a bus gets from now on. Partly: KMS keys are refused."""
    name = params["ArchiveName"]
    _refuse(params)
    if await ctx.unit.get(ARCHIVES, name, account=ctx.account, region=ctx.region):
        raise ServiceError("ResourceAlreadyExistsException", f"Archive {name} already exists.")
    if len(await ctx.unit.list(ARCHIVES, account=ctx.account, region=ctx.region)) >= _MOST:
        raise ServiceError(
            "LimitExceededException", "The requested resource exceeds the maximum number allowed."
        )
    source = params["EventSourceArn"]
    try:
        resource = Arn.parse(source).resource
    except ValueError:
        raise validation(
            "Parameter EventSourceArn is not valid. Reason: Must contain an event bus ARN."
        ) from None
    if not resource.startswith("event-bus/"):
        raise validation("Parameter EventSourceArn is not valid. Reason: Must contain an event bus ARN.")
    bus = await find_bus(ctx, source)
    archive = Archive(
        name=name,
        id=ctx.ids.uuid(),
        bus=bus.name,
        source=source,
        account=ctx.account,
        region=ctx.region,
        created=ctx.now,
        pattern=_pattern(params.get("EventPattern") or ""),
        description=params.get("Description") or "",
        retention_days=params.get("RetentionDays") or 0,
    )
    await _keep(ctx, archive)
    return _answer(archive)


def _refuse(params: dict[str, Any]) -> None:
    if params.get("KmsKeyIdentifier"):
        raise unbuilt("KmsKeyIdentifier of archives")


def _pattern(text: str) -> str:
    if text:
        check_pattern(text)
    return text


@operation
async def update_archive(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Change what is given; the events that are kept stay. Partly: as CreateArchive."""
    _refuse(params)
    archive = await find_archive(ctx, params["ArchiveName"])
    changed = msgspec.structs.replace(
        archive,
        pattern=_pattern(params["EventPattern"]) if "EventPattern" in params else archive.pattern,
        description=params.get("Description", archive.description),
        retention_days=params.get("RetentionDays", archive.retention_days),
    )
    await _keep(ctx, changed)
    return _answer(changed)


@operation
async def delete_archive(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Gone with its events."""
    archive = await find_archive(ctx, params["ArchiveName"])
    ctx.unit.delete(ARCHIVES, archive.name, account=ctx.account, region=ctx.region)
    ctx.unit.delete(RULES, rule_key(archive.bus, archive.rule), account=ctx.account, region=ctx.region)
    await touch(ctx, archive.bus)
    ctx.job("events.forget", {"archive": archive.id})
    return {}


def _listed(archive: Archive, events: int, size: int) -> dict[str, Any]:
    return {
        "ArchiveName": archive.name,
        "EventSourceArn": archive.source,
        "State": "ENABLED",
        "RetentionDays": archive.retention_days,
        "SizeBytes": size,
        "EventCount": events,
        "CreationTime": archive.created,
    }


@operation
async def describe_archive(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """One archive, with how many events it has."""
    archive = await find_archive(ctx, params["ArchiveName"])
    more = {"Description": archive.description, "EventPattern": archive.pattern}
    described = _listed(archive, *await count(ctx, archive.id)) | {"ArchiveArn": archive.arn}
    return described | {name: value for name, value in more.items() if value}


@operation
async def list_archives(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Archives by name."""
    if params.get("NamePrefix") and params.get("EventSourceArn"):
        raise validation(
            "At most one filter is allowed for ListArchives. Use either : State, EventSourceArn, or NamePrefix."
        )
    prefix, source, state = (params.get(name) for name in ("NamePrefix", "EventSourceArn", "State"))
    stored = await ctx.unit.list(ARCHIVES, account=ctx.account, region=ctx.region, prefix=prefix or "")
    found = [d.value for d in stored if source in (None, d.value.source) and state in (None, "ENABLED")]
    page, token = page_of(f"ListArchives/{prefix}/{source}/{state}", found, params)
    return with_token({"Archives": [_listed(each, *await count(ctx, each.id)) for each in page]}, token)


async def _forget(ctx: Ctx, job: Job) -> None:
    before = job.body.get("before")
    await forget(ctx, job.body["archive"], before=datetime.fromisoformat(before) if before else None)


async def _sweep(ctx: Ctx) -> None:
    """Stage the removal of what is older than archives keep it."""
    for account, region, _, archive, _ in await ctx.unit.list(ARCHIVES):
        if archive.retention_days:
            before = ctx.now - timedelta(days=archive.retention_days)
            at = ctx.at(account=account, region=region)
            at.job(
                "events.forget",
                {"archive": archive.id, "before": before.isoformat()},
                key=f"retention/{archive.id}",
            )


FORGET = JobKind(name="events.forget", handle=_forget, concurrency=1)
RETENTION = Periodic(name="events.retention", seconds=lambda _: _SWEEP_SECONDS, handle=_sweep)
