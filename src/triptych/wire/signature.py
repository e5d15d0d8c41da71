"""What a request says about its signature, before anybody checks it.

``parse`` reads the two places a Signature Version 4 stands in (the Authorization header, a presigned query);
``claimed_service`` is the router's quick look. Checking is ``sigv4.verify``'s, framed bodies ``aws_chunked``'s.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.wire.auth_errors import Dialect, dialect, refusal
from triptych.wire.message import HttpRequest

__all__ = ["ALGORITHM", "UNSIGNED_PAYLOAD", "Signature", "claimed_service", "parse", "speaker"]

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
TIMESTAMP = "%Y%m%dT%H%M%SZ"

SIGNING_PARAMETERS = frozenset(
    {
        "X-Amz-Algorithm",
        "X-Amz-Content-Sha256",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-S3session-Token",
        "X-Amz-Security-Token",
        "X-Amz-Signature",
        "X-Amz-SignedHeaders",
    }
)
"""What a presigned request's query may carry for its signature; anything else is the operation's."""

_CREDENTIAL_EXAMPLE = '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"'
_PARTS = ("Credential", "Signature", "SignedHeaders")
_HEX_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_SEP = r"(?:/|%2[Ff])"
_CLAIM = (  # the last part but one of a scope; Version 4A's has no region
    rf"Credential=[^,\s&/%]*{_SEP}\d{{8}}{_SEP}(?:[^/%,\s&]*{_SEP})?([^/%,\s&]+){_SEP}"
)
_CLAIM_IN_HEADER = re.compile(rf"[\s,]{_CLAIM}")
_CLAIM_IN_QUERY = re.compile(rf"(?:^|&)X-Amz-{_CLAIM}")


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as claimed.

    :param date: the day of the credential scope, ``20260131``.
    :param service: the signing name of the scope (``monitoring`` for CloudWatch), not botocore's name.
    :param payload_hash: what was signed for the body: 64 hex digits, ``UNSIGNED-PAYLOAD``, ``STREAMING-...``,
        or empty where the body's own SHA-256 was signed without being sent along.
    :param expires_seconds: lifetime of a presigned request; None for header signatures.
    :param decoded_length: bytes of payload in an aws-chunked body, as declared; None elsewhere.
    :param trailers: the trailing headers an aws-chunked body announces.
    """

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: datetime
    session_token: str
    method: Literal["AuthHeader", "QueryString"]
    expires_seconds: int | None
    payload_hash: str
    algorithm: str = ALGORITHM
    decoded_length: int | None = None
    trailers: tuple[str, ...] = ()

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"

    @property
    def dialect(self) -> Dialect:
        """The best guess at whose error codes apply while the protocol is unknown."""
        return dialect(self.service, "")


@lru_cache(maxsize=512)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The derived key; it changes daily, so a small cache spares most requests four HMACs."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def claimed_service(request: HttpRequest) -> str:
    """The signing name a request claims, by a look at its credential scope; empty if it claims none."""
    authorization = request.headers.get("authorization")
    if authorization.startswith("AWS4-"):
        found = _CLAIM_IN_HEADER.search(authorization)
        return found[1] if found else ""
    if "X-Amz-Credential=" in request.query:
        found = _CLAIM_IN_QUERY.search(request.query)
        return found[1] if found else ""
    return ""


def speaker(request: HttpRequest, signing_name: str) -> Dialect:
    """Whose error codes a request expects, judged by its looks alone; for use before it is routed."""
    kind = request.headers.get("content-type").lower()
    if signing_name:
        by_name = dialect(signing_name, "")
        if by_name in {"s3", "ec2"}:
            return by_name
    if "x-amz-target" in request.headers or "smithy-protocol" in request.headers:
        return "json"
    if "Action=" in request.query or kind.startswith("application/x-www-form-urlencoded"):
        return "query"
    return "rest-json" if signing_name or "json" in kind else "s3"


