"""OAuth's client credentials: a connection's token, fetched when first needed, kept sealed until it expires.

``token_request`` and ``token_of`` are pure. A token belongs to one version of its connection: after UpdateConnection
another is fetched.

Source: RFC 6749, 2.3.1 and 4.4; https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-auth.html
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from triptych.bus.post import Undelivered, post
from triptych.control.store import Conflict, Job
from triptych.estate.vault import open_vault
from triptych.jobs.kind import Retry
from triptych.services.contract import Ctx, JobKind
from triptych.services.events.connections import (
    AUTHORIZE,
    CONNECTIONS,
    TOKENS,
    Connection,
    Token,
    secrets_of,
)

__all__ = ["AUTHORIZATION", "bearer", "pairs", "token_of", "token_request"]

_SECONDS = 10.0
"""How long an authorization endpoint may take (ours)."""
_ANSWER_BYTES = 64 * 1024
_EARLY = timedelta(seconds=60)
"""A token is renewed so long before it expires, or a tenth of its life before, whichever is shorter (ours)."""
_FOREVER = timedelta(days=365)
"""A token that does not say when it expires is used until an endpoint refuses it."""
_FORM = "application/x-www-form-urlencoded"


class TokenRequest(NamedTuple):
    method: str
    url: str
    headers: dict[str, str]
    body: bytes


def pairs(listed: Sequence[Mapping[str, Any]] | None) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in listed or [] if "Key" in each and "Value" in each}


def token_request(oauth: Mapping[str, Any]) -> TokenRequest:
    """What asks for a token.

    The client proves itself by Basic authentication unless the body parameters have its secret. Parameters go into the
    query of a GET, else into the body: a form, or JSON when a header says so.

    :param oauth: ``OAuthParameters`` of a connection.
    """
    more, client = oauth.get("OAuthHttpParameters") or {}, oauth["ClientParameters"]
    asked = {"grant_type": "client_credentials"} | pairs(more.get("BodyParameters"))
    headers = {
        "Accept": "application/json",
        "User-Agent": "Amazon/EventBridge/OAuth",
        "Content-Type": f"{_FORM}; charset=utf-8",
    }
    if "client_secret" not in asked:
        proof = base64.b64encode(f"{client['ClientID']}:{client['ClientSecret']}".encode()).decode()
        headers["Authorization"] = f"Basic {proof}"
    given = pairs(more.get("HeaderParameters"))
    headers = {
        name: value for name, value in headers.items() if name.lower() not in {n.lower() for n in given}
    } | given
    query, body = pairs(more.get("QueryStringParameters")), b""
    if oauth["HttpMethod"] == "GET":
        query = asked | query
    elif any(name.lower() == "content-type" and "json" in value for name, value in headers.items()):
        body = msgspec.json.encode(asked)
    else:
        body = urlencode(asked).encode()
    url: str = oauth["AuthorizationEndpoint"]
    if query:
        url += ("&" if "?" in url else "?") + urlencode(query)
    return TokenRequest(oauth["HttpMethod"], url, headers, body)


def token_of(answer: bytes, now: datetime) -> tuple[str, datetime]:
    """The access token and when to renew it. Raises Undelivered."""
    try:
        found = msgspec.json.decode(answer)
        token, lifetime = found["access_token"], found.get("expires_in")
        lasting = _FOREVER if lifetime is None else timedelta(seconds=float(lifetime))
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            raise TypeError("access_token is no text")
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise Undelivered(
            "AUTHORIZATION_FAILURE", f"The authorization endpoint gave no token: {error!r}", permanent=False
        ) from error
    return token, now + lasting - min(_EARLY, lasting / 10)


async def bearer(ctx: Ctx, connection: Connection, *, refused: str = "") -> str:
    """The token to call with: the one kept, or a new one. Raises Undelivered.

    :param refused: a token an endpoint did not take; another one is needed.
    """
    # A unit of its own: whatever becomes of the work this is for, the token holds.
    unit, place = ctx.runtime.control.unit(), {"account": connection.account, "region": connection.region}
    kept = await unit.get(TOKENS, connection.id, **place)
    now = ctx.runtime.clock.now()
    if kept is not None and kept.of == connection.modified and now < kept.renew:
        token = open_vault(ctx.runtime.settings).open(kept.sealed)
        if token != refused:
            return token
    asked = token_request(secrets_of(ctx, connection)["OAuthParameters"])
    answer = await post(
        asked.url,
        asked.body,
        asked.headers,
        seconds=_SECONDS,
        method=asked.method,
        answer_bytes=_ANSWER_BYTES,
    )
    token, renew = token_of(answer, ctx.runtime.clock.now())
    sealed = open_vault(ctx.runtime.settings).seal(token)
    unit.put(TOKENS, connection.id, Token(sealed=sealed, renew=renew, of=connection.modified), **place)
    with contextlib.suppress(Conflict):  # somebody else kept theirs; this one is as good for this call
        await unit.commit()
    return token


async def _authorize(ctx: Ctx, job: Job) -> None:
    """The first token decides whether the connection is authorized."""
    connection = await _pending(ctx, job)
    if connection is None:
        return
    try:
        await bearer(ctx, connection)
    except Undelivered as failure:
        if not failure.permanent:
            raise
        await _conclude(ctx, connection, str(failure))
    else:
        await _conclude(ctx, connection, "")


async def _give_up(ctx: Ctx, job: Job, reason: str) -> None:
    if (connection := await _pending(ctx, job)) is not None:
        await _conclude(ctx, connection, reason)


async def _pending(ctx: Ctx, job: Job) -> Connection | None:
    name: str = job.body["connection"]
    found = await ctx.unit.get(CONNECTIONS, name, account=ctx.account, region=ctx.region)
    return found if found is not None and found.id == job.body["id"] and found.pending else None


async def _conclude(ctx: Ctx, connection: Connection, trouble: str) -> None:
    changed = msgspec.structs.replace(connection, pending=False, trouble=trouble[:512])
    ctx.unit.put(CONNECTIONS, connection.name, changed, account=ctx.account, region=ctx.region)


AUTHORIZATION = JobKind(
    name=AUTHORIZE, handle=_authorize, retry=Retry(max_attempts=6, first_delay_seconds=0.5), dead=_give_up
)
