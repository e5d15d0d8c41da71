"""Whether a call only reads, as CloudTrail's ``readOnly`` says it (measured on real records, see the tests)."""

from __future__ import annotations

import re
from functools import cache

_READING = re.compile(
    r"(Describe|Get|List|BatchGet|BatchDescribe|BatchIsAuthorized|Search|Lookup|Head|Check|Estimate|Preview|"
    r"Simulate|Validate|Verify|View|Discover|Filter|Query|Scan|Select|Decode|IsAuthorized|Test)(?=[A-Z]|$)"
)
_ALSO_READING = frozenset(
    {
        ("kms", "Decrypt"), ("kms", "Encrypt"), ("kms", "ReEncrypt"), ("kms", "GenerateDataKey"),
        ("kms", "GenerateDataKeyPair"), ("kms", "GenerateDataKeyPairWithoutPlaintext"),
        ("kms", "GenerateDataKeyWithoutPlaintext"), ("kms", "GenerateMac"), ("kms", "GenerateRandom"),
        ("kms", "Sign"), ("sts", "AssumeRole"), ("sts", "AssumeRoleWithSAML"), ("sts", "AssumeRoleWithWebIdentity"),
        ("sts", "DecodeAuthorizationMessage"), ("bedrock-runtime", "InvokeModel"),
        ("bedrock-runtime", "InvokeModelWithResponseStream"), ("iam", "GenerateCredentialReport"),
        ("iam", "GenerateServiceLastAccessedDetails"), ("logs", "StartQuery"), ("logs", "StartLiveTail"),
        ("logs", "StopQuery"),
    }
)  # fmt: skip
_NOT_READING = frozenset(
    {("sts", "GetFederationToken"), ("sqs", "ReceiveMessage"), ("codepipeline", "GetThirdPartyJobDetails")}
)


@cache
def read_only(service: str, operation: str) -> bool:
    """True for calls that change nothing; ``service`` is botocore's name."""
    if (service, operation) in _NOT_READING:
        return False
    return (service, operation) in _ALSO_READING or _READING.match(operation) is not None
