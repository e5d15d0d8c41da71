"""Which page a request comes from, as the browser says it: Origin, Host, Sec-Fetch-Site. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from triptych.kernel.errors import ServiceError
from triptych.wire.message import HttpRequest

__all__ = ["check_origin", "forged", "is_named", "origin_of_sign_in"]

_PORTS = {"http": "80", "https": "443"}


def forged(message: str) -> ServiceError:
    """The refusal of a request that cannot be shown to come from a page of ours."""
    return ServiceError("AccessDeniedException", message, status=403)


def origin_of_sign_in(request: HttpRequest) -> str:
    """The origin a new session will belong to; raises ServiceError for a page of another site.

    A proxy in front may speak HTTPS for us: then only the browser's own Origin says so. What it says of the host has
    to be the Host we were called by. Scripts send no Origin and get the address they called.
    """
    hosts = request.headers.all("host")
    if len(hosts) != 1:
        raise forged("A sign-in needs exactly one Host.")
    given = request.headers.all("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    if not given and site == "same-origin":
        return _normal(request.scheme, hosts[0])
    parts = urlsplit(given[0]) if len(given) == 1 else None
    if parts is None or parts.scheme not in _PORTS or site != "same-origin":
        raise forged("The console can be signed in to from its own pages only.")
    origin = _normal(parts.scheme, parts.netloc)
    if origin != _normal(parts.scheme, hosts[0]):
        raise forged(
            f"The page's origin {origin} is not the host this server was called by; a proxy in front has to pass "
            "the Host header on."
        )
    return origin


def check_origin(request: HttpRequest, origin: str, *, required: bool) -> None:
    """Raise ServiceError unless the request comes from a page of ``origin``.

    :param required: whether a missing Origin is a forgery; browsers leave it out of GETs within an origin only.
    """
    given = request.headers.all("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    allowed = ("same-origin",) if required else ("same-origin", "none")
    if site not in allowed or len(given) > 1 or (required and not given):
        raise forged("The request does not come from a page of this console.")
    if given:
        parts = urlsplit(given[0])
        if _normal(parts.scheme, parts.netloc) != origin:
            raise forged("The request comes from a page of another origin than the session.")


def is_named(host: str, hostnames: Sequence[str]) -> bool:
    """Whether a Host is an address or one of our names, which no stranger's DNS can point at us."""
    name = re.sub(r":\d+\Z", "", host.strip().lower()).rstrip(".")
    if name in {h.lower() for h in hostnames}:
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _normal(scheme: str, netloc: str) -> str:
    host = netloc.lower()
    return f"{scheme}://{host.removesuffix(':' + _PORTS.get(scheme, ''))}"
