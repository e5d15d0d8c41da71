"""ASGI: sockets' side of the front door. Turns scopes into exchanges and replies into messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

import structlog

from triptych.edge.body import Disconnected, Incoming, Message
from triptych.edge.exchange import Exchange, Reply
from triptych.edge.gateway import Gateway
from triptych.edge.views import PREFIX, Views
from triptych.kernel.clock import Clock
from triptych.kernel.ids import Ids
from triptych.wire.message import Headers, HttpRequest

log = structlog.get_logger()

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Site(Protocol):
    """Pages with an API of their own, told apart from AWS's requests by their address; the console is one."""

    def takes(self, request: HttpRequest) -> bool: ...

    async def answer(self, x: Exchange) -> Reply: ...


class FrontDoor:
    """The ASGI application."""

    def __init__(self, *, gateway: Gateway, views: Views, site: Site, clock: Clock, ids: Ids) -> None:
        self._gateway = gateway
        self._views = views
        self._site = site
        self._clock = clock
        self._ids = ids
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End the replies that have no end of their own (live tails, the console's stream)."""
        self._stopping.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(f"no {scope['type']} here")
        x = self._exchange(scope, receive)
        try:
            if x.request.path.startswith(PREFIX):
                reply = await self._views.answer(x)
            elif self._site.takes(x.request):
                reply = await self._site.answer(x)
            else:
                reply = _inert(x, await self._gateway.handle(x))
        except Disconnected:
            return
        await _send(reply, send)

    def _exchange(self, scope: Scope, receive: Receive) -> Exchange:
        client = scope.get("client")
        return Exchange(
            request=HttpRequest(
                method=scope["method"],
                path=scope["raw_path"].partition(b"?")[0].decode("latin-1"),
                query=scope["query_string"].decode("latin-1"),
                headers=Headers((n.decode("latin-1"), v.decode("latin-1")) for n, v in scope["headers"]),
                scheme=scope.get("scheme", "http"),
            ),
            incoming=Incoming(receive, self._stopping),
            received=self._clock.now(),
            started=self._clock.monotonic(),
            request_id=self._ids.uuid(),
            event_id=self._ids.uuid(),
            source_ip=client[0] if client else "",
        )


def _inert(x: Exchange, reply: Reply) -> Reply:
    """What the estate answers a browser may be somebody's upload, and it has the console's origin: no script of it runs.

    A bucket with a host name of its own has an origin of its own, and may be a web site.
    """
    shown = x.request.method in ("GET", "HEAD") and "authorization" not in x.request.headers
    if shown and (x.addressed is None or x.addressed.path == x.request.path):
        reply.headers = reply.headers.plus(("content-security-policy", "sandbox"))
    return reply


async def _send(reply: Reply, send: Send) -> None:
    headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in reply.headers]
    if isinstance(reply.body, bytes):
        if "content-length" not in reply.headers and reply.status not in (204, 304):
            headers.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})
        return
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await _stream(reply.body, send)
    await send({"type": "http.response.body", "body": b""})


async def _stream(body: AsyncIterator[bytes], send: Send) -> None:
    async for chunk in body:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
