"""Which bucket policies let a trail's files in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from triptych.services.cloudtrail.bucket_policy import allows_delivery

A = "111122223333"
TRAIL = f"arn:aws:cloudtrail:eu-west-1:{A}:trail/audit"
WHO = {"Service": "cloudtrail.amazonaws.com"}
ACL = {"Effect": "Allow", "Principal": WHO, "Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::logs"}
PUT = {
    "Effect": "Allow",
    "Principal": WHO,
    "Action": "s3:PutObject",
    "Resource": f"arn:aws:s3:::logs/AWSLogs/{A}/*",
}


def allowed(*statements: dict[str, Any], prefix: str = "") -> bool:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return allows_delivery(text, bucket="logs", prefix=prefix, account=A, trail_arn=TRAIL)


def condition(**operators: Any) -> dict[str, Any]:
    return PUT | {"Condition": operators}


def test_awss_own_example_is_enough() -> None:
    mine = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": TRAIL}}
    assert allowed(ACL | {"Condition": {"StringEquals": {"aws:SourceArn": TRAIL}}}, PUT | {"Condition": mine})


@pytest.mark.parametrize(
    "statements",
    [
        (),
        (ACL,),
        (PUT,),
        (ACL, PUT | {"Effect": "Deny"}),
        (ACL, PUT, {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}),
        (ACL, PUT | {"Principal": {"Service": "config.amazonaws.com"}}),
        (ACL, PUT | {"Action": "s3:GetObject"}),
        (ACL, PUT | {"Resource": "arn:aws:s3:::logs/AWSLogs/999999999999/*"}),
        (ACL, PUT | {"Resource": "arn:aws:s3:::other/*"}),
        (ACL, condition(StringEquals={"s3:x-amz-acl": "private"})),
        (ACL, condition(StringEquals={"aws:SourceArn": TRAIL + "x"})),
        (ACL, condition(ArnLike={"AWS:SourceArn": "arn:aws:cloudtrail:us-east-1:*:trail/*"})),
        (ACL, condition(StringNotEquals={"aws:SourceAccount": A})),
    ],
)
def test_not_enough(statements: tuple[dict[str, Any], ...]) -> None:
    assert not allowed(*statements)


IN_CLEAR = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@pytest.mark.parametrize(
    "statements",
    [
        (ACL, PUT),
        (ACL, PUT, IN_CLEAR),
        (ACL | PUT | {"Action": ["s3:GetBucketAcl", "s3:Put*"], "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"]},),
        ({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"},),
        (ACL, PUT | {"Action": "S3:putobject"}),
        (ACL, condition(StringLike={"aws:SourceArn": f"arn:aws:cloudtrail:*:{A}:trail/*"})),
        (ACL, condition(Bool={"aws:SecureTransport": "true"})),
        (ACL, PUT, {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "s3:DeleteObject", "Resource": "*"}),
    ],
)  # fmt: skip
def test_enough(statements: tuple[dict[str, Any], ...]) -> None:
    assert allowed(*statements)


def test_the_prefix_is_part_of_the_name() -> None:
    under = PUT | {"Resource": f"arn:aws:s3:::logs/team/AWSLogs/{A}/*"}
    assert allowed(ACL, under, prefix="team")
    assert not allowed(ACL, under) and not allowed(ACL, PUT, prefix="team")


def test_what_is_no_policy_allows_nothing() -> None:
    for text in ("", "no json", "[]", '{"Statement": 3}'):
        assert not allows_delivery(text, bucket="logs", prefix="", account=A, trail_arn=TRAIL)
