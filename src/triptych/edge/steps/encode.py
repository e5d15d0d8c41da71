"""The way out: output or error to bytes in the protocol's shape."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import structlog
from botocore.model import StructureShape

from triptych.edge.exchange import Exchange, Reply
from triptych.kernel.errors import ServiceError
from triptych.wire import codec, eventstream
from triptych.wire.message import HttpReply
from triptych.wire.model import operation_model, service_model
from triptych.wire.route import RouteError

log = structlog.get_logger()

Event = tuple[str, dict[str, Any]]
"""An event of a stream: the union's member and its value."""


def encode(x: Exchange) -> Reply:
    """The estate's reply as it came; ours from the model; a request we could not place gets a generic shape.

    An operation with an event stream answers an async iterator of ``Event`` as that member; it is sent as it comes.
    """
    if x.reply is not None:
        return x.reply
    if x.error is not None:
        reply = _error(x, x.error)
    else:
        assert x.route is not None
        reply = codec.encode_reply(
            x.route.protocol,
            x.operation,
            x.output or {},
            request_id=x.request_id,
            json_version=x.route.json_version,
        )
        if (events := _events_of(x)) is not None:
            return Reply(reply.status, reply.headers, _streamed(x, reply.body, *events))
    body = b"" if x.request.method == "HEAD" else reply.body
    return Reply(reply.status, reply.headers, body)


def _events_of(x: Exchange) -> tuple[StructureShape, AsyncIterator[Event]] | None:
    """The stream's union shape and its events, if the operation answers any."""
    shape = x.operation.output_shape
    name = shape.event_stream_name if shape is not None else None
    if shape is None or name is None:
        return None
    stream, events = shape.members[name], (x.output or {}).get(name)
    if not isinstance(stream, StructureShape) or not isinstance(events, AsyncIterator):
        return None
    return stream, events


async def _streamed(
    x: Exchange, head: bytes, stream: StructureShape, events: AsyncIterator[Event]
) -> AsyncGenerator[bytes, None]:
    """The stream's bytes until its end or the client's; an error becomes the stream's last message."""
    assert x.route is not None and x.incoming is not None
    protocol = x.route.protocol
    left = asyncio.ensure_future(x.incoming.gone())
    coming: asyncio.Future[Event | None] | None = None
    try:
        if head:
            yield head
        while True:
            coming = asyncio.ensure_future(_next(events))
            await asyncio.wait({coming, left}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done() or (event := coming.result()) is None:
                return
            yield eventstream.encode_event(protocol, stream, *event)
    except ServiceError as error:
        yield eventstream.encode_exception(protocol, stream, error)
    except Exception:
        log.exception("stream_defect", request_id=x.request_id, operation=x.route.operation)
        yield eventstream.encode_exception(
            protocol, stream, ServiceError("InternalFailure", "The stream has failed.", status=500)
        )
    finally:
        left.cancel()
        if coming is not None:
            coming.cancel()


async def _next(events: AsyncIterator[Event]) -> Event | None:
    return await anext(events, None)


def _error(x: Exchange, error: ServiceError) -> HttpReply:
    query_mode = x.request.headers.get("x-amzn-query-mode").lower() == "true"
    if x.route is not None:
        return codec.encode_error(
            x.route.protocol,
            service_model(x.route.service),
            operation_model(x.route.service, x.route.operation),
            error,
            request_id=x.request_id,
            json_version=x.route.json_version,
            query_mode=query_mode,
        )
    service, protocol = "s3", "rest-xml"
    if isinstance(error, RouteError):
        service, protocol = error.service or service, error.protocol or protocol
    return codec.encode_error(
        protocol, service_model(service), None, error, request_id=x.request_id, query_mode=query_mode
    )
