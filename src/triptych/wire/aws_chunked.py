"""Bodies framed as ``aws-chunked``: unwrapped while they arrive, verified before anything is passed on.

Four framings exist; three are read here. ``STREAMING-AWS4-HMAC-SHA256-PAYLOAD`` signs every chunk, each over the
signature before it, beginning with the request's own; ``...-PAYLOAD-TRAILER`` signs trailing headers as well;
``STREAMING-UNSIGNED-PAYLOAD-TRAILER`` signs no chunk and relies on TLS and a trailing checksum. (The fourth,
with ECDSA, is refused by ``signature``.) Source: S3 API Reference, "Signature calculations for the authorization
header: transferring payload in multiple chunks" and "... including trailing headers".

Trailing checksums are compared where the standard library has the algorithm. CRC32C and CRC64NVME would cost
more time in Python than receiving the bytes: they are compared if ``awscrt`` is installed, otherwise passed on
for the upstream to compare.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Literal, Protocol, TypeVar

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.wire.message import Headers
from triptych.wire.signature import ALGORITHM, TIMESTAMP, Signature, signing_key

__all__ = ["ChunkDecoder", "is_chunked", "unchunked_headers"]

T = TypeVar("T")

_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_SIZE_LINE = re.compile(rb"([0-9a-fA-F]{1,16})(?:;chunk-signature=([0-9a-f]{64}))?\Z")
_TRAILER_SIGNATURE = "x-amz-trailer-signature"
_CHECKSUM = "x-amz-checksum-"
_BLANK = " \t\r"


class _Checksum(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc:
    """A CRC function (``crc(data, previous)``) in the shape of hashlib's objects."""

    def __init__(self, function: Callable[[bytes, int], int], size_bytes: int) -> None:
        self._function = function
        self._size_bytes = size_bytes
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size_bytes, "big")


def _crt(name: str, size_bytes: int) -> _Checksum | None:
    try:
        function = getattr(importlib.import_module("awscrt.checksums"), name, None)
    except ImportError:
        return None
    return _Crc(function, size_bytes) if function else None


_ALGORITHMS: Mapping[str, Callable[[], _Checksum | None]] = {
    "crc32": lambda: _Crc(zlib.crc32, 4),
    "crc32c": lambda: _crt("crc32c", 4),
    "crc64nvme": lambda: _crt("crc64nvme", 8),
    "md5": lambda: hashlib.md5(usedforsecurity=False),
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
}


def is_chunked(signature: Signature | None) -> bool:
    """Whether the body is framed and needs a ``ChunkDecoder``."""
    return signature is not None and signature.payload_hash.startswith("STREAMING-")


def unchunked_headers(headers: Headers) -> Headers:
    """The header fields of the payload itself: no framing, and the length of what is left without it."""
    codings = [c.strip() for value in headers.all("content-encoding") for c in value.split(",")]
    kept = ",".join(c for c in codings if c and c.lower() != "aws-chunked")
    length = headers.get("x-amz-decoded-content-length")
    plain = headers.without(
        "content-encoding",
        "content-length",
        "transfer-encoding",
        "x-amz-decoded-content-length",
        "x-amz-trailer",
    )
    return plain.plus(
        *([("content-encoding", kept)] if kept else []), *([("content-length", length)] if length else [])
    )


