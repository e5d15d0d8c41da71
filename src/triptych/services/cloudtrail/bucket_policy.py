"""Does a bucket's policy let CloudTrail deliver? Pure; mirrors the check AWS makes when a trail is created.

CloudTrail needs ``s3:GetBucketAcl`` on the bucket and ``s3:PutObject`` under the trail's prefix. A statement's
conditions on what CloudTrail itself sends (ACL, source ARN, source account) are evaluated; conditions on anything
else are taken the lenient way (met in an Allow, not met in a Deny), as their values are only known when the call is
made.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable, Mapping
from typing import Any

PRINCIPAL = "cloudtrail.amazonaws.com"
ACL = "bucket-owner-full-control"


def allows_delivery(policy: str, *, bucket: str, prefix: str, account: str, trail_arn: str) -> bool:
    """Whether ``policy`` (the bucket's policy document, as text) lets the trail's files in."""
    try:
        document = json.loads(policy)
    except ValueError:
        return False
    statements = _many(document.get("Statement") if isinstance(document, dict) else None)
    sent = {"s3:x-amz-acl": ACL, "aws:sourcearn": trail_arn, "aws:sourceaccount": account}
    lead = f"{prefix}/" if prefix else ""
    log_file = f"arn:aws:s3:::{bucket}/{lead}AWSLogs/{account}/CloudTrail/file"
    needed = (("s3:GetBucketAcl", f"arn:aws:s3:::{bucket}"), ("s3:PutObject", log_file))
    return all(_allowed(statements, action, resource, sent) for action, resource in needed)


def _allowed(statements: list[Any], action: str, resource: str, sent: Mapping[str, str]) -> bool:
    about = [
        each for each in statements if isinstance(each, dict) and _concerns(each, action, resource, sent)
    ]
    effects = {each.get("Effect") for each in about}
    return "Allow" in effects and "Deny" not in effects


def _concerns(statement: Mapping[str, Any], action: str, resource: str, sent: Mapping[str, str]) -> bool:
    return (
        _names(statement.get("Principal"))
        and _covers(statement.get("Action"), action.lower(), ignore_case=True)
        and _covers(statement.get("Resource"), resource, ignore_case=False)
        and _met(statement.get("Condition"), sent, unknown=statement.get("Effect") == "Allow")
    )


def _names(principal: Any) -> bool:
    if isinstance(principal, dict):
        return PRINCIPAL in _many(principal.get("Service")) or "*" in _many(principal.get("AWS"))
    return bool(principal == "*")


def _covers(patterns: Any, wanted: str, *, ignore_case: bool) -> bool:
    texts = (each.lower() if ignore_case else each for each in _many(patterns) if isinstance(each, str))
    return any(_like(wanted, pattern) for pattern in texts)


def _like(text: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))  # policies know * and ? only


def _met(condition: Any, sent: Mapping[str, str], *, unknown: bool) -> bool:
    if not isinstance(condition, dict):
        return True
    for operator, keys in condition.items():
        for key, wanted in keys.items() if isinstance(keys, dict) else ():
            value = sent.get(key.lower())
            if not (unknown if value is None else _holds(operator, value, _many(wanted))):
                return False
    return True


def _holds(operator: str, value: str, wanted: Iterable[Any]) -> bool:
    name = operator.lower().removesuffix("ifexists")
    texts = [each for each in wanted if isinstance(each, str)]
    if name in ("stringequals", "stringequalsignorecase"):
        return value in texts
    if name in ("stringlike", "arnlike", "arnequals"):
        return any(_like(value, text) for text in texts)
    if name in ("stringnotequals", "stringnotequalsignorecase"):
        return value not in texts
    if name in ("stringnotlike", "arnnotlike", "arnnotequals"):
        return not any(_like(value, text) for text in texts)
    return True


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
