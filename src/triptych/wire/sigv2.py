"""Signature Version 2 for S3's presigned URLs, and nothing else.

boto3 still makes them for every client that does not ask for ``s3v4`` by name, so unmodified clients depend on
them. Headers signed with Version 2, and other services, are refused as AWS refuses them.

Source: "Signing and authenticating REST requests", query string request authentication alternative (Amazon S3).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, unquote

from triptych.kernel.errors import ServiceError
from triptych.wire.message import HttpRequest
from triptych.wire.signature import Signature

ALGORITHM = "AWS-HMAC-SHA1"

_SUBRESOURCES = frozenset(
    {
        "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "inventory", "lifecycle", "location",
        "logging", "metrics", "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment",
        "response-cache-control", "response-content-disposition", "response-content-encoding",
        "response-content-language", "response-content-type", "response-expires", "restore", "select", "select-type",
        "storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
    }
)  # fmt: skip
_NOT_SIGNED = frozenset({"AWSAccessKeyId", "Signature", "Expires"})


def is_presigned(request: HttpRequest) -> bool:
    """Whether the query claims a Version 2 signature."""
    names = {pair.partition("=")[0] for pair in request.query.split("&")}
    return names >= _NOT_SIGNED and "X-Amz-Signature" not in names


def parse(request: HttpRequest, *, region: str) -> Signature:
    """The signature as claimed. Version 2 names no region: the caller says which one is meant."""
    values = dict(parse_qsl(request.query, keep_blank_values=True))
    if not values["Expires"].isdecimal() or len(values["Expires"]) > 12:
        raise ServiceError(
            "AccessDenied", "Invalid date (should be seconds since epoch): " + values["Expires"], status=403
        )
    expires = datetime.fromtimestamp(int(values["Expires"]), UTC)
    return Signature(
        access_key_id=values["AWSAccessKeyId"],
        date="",
        region=region,
        service="s3",
        signed_headers=(),
        signature=values["Signature"],
        timestamp=expires,
        session_token=values.get("x-amz-security-token", ""),
        method="QueryString",
        expires_seconds=0,
        payload_hash="UNSIGNED-PAYLOAD",
        algorithm=ALGORITHM,
    )


def verify(addressed: HttpRequest, signature: Signature, secret: str, now: datetime) -> None:
    """Raise ServiceError unless ``secret`` signed this request and it has not expired.

    :param addressed: the request in path style: Version 2 signs the bucket's name wherever it stood.
    """
    expected = base64.b64encode(
        hmac.new(secret.encode(), _string_to_sign(addressed).encode(), hashlib.sha1).digest()
    )
    if not hmac.compare_digest(expected, signature.signature.encode("utf-8", "replace")):
        raise ServiceError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
            status=403,
        )
    if now > signature.timestamp:
        raise ServiceError(
            "AccessDenied",
            "Request has expired",
            status=403,
            fields={"Expires": _iso(signature.timestamp), "ServerTime": _iso(now)},
        )
    if signature.timestamp - now > timedelta(days=3660):
        raise ServiceError("AccessDenied", "Expires is too far in the future", status=403)


def _string_to_sign(request: HttpRequest) -> str:
    """Method, three standard fields (a date is replaced by Expires), the x-amz fields, the resource.

    Fields may stand in the query: presigning moves them there.
    """
    pairs = [pair.partition("=") for pair in request.query.split("&") if pair]
    query = {name: unquote(value.replace("+", " ")) for name, _, value in pairs}
    fields: dict[str, list[str]] = {}
    for name, value in request.headers:
        fields.setdefault(name, []).append(value.strip())
    for name, value in query.items():
        if name.lower().startswith("x-amz-") or name.lower() in ("content-md5", "content-type"):
            fields[name.lower()] = [value]
    standard = [",".join(fields.get(name, [""])) for name in ("content-md5", "content-type")]
    amazon = [f"{name}:{','.join(fields[name])}" for name in sorted(fields) if name.startswith("x-amz-")]
    return "\n".join([request.method, *standard, query["Expires"], *amazon, _resource(request, pairs)])


def _resource(request: HttpRequest, pairs: list[tuple[str, str, str]]) -> str:
    chosen = sorted(
        (name, separator, unquote(value)) for name, separator, value in pairs if name in _SUBRESOURCES
    )
    subresources = "&".join(f"{name}{separator}{value}" for name, separator, value in chosen)
    return request.path + (f"?{subresources}" if subresources else "")


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
