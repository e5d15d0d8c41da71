"""The way out: output or error to bytes in the protocol's shape."""

from __future__ import annotations

from triptych.edge.exchange import Exchange, Reply
from triptych.kernel.errors import ServiceError
from triptych.wire import codec
from triptych.wire.message import HttpReply
from triptych.wire.model import operation_model, service_model
from triptych.wire.route import RouteError


def encode(x: Exchange) -> Reply:
    """The estate's reply as it came; ours from the model; a request we could not place gets a generic shape."""
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
    body = b"" if x.request.method == "HEAD" else reply.body
    return Reply(reply.status, reply.headers, body)


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
