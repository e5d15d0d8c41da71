"""S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED: default encryption, or a policy that denies unencrypted uploads.

AWS encrypts every bucket by default since 2023, so there the rule is always met; on stores where a bucket can
be without default encryption it still means what it says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant

_ALGORITHMS = frozenset({"AES256", "aws:kms", "aws:kms:dsse"})
_HEADER = "s3:x-amz-server-side-encryption"
_NEGATED = frozenset({"StringNotEquals", "StringNotEqualsIfExists"})


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    if _has_default_encryption(item.supplementary.get("ServerSideEncryptionConfiguration")):
        return COMPLIANT
    policy = (item.supplementary.get("BucketPolicy") or {}).get("policyText")
    if policy and any(_denies_unencrypted(one, item.resource_id) for one in _statements(policy)):
        return COMPLIANT
    return non_compliant(
        "The bucket has no default encryption and its policy does not deny uploads without encryption."
    )


def _has_default_encryption(part: Mapping[str, Any] | None) -> bool:
    return any(
        (rule.get("applyServerSideEncryptionByDefault") or {}).get("sseAlgorithm") in _ALGORITHMS
        for rule in (part or {}).get("rules") or ()
    )


def _statements(policy: str) -> list[Mapping[str, Any]]:
    """S3 refuses malformed policies, other stores may not: what cannot be read denies nothing."""
    try:
        found = json.loads(policy).get("Statement", ())
    except (ValueError, AttributeError):
        return []
    return [one for one in _many(found) if isinstance(one, dict)]


def _denies_unencrypted(statement: Mapping[str, Any], bucket: str) -> bool:
    """Whether the statement denies everybody every upload that does not ask for encryption.

    A negated comparison also holds when the header is missing. Any further condition would leave a gap.
    """
    principal = statement.get("Principal")
    everybody = principal == "*" or (isinstance(principal, dict) and "*" in _many(principal.get("AWS")))
    uploads = {"s3:putobject", "s3:put*", "s3:*", "*"} & {
        str(a).lower() for a in _many(statement.get("Action"))
    }
    objects = {f"arn:aws:s3:::{bucket}/*", "arn:aws:s3:::*", "*"} & {
        str(r) for r in _many(statement.get("Resource"))
    }
    return bool(
        statement.get("Effect") == "Deny"
        and everybody
        and uploads
        and objects
        and _asks_for_encryption(statement.get("Condition"))
    )


def _asks_for_encryption(condition: Any) -> bool:
    if not isinstance(condition, dict) or len(condition) != 1:
        return False
    ((operator, keys),) = condition.items()
    if not isinstance(keys, dict) or len(keys) != 1:
        return False
    ((key, values),) = keys.items()
    if key.lower() != _HEADER:
        return False
    if operator == "Null":
        return [str(value).lower() for value in _many(values)] == ["true"]
    return operator in _NEGATED and set(_many(values)) <= _ALGORITHMS


def _many(value: Any) -> Iterable[Any]:
    """Policies write one of something without its list."""
    return value if isinstance(value, list | tuple) else () if value is None else (value,)


def _policy(**statement: Any) -> dict[str, object]:
    whole = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*", **statement}
    return {"BucketPolicy": {"policyText": json.dumps({"Version": "2012-10-17", "Statement": [whole]})}}


def _encryption(algorithm: str) -> dict[str, object]:
    return {
        "ServerSideEncryptionConfiguration": {
            "rules": [
                {"applyServerSideEncryptionByDefault": {"sseAlgorithm": algorithm, "kmsMasterKeyID": None}}
            ]
        }
    }


RULE = ManagedRule(
    identifier="S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",
    name="s3-bucket-server-side-encryption-enabled",
    types=("AWS::S3::Bucket",),
    evaluate=_evaluate,
    cases=(
        Case(name="AES256", expect="COMPLIANT", supplementary=_encryption("AES256")),
        Case(name="KMS", expect="COMPLIANT", supplementary=_encryption("aws:kms")),
        Case(name="nothing", expect="NON_COMPLIANT", supplementary={"BucketPolicy": {"policyText": None}}),
        Case(
            name="a policy that denies other encryption, and none",
            expect="COMPLIANT",
            supplementary=_policy(Condition={"StringNotEquals": {_HEADER: ["AES256", "aws:kms"]}}),
        ),
        Case(
            name="a policy that denies a missing header",
            expect="COMPLIANT",
            supplementary=_policy(Principal={"AWS": "*"}, Condition={"Null": {_HEADER: "true"}}),
        ),
        Case(
            name="a policy that allows",
            expect="NON_COMPLIANT",
            supplementary=_policy(Effect="Allow", Condition={"Null": {_HEADER: "true"}}),
        ),
        Case(
            name="a policy for one user",
            expect="NON_COMPLIANT",
            supplementary=_policy(
                Principal={"AWS": "arn:aws:iam::123456789012:user/a"}, Condition={"Null": {_HEADER: "true"}}
            ),
        ),
        Case(
            name="a policy for one folder",
            expect="NON_COMPLIANT",
            supplementary=_policy(
                Resource="arn:aws:s3:::bucket/secret/*", Condition={"Null": {_HEADER: "true"}}
            ),
        ),
        Case(
            name="a policy with another condition beside",
            expect="NON_COMPLIANT",
            supplementary=_policy(
                Condition={"Null": {_HEADER: "true"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
            ),
        ),
        Case(
            name="unreadable policy",
            expect="NON_COMPLIANT",
            supplementary={"BucketPolicy": {"policyText": "not JSON"}},
        ),
        Case(name="a deleted bucket", expect="NOT_APPLICABLE", deleted=True),
        Case(name="a security group", expect="NOT_APPLICABLE", resource_type="AWS::EC2::SecurityGroup"),
    ),
)
