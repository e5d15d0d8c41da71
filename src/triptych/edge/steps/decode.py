"""Bytes to parameters. Ours are validated; the estate's are decoded for the record only."""

from __future__ import annotations

from dataclasses import replace

import structlog

from triptych.edge.desk import Desk
from triptych.edge.exchange import Exchange
from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.wire import codec, one_pass
from triptych.wire.encodings import decode_content
from triptych.wire.validate import validate

log = structlog.get_logger()


async def decode(desk: Desk, x: Exchange) -> None:
    """Sets ``params``; None when an estate call cannot be read (its upstream will say what is wrong)."""
    assert x.route is not None and x.addressed is not None
    if not desk.owns(x.route):
        try:
            x.params = codec.decode_request(x.route.protocol, x.operation, x.addressed)
        except ServiceError as error:
            log.debug(
                "estate_call_unreadable",
                service=x.route.service,
                operation=x.route.operation,
                error=str(error),
            )
        return
    encoding = x.request.headers.get("content-encoding")
    if encoding and x.request.body:
        plain = decode_content(x.request.body, encoding, limit=limits.OWN_BODY_BYTES)
        x.addressed = replace(x.addressed, body=plain)
    x.params = one_pass.read(x.route.protocol, x.operation, x.addressed.body)
    if x.params is None:
        x.params = codec.decode_request(x.route.protocol, x.operation, x.addressed)
        validate(x.operation, x.params)
