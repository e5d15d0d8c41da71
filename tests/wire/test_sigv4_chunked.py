"""aws-chunked bodies: what a straightforward producer frames is unwrapped, what was changed on the way is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import itertools
import re
import sys
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum, Sha1Checksum, Sha256Checksum
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.wire.aws_chunked import ChunkDecoder, is_chunked, unchunked_headers
from triptych.wire.message import Headers, HttpRequest
from triptych.wire.sigv4 import Signature, parse, sign, verify

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
NOW = datetime(2013, 5, 24, tzinfo=UTC)
SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
CRC32 = "x-amz-checksum-crc32"
PAYLOAD = b"The quick brown fox jumps over the lazy dog. " * 5


def seed(kind: str, length: int, trailers: tuple[str, ...] = ()) -> Signature:
    """The verified signature of the request such a body belongs to."""
    fields = [
        ("host", "localhost"),
        ("content-encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", str(length)),
    ]
    fields += [("x-amz-trailer", name) for name in trailers]
    request = sign(
        HttpRequest("PUT", "/b/k", "", Headers(fields)),
        access_key_id="k",
        secret=SECRET,
        service="s3",
        region="us-east-1",
        now=NOW,
        payload_hash=kind,
    )
    signature = parse(request)
    assert signature is not None and is_chunked(signature)
    verify(request, signature, SECRET, NOW, body_sha256=None)
    return signature


class Producer:
    """The guide's own words in code, without looking at the decoder."""

    def __init__(
        self, signature: str, secret: str = SECRET, scope: str = "20130524/us-east-1/s3/aws4_request"
    ) -> None:
        key = ("AWS4" + secret).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        self.key, self.scope, self.last = key, scope, signature

    def _sign(self, kind: str, rest: str) -> str:
        text = "\n".join([f"AWS4-HMAC-SHA256-{kind}", "20130524T000000Z", self.scope, self.last, rest])
        self.last = hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()
        return self.last

    def chunk(self, data: bytes) -> bytes:
        rest = hashlib.sha256(b"").hexdigest() + "\n" + hashlib.sha256(data).hexdigest()
        head = f"{len(data):x};chunk-signature={self._sign('PAYLOAD', rest)}\r\n".encode()
        return head + data + (b"\r\n" if data else b"")

    def trailer(self, fields: dict[str, str]) -> bytes:
        text = "".join(f"{name}:{value}\n" for name, value in fields.items())
        signature = self._sign("TRAILER", hashlib.sha256(text.encode()).hexdigest())
        lines = "".join(f"{name}:{value}\r\n" for name, value in fields.items())
        return f"{lines}x-amz-trailer-signature:{signature}\r\n\r\n".encode()


def crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def framed(kind: str, chunks: list[bytes]) -> tuple[Signature, bytes, dict[str, str]]:
    payload = b"".join(chunks)
    fields = {} if kind == SIGNED else {CRC32: crc32(payload)}
    signature = seed(kind, len(payload), tuple(fields))
    if kind == UNSIGNED_TRAILER:
        body = b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks) + b"0\r\n"
        return signature, body + "".join(f"{n}:{v}\r\n" for n, v in fields.items()).encode() + b"\r\n", fields
    producer = Producer(signature.signature)
    body = b"".join(producer.chunk(c) for c in [*chunks, b""])
    return signature, body + (b"\r\n" if kind == SIGNED else producer.trailer(fields)), fields


def pieces(body: bytes, cuts: list[int]) -> Iterator[bytes]:
    places = sorted({0, len(body), *(c % (len(body) + 1) for c in cuts)})
    for start, end in itertools.pairwise(places):
        yield body[start:end]


def decoded(signature: Signature, body: bytes, cuts: list[int] | None = None) -> tuple[bytes, dict[str, str]]:
    decoder = ChunkDecoder(signature, SECRET)
    passed = b"".join(decoder.feed(piece) for piece in pieces(body, cuts or []))
    return passed, decoder.finish()


chunkings = st.lists(st.binary(min_size=1, max_size=40), max_size=5)
KINDS = [SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=100, deadline=None)
@given(chunks=chunkings, cuts=st.lists(st.integers(0, 10_000), max_size=8))
def test_what_was_framed_is_unwrapped(kind: str, chunks: list[bytes], cuts: list[int]) -> None:
    signature, body, fields = framed(kind, chunks)
    assert decoded(signature, body, cuts) == (b"".join(chunks), fields)
    assert decoded(signature, body, list(range(len(body)))) == (b"".join(chunks), fields)


