"""An HTTP endpoint, called over its connection. ``request`` is pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from triptych.bus.post import Undelivered, post
from triptych.kernel.arn import Arn
from triptych.services.contract import Ctx
from triptych.services.events.api_destinations import API_DESTINATIONS, ApiDestination
from triptych.services.events.connections import CONNECTIONS, Connection, secrets_of
from triptych.services.events.oauth import bearer, pairs
from triptych.services.events.pacing import Pace
from triptych.services.events.target_kind import Delivery, TargetKind

_KIND = "api-destination/"
_SECONDS = 5.0
"""How long an endpoint may take (EventBridge: 5 s)."""
_UNAUTHORIZED = frozenset({"HTTP_401", "HTTP_407"})
"""After these another token is fetched (EventBridge)."""
_RETRIED = _UNAUTHORIZED | {"HTTP_409"}
"""What EventBridge tries again though other 4xx are final."""


def request(
    endpoint: str, text: str, secrets: Mapping[str, Any], parameters: Mapping[str, Any], token: str = ""
) -> tuple[str, dict[str, str], bytes]:
    """URL, headers and body. What the connection says wins over what the target says (EventBridge).

    :param secrets: the connection's AuthParameters. :param parameters: the target's HttpParameters.
    :param token: of OAuth; empty for other connections.
    """
    shared = secrets.get("InvocationHttpParameters") or {}
    url = endpoint
    for value in parameters.get("PathParameterValues") or []:
        url = url.replace("*", quote(value, safe=""), 1)
    query = dict(parameters.get("QueryStringParameters") or {}) | pairs(shared.get("QueryStringParameters"))
    if query:
        url += ("&" if "?" in url else "?") + urlencode(query)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Amazon/EventBridge/ApiDestinations",
    }
    headers |= dict(parameters.get("HeaderParameters") or {}) | pairs(shared.get("HeaderParameters"))
    if basic := secrets.get("BasicAuthParameters"):
        credentials = f"{basic['Username']}:{basic['Password']}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(credentials).decode()}"
    if key := secrets.get("ApiKeyAuthParameters"):
        headers[key["ApiKeyName"]] = key["ApiKeyValue"]
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return url, headers, _body(text, pairs(shared.get("BodyParameters"))).encode()


def _body(text: str, members: Mapping[str, str]) -> str:
    """With the connection's members added, if the body is a JSON object."""
    if not members:
        return text
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return json.dumps({**found, **members}, separators=(",", ":")) if isinstance(found, dict) else text


def _matches(arn: Arn) -> bool:
    return arn.service == "events" and arn.resource.startswith(_KIND)


async def _find(ctx: Ctx, arn: Arn) -> ApiDestination | None:
    name = arn.resource.removeprefix(_KIND).partition("/")[0]
    listed = await ctx.unit.list(
        API_DESTINATIONS, account=arn.account, region=arn.region, prefix=name, limit=1
    )
    return listed[0].value if listed and listed[0].value.arn == str(arn) else None


async def _pace(ctx: Ctx, arn: Arn) -> Pace | None:
    found = await _find(ctx, arn)
    if found is None:
        return None
    return Pace(key=found.id, account=found.account, region=found.region, per_second=found.rate)


async def _send(ctx: Ctx, delivery: Delivery) -> None:
    destination = await _find(ctx, delivery.arn)
    if destination is None:
        raise Undelivered("RESOURCE_NOT_FOUND", f"{delivery.arn} does not exist.", permanent=True)
    connection = await _connection(ctx, destination)
    token = await bearer(ctx, connection) if connection.kind == "OAUTH_CLIENT_CREDENTIALS" else ""
    try:
        await _call(ctx, destination, connection, delivery, token)
    except Undelivered as refusal:
        if not token or refusal.code not in _UNAUTHORIZED:
            raise
        token = await bearer(ctx, connection, refused=token)
        await _call(ctx, destination, connection, delivery, token)


async def _connection(ctx: Ctx, destination: ApiDestination) -> Connection:
    """The destination's connection, if it is authorized. Raises Undelivered."""
    found = await ctx.unit.list(
        CONNECTIONS,
        account=destination.account,
        region=destination.region,
        prefix=destination.connection,
        limit=1,
    )
    connection = found[0].value if found and found[0].key == destination.connection else None
    if connection is None or connection.state != "AUTHORIZED":
        pending = connection is not None and connection.state == "AUTHORIZING"
        raise Undelivered(
            "CONNECTION_FAILURE", f"{destination.connection_arn} is not authorized.", permanent=not pending
        )
    return connection


async def _call(
    ctx: Ctx, destination: ApiDestination, connection: Connection, delivery: Delivery, token: str
) -> None:
    parameters = delivery.target.get("HttpParameters") or {}
    url, headers, body = request(
        destination.endpoint, delivery.text, secrets_of(ctx, connection), parameters, token
    )
    try:
        await post(url, body, headers, seconds=_SECONDS, method=destination.method)
    except Undelivered as failure:
        if failure.code in _RETRIED:
            raise Undelivered(
                failure.code, failure.message, permanent=False, after_seconds=failure.after_seconds
            ) from failure
        raise


KIND = TargetKind(name="API destination", matches=_matches, send=_send, pace=_pace)
