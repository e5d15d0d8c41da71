"""Who calls: the signature is verified, always; the credential becomes an identity."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace

from triptych.edge import body, caller
from triptych.edge.desk import Desk
from triptych.edge.exchange import Exchange
from triptych.edge.steps.receive import streams
from triptych.kernel.context import Identity
from triptych.kernel.errors import ServiceError
from triptych.wire import auth_errors, sigv2
from triptych.wire.aws_chunked import ChunkDecoder, is_chunked, unchunked_headers
from triptych.wire.message import HttpRequest
from triptych.wire.route import signing_names
from triptych.wire.signature import Signature, parse


async def authenticate(desk: Desk, x: Exchange) -> None:
    """Sets ``signature``, ``resolved`` and ``context``; takes aws-chunked framing off the body.

    A call without a signature may come from the console: then a session stands for its caller.
    """
    assert x.route is not None
    presigned_v2 = x.route.service == "s3" and sigv2.is_presigned(x.request)
    x.signature = sigv2.parse(x.request, region=desk.settings.region) if presigned_v2 else parse(x.request)
    if x.signature is None:
        await _unsigned(desk, x)
        return
    if presigned_v2:
        await _presigned_v2(desk, x, x.signature)
    else:
        x.resolved = await caller.verified(
            desk,
            x.request,
            x.signature,
            body_sha256=None if streams(desk, x) else hashlib.sha256(x.request.body).hexdigest(),
            service=x.route.service,
            protocol=x.route.protocol,
            signing_names=signing_names(x.route.service),
        )
    assert x.resolved is not None
    x.context = caller.circumstances(desk, x, x.resolved.identity, region=x.signature.region)
    _take_body(desk, x)


async def _unsigned(desk: Desk, x: Exchange) -> None:
    """A page of the console, an operation everybody may call, or nobody we answer."""
    assert x.route is not None
    anyone = x.operation.auth_type == "none"
    if not anyone and _of_a_page(x) and desk.sessions.claimed(x.request):
        x.resolved = await desk.sessions.admit(x.request, acting=True)
        x.from_console = True
        region = caller.region_of(x.request, desk.settings.region)
        x.context = caller.circumstances(desk, x, x.resolved.identity, region=region)
        return
    if not anyone:
        raise auth_errors.missing_error(x.route.service, x.route.protocol)
    nobody = Identity(kind="Unknown", account=desk.settings.account)
    x.context = caller.circumstances(desk, x, nobody, region=desk.settings.region)


def _of_a_page(x: Exchange) -> bool:
    """Whether the request is one that no form and no link of another site can make a browser send: AWS JSON."""
    assert x.route is not None
    return (
        x.route.protocol == "json"
        and x.request.method == "POST"
        and x.request.path == "/"
        and "x-amz-target" in x.request.headers
        and x.request.headers.get("content-type").lower().startswith("application/x-amz-json-1.")
    )


async def _presigned_v2(desk: Desk, x: Exchange, signature: Signature) -> None:
    assert x.route is not None and x.addressed is not None
    x.resolved = await caller.resolve(
        desk,
        signature.access_key_id,
        signature.session_token,
        service=x.route.service,
        protocol=x.route.protocol,
    )
    sigv2.verify(x.addressed, signature, x.resolved.secret, desk.clock.now())


def _take_body(desk: Desk, x: Exchange) -> None:
    """Replace a framed body by its payload, and a streamed one by a verified stream."""
    assert x.signature is not None and x.resolved is not None and x.addressed is not None
    framed = is_chunked(x.signature)
    if framed:
        x.addressed = replace(x.addressed, headers=unchunked_headers(x.addressed.headers))
    if streams(desk, x):
        x.payload_bytes = _length(x.addressed)
        x.payload = body.counted(_verified(x, framed=framed), x.payload_bytes)
    elif framed:
        decoder = ChunkDecoder(x.signature, x.resolved.secret)
        payload = decoder.feed(x.request.body)
        x.trailers.update(decoder.finish())
        x.addressed = replace(x.addressed, body=payload)


def _verified(x: Exchange, *, framed: bool) -> AsyncIterator[bytes]:
    assert x.incoming is not None and x.signature is not None and x.resolved is not None
    arriving = aiter(x.incoming)
    if framed:
        return body.unframed(arriving, ChunkDecoder(x.signature, x.resolved.secret), x.trailers)
    if x.signature.payload_hash == "UNSIGNED-PAYLOAD":
        return arriving
    return body.hashed(arriving, x.signature.payload_hash)


def _length(request: HttpRequest) -> int:
    text = request.headers.get("content-length")
    if not text.isdigit():
        raise ServiceError(
            "MissingContentLength", "You must provide the Content-Length HTTP header.", status=411
        )
    return int(text)