class ChunkDecoder:
    """Takes the framing off one body, in pieces of any size.

    Memory is bounded: a signed chunk is held back until its signature is known to be right and may be
    ``limits.SIGNED_CHUNK_BYTES`` long; unsigned chunks pass as they come; a size line and the trailers are
    short. After the first error every further call raises it again.
    """

    def __init__(self, signature: Signature, secret: str) -> None:
        """:param signature: a verified one whose ``payload_hash`` is ``STREAMING-...``."""
        self._signed = signature.payload_hash.startswith(f"STREAMING-{ALGORITHM}-")
        self._announced = frozenset(signature.trailers)
        self._with_trailers = signature.payload_hash.endswith("-TRAILER")
        self._expected_bytes = signature.decoded_length
        self._key = signing_key(secret, signature.date, signature.region, signature.service)
        self._about = f"{signature.timestamp.strftime(TIMESTAMP)}\n{signature.scope}"
        self._previous = signature.signature
        self._state: Literal["size", "data", "end-of-data", "trailers"] = "size"
        self._held = bytearray()
        self._left_bytes = 0
        self._chunk_signature = ""
        self._total_bytes = 0
        self._checksums = {
            name: checksum
            for name in signature.trailers
            if name.startswith(_CHECKSUM)
            and (checksum := _ALGORITHMS.get(name.removeprefix(_CHECKSUM), lambda: None)())
        }
        self._error: ServiceError | None = None
        if self._expected_bytes is None:
            self._error = ServiceError(
                "MissingContentLength",
                "You must provide the x-amz-decoded-content-length HTTP header.",
                status=411,
            )

    def feed(self, data: bytes) -> bytes:
        """The payload that ``data`` completes. Raises ServiceError."""
        return self._guarded(lambda: self._feed(data))

    def finish(self) -> dict[str, str]:
        """The trailing headers, once all bytes were fed. Raises ServiceError if anything is missing or wrong."""
        return self._guarded(self._finish)

    def _guarded(self, step: Callable[[], T]) -> T:
        if self._error is not None:
            raise self._error
        try:
            return step()
        except ServiceError as error:
            self._error = error
            self._held.clear()
            raise

    def _feed(self, data: bytes) -> bytes:
        self._held += data
        passed = bytearray()
        while True:
            if self._state == "size":
                if not self._read_size():
                    break
            elif self._state == "data":
                if not self._read_data(passed):
                    break
            elif self._state == "end-of-data":
                if len(self._held) < 2:
                    break
                if self._held[:2] != b"\r\n":
                    raise _malformed("A chunk is not followed by a line break.")
                del self._held[:2]
                self._state = "size"
            else:
                if len(self._held) > limits.CHUNK_TRAILER_BYTES:
                    raise _malformed_trailer()
                break
        return bytes(passed)

    def _read_size(self) -> bool:
        end = self._held.find(b"\r\n")
        if end < 0 and len(self._held) <= limits.CHUNK_LINE_BYTES:
            return False
        found = _SIZE_LINE.match(bytes(self._held[: max(end, 0)]))
        if not 0 <= end <= limits.CHUNK_LINE_BYTES or found is None or bool(found[2]) is not self._signed:
            raise _malformed("A chunk's size line is not well-formed.")
        del self._held[: end + 2]
        self._left_bytes = int(found[1], 16)
        self._chunk_signature = (found[2] or b"").decode()
        self._total_bytes += self._left_bytes
        if self._total_bytes > (self._expected_bytes or 0):
            raise _incomplete_body()
        if self._signed and self._left_bytes > limits.SIGNED_CHUNK_BYTES:
            raise _malformed(f"A signed chunk must not exceed {limits.SIGNED_CHUNK_BYTES} bytes.")
        self._state = "data"
        if self._left_bytes == 0:
            self._pass_on(b"")
            self._state = "trailers"
        return True

    def _read_data(self, passed: bytearray) -> bool:
        """Signed chunks whole; unsigned ones as far as they have come."""
        ready = min(self._left_bytes, len(self._held))
        if ready == 0 or (self._signed and ready < self._left_bytes):
            return False
        payload = bytes(self._held[:ready])
        del self._held[:ready]
        self._left_bytes -= ready
        self._pass_on(payload)
        passed += payload
        if self._left_bytes == 0:
            self._state = "end-of-data"
        return True

    def _pass_on(self, payload: bytes) -> None:
        if self._signed:
            digest = hashlib.sha256(payload).hexdigest()
            self._check_link("PAYLOAD", f"{_EMPTY_SHA256}\n{digest}", self._chunk_signature)
        for checksum in self._checksums.values():
            checksum.update(payload)

    def _check_link(self, kind: str, hashed: str, claimed: str) -> None:
        """One signature of the chain: over the signature before it and what it covers."""
        to_sign = f"{ALGORITHM}-{kind}\n{self._about}\n{self._previous}\n{hashed}"
        expected = hmac.digest(self._key, to_sign.encode(), "sha256").hex()
        if not hmac.compare_digest(expected.encode(), claimed.encode()):
            message = (
                "The request signature we calculated does not match the signature you provided. Check your key "
                "and signing method."
            )
            raise ServiceError("SignatureDoesNotMatch", message, status=403)
        self._previous = expected

    def _finish(self) -> dict[str, str]:
        if self._state != "trailers" or self._total_bytes != self._expected_bytes:
            raise _incomplete_body()
        trailers = self._trailers(bytes(self._held))
        if not self._with_trailers and trailers:
            raise _malformed_trailer()
        claimed = trailers.pop(_TRAILER_SIGNATURE, "")
        if trailers.keys() != self._announced or bool(claimed) is not (self._signed and self._with_trailers):
            raise _malformed_trailer()
        if claimed:
            lines = "".join(f"{name}:{value}\n" for name, value in trailers.items())
            self._check_link("TRAILER", hashlib.sha256(lines.encode("latin-1")).hexdigest(), claimed)
        for name, checksum in self._checksums.items():
            if trailers[name] != base64.b64encode(checksum.digest()).decode():
                algorithm = name.removeprefix(_CHECKSUM).upper()
                message = f"The {algorithm} you specified did not match the calculated checksum."
                raise ServiceError("BadDigest", message)
        return trailers

    def _trailers(self, text: bytes) -> dict[str, str]:
        """Lines ``name:value``. Clients end them by LF, CRLF or both, so empty lines mean nothing."""
        found: dict[str, str] = {}
        for line in text.split(b"\n"):
            name, colon, value = line.decode("latin-1").strip(_BLANK).partition(":")
            if not name and not colon:
                continue
            name = name.strip(_BLANK).lower()
            if not colon or not name or name in found or _TRAILER_SIGNATURE in found:
                raise _malformed_trailer()
            found[name] = value.strip(_BLANK)
        return found


def _incomplete_body() -> ServiceError:
    return ServiceError(
        "IncompleteBody",
        "You did not provide the number of bytes specified by the x-amz-decoded-content-length HTTP header.",
    )


def _malformed(message: str) -> ServiceError:
    return ServiceError("InvalidChunkSizeError", message)


def _malformed_trailer() -> ServiceError:
    return ServiceError(
        "MalformedTrailerError",
        "The request contained trailing data that was not well-formed or did not conform to our published schema.",
    )
