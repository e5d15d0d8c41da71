"""Heads of calls on their way out."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from triptych.estate.message import EstateRequest
from triptych.estate.outgoing import cleaned, end_to_end, for_url, without_signature
from triptych.estate.upstreams import Upstream
from triptych.settings import Estate
from triptych.wire import sigv4
from triptych.wire.message import Headers, HttpRequest

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
URL = Upstream(kind="url", base_url="https://minio.internal:9000", signs=True)
KEYS = Estate(access_key_id="AKIDUPSTREAM", secret_access_key="upstream-secret")


def request(**changes: object) -> EstateRequest:
    plain = EstateRequest(
        service="s3",
        operation="PutObject",
        signing_name="s3",
        account="111122223333",
        region="eu-west-1",
        method="PUT",
        path="/bucket/a%20b//c",
        query="partNumber=1&uploadId=x%2Fy",
        headers=Headers(
            [
                ("host", "localhost:4566"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDCALLER/20260304/eu-west-1/s3/aws4_request, x"),
                ("x-amz-security-token", "tok"),
                ("x-amz-date", "20260304T050600Z"),
                ("content-type", "text/plain"),
            ]
        ),
        body=b"hello",
        access_key_id="AKIDCALLER",
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def verified(out: EstateRequest, secret: str, body: bytes | None) -> None:
    """The upstream's view: parse and verify what was sent."""
    received = HttpRequest(out.method, out.path, out.query, out.headers, body or b"", "https")
    signature = sigv4.parse(received)
    assert signature is not None
    whole = None if body is None else hashlib.sha256(body).hexdigest()
    sigv4.verify(received, signature, secret, NOW, body_sha256=whole)


def test_fields_of_one_connection_stay_behind() -> None:
    fields = end_to_end(
        [("Connection", "close, X-Hop"), ("x-hop", "1"), ("TE", "trailers"), ("Transfer-Encoding", "chunked"), ("Keep-Alive", "5"), ("ETag", "e")]
    )  # fmt: skip
    assert list(fields) == [("etag", "e")]


def test_a_presigned_query_loses_its_signature_and_keeps_the_rest() -> None:
    presigned = request(
        query="X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2Fb&versionId=v%201&X-Amz-Date=d&X-Amz-Expires=9"
        "&X-Amz-SignedHeaders=host&acl&X-Amz-Security-Token=t&X%2DAmz%2DSignature=s&x-id=GetObject"
    )
    assert without_signature(presigned).query == "versionId=v%201&acl&x-id=GetObject"


@pytest.mark.parametrize(
    ("before", "after"), [("aws-chunked", ""), ("gzip,aws-chunked", "gzip"), ("gzip", "gzip")]
)
def test_traces_of_framing_go(before: str, after: str) -> None:
    framed = request(
        headers=Headers(
            [
                ("content-encoding", before),
                ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
                ("x-amz-decoded-content-length", "5"),
                ("x-amz-trailer", "x-amz-checksum-crc32"),
                ("x-amz-checksum-crc32", "AAAAAA=="),
            ]
        )
    )
    clean = without_signature(framed).headers
    assert clean.get("content-encoding") == after
    assert ("content-encoding" in clean) is bool(after)
    assert "x-amz-content-sha256" not in clean and "x-amz-trailer" not in clean
    assert "x-amz-decoded-content-length" not in clean
    assert clean.get("x-amz-checksum-crc32") == "AAAAAA=="


def test_the_settings_credentials_sign_for_the_upstream() -> None:
    out = for_url(request(secret_access_key="caller-secret"), URL, KEYS, NOW)
    assert "Credential=AKIDUPSTREAM/20260304/eu-west-1/s3/aws4_request" in out.headers.get("authorization")
    assert "x-amz-security-token" not in out.headers
    assert out.headers.get("host") == "minio.internal:9000"
    assert (out.path, out.query, out.body) == ("/bucket/a%20b//c", "partNumber=1&uploadId=x%2Fy", b"hello")
    verified(out, "upstream-secret", b"hello")


