"""The head of a call on its way out: what an upstream must not see, and the signature it wants. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, unquote_plus, urlsplit

from triptych.estate.message import EstateRequest
from triptych.estate.upstreams import Upstream
from triptych.settings import Estate
from triptych.wire.message import Headers, HttpRequest
from triptych.wire.sigv4 import sign

__all__ = ["cleaned", "end_to_end", "for_url", "without_signature"]

_HOP_BY_HOP = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
        "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
"""Fields that concern one connection only (RFC 9110, 7.6.1)."""

_OURS = frozenset({"expect", "cookie"})
"""Fields that end here: what was answered at our own door, and cookies, of which the only one is the console's session."""

_UNSAFE_IN_PATH = re.compile(r"[^!-~]|[#?\\]")
_UNSAFE_IN_QUERY = re.compile(r"[^!-~]|#")

_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that carry no length when they have no body."""

_SIGNATURE_FIELDS = frozenset({"authorization", "x-amz-security-token"})
_FRAMING_FIELDS = frozenset({"x-amz-decoded-content-length", "x-amz-trailer"})
_SIGNATURE_PARAMETERS = frozenset(
    {
        "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-security-token",
        "x-amz-signature", "x-amz-signedheaders",
    }
)  # fmt: skip


def end_to_end(headers: Iterable[tuple[str, str]]) -> Headers:
    """The fields meant for the other end, without those about this connection."""
    items = [(name.lower(), value) for name, value in headers]
    listed = {
        token.strip().lower() for name, value in items if name == "connection" for token in value.split(",")
    }
    gone = _HOP_BY_HOP | listed
    return Headers((name, value) for name, value in items if name not in gone)


def cleaned(request: EstateRequest) -> EstateRequest:
    """The call with the fields it will really be sent with: everything after this may sign them.

    ``Expect`` was answered at our own door, and a browser's cookies and our own fields are nobody else's business. The length is that of the body at hand; a stream keeps the one it
    was announced with. The target can only be a path: nothing in it may name another host or get lost.
    """
    headers = Headers(
        (name, value)
        for name, value in end_to_end(request.headers)
        if name not in _OURS and not name.startswith("x-triptych-")
    )
    body = request.body
    if isinstance(body, bytes):
        headers = headers.without("content-length")
        if body or request.method not in _BODILESS:
            headers = headers.plus(("content-length", str(len(body))))
    path = request.path if request.path.startswith("/") else f"/{request.path}"
    return replace(
        request,
        headers=headers,
        path=_UNSAFE_IN_PATH.sub(_escaped, path),
        query=_UNSAFE_IN_QUERY.sub(_escaped, request.query),
    )


def _escaped(found: re.Match[str]) -> str:
    return quote(found[0], safe="", encoding="latin-1", errors="replace")


def without_signature(request: EstateRequest) -> EstateRequest:
    """The same call without the caller's signature (header or presigned) and without traces of body framing.

    A body that came in ``aws-chunked`` framing leaves here plain, so what described the framing must go.
    """
    headers = []
    for name, value in request.headers:
        if name in _SIGNATURE_FIELDS or name in _FRAMING_FIELDS:
            continue
        if name == "x-amz-content-sha256" and value.startswith("STREAMING-"):
            continue
        if name == "content-encoding":
            codings = [c for c in map(str.strip, value.split(",")) if c and c.lower() != "aws-chunked"]
            if codings:
                headers.append((name, ", ".join(codings)))
            continue
        headers.append((name, value))
    kept = [
        pair
        for pair in request.query.split("&")
        if unquote_plus(pair.split("=", 1)[0]).lower() not in _SIGNATURE_PARAMETERS
    ]
    return replace(request, headers=Headers(headers), query="&".join(kept))


def for_url(request: EstateRequest, upstream: Upstream, estate: Estate, now: datetime) -> EstateRequest:
    """A cleaned call as an upstream behind a URL gets it: signed for it where credentials are at hand.

    The settings' credentials come first, then the caller's own. Without either, the caller's signature is
    passed on with the Host it was made for: an upstream that shares the caller's secret can still verify it.
    """
    base = urlsplit(upstream.base_url)
    access_key_id, secret, session_token = (
        (estate.access_key_id, estate.secret_access_key, "")
        if estate.access_key_id and estate.secret_access_key
        else (request.access_key_id, request.secret_access_key, request.session_token)
    )
    if not (upstream.signs and access_key_id and secret):
        carries_signature = "authorization" in request.headers or "X-Amz-Signature=" in request.query
        if carries_signature and request.headers.get("host"):
            return request
        return replace(request, headers=request.headers.plus(("host", base.netloc)))

    clean = without_signature(request)
    declared = clean.headers.get("x-amz-content-sha256")
    body, payload_hash = _payload(clean.body, declared)
    unsigned = HttpRequest(
        method=clean.method,
        path=clean.path,
        query=clean.query,
        headers=clean.headers.without("x-amz-date", "x-amz-content-sha256").plus(("host", base.netloc)),
        body=body,
        scheme=base.scheme,
    )
    signed = sign(
        unsigned,
        access_key_id=access_key_id,
        secret=secret,
        session_token=session_token,
        service=clean.signing_name,
        region=upstream.signing_region or clean.region,
        now=now,
        payload_hash=payload_hash,
    )
    return replace(clean, headers=signed.headers)


def _payload(body: object, declared: str) -> tuple[bytes, str | None]:
    """What to sign of the body: its bytes, or for a stream the hash the caller declared (checked on the way in)."""
    if isinstance(body, bytes):
        return body, None
    is_hash = len(declared) == 64 and all(c in "0123456789abcdef" for c in declared.lower())
    return b"", declared if is_hash else "UNSIGNED-PAYLOAD"
