"""What moto is told, and what its answers really mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from triptych.estate.message import EstateRequest
from triptych.estate.moto_dialect import _MISTAKEN, FAULT, fault, refusal, relabelled, spoken
from triptych.wire.message import Headers
from triptych.wire.model import service_model

NOW = datetime(2026, 3, 4, tzinfo=UTC)
HTML = Headers([("content-type", "text/html; charset=utf-8")])
NONE = Headers()


def request(service: str = "s3", operation: str = "GetObject", **changes: object) -> EstateRequest:
    plain = EstateRequest(
        service=service,
        operation=operation,
        signing_name=service,
        account="111122223333",
        region="eu-west-1",
        method="GET",
        path="/bucket/key",
        query="",
        headers=Headers(),
        body=b"",
        access_key_id="AKIAIOSFODNN7EXAMPLE",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_moto_hears_account_service_and_region() -> None:
    headers = spoken(request(), NOW).headers
    assert headers.get("x-moto-account-id") == "111122223333"
    assert "Credential=AKIAIOSFODNN7EXAMPLE/20260304/eu-west-1/s3/aws4_request," in headers.get(
        "authorization"
    )


def test_a_caller_without_a_key_is_known_by_its_account() -> None:
    headers = spoken(request(access_key_id=""), NOW).headers
    assert "Credential=111122223333/" in headers.get("authorization")


def test_what_a_client_says_to_moto_directly_is_not_passed_on() -> None:
    sneaky = Headers(
        [
            ("X-Moto-Account-Id", "999988887777"),
            ("x-moto-anything", "1"),
            ("x-triptych-fault", "1"),
            ("User-Agent", "aws-sdk region/us-west-2"),
            ("Host", "bucket.s3.us-west-2.amazonaws.com"),
            ("Authorization", "AWS4-HMAC-SHA256 Credential=a/20260304/us-west-2/ec2/aws4_request"),
            ("x-amz-meta-mine", "kept"),
        ]
    )
    out = spoken(request(headers=sneaky), NOW).headers
    assert sorted(name for name, _ in out) == ["authorization", "x-amz-meta-mine", "x-moto-account-id"]
    assert out.all("x-moto-account-id") == ["111122223333"]
    assert "us-west-2" not in out.get("authorization")


@pytest.mark.parametrize(
    ("status", "headers", "start", "method", "code", "answered"),
    [
        (501, Headers([(FAULT, "NotImplemented")]), b"", "GET", "NotImplemented", 501),
        (500, Headers([(FAULT, "KeyError")]), b"", "HEAD", "InternalError", 500),
        (404, HTML, b"<!doctype html>\n<html lang=en>", "GET", "NotImplemented", 501),
        (405, HTML, b" \n<!DOCTYPE HTML PUBLIC", "PUT", "NotImplemented", 501),
        (400, HTML, b"<html>", "POST", "InternalError", 500),
        (308, HTML, b"<!doctype html>", "GET", "InternalError", 500),
        (404, NONE, b"", "POST", "NotImplemented", 501),
        (403, NONE, b"", "GET", "AccessDenied", 403),
        (400, NONE, b"", "POST", "InternalError", 500),
    ],
)  # fmt: skip
def test_what_is_no_answer_becomes_an_error_that_names_the_operation(
    status: int, headers: Headers, start: bytes, method: str, code: str, answered: int
) -> None:
    error = fault(request(method=method), status, headers, start)
    assert error is not None
    assert (error.code, error.status) == (code, answered)
    assert code == "AccessDenied" or "s3:GetObject" in error.message


@pytest.mark.parametrize(
    ("status", "headers", "start", "method"),
    [
        (200, HTML, b"<!doctype html>", "GET"),  # an object that is a page
        (404, NONE, b"<?xml version='1.0'?><Error>", "GET"),
        (404, NONE, b"", "HEAD"),
        (304, NONE, b"", "GET"),
        (400, Headers([("content-type", "application/x-amz-json-1.1")]), b'{"__type"', "POST"),
    ],
)
def test_answers_pass(status: int, headers: Headers, start: bytes, method: str) -> None:
    assert fault(request(method=method), status, headers, start) is None


@pytest.mark.parametrize(
    ("service", "operation", "start", "content_type"),
    [
        ("iam", "GetUser", b"<GetUserResponse", "text/xml"),
        ("lambda", "ListFunctions", b' {"Functions"', "application/json"),
        ("s3", "PutObject", b"", ""),
        ("s3", "GetObject", b"<!doctype html>", "text/html; charset=utf-8"),
        ("s3", "GetBucketPolicy", b'{"Version"', "text/html; charset=utf-8"),
        ("iam", "GetUser", b"True", "text/html; charset=utf-8"),
    ],
)
def test_a_body_is_labelled_as_what_it_is(
    service: str, operation: str, start: bytes, content_type: str
) -> None:
    assert relabelled(request(service, operation), HTML, start).get("content-type") == content_type


def test_other_labels_are_left_alone() -> None:
    xml = Headers([("content-type", "application/xml")])
    assert relabelled(request("iam", "GetUser"), xml, b"{}") is xml


def test_operations_that_moto_takes_for_others_never_reach_it() -> None:
    assert set(service_model("s3").operation_names) >= _MISTAKEN
    error = refusal(request(operation="DeleteBucketMetricsConfiguration"))
    assert error is not None and "s3:DeleteBucketMetricsConfiguration" in error.message
    assert refusal(request(operation="DeleteBucket")) is None
    assert refusal(request(service="s3control", operation="GetObjectRetention")) is None
