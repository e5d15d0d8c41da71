"""CreateEventBus, UpdateEventBus, DeleteEventBus, DescribeEventBus, ListEventBuses."""

from __future__ import annotations

from typing import Any

import msgspec

from triptych.kernel.errors import ServiceError, unbuilt
from triptych.services.contract import Ctx, operation
from triptych.services.events.documents import (
    BUSES,
    DEFAULT,
    RULE_SETS,
    Bus,
    bus_name,
    find_bus,
    page_of,
    rules_of,
    validation,
    with_token,
)
from triptych.services.events.tags import checked_tags

_MOST = 100
"""Buses of one account in one region (EventBridge quota)."""
_NOT_BUILT = ("EventSourceName", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")


def _refuse_what_is_not_built(operation_name: str, params: dict[str, Any]) -> None:
    for name in _NOT_BUILT:
        if params.get(name):
            raise unbuilt(f"{name} of events:{operation_name}")


@operation
async def create_event_bus(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """A bus of one's own. Partly: partner event sources, encryption, logs and a dead letter queue are refused."""
    name = params["Name"]
    _refuse_what_is_not_built("CreateEventBus", params)
    if "/" in name:
        raise validation("Event bus name must not contain '/'.")
    if name == DEFAULT or await ctx.unit.get(BUSES, name, account=ctx.account, region=ctx.region):
        raise ServiceError("ResourceAlreadyExistsException", f"Event bus {name} already exists.")
    if len(await ctx.unit.list(BUSES, account=ctx.account, region=ctx.region)) >= _MOST:
        raise ServiceError(
            "LimitExceededException", "The requested resource exceeds the maximum number allowed."
        )
    bus = Bus(
        name=name,
        account=ctx.account,
        region=ctx.region,
        created=ctx.now,
        modified=ctx.now,
        description=params.get("Description") or "",
        tags=checked_tags(params.get("Tags") or []),
    )
    ctx.unit.create(BUSES, name, bus, account=ctx.account, region=ctx.region)
    answer = {"EventBusArn": bus.arn}
    return answer | {"Description": bus.description} if bus.description else answer


@operation
async def update_event_bus(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Change the description. Partly: as CreateEventBus."""
    _refuse_what_is_not_built("UpdateEventBus", params)
    bus = await find_bus(ctx, params.get("Name"))
    changed = msgspec.structs.replace(
        bus, description=params.get("Description", bus.description), modified=ctx.now
    )
    ctx.unit.put(BUSES, bus.name, changed, account=ctx.account, region=ctx.region)
    return {"Arn": bus.arn, "Name": bus.name, "Description": changed.description}


@operation
async def delete_event_bus(ctx: Ctx, params: dict[str, Any]) -> None:
    """Gone, if it has no rules; a bus that is not there is no error."""
    name = bus_name(ctx, params["Name"])
    if name == DEFAULT:
        raise validation("Cannot delete event bus default.")
    if await rules_of(ctx, name):
        raise validation("Event bus can't be deleted since it has rules.")
    ctx.unit.delete(BUSES, name, account=ctx.account, region=ctx.region)
    ctx.unit.delete(RULE_SETS, name, account=ctx.account, region=ctx.region)


def _described(bus: Bus) -> dict[str, Any]:
    shown: dict[str, Any] = {"Name": bus.name, "Arn": bus.arn}
    if bus.description:
        shown["Description"] = bus.description
    if bus.policy:
        shown["Policy"] = bus.policy
    if bus.name != DEFAULT:
        shown |= {"CreationTime": bus.created, "LastModifiedTime": bus.modified}
    return shown


@operation
async def describe_event_bus(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """One bus."""
    return _described(await find_bus(ctx, params.get("Name")))


@operation
async def list_event_buses(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The default bus and one's own, by name."""
    stored = {d.key: d.value for d in await ctx.unit.list(BUSES, account=ctx.account, region=ctx.region)}
    stored.setdefault(DEFAULT, await find_bus(ctx, None))
    prefix = params.get("NamePrefix") or ""
    names = sorted(name for name in stored if name.startswith(prefix))
    page, token = page_of(f"ListEventBuses/{prefix}", names, params)
    return with_token({"EventBuses": [_described(stored[name]) for name in page]}, token)
