"""The body: read whole within a bound, or left to be streamed to the estate."""

from __future__ import annotations

from dataclasses import replace

from triptych.edge.desk import Desk
from triptych.edge.exchange import Exchange
from triptych.kernel import limits


async def receive(desk: Desk, x: Exchange) -> None:
    """Reads the body unless the operation's input is a stream that is (or may be) long and declares its hash."""
    assert x.incoming is not None and x.route is not None and x.addressed is not None
    if x.request.body or streams(desk, x):
        return
    limit = limits.OWN_BODY_BYTES if desk.owns(x.route) else limits.ESTATE_BODY_BYTES
    body = await x.incoming.read(limit)
    if body:
        x.request = replace(x.request, body=body)
        x.addressed = replace(x.addressed, body=body)


def streams(desk: Desk, x: Exchange) -> bool:
    """Only calls whose signature does not need the body first can be passed on while it arrives."""
    assert x.route is not None
    if desk.owns(x.route) or not x.operation.has_streaming_input:
        return False
    length = x.request.headers.get("content-length")
    declared = "x-amz-content-sha256" in x.request.headers or "Signature=" in x.request.query
    return declared and (not length.isdigit() or int(length) > limits.BUFFERED_BODY_BYTES)
