"""S3's presigned URLs of Signature Version 2, against botocore's signer; nothing changed afterwards passes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from botocore.auth import HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from triptych.kernel.errors import ServiceError
from triptych.wire import sigv2
from triptych.wire.message import Headers, HttpRequest

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def presigned(
    path: str,
    query: str = "",
    *,
    method: str = "GET",
    token: str | None = None,
    headers=None,
    expires: int = 60,
) -> HttpRequest:
    signed = AWSRequest(
        method, f"http://localhost:4566{path}" + (f"?{query}" if query else ""), headers=headers or {}
    )
    HmacV1QueryAuth(Credentials("AKIDEXAMPLE", SECRET, token), expires=expires).add_auth(signed)
    url = urlsplit(signed.url)
    return HttpRequest(method, url.path, url.query, Headers([("host", url.netloc)]))


def check(request: HttpRequest, secret: str = SECRET, at: datetime | None = None) -> None:
    sigv2.verify(request, sigv2.parse(request, region="us-east-1"), secret, at or datetime.now(UTC))


@given(
    key=st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=20),
    query=st.sampled_from(
        [
            "",
            "versionId=abc",
            "acl",
            "uploadId=x%2By&partNumber=3",
            "response-content-type=text%2Fplain",
            "other=1",
        ]
    ),
    method=st.sampled_from(["GET", "PUT", "HEAD", "DELETE"]),
    token=st.sampled_from([None, "token/with+signs=="]),
)
def test_botocores_urls_are_accepted(key: str, query: str, method: str, token: str | None) -> None:
    request = presigned(f"/bucket/{key}", query, method=method, token=token)
    assert sigv2.is_presigned(request)
    check(request)
    assert sigv2.parse(request, region="us-east-1").session_token == (token or "")


def test_signed_headers_stand_in_the_query() -> None:
    check(
        presigned("/bucket/key", method="PUT", headers={"Content-Type": "text/plain", "x-amz-acl": "private"})
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda r: HttpRequest("DELETE", r.path, r.query, r.headers),
        lambda r: HttpRequest(r.method, "/bucket/other", r.query, r.headers),
        lambda r: HttpRequest(r.method, r.path, r.query + "&acl", r.headers),
        lambda r: HttpRequest(r.method, r.path, r.query.replace("versionId=1", "versionId=2"), r.headers),
        lambda r: HttpRequest(r.method, r.path, r.query.replace("Expires=1", "Expires=2"), r.headers),
        lambda r: HttpRequest(r.method, r.path, r.query + "&x-amz-acl=public-read", r.headers),
        lambda r: HttpRequest(r.method, r.path, r.query, r.headers.plus(("x-amz-acl", "public-read"))),
    ],
)
def test_changed_requests_are_refused(change) -> None:
    with pytest.raises(ServiceError) as refused:
        check(change(presigned("/bucket/key", "versionId=1")))
    assert refused.value.code == "SignatureDoesNotMatch"


def test_wrong_secret_expired_and_nonsense() -> None:
    with pytest.raises(ServiceError, match="SignatureDoesNotMatch"):
        check(presigned("/b/k"), secret="other")
    with pytest.raises(ServiceError, match="Request has expired"):
        check(presigned("/b/k"), at=datetime.now(UTC) + timedelta(seconds=61))
    with pytest.raises(ServiceError, match="Invalid date"):
        check(HttpRequest("GET", "/b/k", "AWSAccessKeyId=a&Signature=b&Expires=soon"))
