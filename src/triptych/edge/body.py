"""Request bodies as they arrive: read whole within a bound, or passed on chunk by chunk, verified on the way."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, Protocol

from triptych.kernel.errors import ServiceError

Message = MutableMapping[str, Any]


class Disconnected(Exception):  # noqa: N818
    """The client went away before its body was complete."""


class Decoder(Protocol):
    """What ``wire.sigv4.ChunkDecoder`` is to this module."""

    def feed(self, data: bytes) -> bytes: ...

    def finish(self) -> dict[str, str]: ...


class Incoming:
    """A body on its way in, over ASGI's ``receive``; read once."""

    def __init__(
        self, receive: Callable[[], Awaitable[Message]], stopping: asyncio.Event | None = None
    ) -> None:
        self._receive = receive
        self._stopping = stopping
        self._more = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._more = False
                raise Disconnected
            self._more = message.get("more_body", False)
            if chunk := message.get("body", b""):
                yield chunk

    async def read(self, limit: int) -> bytes:
        """The whole body; raises ServiceError (413) as soon as it exceeds ``limit`` bytes."""
        chunks, size = [], 0
        async for chunk in self:
            size += len(chunk)
            if size > limit:
                raise ServiceError(
                    "RequestEntityTooLarge", f"The request body is larger than {limit} bytes.", status=413
                )
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def gone(self) -> None:
        """Wait until the client has left or the server is told to stop: the end of a reply that has none itself.

        Only once the body was read.
        """
        waiting = {asyncio.ensure_future(self._disconnected())}
        if self._stopping is not None:
            waiting.add(asyncio.ensure_future(self._until(self._stopping)))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()

    async def _disconnected(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    @staticmethod
    async def _until(event: asyncio.Event) -> None:
        await event.wait()


async def hashed(incoming: AsyncIterator[bytes], expected_sha256: str) -> AsyncIterator[bytes]:
    """Pass a body on and check its declared hash.

    The last chunk is held back until the hash is known to be right, so that an upstream that was promised
    ``Content-Length`` bytes never receives a complete wrong body.
    """
    digest = hashlib.sha256()
    held = b""
    async for chunk in incoming:
        digest.update(chunk)
        if held:
            yield held
        held = chunk
    if not hmac.compare_digest(digest.hexdigest(), expected_sha256.lower()):
        raise ServiceError(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )
    if held:
        yield held


async def unframed(
    incoming: AsyncIterator[bytes], decoder: Decoder, trailers: dict[str, str]
) -> AsyncIterator[bytes]:
    """Take aws-chunked framing off a body, every chunk verified before it is passed on.

    The last piece is held back until the framing ended as it should. ``trailers`` receives the trailing fields.
    """
    held = b""
    async for chunk in incoming:
        if piece := decoder.feed(chunk):
            if held:
                yield held
            held = piece
    trailers.update(decoder.finish())
    if held:
        yield held


async def counted(incoming: AsyncIterator[bytes], expected: int) -> AsyncIterator[bytes]:
    """Pass a body on; raises ServiceError when it does not have the length its headers promised."""
    size = 0
    async for chunk in incoming:
        size += len(chunk)
        if size > expected:
            break
        yield chunk
    if size != expected:
        raise ServiceError(
            "IncompleteBody",
            "You did not provide the number of bytes specified by the Content-Length HTTP header.",
        )
