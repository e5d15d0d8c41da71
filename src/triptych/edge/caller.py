"""Who calls: a signature verified, a session admitted. One place for the gateway, the views and the console."""

from __future__ import annotations

import hashlib
import re

from triptych.edge.desk import Desk
from triptych.edge.exchange import Exchange
from triptych.edge.sessions import REGION_HEADER
from triptych.estate import identities
from triptych.kernel.context import Context, Identity
from triptych.kernel.errors import ServiceError
from triptych.wire import auth_errors, sigv4
from triptych.wire.message import HttpRequest
from triptych.wire.signature import Signature, parse

__all__ = ["OWN_SERVICE", "circumstances", "own_caller", "region_of", "resolve", "verified"]

OWN_SERVICE = "triptych"
"""The signing name of our own addresses."""

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]{1,16}){1,3}-\d{1,2}")


async def resolve(
    desk: Desk, access_key_id: str, session_token: str, *, service: str, protocol: str
) -> identities.Resolved:
    """Whom a credential stands for; raises ServiceError in the words of the service that was called."""
    try:
        return await identities.resolve(
            desk.control.unit(), desk.vault, desk.settings, access_key_id, session_token, desk.clock.now()
        )
    except identities.ExpiredToken as error:
        raise auth_errors.expired_token_error(service, protocol) from error
    except identities.BadToken as error:
        raise auth_errors.invalid_token_error(service, protocol) from error
    except (identities.UnknownKey, identities.InactiveKey) as error:
        raise auth_errors.unknown_key_error(service, protocol, access_key_id) from error


async def verified(
    desk: Desk,
    request: HttpRequest,
    signature: Signature,
    *,
    body_sha256: str | None,
    service: str,
    protocol: str,
    signing_names: tuple[str, ...],
) -> identities.Resolved:
    """Whom a request signed with SigV4 comes from; raises ServiceError. Parameters as for ``sigv4.verify``."""
    resolved = await resolve(
        desk, signature.access_key_id, signature.session_token, service=service, protocol=protocol
    )
    sigv4.verify(
        request,
        signature,
        resolved.secret,
        desk.clock.now(),
        body_sha256=body_sha256,
        signing_names=signing_names,
        protocol=protocol,
    )
    return resolved


async def own_caller(desk: Desk, x: Exchange) -> None:
    """Sets ``resolved`` and ``context`` for a call to an address of ours, whose body was read.

    Signed with SigV4 for service ``triptych``, or in a console session. Raises ServiceError.
    """
    x.signature = parse(x.request)
    if x.signature is not None:
        x.resolved = await verified(
            desk,
            x.request,
            x.signature,
            body_sha256=hashlib.sha256(x.request.body).hexdigest(),
            service=OWN_SERVICE,
            protocol="query",
            signing_names=(OWN_SERVICE,),
        )
        region = x.signature.region
    elif desk.sessions.claimed(x.request):
        acting = x.request.method not in ("GET", "HEAD")
        x.resolved = await desk.sessions.admit(x.request, acting=acting)
        x.from_console = True
        region = region_of(x.request, desk.settings.region)
    else:
        raise ServiceError(
            "MissingAuthenticationToken",
            "Sign in to the console, or sign the request with SigV4 for service 'triptych'.",
            status=401,
        )
    x.context = circumstances(desk, x, x.resolved.identity, region=region)


def region_of(request: HttpRequest, default: str) -> str:
    """The region a console's call is for; raises ServiceError when it cannot be one."""
    given = request.headers.all(REGION_HEADER)
    if not given:
        return default
    if len(given) > 1 or not _REGION.fullmatch(given[0]):
        raise ServiceError("ValidationException", f"The header {REGION_HEADER} must name one region.")
    return given[0]


def circumstances(desk: Desk, x: Exchange, identity: Identity, *, region: str) -> Context:
    """The context of a request whose caller is known."""
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
