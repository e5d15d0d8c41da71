"""What goes to an upstream and what comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from triptych.wire.message import Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class EstateRequest:
    """A call on its way out.

    :param service: botocore's service name, decides the upstream.
    :param operation: the model's operation name, for logs and metrics.
    :param path: raw path as the client sent it (percent-encoded; path-style for S3), ``query`` likewise.
    :param headers: the client's, already without hop-by-hop fields and aws-chunked framing.
    :param body: bytes, or an iterator for a streamed body (then ``headers`` carries content-length).
    :param access_key_id: the caller's; the sandbox derives nothing from it but a name.
    :param secret_access_key: the caller's, where it is known and the upstream knows it too: what to sign
        with when the settings hold no credentials for upstreams. ``session_token`` likewise.
    """

    service: str
    operation: str
    signing_name: str
    account: str
    region: str
    method: str
    path: str
    query: str
    headers: Headers
    body: bytes | AsyncIterator[bytes] = field(repr=False)
    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)


@runtime_checkable
class Closable(Protocol):
    async def aclose(self) -> None: ...


@dataclass(slots=True)
class EstateReply:
    """A reply whose body is still arriving; iterate ``body`` to the end or ``await close()``."""

    status: int
    headers: Headers
    body: AsyncIterator[bytes]

    async def read(self) -> bytes:
        return b"".join([chunk async for chunk in self.body])

    async def close(self) -> None:
        """Give up on the rest of the body; harmless when it was read to its end."""
        if isinstance(self.body, Closable):
            await self.body.aclose()
