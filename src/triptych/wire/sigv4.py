"""Signature Version 4: the face. Checked against a secret, or made for an upstream.

``parse`` (from ``signature``) says who claims to have signed what, ``verify`` whether it is true, ``sign`` signs
anew; ``ChunkDecoder`` (from ``aws_chunked``) unwraps framed bodies; the ``*_error`` functions (from
``auth_errors``) are the refusals only the gateway can decide.
Source: AWS IAM User Guide, "Create a signed AWS API request"; S3 API Reference, "Authenticating Requests (AWS
Signature Version 4)".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_from_bytes, unquote_to_bytes

from triptych.kernel import limits
from triptych.kernel.errors import Defect, ServiceError
from triptych.wire.auth_errors import (
    Dialect,
    dialect,
    expired_token_error,
    invalid_token_error,
    missing_error,
    refusal,
    unknown_key_error,
)
from triptych.wire.aws_chunked import ChunkDecoder, is_chunked, unchunked_headers
from triptych.wire.message import HttpRequest
from triptych.wire.signature import (
    ALGORITHM,
    SIGNING_PARAMETERS,
    TIMESTAMP,
    Signature,
    parse,
    signing_key,
    speaker,
)

__all__ = [
    "ChunkDecoder",
    "Signature",
    "canonical_path",
    "dialect",
    "expired_token_error",
    "invalid_token_error",
    "is_chunked",
    "missing_error",
    "normalise_path",
    "parse",
    "sign",
    "unchunked_headers",
    "unknown_key_error",
    "verify",
    "verify_body",
]

_UNRESERVED = "-_.~"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
    "Access Key and signing method. Consult the service documentation for details."
)
_MISMATCH_S3 = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing "
    "method."
)
_NEVER_SIGNED = frozenset(
    {
        # A proxy or the transport may add, drop or rewrite these on the way.
        "authorization",
        "baggage",
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    }
)


def verify(
    request: HttpRequest,
    signature: Signature,
    secret: str,
    now: datetime,
    *,
    body_sha256: str | None,
    signing_names: Collection[str] = (),
    protocol: str = "",
) -> None:
    """Raise ServiceError unless ``secret`` signed this request, recently, whole.

    :param request: as it came: host, path and query untouched.
    :param body_sha256: hex SHA-256 of the body as received; None while it is still to be streamed, in which case
        a signed hash is left to ``verify_body`` or to whoever passes the stream on.
    :param signing_names: the scope's service must be one of these; empty: not checked.
    :param protocol: as in ``Route``; chooses the error's code. Without it the request's looks decide.
    """
    of = dialect(signature.service, protocol) if protocol else speaker(request, signature.service)
    _check_scope(signature, of, signing_names)
    _check_time(signature, now, of)
    _check_signed_headers(request, signature, of)
    if not signature.payload_hash and body_sha256 is None:
        message = "The body's SHA-256 must be sent in x-amz-content-sha256 for a body of this size."
        raise refusal("unsupported", message, of=of)
    _check_signature(request, signature, secret, signature.payload_hash or str(body_sha256), of)
    if body_sha256 is not None:
        verify_body(signature, body_sha256, protocol=protocol)


def verify_body(signature: Signature, body_sha256: str, *, protocol: str = "") -> None:
    """Raise ServiceError if a signed hash is not the hash of the body; other kinds of payload pass."""
    declared = signature.payload_hash
    if len(declared) != 64 or hmac.compare_digest(declared, body_sha256):
        return
    of = dialect(signature.service, protocol)
    if of != "s3":
        raise refusal("mismatch", _MISMATCH, of=of)
    raise ServiceError(
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        fields={"ClientComputedContentSHA256": declared, "S3ComputedContentSHA256": body_sha256},
    )


def sign(
    request: HttpRequest,
    *,
    access_key_id: str,
    secret: str,
    session_token: str = "",
    service: str,
    region: str,
    now: datetime,
    payload_hash: str | None = None,
) -> HttpRequest:
    """The request with a new header signature; whatever signature it bore is taken off, host must be set.

    :param service: the signing name.
    :param payload_hash: hex SHA-256 or ``UNSIGNED-PAYLOAD``; None: computed from ``request.body``.
    """
    if "host" not in request.headers:
        raise Defect("a request without a host cannot be signed")
    timestamp = now.astimezone(UTC).strftime(TIMESTAMP)
    query = "&".join(pair for pair in request.query.split("&") if not _is_signing_parameter(pair))
    hashed = payload_hash or hashlib.sha256(request.body).hexdigest()
    headers = request.headers.without(
        "authorization", "x-amz-date", "date", "x-amz-security-token", "x-amz-content-sha256"
    ).plus(("x-amz-date", timestamp), ("x-amz-content-sha256", hashed))
    if session_token:
        headers = headers.plus(("x-amz-security-token", session_token))
    unsigned = HttpRequest(request.method, request.path, query, headers, request.body, request.scheme)
    names = tuple(sorted({name for name, _ in headers} - _NEVER_SIGNED))
    scope = f"{timestamp[:8]}/{region}/{service}/aws4_request"
    path = next(_paths(request.path, s3=dialect(service, "") == "s3", encoded_first=True))
    canonical = _canonical_request(unsigned, path, _encoded_query(query), names, hashed)
    key = signing_key(secret, timestamp[:8], region, service)
    digest = hmac.digest(key, _string_to_sign(timestamp, scope, canonical), "sha256").hex()
    authorization = (
        f"{ALGORITHM} Credential={access_key_id}/{scope}, SignedHeaders={';'.join(names)}, Signature={digest}"
    )
    headers = headers.plus(("authorization", authorization))
    return HttpRequest(request.method, request.path, query, headers, request.body, request.scheme)


def normalise_path(path: str) -> str:
    """Dot segments resolved and repeated slashes made one: the path that a non-S3 signature speaks of."""
    if "//" not in path and "/." not in path:
        return path or "/"
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            kept[-1:] = []
        elif segment and segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")


def canonical_path(path: str, *, s3: bool) -> str:
    """The path as signers write it: S3's as it was sent, everyone else's normalised and encoded once more."""
    if s3:
        return path or "/"
    return quote_from_bytes(normalise_path(path).encode("latin-1"), safe="/" + _UNRESERVED)


def _paths(path: str, *, s3: bool, encoded_first: bool = False) -> Iterator[str]:
    """The forms a signer may have used. Clients that send ``+`` or ``(`` bare sign S3 paths encoded or as sent."""
    if not s3:
        yield canonical_path(path, s3=False)
        return
    sent = path or "/"
    # Segment by segment: an encoded slash is part of a name and must not become a separator here.
    encoded = "/".join(
        quote_from_bytes(unquote_to_bytes(part.encode("latin-1")), safe=_UNRESERVED)
        for part in sent.split("/")
    )
    yield from dict.fromkeys((encoded, sent) if encoded_first else (sent, encoded))


def _queries(query: str, *, presigned: bool) -> Iterator[str]:
    """The canonical query: names and values encoded anew, or as sent, as some signers do."""
    pairs = [pair for pair in query.split("&") if not (presigned and pair.startswith("X-Amz-Signature="))]
    remaining = "&".join(pairs)
    sent = "&".join(f"{n}={v}" for n, _, v in sorted(_pair(p) for p in pairs)) if remaining else ""
    yield from dict.fromkeys((_encoded_query(remaining), sent))


def _encoded_query(query: str) -> str:
    if not query:
        return ""
    encoded = sorted((_encoded(name), _encoded(value)) for name, _, value in map(_pair, query.split("&")))
    return "&".join(f"{name}={value}" for name, value in encoded)


def _pair(text: str) -> tuple[str, str, str]:
    return text.partition("=")


def _encoded(text: str) -> str:
    # A plus is a space when parameters are read, so it must be one when they are signed.
    return quote_from_bytes(unquote_to_bytes(text.replace("+", " ").encode("latin-1")), safe=_UNRESERVED)


def _is_signing_parameter(pair: str) -> bool:
    return pair.partition("=")[0] in SIGNING_PARAMETERS


def _canonical_request(
    request: HttpRequest, path: str, query: str, names: tuple[str, ...], payload_hash: str
) -> bytes:
    lines = [request.method.upper(), path, query]
    for name in names:
        # Outer spaces go, inner runs become one, values of repeated fields are joined in order.
        values = (" ".join(_ascii_words(value)) for value in request.headers.all(name))
        lines.append(f"{name}:{','.join(values)}")
    lines += ["", ";".join(names), payload_hash]
    return "\n".join(lines).encode("latin-1")


def _ascii_words(value: str) -> list[str]:
    """Split at ASCII white space only: a no-break space is part of a value (bytes on the wire)."""
    return [word.decode("latin-1") for word in value.encode("latin-1").split()]


def _string_to_sign(timestamp: str, scope: str, canonical: bytes) -> bytes:
    return f"{ALGORITHM}\n{timestamp}\n{scope}\n{hashlib.sha256(canonical).hexdigest()}".encode()


def _check_signature(
    request: HttpRequest, signature: Signature, secret: str, payload_hash: str, of: Dialect
) -> None:
    key = signing_key(secret, signature.date, signature.region, signature.service)
    timestamp = signature.timestamp.strftime(TIMESTAMP)
    first: tuple[bytes, bytes] | None = None
    for path in _paths(request.path, s3=signature.dialect == "s3"):
        for query in _queries(request.query, presigned=signature.method == "QueryString"):
            canonical = _canonical_request(request, path, query, signature.signed_headers, payload_hash)
            to_sign = _string_to_sign(timestamp, signature.scope, canonical)
            first = first or (canonical, to_sign)
            # Not hmac.digest: it lets go of the interpreter's lock, and a busy server waits to get it back.
            expected = hmac.new(key, to_sign, hashlib.sha256).hexdigest()
            if hmac.compare_digest(expected.encode(), signature.signature.encode("utf-8", "replace")):
                return
    assert first is not None
    if of != "s3":
        raise refusal("mismatch", _MISMATCH, of=of)
    fields = {
        "AWSAccessKeyId": signature.access_key_id,
        "StringToSign": first[1].decode(),
        "SignatureProvided": signature.signature,
        "CanonicalRequest": first[0].decode("latin-1"),
    }
    raise refusal("mismatch", _MISMATCH_S3, of=of, fields=fields)


def _check_scope(signature: Signature, of: Dialect, signing_names: Collection[str]) -> None:
    day = signature.timestamp.strftime("%Y%m%d")
    if signature.date != day:
        if of == "s3":
            message = f'The authorization header is malformed; Invalid credential date "{signature.date}". This date is not the same as X-Amz-Date: "{day}".'
        else:
            message = (
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                f"'{signature.date}' != '{day}', from '{signature.timestamp.strftime(TIMESTAMP)}'."
            )
        raise refusal("scope", message, of=of)
    if signing_names and signature.service not in signing_names:
        wanted = next(iter(signing_names))
        if of == "s3":
            message = f'The authorization header is malformed; incorrect service "{signature.service}". This endpoint belongs to "{wanted}".'
        else:
            message = f"Credential should be scoped to correct service: '{wanted}'."
        raise refusal("scope", message, of=of)


def _check_time(signature: Signature, now: datetime, of: Dialect) -> None:
    skew = timedelta(seconds=limits.CLOCK_SKEW_SECONDS)
    signed, expires = signature.timestamp, signature.expires_seconds
    if expires is not None:
        end = signed + timedelta(seconds=expires)
        if of == "s3" and signed > now + skew:
            fields = {"X-Amz-Date": signed.strftime(TIMESTAMP), "ServerTime": _iso(now)}
            raise refusal("presigned-expired", "Request is not valid yet", of=of, fields=fields)
        if now > end and of in {"s3", "ec2"}:
            fields = {"X-Amz-Expires": str(expires), "Expires": _iso(end), "ServerTime": _iso(now)}
            message = "Request has expired" if of == "s3" else "Request has expired."
            raise refusal("presigned-expired", message, of=of, fields=fields if of == "s3" else {})
        if now > end:
            message = (
                f"Signature expired: {end.strftime(TIMESTAMP)} is now earlier than {now.strftime(TIMESTAMP)}"
            )
            raise refusal("presigned-expired", message, of=of)
    elif abs(now - signed) > skew and of == "s3":
        fields = {
            "RequestTime": signed.strftime(TIMESTAMP),
            "ServerTime": _iso(now),
            "MaxAllowedSkewMilliseconds": str(limits.CLOCK_SKEW_SECONDS * 1000),
        }
        message = "The difference between the request time and the current time is too large."
        raise refusal("skewed", message, of=of, fields=fields)
    elif now - signed > skew:
        raise refusal("skewed", _skewed(signed, now, of, "expired", "earlier", -skew), of=of)
    if signed - now > skew:
        raise refusal("skewed", _skewed(signed, now, of, "not yet current", "later", skew), of=of)


def _skewed(signed: datetime, now: datetime, of: Dialect, what: str, how: str, skew: timedelta) -> str:
    if of == "ec2":
        return "Request has expired."
    still = "now" if how == "earlier" else "still"
    sign_ = "-" if how == "earlier" else "+"
    return (
        f"Signature {what}: {signed.strftime(TIMESTAMP)} is {still} {how} than {(now + skew).strftime(TIMESTAMP)} "
        f"({now.strftime(TIMESTAMP)} {sign_} {limits.CLOCK_SKEW_SECONDS // 60} min.)"
    )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _check_signed_headers(request: HttpRequest, signature: Signature, of: Dialect) -> None:
    """``host`` and every ``x-amz-*`` field must be under the signature, and what is named must be there."""
    names = signature.signed_headers
    present = {name for name, _ in request.headers}
    left_out = sorted(n for n in present if (n == "host" or n.startswith("x-amz-")) and n not in names)
    if left_out and of == "s3":
        message = "There were headers present in the request which were not signed"
        raise refusal("unsigned-headers", message, of=of, fields={"HeadersNotSigned": ", ".join(left_out)})
    if "host" not in names:
        message = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        raise refusal("unsigned-headers", message, of=of)
    if left_out:
        message = f"'{left_out[0]}' must be a 'SignedHeader' in the AWS Authorization."
        raise refusal("unsigned-headers", message, of=of)
    if len(set(names)) != len(names) or not present.issuperset(names):
        raise refusal("mismatch", _MISMATCH_S3 if of == "s3" else _MISMATCH, of=of)
