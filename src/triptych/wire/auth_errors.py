"""Why a caller is refused at the door, in the words of the kind of service that was called.

One refusal has up to five names at AWS: S3 has its own, EC2 has its own, and the rest go by protocol. Here is
the one table; ``sigv4`` and ``aws_chunked`` raise from it, the gateway too for what only it can know (whether a
key exists, whether a token has expired).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from triptych.kernel.errors import ServiceError

__all__ = [
    "Dialect",
    "dialect",
    "expired_token_error",
    "invalid_token_error",
    "missing_error",
    "refusal",
    "unknown_key_error",
]

Dialect = Literal["s3", "ec2", "query", "json", "rest-json"]
"""Whose codes to use; Route 53 and CloudFront (rest-xml) use those of the query protocol."""

Refusal = Literal[
    "expired-token",
    "incomplete",
    "incomplete-query",
    "invalid-token",
    "missing",
    "mismatch",
    "presigned-expired",
    "scope",
    "skewed",
    "unknown-key",
    "unsigned-headers",
    "unsupported",
]

_S3_SERVICES = frozenset({"s3", "s3control", "s3express", "s3-object-lambda", "s3-outposts", "s3-control"})

_CODES: Mapping[Dialect, Mapping[Refusal, tuple[str, int]]] = {
    "s3": {
        "expired-token": ("ExpiredToken", 400),
        "incomplete": ("AuthorizationHeaderMalformed", 400),
        "incomplete-query": ("AuthorizationQueryParametersError", 400),
        "invalid-token": ("InvalidToken", 400),
        "missing": ("AccessDenied", 403),
        "mismatch": ("SignatureDoesNotMatch", 403),
        "presigned-expired": ("AccessDenied", 403),
        "scope": ("AuthorizationHeaderMalformed", 400),
        "skewed": ("RequestTimeTooSkewed", 403),
        "unknown-key": ("InvalidAccessKeyId", 403),
        "unsigned-headers": ("AccessDenied", 403),
        "unsupported": ("InvalidRequest", 400),
    },
    "ec2": {
        "expired-token": ("RequestExpired", 400),
        "incomplete": ("IncompleteSignature", 400),
        "incomplete-query": ("IncompleteSignature", 400),
        "invalid-token": ("AuthFailure", 401),
        "missing": ("MissingParameter", 400),
        "mismatch": ("SignatureDoesNotMatch", 403),
        "presigned-expired": ("RequestExpired", 400),
        "scope": ("SignatureDoesNotMatch", 403),
        "skewed": ("RequestExpired", 400),
        "unknown-key": ("AuthFailure", 401),
        "unsigned-headers": ("SignatureDoesNotMatch", 403),
        "unsupported": ("IncompleteSignature", 400),
    },
    "query": {
        "expired-token": ("ExpiredToken", 403),
        "incomplete": ("IncompleteSignature", 403),
        "incomplete-query": ("IncompleteSignature", 403),
        "invalid-token": ("InvalidClientTokenId", 403),
        "missing": ("MissingAuthenticationToken", 403),
        "mismatch": ("SignatureDoesNotMatch", 403),
        "presigned-expired": ("SignatureDoesNotMatch", 403),
        "scope": ("SignatureDoesNotMatch", 403),
        "skewed": ("SignatureDoesNotMatch", 403),
        "unknown-key": ("InvalidClientTokenId", 403),
        "unsigned-headers": ("SignatureDoesNotMatch", 403),
        "unsupported": ("IncompleteSignature", 403),
    },
    "json": {
        "expired-token": ("ExpiredTokenException", 400),
        "incomplete": ("IncompleteSignatureException", 400),
        "incomplete-query": ("IncompleteSignatureException", 400),
        "invalid-token": ("UnrecognizedClientException", 400),
        "missing": ("MissingAuthenticationTokenException", 400),
        "mismatch": ("InvalidSignatureException", 400),
        "presigned-expired": ("InvalidSignatureException", 400),
        "scope": ("InvalidSignatureException", 400),
        "skewed": ("InvalidSignatureException", 400),
        "unknown-key": ("UnrecognizedClientException", 400),
        "unsigned-headers": ("InvalidSignatureException", 400),
        "unsupported": ("IncompleteSignatureException", 400),
    },
}


def dialect(service: str, protocol: str) -> Dialect:
    """Whose codes a service uses.

    :param service: botocore's name, or the signing name where that is all there is.
    :param protocol: as in ``Route``; empty counts as JSON.
    """
    if service in _S3_SERVICES:
        return "s3"
    if protocol == "ec2" or service == "ec2":
        return "ec2"
    if protocol in {"query", "rest-xml"}:
        return "query"
    return "rest-json" if protocol == "rest-json" else "json"


def refusal(
    kind: Refusal, message: str, *, of: Dialect, fields: Mapping[str, Any] | None = None
) -> ServiceError:
    """The error for one refusal; REST-JSON services use JSON's codes, with 403 where the caller is at fault."""
    code, status = _CODES["json" if of == "rest-json" else of][kind]
    if of == "rest-json":
        status = 403
    return ServiceError(code, message, status=status, fields=fields)


def missing_error(service: str, protocol: str) -> ServiceError:
    """No credentials at all, where the operation wants some."""
    of = dialect(service, protocol)
    messages: Mapping[Dialect, str] = {
        "s3": "Access Denied",
        "ec2": "The request must contain the parameter AWSAccessKeyId",
        "query": "Request is missing Authentication Token",
        "json": "Request is missing Authentication Token",
        "rest-json": "Missing Authentication Token",
    }
    return refusal("missing", messages[of], of=of)


def unknown_key_error(service: str, protocol: str, access_key_id: str = "") -> ServiceError:
    """Nobody has this access key id, or its key is inactive."""
    of = dialect(service, protocol)
    if of == "s3":
        message = "The AWS Access Key Id you provided does not exist in our records."
        return refusal("unknown-key", message, of=of, fields={"AWSAccessKeyId": access_key_id})
    if of == "ec2":
        return refusal("unknown-key", "AWS was not able to validate the provided access credentials", of=of)
    return refusal("unknown-key", "The security token included in the request is invalid.", of=of)


def invalid_token_error(service: str, protocol: str) -> ServiceError:
    """The session token does not belong to the access key, or one is there that should not be."""
    of = dialect(service, protocol)
    if of == "s3":
        return refusal("invalid-token", "The provided token is malformed or otherwise invalid.", of=of)
    if of == "ec2":
        return refusal("invalid-token", "AWS was not able to validate the provided access credentials", of=of)
    return refusal("invalid-token", "The security token included in the request is invalid.", of=of)


def expired_token_error(service: str, protocol: str) -> ServiceError:
    """Temporary credentials after their time."""
    of = dialect(service, protocol)
    if of == "s3":
        return refusal("expired-token", "The provided token has expired.", of=of)
    if of == "ec2":
        return refusal("expired-token", "Request has expired.", of=of)
    return refusal("expired-token", "The security token included in the request is expired", of=of)