def parse(request: HttpRequest) -> Signature | None:
    """The signature a request carries; None for an anonymous one (bearer tokens are not ours to judge).

    Raises ServiceError for one that is malformed, and for the kinds AWS has but Triptych does not verify:
    Signature Version 2 and Version 4A.
    """
    authorization = request.headers.get("authorization")
    of = speaker(request, claimed_service(request))
    parameters = _parameters(request.query) if "X-Amz-" in request.query else {}
    presigned = any(name in parameters for name in ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"))
    if authorization and presigned:
        raise ServiceError(
            "InvalidArgument",
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
            "parameter or the Authorization header should be specified",
        )
    if presigned:
        return _from_query(request, parameters, of)
    if authorization and authorization.split(" ", 1)[0].lower() != "bearer":
        if len(request.headers.all("authorization")) > 1:
            raise refusal("incomplete", "There is more than one Authorization header.", of=of)
        return _from_header(request, authorization, of)
    _refuse_version_2(request, of)
    return None


def _from_header(request: HttpRequest, authorization: str, of: Dialect) -> Signature:
    algorithm, _, rest = authorization.partition(" ")
    _refuse_other_algorithms(algorithm, of)
    parts: dict[str, str] = {}
    for item in filter(str.strip, rest.split(",")):
        name, _, value = item.strip().partition("=")
        # Nothing here is signed, so nothing is tolerated that the router could read differently.
        if name in parts or name not in _PARTS:
            message = f"The authorization header is malformed; '{name}' is not expected or given twice."
            raise refusal("incomplete", message, of=of)
        parts[name] = value
    missing = [name for name in _PARTS if not parts.get(name)]
    dated = request.headers.get("x-amz-date") or request.headers.get("date")
    if missing or not dated:
        raise _incomplete(authorization, missing, dated=bool(dated), of=of)
    access_key_id, date, region, service = _credential(parts["Credential"], of, "incomplete")
    payload_hash = request.headers.get("x-amz-content-sha256")
    if of == "s3" and not payload_hash:
        raise ServiceError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    return Signature(
        access_key_id=access_key_id,
        date=date,
        region=region,
        service=service,
        signed_headers=tuple(parts["SignedHeaders"].split(";")),
        signature=parts["Signature"],
        timestamp=_timestamp(dated, of),
        session_token=request.headers.get("x-amz-security-token")
        or request.headers.get("x-amz-s3session-token"),
        method="AuthHeader",
        expires_seconds=None,
        payload_hash=_payload_hash(payload_hash, of),
        decoded_length=_decoded_length(request),
        trailers=_announced(request),
    )


def _from_query(request: HttpRequest, parameters: Mapping[str, str], of: Dialect) -> Signature:
    _refuse_other_algorithms(parameters.get("X-Amz-Algorithm", ALGORITHM), of)
    wanted = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders"]
    if of == "s3":
        wanted.append("X-Amz-Expires")
    missing = [name for name in wanted if not parameters.get(name)]
    if missing and of == "s3":
        message = (
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
            "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
        )
        raise refusal("incomplete-query", message, of=of)
    if missing:
        message = " ".join(f"AWS query-string parameters must include '{name}'." for name in missing)
        raise refusal("incomplete-query", f"{message} Re-examine the query-string parameters.", of=of)
    access_key_id, date, region, service = _credential(parameters["X-Amz-Credential"], of, "incomplete-query")
    default = UNSIGNED_PAYLOAD if of == "s3" else ""
    declared = request.headers.get("x-amz-content-sha256") or parameters.get("X-Amz-Content-Sha256", default)
    return Signature(
        access_key_id=access_key_id,
        date=date,
        region=region,
        service=service,
        signed_headers=tuple(parameters["X-Amz-SignedHeaders"].split(";")),
        signature=parameters["X-Amz-Signature"],
        timestamp=_timestamp(parameters["X-Amz-Date"], of),
        session_token=parameters.get("X-Amz-Security-Token", "")
        or parameters.get("X-Amz-S3session-Token", ""),
        method="QueryString",
        expires_seconds=_expires(parameters.get("X-Amz-Expires"), of),
        payload_hash=_payload_hash(declared, of),
        decoded_length=_decoded_length(request),
        trailers=_announced(request),
    )


def _parameters(query: str) -> dict[str, str]:
    """The signing parameters, decoded. One that is repeated is refused: which one was meant?"""
    found: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name in SIGNING_PARAMETERS:
            if name in found:
                raise ServiceError(
                    "AuthorizationQueryParametersError", f"{name} may be given only once in the query string."
                )
            found[name] = unquote(value)
    return found


def _credential(
    text: str, of: Dialect, kind: Literal["incomplete", "incomplete-query"]
) -> tuple[str, str, str, str]:
    parts = text.rsplit("/", 4)
    if len(parts) == 5 and all(parts) and re.fullmatch(r"[0-9]{8}", parts[1]) and parts[4] == "aws4_request":
        return parts[0], parts[1], parts[2], parts[3]
    if of == "s3":
        start = (
            "The authorization header is malformed"
            if kind == "incomplete"
            else "Error parsing the X-Amz-Credential parameter"
        )
        message = f"{start}; the Credential is mal-formed; expecting {_CREDENTIAL_EXAMPLE}."
    else:
        message = (
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            f"keyid/date/region/service/aws4_request, got '{text}'"
        )
    raise refusal(kind, message, of=of)


def _timestamp(text: str, of: Dialect) -> datetime:
    try:
        if re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", text):
            return datetime.strptime(text, TIMESTAMP).replace(tzinfo=UTC)
        found = parsedate_to_datetime(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        if of == "s3":
            message = "AWS authentication requires a valid Date or x-amz-date header"
            raise ServiceError("AccessDenied", message, status=403) from error
        message = f"Date must be in ISO-8601 'basic format'. Got '{text}'. See http://en.wikipedia.org/wiki/ISO_8601"
        raise refusal("incomplete", message, of=of) from error


def _expires(text: str | None, of: Dialect) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise refusal("incomplete-query", "X-Amz-Expires should be a number", of=of)
    seconds = int(text)
    if seconds < 0:
        raise refusal("incomplete-query", "X-Amz-Expires must be non-negative", of=of)
    if seconds > limits.PRESIGNED_SECONDS:
        message = (
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be "
            f"less than {limits.PRESIGNED_SECONDS} seconds"
        )
        raise refusal("incomplete-query", message, of=of)
    return seconds


def _payload_hash(text: str, of: Dialect) -> str:
    if text.startswith("STREAMING-AWS4-ECDSA"):
        _refuse_other_algorithms("AWS4-ECDSA-P256-SHA256", of)
    known = (UNSIGNED_PAYLOAD, "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    signed = (f"STREAMING-{ALGORITHM}-PAYLOAD", f"STREAMING-{ALGORITHM}-PAYLOAD-TRAILER")
    if text and text not in known and text not in signed and not _HEX_SHA256.match(text):
        raise ServiceError(
            "InvalidArgument",
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 "
            "value.",
            fields={"ArgumentName": "x-amz-content-sha256", "ArgumentValue": text},
        )
    return text


def _decoded_length(request: HttpRequest) -> int | None:
    text = request.headers.get("x-amz-decoded-content-length")
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def _announced(request: HttpRequest) -> tuple[str, ...]:
    names = ",".join(request.headers.all("x-amz-trailer")).lower().split(",")
    return tuple(name.strip() for name in names if name.strip())


def _incomplete(authorization: str, missing: list[str], *, dated: bool, of: Dialect) -> ServiceError:
    if of == "s3" and missing:
        return refusal(
            "incomplete", f"The authorization header is malformed; {missing[0]} is missing.", of=of
        )
    if of == "s3":
        message = "AWS authentication requires a valid Date or x-amz-date header"
        return ServiceError("AccessDenied", message, status=403)
    sentences = [f"Authorization header requires '{name}' parameter." for name in missing]
    if not dated:
        sentences.append(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    digest = base64.b64encode(hashlib.sha256(authorization.encode("latin-1", "replace")).digest()).decode()
    sentences.append(f"(Hashed with SHA-256 and encoded with Base64) Authorization={digest}")
    return refusal("incomplete", " ".join(sentences), of=of)


def _refuse_other_algorithms(algorithm: str, of: Dialect) -> None:
    if algorithm == ALGORITHM:
        return
    if of != "s3":
        raise refusal("unsupported", f"Unsupported AWS 'algorithm': '{algorithm}'.", of=of)
    if algorithm.startswith("AWS"):  # Version 2 ("AWS") and Version 4A ("AWS4-ECDSA-P256-SHA256")
        raise refusal(
            "unsupported",
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
            of=of,
        )
    raise ServiceError("InvalidArgument", "Unsupported Authorization Type")


def _refuse_version_2(request: HttpRequest, of: Dialect) -> None:
    """Signature Version 2 stands in the query or, for a form, in the body."""
    in_query = "AWSAccessKeyId=" in request.query and "Signature=" in request.query
    if in_query or (request.body[:8192].find(b"AWSAccessKeyId=") >= 0 and b"Signature=" in request.body):
        kind = request.headers.get("content-type").lower()
        if in_query or kind.startswith("application/x-www-form-urlencoded"):
            _refuse_other_algorithms("AWS2" if of != "s3" else "AWS", of)
