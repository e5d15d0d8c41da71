"""Who calls: the signature is verified, always; the credential becomes an identity."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

from triptych.edge import body
from triptych.edge.desk import Desk
from triptych.edge.exchange import Exchange
from triptych.edge.steps.receive import streams
from triptych.estate import identities
from triptych.kernel.context import Context, Identity
from triptych.kernel.errors import ServiceError
from triptych.wire import auth_errors, sigv2, sigv4
from triptych.wire.aws_chunked import ChunkDecoder, is_chunked, unchunked_headers
from triptych.wire.message import HttpRequest
from triptych.wire.route import signing_names
from triptych.wire.signature import Signature, parse


async def authenticate(desk: Desk, x: Exchange) -> None:
    """Sets ``signature``, ``resolved`` and ``context``; takes aws-chunked framing off the body."""
    assert x.route is not None
    now = desk.clock.now()
    presigned_v2 = x.route.service == "s3" and sigv2.is_presigned(x.request)
    x.signature = sigv2.parse(x.request, region=desk.settings.region) if presigned_v2 else parse(x.request)
    if x.signature is None:
        if x.operation.auth_type != "none":
            raise auth_errors.missing_error(x.route.service, x.route.protocol)
        nobody = Identity(kind="Unknown", account=desk.settings.account)
        x.context = _context(desk, x, nobody, region=desk.settings.region)
        return
    x.resolved = await _resolve(desk, x, x.signature)
    if presigned_v2:
        assert x.addressed is not None
        sigv2.verify(x.addressed, x.signature, x.resolved.secret, now)
    else:
        _verify(desk, x, x.signature, x.resolved.secret, now)
    x.context = _context(desk, x, x.resolved.identity, region=x.signature.region)
    _take_body(desk, x)


def _verify(desk: Desk, x: Exchange, signature: Signature, secret: str, now: datetime) -> None:
    assert x.route is not None
    whole = None if streams(desk, x) else hashlib.sha256(x.request.body).hexdigest()
    sigv4.verify(
        x.request,
        signature,
        secret,
        now,
        body_sha256=whole,
        signing_names=signing_names(x.route.service),
        protocol=x.route.protocol,
    )


async def _resolve(desk: Desk, x: Exchange, signature: Signature) -> identities.Resolved:
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
        raise auth_errors.expired_token_error(service, protocol) from error
    except identities.BadToken as error:
        raise auth_errors.invalid_token_error(service, protocol) from error
    except (identities.UnknownKey, identities.InactiveKey) as error:
        raise auth_errors.unknown_key_error(service, protocol, signature.access_key_id) from error


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