def test_without_them_the_callers_own_credentials_sign() -> None:
    caller = request(secret_access_key="caller-secret", session_token="session")
    out = for_url(caller, URL, Estate(), NOW)
    assert "Credential=AKIDCALLER/" in out.headers.get("authorization")
    assert out.headers.get("x-amz-security-token") == "session"
    verified(out, "caller-secret", b"hello")


async def _stream() -> AsyncIterator[bytes]:
    yield b"hello"


def test_a_stream_is_signed_unsigned_or_by_the_hash_it_came_with() -> None:
    out = for_url(request(body=_stream()), URL, KEYS, NOW)
    assert out.headers.get("x-amz-content-sha256") == "UNSIGNED-PAYLOAD"
    verified(out, "upstream-secret", None)
    declared = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    known = request(body=_stream(), headers=request().headers.plus(("x-amz-content-sha256", declared)))
    assert for_url(known, URL, KEYS, NOW).headers.get("x-amz-content-sha256") == declared


def test_a_global_service_is_signed_for_its_own_region() -> None:
    iam = Upstream(kind="aws", base_url="https://iam.amazonaws.com", signs=True, signing_region="us-east-1")
    out = for_url(request(service="iam", signing_name="iam"), iam, KEYS, NOW)
    assert "/us-east-1/iam/aws4_request" in out.headers.get("authorization")


def test_without_any_secret_the_callers_signature_passes_with_its_host() -> None:
    signed = request()
    assert for_url(signed, URL, Estate(), NOW) is signed
    unsigned = request(headers=Headers([("host", "localhost:4566")]), query="")
    assert for_url(unsigned, URL, Estate(), NOW).headers.get("host") == "minio.internal:9000"


def test_secrets_show_in_no_repr() -> None:
    assert "caller-secret" not in repr(request(secret_access_key="caller-secret", session_token="tok"))


def test_what_is_signed_is_what_is_sent() -> None:
    """Fields that change on the way out are settled before the signature."""
    framed = request(
        headers=request().headers.plus(
            ("content-length", "250"), ("expect", "100-continue"), ("connection", "x-hop"), ("x-hop", "1")
        )
    )
    out = for_url(cleaned(framed), URL, KEYS, NOW)
    assert out.headers.get("content-length") == "5"
    assert not {"expect", "connection", "x-hop"} & {name for name, _ in out.headers}
    verified(out, "upstream-secret", b"hello")


def test_lengths_follow_the_body() -> None:
    announced = Headers([("content-length", "9")])
    assert cleaned(request(headers=announced, body=_stream())).headers.get("content-length") == "9"
    assert cleaned(request(headers=announced, body=b"")).headers.get("content-length") == "0"
    assert "content-length" not in cleaned(request(headers=announced, body=b"", method="GET")).headers


@pytest.mark.parametrize(
    ("path", "query", "target"),
    [
        ("@evil.example/x", "", "/@evil.example/x"),
        ("http://evil.example/", "", "/http://evil.example/"),
        ("/b/k#frag", "a#b", "/b/k%23frag?a%23b"),
        ("/b/a b\r\nHost: x", "q=\n", "/b/a%20b%0D%0AHost:%20x?q=%0A"),
        ("/b/caf\xc3\xa9", "prefix=caf\xc3\xa9", "/b/caf%C3%A9?prefix=caf%C3%A9"),
        ("/b//../a%2Fb%zz", "acl&x=%2f", "/b//../a%2Fb%zz?acl&x=%2f"),
    ],
)
def test_a_target_is_only_ever_a_path(path: str, query: str, target: str) -> None:
    out = cleaned(request(path=path, query=query))
    assert "?".join(part for part in (out.path, out.query) if part) == target


def test_the_consoles_session_never_leaves() -> None:
    fields = request().headers.plus(
        ("cookie", "triptych_session=secret; other=1"),
        ("x-triptych-csrf", "secret"),
        ("x-triptych-region", "eu-west-1"),
    )
    out = cleaned(request(headers=fields)).headers
    assert not [name for name, _ in out if name == "cookie" or name.startswith("x-triptych-")]
    assert "x-amz-date" in out
