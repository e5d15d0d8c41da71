"""The answer: our operation runs and stages its writes, or the call goes to the estate and its reply comes back."""

from __future__ import annotations

from triptych.edge.desk import Desk
from triptych.edge.exchange import Exchange, Reply
from triptych.estate.message import EstateReply, EstateRequest
from triptych.kernel import limits
from triptych.kernel.errors import ServiceError, unbuilt
from triptych.services.contract import Ctx
from triptych.wire import codec
from triptych.wire.aws_chunked import is_chunked
from triptych.wire.message import Headers


async def answer(desk: Desk, x: Exchange) -> None:
    """Sets ``output`` (and ``unit``) for our own operations, ``reply`` for the estate's; raises ServiceError."""
    assert x.route is not None
    if not desk.owns(x.route):
        await _forward(desk, x)
        return
    handler = desk.handler(x.route)
    if handler is None:
        raise unbuilt(f"{x.route.service}:{x.route.operation}")
    unit = desk.control.unit()
    x.output = await handler(Ctx(x.circumstances, unit, desk.runtime), x.params or {}) or {}
    x.unit = unit


async def _forward(desk: Desk, x: Exchange) -> None:
    """Send the call on. A reply is read whole to be recorded, unless it is a stream or very large."""
    started = desk.clock.monotonic()
    reply = await desk.estate.send(_request(desk, x))
    desk.metrics.estate(desk.clock.monotonic() - started)
    if x.operation.has_streaming_output and reply.status < 300:
        x.output = _output(x, reply, b"")
        x.bytes_out = _declared_length(reply.headers)
        x.reply = Reply(reply.status, reply.headers, reply.body)
        return
    if _declared_length(reply.headers) > limits.AUDITED_REPLY_BYTES and x.incoming is not None:
        x.bytes_out = _declared_length(reply.headers)
        x.reply = Reply(reply.status, reply.headers, reply.body)
        return
    body = await reply.read()
    x.bytes_out = len(body)
    x.reply = Reply(reply.status, reply.headers, body)
    x.output = _output(x, reply, body)


def _request(desk: Desk, x: Exchange) -> EstateRequest:
    """The call as it goes out. Callers in process have no secret of their own: the root credential signs for them."""
    assert x.route is not None and x.addressed is not None
    inside = x.incoming is None
    headers = x.addressed.headers
    if is_chunked(x.signature):
        # The upstream gets the plain payload. Trailing checksums are known in time only for bodies read whole.
        headers = headers.plus(("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), *x.trailers.items())
    if x.payload is not None:
        headers = headers.plus(("content-length", str(x.payload_bytes)))
    return EstateRequest(
        service=x.route.service,
        operation=x.route.operation,
        signing_name=x.signature.service if x.signature else x.service.signing_name,
        account=x.circumstances.account,
        region=x.circumstances.region,
        method=x.addressed.method,
        path=x.addressed.path,
        query=x.addressed.query,
        headers=headers,
        body=x.addressed.body if x.payload is None else x.payload,
        access_key_id=desk.settings.root_access_key_id if inside else x.identity.access_key_id,
        secret_access_key=desk.settings.root_secret_access_key if inside else _secret(x),
        session_token=x.resolved.session_token if x.resolved else "",
    )


def _secret(x: Exchange) -> str:
    return x.resolved.secret if x.resolved else ""


def _output(x: Exchange, reply: EstateReply, body: bytes) -> dict[str, object] | None:
    """Read a reply as a client would; an error becomes the exchange's, the reply itself stays as it came."""
    assert x.route is not None
    output, error = codec.decode_reply(x.route.protocol, x.operation, reply.status, reply.headers, body)
    if error is not None and error.code == "403":  # a refusal without a body, as HEAD gets it
        error = ServiceError("AccessDenied", "Access Denied", status=403)
    x.error = error
    return None if error else output


def _declared_length(headers: Headers) -> int:
    text = headers.get("content-length")
    return int(text) if text.isdigit() else 0
