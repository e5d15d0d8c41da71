"""Operations that answer an event stream: sent as it comes, ended by its end, an error, or the client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from botocore.eventstream import EventStreamBuffer

from triptych.edge.body import Incoming
from triptych.edge.exchange import Exchange
from triptych.edge.steps.encode import encode
from triptych.kernel.errors import ServiceError
from triptych.wire.message import HttpRequest
from triptych.wire.route import Route

START = ("sessionStart", {"sessionId": "x"})


class Client:
    """Its body was sent; it leaves when told."""

    def __init__(self) -> None:
        self.leaves = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.leaves.wait()
        return {"type": "http.disconnect"}


def exchange(client: Client, events: AsyncIterator[Any]) -> Exchange:
    x = Exchange(
        request=HttpRequest("POST", "/"),
        incoming=Incoming(client.receive),
        received=datetime(2026, 1, 1, tzinfo=UTC),
        started=0.0,
        request_id="r",
        event_id="e",
        source_ip="",
    )
    x.route = Route(service="logs", operation="StartLiveTail", protocol="json", json_version="1.1")
    x.output = {"responseStream": events}
    return x


async def sent(x: Exchange) -> list[dict[str, Any]]:
    """The headers of every message."""
    reply = encode(x)
    assert reply.headers.get("content-type") == "application/vnd.amazon.eventstream"
    assert not isinstance(reply.body, bytes)
    buffer = EventStreamBuffer()
    async for chunk in reply.body:
        buffer.add_data(chunk)
    return [message.headers for message in buffer]


async def test_events_follow_the_initial_response() -> None:
    async def events() -> AsyncIterator[Any]:
        yield START

    headers = await sent(exchange(Client(), events()))
    assert [each[":event-type"] for each in headers] == ["initial-response", "sessionStart"]


async def test_a_modelled_error_ends_the_stream_as_its_exception() -> None:
    async def events() -> AsyncIterator[Any]:
        yield START
        raise ServiceError("SessionTimeoutException", "over")

    *_, last = await sent(exchange(Client(), events()))
    assert (last[":message-type"], last[":exception-type"]) == ("exception", "SessionTimeoutException")


async def test_a_defect_ends_the_stream_without_its_words() -> None:
    async def events() -> AsyncIterator[Any]:
        yield START
        raise RuntimeError("secret")

    *_, last = await sent(exchange(Client(), events()))
    assert last[":error-code"] == "InternalFailure" and "secret" not in str(last)


async def test_a_client_that_leaves_ends_the_stream_while_it_waits() -> None:
    closed = asyncio.Event()
    client = Client()

    async def events() -> AsyncIterator[Any]:
        try:
            yield START
            client.leaves.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    headers = await asyncio.wait_for(sent(exchange(client, events())), 60)
    assert len(headers) == 2
    await asyncio.wait_for(closed.wait(), 60)
