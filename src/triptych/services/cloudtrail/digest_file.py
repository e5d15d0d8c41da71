"""Digest files: what proves that log files are the ones that were delivered. Pure.

A digest names the log files of about an hour of one source region with their hashes, and the digest before it with
its hash and signature; its own RSA signature stands in the object's metadata. ``aws cloudtrail validate-logs`` walks
the chain backwards. Source: AWS, "CloudTrail digest file structure".
"""

from __future__ import annotations

import gzip
import hashlib
from datetime import UTC, datetime
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from triptych.services.cloudtrail import dates

ALGORITHM = "SHA256withRSA"
KEY_BITS = 2048


class LogFile(msgspec.Struct, frozen=True, kw_only=True):
    """A delivered log file; ``sha256`` is of its content before compression, in hex."""

    bucket: str
    key: str
    sha256: str
    newest: datetime
    oldest: datetime


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """The digest before this one."""

    bucket: str
    key: str
    sha256: str
    signature: str


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """A finished digest: the object and its signature (hex)."""

    key: str
    body: bytes
    sha256: str
    signature: str


def digest_key(*, prefix: str, account: str, region: str, trail: str, home_region: str, end: datetime) -> str:
    at = end.astimezone(UTC)
    lead = f"{prefix}/" if prefix else ""
    name = f"{account}_CloudTrail-Digest_{region}_{trail}_{home_region}_{at:%Y%m%dT%H%M%SZ}.json.gz"
    return f"{lead}AWSLogs/{account}/CloudTrail-Digest/{region}/{at:%Y/%m/%d}/{name}"


def digest(
    *,
    account: str,
    bucket: str,
    key: str,
    start: datetime,
    end: datetime,
    logs: tuple[LogFile, ...],
    previous: Link | None,
    signer: rsa.RSAPrivateKey,
) -> Digest:
    """The digest of ``logs``; the first one of a chain has no ``previous``. The same input gives the same bytes."""
    document: dict[str, Any] = {
        "awsAccountId": account,
        "digestStartTime": dates.seconds(start),
        "digestEndTime": dates.seconds(end),
        "digestS3Bucket": bucket,
        "digestS3Object": key,
        "digestPublicKeyFingerprint": fingerprint(public_key(signer)),
        "digestSignatureAlgorithm": ALGORITHM,
        "newestEventTime": dates.seconds(max(log.newest for log in logs)) if logs else None,
        "oldestEventTime": dates.seconds(min(log.oldest for log in logs)) if logs else None,
        "previousDigestS3Bucket": previous.bucket if previous else None,
        "previousDigestS3Object": previous.key if previous else None,
        "previousDigestHashValue": previous.sha256 if previous else None,
        "previousDigestHashAlgorithm": "SHA-256" if previous else None,
        "previousDigestSignature": previous.signature if previous else None,
        "logFiles": [_entry(log) for log in logs],
    }
    content = msgspec.json.encode(document)
    sha256 = hashlib.sha256(content).hexdigest()
    signed = (
        f"{document['digestEndTime']}\n{bucket}/{key}\n{sha256}\n{previous.signature if previous else 'null'}"
    )
    signature = signer.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()).hex()
    return Digest(key=key, body=gzip.compress(content, mtime=0), sha256=sha256, signature=signature)


def _entry(log: LogFile) -> dict[str, str]:
    return {
        "s3Bucket": log.bucket,
        "s3Object": log.key,
        "hashValue": log.sha256,
        "hashAlgorithm": "SHA-256",
        "newestEventTime": dates.seconds(log.newest),
        "oldestEventTime": dates.seconds(log.oldest),
    }


def public_key(signer: rsa.RSAPrivateKey) -> bytes:
    """PKCS#1 in DER: what ListPublicKeys answers."""
    return signer.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)


def fingerprint(public: bytes) -> str:
    """The name of a public key: the MD5 of its DER form, an identifier and nothing that must resist attack."""
    return hashlib.md5(public, usedforsecurity=False).hexdigest()
