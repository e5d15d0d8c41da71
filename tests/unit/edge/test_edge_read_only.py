"""``readOnly`` against what real records say."""

from __future__ import annotations

import pytest

from triptych.edge.read_only import read_only


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("s3", "GetObject", True),
        ("s3", "DeleteBucketEncryption", False),
        ("s3", "HeadBucket", True),
        ("sts", "AssumeRole", True),
        ("sts", "GetFederationToken", False),
        ("kms", "Decrypt", True),
        ("kms", "ScheduleKeyDeletion", False),
        ("iam", "GenerateCredentialReport", True),
        ("ec2", "DescribeInstances", True),
        ("ec2", "RunInstances", False),
        ("dynamodb", "Query", True),
        ("dynamodb", "Scan", True),
        ("cloudtrail", "LookupEvents", True),
        ("guardduty", "ListDetectors", True),
        ("config", "SelectResourceConfig", True),
        ("config", "SelectorOfNothing", False),
        ("events", "TestEventPattern", True),
        ("lambda", "Invoke", False),
    ],
)
def test_read_only(service: str, operation: str, expected: bool) -> None:
    assert read_only(service, operation) is expected