def test_the_s3_guides_chunked_upload() -> None:
    """66560 letters in three chunks; every signature as published."""
    signature = replace(
        seed(SIGNED, 66560), signature="4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    )
    published = [
        (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
        (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
        (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
    ]
    body = b"".join(b"%x;chunk-signature=%s\r\n%s\r\n" % (n, s.encode(), b"a" * n) for n, s in published)
    assert decoded(signature, body) == (b"a" * 66560, {})


def test_the_s3_guides_chunked_upload_with_a_trailer() -> None:
    signature = replace(
        seed(SIGNED_TRAILER, 66560, ("x-amz-checksum-crc32c",)),
        signature="106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    )
    published = [
        (65536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
        (1024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
    ]
    body = b"".join(b"%x;chunk-signature=%s\r\n%s\r\n" % (n, s.encode(), b"a" * n) for n, s in published)
    body += b"0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
    body += b"x-amz-checksum-crc32c:sOO8/Q==\n"
    body += b"\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
    assert decoded(signature, body) == (b"a" * 66560, {"x-amz-checksum-crc32c": "sOO8/Q=="})


@pytest.mark.parametrize(
    ("checksum", "name"),
    [(Crc32Checksum, "crc32"), (Sha1Checksum, "sha1"), (Sha256Checksum, "sha256")],
)
@settings(max_examples=30, deadline=None)
@given(payload=st.binary(max_size=300), size=st.integers(1, 64))
def test_what_botocore_wraps_is_unwrapped(checksum: type, name: str, payload: bytes, size: int) -> None:
    field = f"x-amz-checksum-{name}"
    wrapped = AwsChunkedWrapper(io.BytesIO(payload), checksum, field, chunk_size=size).read()
    signature = seed(UNSIGNED_TRAILER, len(payload), (field,))
    passed, trailers = decoded(signature, wrapped, [size])
    assert passed == payload and list(trailers) == [field]
    wrong = seed(UNSIGNED_TRAILER, len(payload) + 1, (field,))
    with pytest.raises(ServiceError, match="IncompleteBody"):
        decoded(wrong, wrapped)


# What was changed on the way


def outcome(
    signature: Signature, body: bytes, cuts: list[int]
) -> tuple[bytes, dict[str, str] | ServiceError]:
    """What was passed on until the end or the refusal, and how it ended."""
    decoder = ChunkDecoder(signature, SECRET)
    passed = b""
    try:
        for piece in pieces(body, cuts):
            passed += decoder.feed(piece)
        return passed, decoder.finish()
    except ServiceError as error:
        with pytest.raises(ServiceError):
            decoder.finish()
        return passed, error


def _as_read(body: bytes) -> bytes:
    """Without what nobody reads: blanks around trailers, the case of digits and names, zeros before a size."""
    sizes = re.sub(rb"(^|\r\n)0+(?=[0-9a-f]+[;\r])", rb"\1", body.lower())
    return re.sub(rb"[ \t\r\n]", b"", sizes)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_changed_byte_gets_through(kind: str, data: st.DataObject) -> None:
    chunks = [PAYLOAD[:64], PAYLOAD[64:130], PAYLOAD[130:]]
    signature, body, fields = framed(kind, chunks)
    at = data.draw(st.integers(0, len(body) - 1))
    change = data.draw(st.sampled_from(["flip", "drop", "double", "cut"]))
    bit = data.draw(st.integers(0, 7))
    changed = {
        "flip": body[:at] + bytes([body[at] ^ (1 << bit)]) + body[at + 1 :],
        "drop": body[:at] + body[at + 1 :],
        "double": body[: at + 1] + body[at:],
        "cut": body[:at],
    }[change]
    passed, end = outcome(signature, changed, data.draw(st.lists(st.integers(0, 10_000), max_size=3)))
    if kind != UNSIGNED_TRAILER:
        assert PAYLOAD.startswith(passed), "unverified bytes were passed on"
    if not isinstance(end, ServiceError):
        assert (passed, end) == (PAYLOAD, fields)
        assert _as_read(changed) == _as_read(body)
    else:
        assert end.code in {
            "SignatureDoesNotMatch",
            "IncompleteBody",
            "InvalidChunkSizeError",
            "MalformedTrailerError",
            "BadDigest",
        }


@pytest.mark.parametrize("kind", [SIGNED, SIGNED_TRAILER])
@pytest.mark.parametrize("order", [(1, 0, 2, 3), (0, 2, 1, 3), (0, 1, 3), (0, 0, 1, 2, 3), (3,), (0, 1, 2)])
def test_signed_chunks_keep_their_order_and_number(kind: str, order: tuple[int, ...]) -> None:
    chunks = [b"a" * 10, b"b" * 10, b"c" * 10]
    signature, _, fields = framed(kind, chunks)
    producer = Producer(signature.signature)
    parts = [producer.chunk(c) for c in [*chunks, b""]]
    end = b"\r\n" if kind == SIGNED else producer.trailer(fields)
    passed, end_error = outcome(signature, b"".join(parts[i] for i in order) + end, [])
    assert isinstance(end_error, ServiceError)
    assert b"".join(chunks).startswith(passed)


def test_another_uploads_chunks_are_refused() -> None:
    signature, _, _ = framed(SIGNED, [PAYLOAD])
    other = Producer("0" * 64)
    passed, end = outcome(signature, other.chunk(PAYLOAD) + other.chunk(b"") + b"\r\n", [])
    assert passed == b"" and isinstance(end, ServiceError) and end.code == "SignatureDoesNotMatch"


def test_unsigned_chunks_do_not_pass_for_signed_ones() -> None:
    signature, _, _ = framed(SIGNED, [PAYLOAD])
    passed, end = outcome(signature, b"%x\r\n%s\r\n0\r\n\r\n" % (len(PAYLOAD), PAYLOAD), [])
    assert passed == b"" and isinstance(end, ServiceError)


def test_signed_chunks_do_not_pass_for_unsigned_ones() -> None:
    signature = seed(UNSIGNED_TRAILER, 3, (CRC32,))
    passed, end = outcome(signature, b"3;chunk-signature=%s\r\nabc\r\n" % (b"0" * 64), [])
    assert passed == b"" and isinstance(end, ServiceError) and end.code == "InvalidChunkSizeError"


def test_a_wrong_checksum_is_refused() -> None:
    signature = seed(UNSIGNED_TRAILER, 3, (CRC32,))
    with pytest.raises(ServiceError, match="BadDigest: The CRC32 you specified did not match"):
        decoded(signature, b"3\r\nabc\r\n0\r\n%s:AAAAAA==\r\n\r\n" % CRC32.encode())


@pytest.mark.parametrize(
    "tail",
    [
        b"",
        b"x-amz-checksum-crc32\r\n\r\n",
        b"x-amz-meta-a:b\r\n\r\n",
        b"x-amz-checksum-crc32:NSRBwg==\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n",
        b"x-amz-checksum-crc32:NSRBwg==\r\nx-amz-meta-a:b\r\n\r\n",
        b"x-amz-checksum-crc32:NSRBwg==\r\nx-amz-trailer-signature:00\r\n\r\n",
        b":\r\n\r\n",
    ],
)
def test_trailers_are_those_announced(tail: bytes) -> None:
    signature = seed(UNSIGNED_TRAILER, 3, (CRC32,))
    with pytest.raises(ServiceError, match="MalformedTrailerError"):
        decoded(signature, b"3\r\nabc\r\n0\r\n" + tail)


def test_memory_is_bounded() -> None:
    length = limits.SIGNED_CHUNK_BYTES + 1
    decoder = ChunkDecoder(seed(SIGNED, length), SECRET)
    with pytest.raises(ServiceError, match="InvalidChunkSizeError"):
        decoder.feed(b"%x;chunk-signature=%s\r\n" % (length, b"0" * 64))
    decoder = ChunkDecoder(seed(SIGNED, 10), SECRET)
    with pytest.raises(ServiceError, match="InvalidChunkSizeError"):
        decoder.feed(b"0" * (limits.CHUNK_LINE_BYTES + 2))
    decoder = ChunkDecoder(seed(UNSIGNED_TRAILER, 0, (CRC32,)), SECRET)
    with pytest.raises(ServiceError, match="MalformedTrailerError"):
        decoder.feed(b"0\r\n" + b"a" * (limits.CHUNK_TRAILER_BYTES + 1))
    decoder = ChunkDecoder(seed(UNSIGNED_TRAILER, 1 << 20, ()), SECRET)
    decoder.feed(b"%x\r\n" % (1 << 20))
    for _ in range(16):
        assert len(decoder.feed(b"x" * (1 << 16))) == 1 << 16
        assert sys.getsizeof(decoder._held) < 1 << 17


def test_more_than_was_declared_is_refused_before_it_is_passed_on() -> None:
    passed, end = outcome(seed(UNSIGNED_TRAILER, 3), b"4\r\nabcd\r\n0\r\n\r\n", [])
    assert passed == b"" and isinstance(end, ServiceError) and end.code == "IncompleteBody"


def test_the_payloads_length_must_be_declared() -> None:
    undeclared = replace(seed(SIGNED, 3), decoded_length=None)
    with pytest.raises(ServiceError, match="MissingContentLength"):
        ChunkDecoder(undeclared, SECRET).feed(b"")


def test_elliptic_curves_are_refused() -> None:
    with pytest.raises(ServiceError, match=r"Please use AWS4-HMAC-SHA256"):
        seed("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", 3)


def test_headers_without_the_framing() -> None:
    fields = [
        ("content-encoding", "aws-chunked, gzip"),
        ("content-length", "500"),
        ("x-amz-decoded-content-length", "300"),
        ("x-amz-trailer", CRC32),
        ("content-type", "text/plain"),
    ]
    assert dict(unchunked_headers(Headers(fields))) == {
        "content-encoding": "gzip",
        "content-length": "300",
        "content-type": "text/plain",
    }
    assert "content-encoding" not in unchunked_headers(Headers([("content-encoding", "aws-chunked")]))
