"""An HTTP endpoint, called over its connection. ``request`` is pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from triptych.bus.post import Undelivered, post
from triptych.kernel.arn import Arn
from triptych.services.contract import Ctx
from triptych.services.events.api_destinations import API_DESTINATIONS
from triptych.services.events.connections import CONNECTIONS, secrets_of
from triptych.services.events.target_kind import Delivery, TargetKind

_KIND = "api-destination/"
_SECONDS = 5.0
"""How long an endpoint may take (EventBridge: 5 s)."""


def request(
    endpoint: str, text: str, secrets: Mapping[str, Any], parameters: Mapping[str, Any]
) -> tuple[str, dict[str, str], bytes]:
    """URL, headers and body. What the connection says wins over what the target says (EventBridge).

    :param secrets: the connection's AuthParameters. :param parameters: the target's HttpParameters.
    """
    shared = secrets.get("InvocationHttpParameters") or {}
    url = endpoint
    for value in parameters.get("PathParameterValues") or []:
        url = url.replace("*", quote(value, safe=""), 1)
    query = dict(parameters.get("QueryStringParameters") or {}) | _pairs(shared.get("QueryStringParameters"))
    if query:
        url += ("&" if "?" in url else "?") + urlencode(query)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Amazon/EventBridge/ApiDestinations",
    }
    headers |= dict(parameters.get("HeaderParameters") or {}) | _pairs(shared.get("HeaderParameters"))
    if basic := secrets.get("BasicAuthParameters"):
        credentials = f"{basic['Username']}:{basic['Password']}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(credentials).decode()}"
    if key := secrets.get("ApiKeyAuthParameters"):
        headers[key["ApiKeyName"]] = key["ApiKeyValue"]
    return url, headers, _body(text, _pairs(shared.get("BodyParameters"))).encode()


def _pairs(listed: Sequence[Mapping[str, Any]] | None) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in listed or [] if "Key" in each and "Value" in each}


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


async def _send(ctx: Ctx, delivery: Delivery) -> None:
    name = delivery.arn.resource.removeprefix(_KIND).partition("/")[0]
    place: dict[str, Any] = {"account": delivery.arn.account, "region": delivery.arn.region, "limit": 1}
    listed = await ctx.unit.list(API_DESTINATIONS, prefix=name, **place)
    if not listed or listed[0].value.arn != str(delivery.arn):
        raise Undelivered("RESOURCE_NOT_FOUND", f"{delivery.arn} does not exist.", permanent=True)
    destination = listed[0].value
    connections = await ctx.unit.list(CONNECTIONS, prefix=destination.connection, **place)
    if not connections or connections[0].key != destination.connection or not connections[0].value.sealed:
        raise Undelivered(
            "CONNECTION_FAILURE", f"{destination.connection_arn} is not authorized.", permanent=True
        )
    secrets = secrets_of(ctx, connections[0].value)
    url, headers, body = request(
        destination.endpoint, delivery.text, secrets, delivery.target.get("HttpParameters") or {}
    )
    await post(url, body, headers, seconds=_SECONDS, method=destination.method)


KIND = TargetKind(name="API destination", matches=_matches, send=_send)
