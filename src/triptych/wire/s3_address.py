"""Hosts: the service a host name means, and the bucket in front of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from triptych.wire.message import HttpRequest
from triptych.wire.signature import claimed_service

__all__ = ["Host", "is_s3_control", "normalise_s3", "read_host"]

_AWS_SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn")
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d+\Z|aws-global\Z")
_S3_LABEL = re.compile(r"s3(-fips|-accelerate|-external-1|-[a-z]{2,4}(-[a-z]+)+-\d+)?\Z")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]\Z")
_S3_NAMES = frozenset({"", "s3", "s3express"})
_CONTROL_PATH = "/v20180820/"


@dataclass(frozen=True, slots=True)
class Host:
    """A host name, taken apart.

    :param labels: the labels that name a service, e.g. ``("runtime", "lex")``; empty if none are left.
    :param bucket: what stands before an S3 label, or before one of our own names.
    :param s3: whether the host says S3.
    :param ours: whether the host ends in one of this server's names (not in AWS's).
    """

    labels: tuple[str, ...] = ()
    bucket: str = ""
    s3: bool = False
    ours: bool = False


@lru_cache(maxsize=1024)
def read_host(host: str, hostnames: tuple[str, ...]) -> Host:
    """Read ``bucket.s3.eu-west-1.amazonaws.com``, ``stream-logs.us-east-1.localhost``, ``bucket.localhost:4566``.

    A host that ends neither in AWS's names nor in one of ``hostnames`` says nothing.
    """
    name = re.sub(r":\d+\Z", "", host.strip().lower()).rstrip(".")
    own = sorted((h.lower() for h in hostnames), key=len, reverse=True)
    for suffix in (*(f".{h}" for h in own), *_AWS_SUFFIXES):
        if name.endswith(suffix):
            return _read_labels(name.removesuffix(suffix), ours=suffix not in _AWS_SUFFIXES)
    return Host(ours=name in own)


def _read_labels(text: str, *, ours: bool) -> Host:
    labels = text.split(".")
    while labels and (_REGION.match(labels[-1]) or labels[-1] == "dualstack"):
        labels.pop()
    if not labels:
        return Host(ours=ours)
    if _S3_LABEL.match(labels[-1]) or labels[-1].startswith("s3express-"):
        return Host(labels=("s3",), bucket=".".join(labels[:-1]), s3=True, ours=ours)
    bucket = text if ours and _BUCKET.match(text) else ""
    return Host(labels=tuple(label.removesuffix("-fips") for label in labels), bucket=bucket, ours=ours)


def is_s3_control(request: HttpRequest, host: Host) -> bool:
    """S3 Control signs as S3 and its paths could be a bucket's; only its account header or host tells."""
    if host.labels and host.labels[-1].startswith("s3-control"):
        return True
    return request.path.startswith(_CONTROL_PATH) and "x-amz-account-id" in request.headers


def normalise_s3(request: HttpRequest, hostnames: Sequence[str]) -> HttpRequest:
    """An S3 request with its bucket in the path, ``/bucket/key``, wherever the client had put it.

    Requests of other services, and those whose host names no bucket, come back unchanged. For routing and
    decoding only: the signature was made over the request as it came.
    """
    if claimed_service(request) not in _S3_NAMES or "x-amz-target" in request.headers:
        return request
    host = read_host(request.host, tuple(hostnames))
    if not host.bucket or is_s3_control(request, host) or "x-amz-request-route" in request.headers:
        return request
    return replace(request, path=f"/{host.bucket}" + ("" if request.path in {"", "/"} else request.path))
