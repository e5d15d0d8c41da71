"""Content encodings: what clients send is read, what would explode is refused."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.kernel.errors import ServiceError
from triptych.wire.encodings import decode_content


@given(st.binary(max_size=2000), st.binary(max_size=50))
def test_gzip_is_undone_member_by_member(first: bytes, second: bytes) -> None:
    body = gzip.compress(first) + gzip.compress(second)
    assert decode_content(body, "gzip", limit=3000) == first + second
    assert decode_content(gzip.compress(body), "gzip, identity, GZIP", limit=3000) == first + second


def test_identity_changes_nothing() -> None:
    assert decode_content(b"x", "identity", limit=1) == b"x"
    assert decode_content(b"x", "", limit=1) == b"x"


@pytest.mark.parametrize(
    ("body", "encoding", "code", "status"),
    [
        (gzip.compress(bytes(10_000_000)), "gzip", "RequestEntityTooLargeException", 413),
        (gzip.compress(b"abc") + gzip.compress(bytes(2000)), "gzip", "RequestEntityTooLargeException", 413),
        (gzip.compress(b"abc" * 100)[:-4], "gzip", "SerializationException", 400),
        (b"not gzip", "gzip", "SerializationException", 400),
        (zlib.compress(b"x"), "gzip", "SerializationException", 400),
        (b"x", "br", "UnsupportedMediaTypeException", 415),
    ],
    ids=[
        "bomb",
        "bomb behind another",
        "cut off",
        "plain",
        "of another kind",
        "unknown",
    ],  # bodies have the time in them
)
def test_what_cannot_be_decoded_is_refused(body: bytes, encoding: str, code: str, status: int) -> None:
    with pytest.raises(ServiceError) as caught:
        decode_content(body, encoding, limit=2000)
    assert (caught.value.code, caught.value.status) == (code, status)


def test_the_bound_itself_is_allowed() -> None:
    assert len(decode_content(gzip.compress(bytes(2000)), "gzip", limit=2000)) == 2000
