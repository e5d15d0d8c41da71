"""S3_BUCKET_SSL_REQUESTS_ONLY: the bucket policy denies everybody everything that does not come over TLS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant
from triptych.services.config.rules._policy import actions, is_everybody, many, statements


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    text = (item.supplementary.get("BucketPolicy") or {}).get("policyText")
    denied = [
        resource for one in statements(text) if _denies_plain(one) for resource in many(one.get("Resource"))
    ]
    bucket = f"arn:aws:s3:::{item.resource_id}"
    if all(any(fnmatchcase(wanted, str(one)) for one in denied) for wanted in (bucket, f"{bucket}/object")):
        return COMPLIANT
    return non_compliant(
        "The bucket policy does not deny requests without TLS to the bucket and its objects."
    )


def _denies_plain(statement: Mapping[str, Any]) -> bool:
    """Any further condition would leave a gap."""
    return bool(
        statement.get("Effect") == "Deny"
        and "NotPrincipal" not in statement
        and is_everybody(statement)
        and {"*", "s3:*"} & set(actions(statement))
        and _is_plain(statement.get("Condition"))
    )


def _is_plain(condition: Any) -> bool:
    if not isinstance(condition, dict) or [one.lower() for one in condition] != ["bool"]:
        return False
    (keys,) = condition.values()
    if not isinstance(keys, dict) or [one.lower() for one in keys] != ["aws:securetransport"]:
        return False
    (values,) = keys.values()
    return [str(one).lower() for one in many(values)] == ["false"]


def _deny(**statement: object) -> dict[str, object]:
    whole = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"BucketPolicy": {"policyText": json.dumps({"Statement": [whole | statement]})}}


RULE = ManagedRule(
    identifier="S3_BUCKET_SSL_REQUESTS_ONLY",
    name="s3-bucket-ssl-requests-only",
    types=("AWS::S3::Bucket",),
    evaluate=_evaluate,
    cases=(
        Case(name="no policy", expect="NON_COMPLIANT", supplementary={"BucketPolicy": {"policyText": None}}),
        Case(name="denied", expect="COMPLIANT", supplementary=_deny()),
        Case(
            name="denied with a real boolean",
            expect="COMPLIANT",
            supplementary=_deny(Condition={"Bool": {"aws:SecureTransport": False}}),
        ),
        Case(name="denied for every resource", expect="COMPLIANT", supplementary=_deny(Resource="*")),
        Case(
            name="denied for objects only",
            expect="NON_COMPLIANT",
            supplementary=_deny(Resource="arn:aws:s3:::bucket/*"),
        ),
        Case(name="denied to read only", expect="NON_COMPLIANT", supplementary=_deny(Action="s3:GetObject")),
        Case(
            name="denied to one",
            expect="NON_COMPLIANT",
            supplementary=_deny(Principal={"AWS": "123456789012"}),
        ),
        Case(
            name="denied also on another condition",
            expect="NON_COMPLIANT",
            supplementary=_deny(
                Condition={
                    "Bool": {"aws:SecureTransport": "false"},
                    "StringEquals": {"aws:PrincipalOrgID": "o-1"},
                }
            ),
        ),
        Case(
            name="denied over TLS",
            expect="NON_COMPLIANT",
            supplementary=_deny(Condition={"Bool": {"aws:SecureTransport": "true"}}),
        ),
        Case(
            name="allowed over TLS, which denies nothing",
            expect="NON_COMPLIANT",
            supplementary=_deny(Effect="Allow", Condition={"Bool": {"aws:SecureTransport": "true"}}),
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
