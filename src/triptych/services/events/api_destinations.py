"""API destinations: HTTP endpoints that events can be sent to over a connection."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from triptych.control.collection import Collection
from triptych.kernel.arn import Arn, arn
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, operation
from triptych.services.events.connections import check_endpoint, find_connection
from triptych.services.events.documents import missing, page_of, with_token
from triptych.services.events.pacing import TURNS

__all__ = ["API_DESTINATIONS", "ApiDestination"]

_MOST = 3000
"""API destinations of one account in one region (EventBridge quota)."""
_RATE = 300
"""Invocations per second unless one says otherwise (EventBridge)."""


class ApiDestination(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """:param connection: its name."""

    name: str
    id: str
    account: str
    region: str
    connection: str
    connection_arn: str
    endpoint: str
    method: str
    created: datetime
    modified: datetime
    description: str = ""
    rate: int = _RATE

    @property
    def arn(self) -> str:
        return arn("events", self.region, self.account, f"api-destination/{self.name}/{self.id}")


API_DESTINATIONS = Collection(name="events.api_destinations", type=ApiDestination)
"""By name."""


async def _connection_name(ctx: Ctx, text: str) -> str:
    parts = Arn.parse(text).resource.split("/")
    connection = await find_connection(ctx, parts[1]) if len(parts) > 1 else None
    if connection is None or connection.arn != text:
        raise missing(f"Connection '{text}' does not exist.")
    return connection.name


def _checked_endpoint(text: str) -> str:
    check_endpoint("InvocationEndpoint", text)
    return text


async def _find(ctx: Ctx, name: str) -> ApiDestination:
    found = await ctx.unit.get(API_DESTINATIONS, name, account=ctx.account, region=ctx.region)
    if found is None:
        raise missing(f"An api-destination '{name}' does not exist.")
    return found


def _answer(found: ApiDestination) -> dict[str, Any]:
    return {
        "ApiDestinationArn": found.arn,
        "ApiDestinationState": "ACTIVE",
        "CreationTime": found.created,
        "LastModifiedTime": found.modified,
    }


def _described(found: ApiDestination) -> dict[str, Any]:
    return _answer(found) | {
        "Name": found.name,
        "ConnectionArn": found.connection_arn,
        "InvocationEndpoint": found.endpoint,
        "HttpMethod": found.method,
        "InvocationRateLimitPerSecond": found.rate,
    }


@operation
async def create_api_destination(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """An endpoint; http is taken as well as https. Its rate limit is enforced: events wait for their turn."""
    name = params["Name"]
    if await ctx.unit.get(API_DESTINATIONS, name, account=ctx.account, region=ctx.region):
        raise ServiceError("ResourceAlreadyExistsException", f"An api-destination '{name}' already exists.")
    if len(await ctx.unit.list(API_DESTINATIONS, account=ctx.account, region=ctx.region)) >= _MOST:
        raise ServiceError(
            "LimitExceededException", "The requested resource exceeds the maximum number allowed."
        )
    made = ApiDestination(
        name=name,
        id=ctx.ids.uuid(),
        account=ctx.account,
        region=ctx.region,
        connection=await _connection_name(ctx, params["ConnectionArn"]),
        connection_arn=params["ConnectionArn"],
        endpoint=_checked_endpoint(params["InvocationEndpoint"]),
        method=params["HttpMethod"],
        created=ctx.now,
        modified=ctx.now,
        description=params.get("Description") or "",
        rate=params.get("InvocationRateLimitPerSecond") or _RATE,
    )
    ctx.unit.create(API_DESTINATIONS, name, made, account=ctx.account, region=ctx.region)
    return _answer(made)


@operation
async def update_api_destination(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Change what is given."""
    found = await _find(ctx, params["Name"])
    changes: dict[str, Any] = {"modified": ctx.now}
    if text := params.get("ConnectionArn"):
        changes |= {"connection": await _connection_name(ctx, text), "connection_arn": text}
    if text := params.get("InvocationEndpoint"):
        changes["endpoint"] = _checked_endpoint(text)
    members = {"method": "HttpMethod", "description": "Description", "rate": "InvocationRateLimitPerSecond"}
    changes |= {field: params[member] for field, member in members.items() if params.get(member) is not None}
    changed = msgspec.structs.replace(found, **changes)
    ctx.unit.put(API_DESTINATIONS, found.name, changed, account=ctx.account, region=ctx.region)
    return _answer(changed)


@operation
async def describe_api_destination(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """One endpoint."""
    found = await _find(ctx, params["Name"])
    return _described(found) | ({"Description": found.description} if found.description else {})


@operation
async def delete_api_destination(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Gone; deliveries to it fail from now on."""
    found = await _find(ctx, params["Name"])
    ctx.unit.delete(API_DESTINATIONS, found.name, account=ctx.account, region=ctx.region)
    ctx.unit.delete(TURNS, found.id, account=ctx.account, region=ctx.region)
    return {}


@operation
async def list_api_destinations(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Endpoints by name."""
    prefix, wanted = params.get("NamePrefix") or "", params.get("ConnectionArn")
    stored = await ctx.unit.list(API_DESTINATIONS, account=ctx.account, region=ctx.region, prefix=prefix)
    found = [document.value for document in stored if wanted in (None, document.value.connection_arn)]
    page, token = page_of(f"ListApiDestinations/{prefix}/{wanted}", found, params)
    return with_token({"ApiDestinations": [_described(each) for each in page]}, token)
