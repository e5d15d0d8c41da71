"""What moto needs to hear, and how its answers are put right. Pure.

moto takes the service and region of a call from the credential scope of its Authorization field and the
account from ``x-moto-account-id``; it verifies no signature. What it cannot do it answers with HTML pages,
empty bodies or (through ``sandbox_main``) an empty reply with a FAULT field: clients of ours never see those.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from triptych.estate.message import EstateRequest
from triptych.estate.outgoing import without_signature
from triptych.kernel.errors import ServiceError
from triptych.wire.message import Headers
from triptych.wire.model import OperationModel, operation_model

__all__ = ["FAULT", "fault", "refusal", "relabelled", "spoken"]

FAULT = "x-triptych-fault"
"""Reply field of ``sandbox_main``: why moto gave no answer. ``NotImplemented``, or the exception's name."""

_UNWANTED = frozenset({"user-agent", "expect", "host", "authorization"})
"""moto reads a region out of some user agents; the others are ours to set."""


_MISTAKEN = frozenset(
    {
        "CreateBucketMetadataConfiguration", "CreateBucketMetadataTableConfiguration", "CreateSession",
        "DeleteBucketAnalyticsConfiguration", "DeleteBucketIntelligentTieringConfiguration",
        "DeleteBucketInventoryConfiguration", "DeleteBucketMetadataConfiguration",
        "DeleteBucketMetadataTableConfiguration", "DeleteBucketMetricsConfiguration", "DeleteObjectAnnotation",
        "GetBucketAbac", "GetBucketAnalyticsConfiguration", "GetBucketIntelligentTieringConfiguration",
        "GetBucketMetadataConfiguration", "GetBucketMetadataTableConfiguration", "GetBucketMetricsConfiguration",
        "GetBucketRequestPayment", "GetObjectAnnotation", "GetObjectRetention", "GetObjectTorrent",
        "ListBucketAnalyticsConfigurations", "ListBucketIntelligentTieringConfigurations",
        "ListBucketMetricsConfigurations", "ListDirectoryBuckets", "ListObjectAnnotations", "PutBucketAbac",
        "PutBucketAnalyticsConfiguration", "PutBucketIntelligentTieringConfiguration",
        "PutBucketMetricsConfiguration", "PutBucketRequestPayment", "PutObjectAnnotation", "RenameObject",
        "UpdateBucketMetadataAnnotationTableConfiguration", "UpdateBucketMetadataInventoryTableConfiguration",
        "UpdateBucketMetadataJournalTableConfiguration", "UpdateObjectEncryption", "WriteGetObjectResponse",
    }
)  # fmt: skip
"""S3 operations that moto takes for the plain one of the same path: ``DELETE /bucket?metrics`` deletes the bucket."""


def refusal(request: EstateRequest) -> ServiceError | None:
    """The error for a call that must not even reach moto."""
    if request.service == "s3" and request.operation in _MISTAKEN:
        return _not_built(f"s3:{request.operation}")
    return None


def spoken(request: EstateRequest, now: datetime) -> EstateRequest:
    """The call as moto understands it, whoever made it and however it was signed."""
    plain = without_signature(request)
    scope = f"{now:%Y%m%d}/{request.region}/{request.signing_name}/aws4_request"
    headers = Headers(
        (name, value)
        for name, value in plain.headers
        if name not in _UNWANTED and not name.startswith(("x-moto-", "x-triptych-"))
    ).plus(
        (
            "authorization",
            f"AWS4-HMAC-SHA256 Credential={request.access_key_id or request.account}/{scope}, "
            "SignedHeaders=host, Signature=0",
        ),
        ("x-moto-account-id", request.account),
    )
    return replace(plain, headers=headers)


def fault(request: EstateRequest, status: int, headers: Headers, start: bytes) -> ServiceError | None:
    """The error that a reply of moto's really means, or None when it is an answer.

    :param start: the first bytes of the body, empty only when the body is.
    """
    what = f"{request.service}:{request.operation}"
    if reason := headers.get(FAULT):
        return _not_built(what) if reason == "NotImplemented" else _broken(what, reason)
    if status < 300:
        return None
    is_page = start[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))
    is_mute = not start and status >= 400 and request.method != "HEAD"
    if not (is_page or is_mute):
        return None
    if is_mute and status == 403:
        return ServiceError("AccessDenied", "Access Denied", status=403)
    if status in {404, 405, 501}:
        return _not_built(what)
    return _broken(what, f"HTTP {status}")


def relabelled(request: EstateRequest, headers: Headers, start: bytes) -> Headers:
    """The reply's fields with the content type that its body has; moto's framework calls any text HTML."""
    if not headers.get("content-type").startswith("text/html") or _carries_anything(_operation(request)):
        return headers
    begins = start.lstrip()[:1]
    if begins == b"<":
        return headers.plus(("content-type", "text/xml"))
    if begins in {b"{", b"["}:
        return headers.plus(("content-type", "application/json"))
    return headers.without("content-type") if not start else headers


def _operation(request: EstateRequest) -> OperationModel:
    return operation_model(request.service, request.operation)


def _carries_anything(operation: OperationModel) -> bool:
    """Whether the body of a reply is the caller's own bytes (GetObject), which may well be HTML."""
    output = operation.output_shape
    payload = output.serialization.get("payload") if output is not None else None
    if output is None or payload is None:
        return False
    return output.members[payload].type_name in {"blob", "string"}


def _not_built(what: str) -> ServiceError:
    return ServiceError(
        "NotImplemented",
        f"The sandbox estate does not implement {what}. Map the service to another upstream under "
        "[estate.services] to use it.",
        status=501,
    )


def _broken(what: str, reason: str) -> ServiceError:
    return ServiceError(
        "InternalError", f"The sandbox estate failed on {what} ({reason}); the log says more.", status=500
    )
