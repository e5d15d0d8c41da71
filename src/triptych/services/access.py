"""Whether a resource's own policy lets a caller do something with it; for every service that keeps such policies.

Within an account everybody may do everything that the policy does not deny: identity policies are not evaluated.
From another account the policy must allow it, and what is meant for a whole organisation allows nobody: there are none.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache

from triptych.kernel.context import Context, Identity
from triptych.query.resource_policy import InvalidPolicy, Policy, Principal, Request, judge, parse

__all__ = ["refusal"]

_CACHED = 1024
"""Parsed policies kept; a policy that left is parsed again."""


def refusal(
    context: Context,
    *,
    owner: str,
    policy: str,
    action: str,
    resource: str,
    keys: Mapping[str, str],
) -> str:
    """AWS's words for why a caller may not, empty if it may.

    :param owner: the account of the resource. :param policy: its text, empty if the resource has none.
    :param keys: what the service knows of the request beside what is known of every one.
    """
    identity = context.identity
    parsed = _parsed(policy) if policy else None
    if parsed is None and identity.account == owner:
        return ""
    asked = Request(
        principal=_principal(identity),
        action=action,
        resource=resource,
        keys={key.lower(): (value,) for key, value in (_keys(context) | dict(keys)).items() if value},
    )
    verdict = judge(parsed, asked) if parsed is not None else "silent"
    if verdict == "allowed" or (verdict == "silent" and identity.account == owner):
        return ""
    why = (
        "with an explicit deny in a resource-based policy"
        if verdict == "denied"
        else f"because no resource-based policy allows the {action} action"
    )
    who = identity.arn or identity.invoked_by or identity.kind
    return f"User: {who} is not authorized to perform: {action} on resource: {resource} {why}"


@lru_cache(maxsize=_CACHED)
def _parsed(policy: str) -> Policy | None:
    """None: of a time when policies were not read, and not to be read. It allows nobody anything."""
    try:
        return parse(policy)
    except InvalidPolicy:
        return None


def _principal(identity: Identity) -> Principal:
    if identity.kind == "Unknown":
        return Principal()
    issuer = identity.issuer.arn if identity.issuer else ""
    return Principal(
        account=identity.account,
        arns=tuple(filter(None, (identity.arn, issuer))),
        service=identity.invoked_by if identity.kind == "AWSService" else "",
    )


_TYPES = {
    "Root": "Account",
    "IAMUser": "User",
    "AssumedRole": "AssumedRole",
    "FederatedUser": "FederatedUser",
}


def _keys(context: Context) -> dict[str, str]:
    """What is known of every request, as far as it is: not whether it came through TLS, nor of organisations.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    identity = context.identity
    found = {
        "aws:CurrentTime": context.time.isoformat(),
        "aws:EpochTime": str(int(context.time.timestamp())),
        "aws:RequestedRegion": context.region,
        "aws:SourceOwner": identity.account,
        "aws:UserAgent": context.user_agent,
    }
    if identity.kind == "AWSService":
        return found | {
            "aws:PrincipalAccount": identity.account if identity.arn else "",
            "aws:PrincipalArn": identity.arn,
            "aws:PrincipalIsAWSService": "true",
            "aws:PrincipalServiceName": identity.invoked_by,
            "aws:SourceAccount": identity.account,
            "aws:SourceArn": context.source_arn,
        }
    session = identity.session_created is not None
    return found | {
        "aws:MultiFactorAuthPresent": ("true" if identity.mfa else "false") if session else "",
        "aws:PrincipalAccount": identity.account,
        "aws:PrincipalArn": identity.issuer.arn if identity.issuer else identity.arn,
        "aws:PrincipalIsAWSService": "false",
        "aws:PrincipalType": _TYPES.get(identity.kind, ""),
        "aws:SourceIdentity": identity.source_identity,
        "aws:SourceIp": _address(context.source_ip),
        "aws:userid": identity.principal_id,
        "aws:username": identity.user_name if identity.kind == "IAMUser" else "",
    }


def _address(text: str) -> str:
    """Empty for what is none: the caller in process."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
