"""Calls to upstreams: streaming HTTP both ways in bounded memory, with an answer even when nobody answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import structlog
from yarl import URL

from triptych.estate import moto_dialect
from triptych.estate.message import EstateReply, EstateRequest
from triptych.estate.outgoing import cleaned, end_to_end, for_url
from triptych.estate.sandbox import Sandbox
from triptych.estate.upstreams import Upstream, upstream_of
from triptych.kernel import limits
from triptych.kernel.clock import Clock
from triptych.kernel.errors import ServiceError
from triptych.settings import Settings

__all__ = ["Estate"]

log = structlog.get_logger()


class Estate:
    """The way to every service that is not ours; one for the whole process, shared by all requests."""

    def __init__(self, *, settings: Settings, sandbox: Sandbox | None, clock: Clock) -> None:
        self._settings = settings.estate
        self._sandbox = sandbox
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the connection pool; needs the running loop."""
        silence, connect = self._settings.timeout_seconds, self._settings.connect_timeout_seconds
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=limits.ESTATE_CONNECTIONS, keepalive_timeout=limits.ESTATE_IDLE_SECONDS
            ),
            timeout=aiohttp.ClientTimeout(
                total=None, connect=silence, sock_connect=connect, sock_read=silence, ceil_threshold=3600
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("user-agent", "accept", "accept-encoding", "content-type"),
            read_bufsize=limits.ESTATE_CHUNK_BYTES,
            max_line_size=limits.ESTATE_CHUNK_BYTES,
            max_field_size=limits.ESTATE_CHUNK_BYTES,
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, request: EstateRequest) -> EstateReply:
        """Forward a call; returns as soon as the reply's head is there, its body still arriving.

        Raises ServiceError: ServiceUnavailable (503) when the upstream refuses, stays silent for
        ``timeout_seconds`` or breaks off; NotImplemented or InternalError for what the sandbox cannot do. An
        exception of a streamed request body comes out unchanged. While a reply body is read the same silence
        raises the same error. Cancelling ends the call at the upstream.
        """
        upstream = upstream_of(self._settings, request.service, request.region)
        request = cleaned(request)
        if upstream.kind != "sandbox":
            outgoing = for_url(request, upstream, self._settings, self._clock.now())
            return await self._exchange(upstream, upstream.base_url, outgoing)
        if refusal := moto_dialect.refusal(request):
            raise refusal
        if self._sandbox is None or self._sandbox.base_url is None:
            raise _unreachable(upstream, "it is not running")
        outgoing = moto_dialect.spoken(request, self._clock.now())
        reply = await self._exchange(upstream, self._sandbox.base_url, outgoing)
        return await _understood(request, reply)

    async def _exchange(self, upstream: Upstream, base_url: str, request: EstateRequest) -> EstateReply:
        if self._session is None:
            raise RuntimeError("Estate.start() was not called")
        target = request.path + (f"?{request.query}" if request.query else "")
        headers = [(name, _wire_text(value)) for name, value in request.headers]
        body = _Outgoing(request.body, self._settings.timeout_seconds)
        try:
            async with asyncio.timeout(None) as patience:
                response = await self._session.request(
                    request.method,
                    URL(base_url + target, encoded=True),
                    headers=headers,
                    data=body.payload(patience.reschedule),
                    allow_redirects=False,
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if body.failure is not None:
                raise body.failure from error
            log.warning("upstream_failed", upstream=upstream.name, service=request.service,
                        operation=request.operation, error=repr(error))  # fmt: skip
            raise _unreachable(upstream, _why(error)) from error
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers]
        return EstateReply(response.status, end_to_end(fields), _Incoming(response, upstream))


class _Outgoing:
    """A request body on its way: bytes in one piece when small, else piece by piece, watched for a stall.

    The pool's own timeout covers silence after the body was sent; an upstream that stops reading it would
    otherwise hold the call for ever.
    """

    def __init__(self, body: bytes | AsyncIterator[bytes], silence_seconds: float) -> None:
        self._body = body
        self._silence_seconds = silence_seconds
        self.failure: BaseException | None = None

    def payload(self, reschedule: Callable[[float | None], None]) -> Any:
        """What aiohttp is to send; ``reschedule`` moves the deadline of the call."""
        body = self._body
        if not isinstance(body, bytes):
            return self._watched(body, reschedule)
        if len(body) <= limits.ESTATE_CHUNK_BYTES:
            return body or None
        return self._watched(_pieces(body), reschedule)

    async def _watched(
        self, chunks: AsyncIterator[bytes], reschedule: Callable[[float | None], None]
    ) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()

        def expect_progress(within: float | None) -> None:
            with contextlib.suppress(RuntimeError):  # the reply's head is there already: the watch is over
                reschedule(None if within is None else loop.time() + within)

        try:
            async for chunk in chunks:
                expect_progress(self._silence_seconds)
                yield chunk
                expect_progress(None)
        except Exception as error:
            self.failure = error
            raise


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    view = memoryview(body)
    for start in range(0, len(body), limits.ESTATE_CHUNK_BYTES):
        yield bytes(view[start : start + limits.ESTATE_CHUNK_BYTES])


class _Incoming:
    """A reply body as it arrives; reading it slowly slows the upstream down, nothing piles up here."""

    def __init__(self, response: aiohttp.ClientResponse, upstream: Upstream) -> None:
        self._response = response
        self._upstream = upstream
        self._held: list[bytes] = []

    def __aiter__(self) -> _Incoming:
        return self

    async def __anext__(self) -> bytes:
        if self._held:
            return self._held.pop()
        chunk = await self._next()
        if not chunk:
            await self.aclose()
            raise StopAsyncIteration
        return chunk

    async def start(self) -> bytes:
        """The first piece of the body without taking it; empty when there is none."""
        if not self._held and (chunk := await self._next()):
            self._held.append(chunk)
        return self._held[0] if self._held else b""

    async def aclose(self) -> None:
        """Give the connection back when the body was read to its end, close it otherwise."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()

    async def _next(self) -> bytes:
        try:
            return await self._response.content.readany()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._response.close()
            raise _unreachable(self._upstream, _why(error)) from error
        except BaseException:  # cancelled: the caller is gone, so the upstream may stop too
            self._response.close()
            raise


async def _understood(request: EstateRequest, reply: EstateReply) -> EstateReply:
    """A reply of the sandbox as its client may see it."""
    assert isinstance(reply.body, _Incoming)
    suspicious = reply.status >= 300 or reply.headers.get("content-type").startswith("text/html")
    if not suspicious:
        return reply
    start = await reply.body.start()
    if error := moto_dialect.fault(request, reply.status, reply.headers, start):
        await reply.close()
        raise error
    reply.headers = moto_dialect.relabelled(request, reply.headers, start)
    return reply


def _unreachable(upstream: Upstream, why: str) -> ServiceError:
    return ServiceError("ServiceUnavailable", f"{upstream.name} could not be reached: {why}.", status=503)


def _why(error: BaseException) -> str:
    match error:
        case aiohttp.ConnectionTimeoutError():
            return "no connection within the time allowed"
        case TimeoutError():
            return "no sign of life within the time allowed"
        case aiohttp.ClientConnectorError():
            return "the connection was refused or its name not found"
        case aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError():
            return "it broke off the connection"
        case _:
            return "the connection failed"


def _wire_text(value: str) -> str:
    """A field value whose UTF-8 encoding, which aiohttp sends, is the bytes that came (read as latin-1)."""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
