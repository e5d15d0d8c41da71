"""``userIdentity`` for every kind of caller, and the name LookupEvents knows the caller by."""

from __future__ import annotations

from typing import Any

from triptych.kernel.context import Identity
from triptych.services.cloudtrail import dates


def user_identity(identity: Identity) -> dict[str, Any]:
    """The record's ``userIdentity``: members in AWS's order, those without a value left out."""
    if identity.kind == "AWSService":
        return {"type": "AWSService", "invokedBy": identity.invoked_by}
    out: dict[str, Any] = {"type": identity.kind}
    members = {
        "principalId": identity.principal_id,
        "arn": identity.arn,
        "accountId": identity.account,
        "accessKeyId": identity.access_key_id,
        "userName": identity.user_name if identity.kind in ("IAMUser", "Root", "Unknown") else "",
    }
    out.update({name: value for name, value in members.items() if value})
    session = _session_context(identity)
    if session:
        out["sessionContext"] = session
    if identity.invoked_by:
        out["invokedBy"] = identity.invoked_by
    return out


def _session_context(identity: Identity) -> dict[str, Any]:
    """There for temporary credentials only; ``attributes`` are strings, as AWS has them."""
    if identity.session_created is None and identity.issuer is None:
        return {}
    out: dict[str, Any] = {}
    if issuer := identity.issuer:
        out["sessionIssuer"] = {
            "type": issuer.kind,
            "principalId": issuer.principal_id,
            "arn": issuer.arn,
            "accountId": issuer.account,
            "userName": issuer.user_name,
        }
    if identity.session_created is not None:
        out["attributes"] = {
            "creationDate": dates.seconds(identity.session_created),
            "mfaAuthenticated": "true" if identity.mfa else "false",
        }
    if identity.source_identity:
        out["sourceIdentity"] = identity.source_identity
    return out


def username(identity: Identity) -> str:
    """What LookupEvents answers (and finds) as ``Username``.

    A user's name, ``root``, a role's session name, a federated user's name, a service's principal; empty for a
    caller nothing is known of.
    """
    if identity.kind == "Root":
        return "root"
    if identity.kind == "AWSService":
        return identity.invoked_by
    if identity.kind == "AssumedRole":
        return identity.principal_id.partition(":")[2] or identity.arn.rpartition("/")[2]
    if identity.kind == "FederatedUser":
        return identity.principal_id.partition(":")[2] or identity.user_name
    return identity.user_name
