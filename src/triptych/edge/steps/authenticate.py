"""Who calls: the signature is verified, always; the credential becomes an identity."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace

from triptych.edge import body
from triptych.edge.desk import Desk
from triptych.edge.exchange import Exchange
from triptych.edge.steps.receive import streams
from triptych.estate import identities
from triptych.kernel.context import Context, Identity
from triptych.kernel.errors import ServiceError
from triptych.wire import sigv4
from triptych.wire.message import HttpRequest

_FRAMED = "STREAMING-"


async def authenticate(desk: Desk, x: Exchange) -> None:
    """Sets ``signature``, ``resolved`` and ``context``; takes aws-chunked framing off the body."""
    assert x.route is not None
    now = desk.clock.now()
    x.signature = sigv4.parse(x.request)
    if x.signature is None:
        if x.operation.auth_type != "none":
            raise sigv4.missing_error(x.route.service, x.route.protocol)
        nobody = Identity(kind="Unknown", account=desk.settings.account)
        x.context = _context(desk, x, nobody, region=desk.settings.region)
        return
    x.resolved = await _resolve(desk, x, x.signature)
    whole = None if streams(desk, x) else hashlib.sha256(x.request.body).hexdigest()
    sigv4.verify(x.request, x.signature, x.resolved.secret, now, body_sha256=whole)
    x.context = _context(desk, x, x.resolved.identity, region=x.signature.region)
    _take_body(desk, x)


async def _resolve(desk: Desk, x: Exchange, signature: sigv4.Signature) -> identities.Resolved:
    assert x.route is not None
    service, protocol = x.route.service, x.route.protocol
    try:
        return await identities.resolve(
            desk.control.unit(),
            desk.vault,
            desk.settings,
            signature.access_key_id,
            signature.session_token,
            desk.clock.now(),
        )
    except identities.ExpiredToken as error:
        raise sigv4.expired_token_error(service, protocol) from error
    except (identities.UnknownKey, identities.InactiveKey, identities.BadToken) as error:
        raise sigv4.unknown_key_error(service, protocol) from error


def _context(desk: Desk, x: Exchange, identity: Identity, *, region: str) -> Context:
    return Context(
        account=x.resolved.account if x.resolved else desk.settings.account,
        region=region,
        identity=identity,
        time=x.received,
        request_id=x.request_id,
        event_id=x.event_id,
        source_ip=x.source_ip,
        user_agent=x.request.headers.get("user-agent"),
        host=x.request.host,
    )


def _take_body(desk: Desk, x: Exchange) -> None:
    """Replace a framed body by its payload, and a streamed one by a verified stream."""
    assert x.signature is not None and x.resolved is not None and x.addressed is not None
    declared = x.signature.payload_hash
    framed = declared.startswith(_FRAMED)
    if streams(desk, x):
        assert x.incoming is not None
        x.payload_bytes = _length(x.request, framed=framed)
        x.payload = body.counted(_verified(x, declared, framed=framed), x.payload_bytes)
    elif framed:
        decoder = sigv4.ChunkDecoder(x.signature, x.resolved.secret)
        payload = decoder.feed(x.request.body)
        x.trailers.update(decoder.finish())
        x.addressed = replace(x.addressed, body=payload)


def _verified(x: Exchange, declared: str, *, framed: bool) -> AsyncIterator[bytes]:
    assert x.incoming is not None and x.signature is not None and x.resolved is not None
    arriving = aiter(x.incoming)
    if framed:
        return body.unframed(arriving, sigv4.ChunkDecoder(x.signature, x.resolved.secret), x.trailers)
    if declared == "UNSIGNED-PAYLOAD":
        return arriving
    return body.hashed(arriving, declared)


def _length(request: HttpRequest, *, framed: bool) -> int:
    text = request.headers.get("x-amz-decoded-content-length" if framed else "content-length")
    if not text.isdigit():
        raise ServiceError(
            "MissingContentLength", "You must provide the Content-Length HTTP header.", status=411
        )
    return int(text)
