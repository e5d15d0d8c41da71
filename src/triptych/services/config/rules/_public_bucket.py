"""Whether everybody may do something to a bucket, by its policy or its ACL, past its public access block. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from triptych.services.config.item import Item, compact
from triptych.services.config.rules._policy import allows_everybody, statements

__all__ = ["acl", "block", "policy", "public_by"]

_GROUPS = frozenset({"AllUsers", "AuthenticatedUsers"})


def public_by(item: Item, *, permissions: tuple[str, ...], wanted: Iterable[str]) -> str:
    """What lets everybody in, in words; empty when nothing does.

    :param permissions: of ACL grants: ``Read``; ``wanted``: actions of policies, in lower case.

    A bucket's own block counts; the account's is not part of the bucket's item.
    """
    blocked: Mapping[str, Any] = item.supplementary.get("PublicAccessBlockConfiguration") or {}
    text = (item.supplementary.get("BucketPolicy") or {}).get("policyText")
    if not blocked.get("restrictPublicBuckets") and any(
        allows_everybody(one, wanted) for one in statements(text)
    ):
        return "The bucket policy"
    if not blocked.get("ignorePublicAcls") and any(
        grant.get("grantee") in _GROUPS and grant.get("permission") in permissions for grant in _grants(item)
    ):
        return "The bucket ACL"
    return ""


def _grants(item: Item) -> list[Mapping[str, Any]]:
    """The ACL is JSON text within the item, as in AWS; grantees that are people are objects, and never public."""
    text = item.supplementary.get("AccessControlList")
    grants = (json.loads(text) if text else {}).get("grantList") or ()
    return [grant for grant in grants if isinstance(grant.get("grantee"), str)]


def acl(grantee: str, permission: str) -> dict[str, object]:
    """For cases: an ACL with one grant to a group."""
    owner = {"grantee": {"id": "75aa57f09aa0", "displayName": None}, "permission": "FullControl"}
    return {
        "AccessControlList": compact({"grantList": [owner, {"grantee": grantee, "permission": permission}]})
    }


def policy(**statement: object) -> dict[str, object]:
    """For cases: a policy with one statement that allows everybody to read, unless told otherwise."""
    whole = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::bucket/*",
    }
    return {"BucketPolicy": {"policyText": compact({"Statement": [whole | statement]})}}


def block(*flags: str) -> dict[str, object]:
    """For cases: a public access block with these flags on."""
    names = ("blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets")
    return {"PublicAccessBlockConfiguration": {name: name in flags for name in names}}
