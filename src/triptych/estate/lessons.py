"""What a reply of the estate teaches about credentials. Pure: ``identities`` reads and writes around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from triptych.estate.credentials import Credential, Principal, root_identity
from triptych.kernel.arn import Arn
from triptych.kernel.context import Context, Identity, SessionIssuer

__all__ = ["Change", "Forgotten", "Issued", "Known", "Named", "Revised", "Revoked", "changes", "subject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A new credential, still in the clear."""

    access_key_id: str
    secret: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    identity: Identity
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Revised:
    """The same credential with another status or another name of its owner."""

    credential: Credential


@dataclass(frozen=True, slots=True)
class Revoked:
    access_key_id: str


@dataclass(frozen=True, slots=True)
class Named:
    principal: Principal


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A principal that is gone or has another name now."""

    key: str


Change = Issued | Revised | Revoked | Named | Forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was learned before about the subject of a reply: its principal, its credentials."""

    principal: Principal | None = None
    credentials: Sequence[Credential] = ()


def subject(service: str, operation: str, params: dict[str, Any], output: dict[str, Any]) -> str:
    """Whom a reply is about: ``user/<name>``, ``role/<name>``, ``key/<access key id>`` or nobody (empty)."""
    if service == "iam":
        if operation in {"UpdateAccessKey", "DeleteAccessKey"}:
            return f"key/{params.get('AccessKeyId', '')}"
        if operation == "CreateAccessKey":
            name = output.get("AccessKey", {}).get("UserName") or params.get("UserName")
            return f"user/{name}" if name else "root/"
        if operation in {"CreateUser", "GetUser"}:
            name = output.get("User", {}).get("UserName")
            return f"user/{name}" if name else ""
        if operation in {"UpdateUser", "DeleteUser"}:
            return f"user/{params.get('UserName', '')}"
        if operation in {"CreateRole", "GetRole", "CreateServiceLinkedRole"}:
            name = output.get("Role", {}).get("RoleName")
            return f"role/{name}" if name else ""
        if operation == "DeleteRole":
            return f"role/{params.get('RoleName', '')}"
    if service == "sts":
        if operation in {"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"}:
            return f"role/{_last(params.get('RoleArn', ''))}"
        if operation in {"GetSessionToken", "GetFederationToken"}:
            return "caller/"
    return ""


def changes(
    context: Context,
    service: str,
    operation: str,
    params: dict[str, Any],
    output: dict[str, Any],
    known: Known,
) -> list[Change]:
    """What a successful reply changes in what is known; empty for everything but a few calls of IAM and STS."""
    match service, operation:
        case "iam", "CreateAccessKey":
            return _created_key(context, params, output, known)
        case "iam", "UpdateAccessKey":
            status: Literal["Active", "Inactive"] = "Active" if params["Status"] == "Active" else "Inactive"
            return [Revised(msgspec.structs.replace(c, status=status)) for c in known.credentials]
        case "iam", "DeleteAccessKey":
            return [Revoked(c.access_key_id) for c in known.credentials]
        case "iam", ("CreateUser" | "GetUser"):
            user = output["User"]
            return _named("user", user["UserName"], user["UserId"], user["Arn"], known)
        case "iam", ("CreateRole" | "GetRole" | "CreateServiceLinkedRole"):
            role = output["Role"]
            return _named("role", role["RoleName"], role["RoleId"], role["Arn"], known)
        case "iam", "UpdateUser":
            return _renamed(context, params, known)
        case "iam", "DeleteUser":
            revoked = [Revoked(c.access_key_id) for c in known.credentials]
            return [*revoked, Forgotten(f"user/{params['UserName']}")]
        case "iam", "DeleteRole":
            return [Forgotten(f"role/{params['RoleName']}")]
        case "sts", ("AssumeRole" | "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity"):
            return [_issued(context, params, output, _assumed_role(context, params, output, known))]
        case "sts", "GetSessionToken":
            return [_issued(context, params, output, _session(context, params))]
        case "sts", "GetFederationToken":
            return [_issued(context, params, output, _federated(context, output))]
    return []


def _created_key(
    context: Context, params: dict[str, Any], output: dict[str, Any], known: Known
) -> list[Change]:
    key = output["AccessKey"]
    name = key.get("UserName") or params.get("UserName")
    if not name:  # a root user's own key
        identity = root_identity(context.account)
    else:
        identity = Identity(
            kind="IAMUser",
            account=context.account,
            principal_id=known.principal.principal_id if known.principal else "",
            arn=known.principal.arn if known.principal else f"arn:aws:iam::{context.account}:user/{name}",
            user_name=name,
        )
    identity = msgspec.structs.replace(identity, access_key_id=key["AccessKeyId"])
    return [Issued(access_key_id=key["AccessKeyId"], secret=key["SecretAccessKey"], identity=identity)]


def _named(
    kind: Literal["user", "role"], name: str, principal_id: str, arn: str, known: Known
) -> list[Change]:
    """A principal's id and ARN; keys that were learned before their owner's id get it now."""
    principal = Principal(kind=kind, name=name, principal_id=principal_id, arn=arn)
    if principal == known.principal:
        return []
    owners = [
        (c, msgspec.structs.replace(c.identity, principal_id=principal_id, arn=arn))
        for c in known.credentials
    ]
    revised = [
        Revised(msgspec.structs.replace(c, identity=owner)) for c, owner in owners if owner != c.identity
    ]
    return [Named(principal), *revised]


def _renamed(context: Context, params: dict[str, Any], known: Known) -> list[Change]:
    """UpdateUser: another name, another path, or both; keys stay valid."""
    old = params["UserName"]
    new = params.get("NewUserName") or old
    old_arn = known.principal.arn if known.principal else f"arn:aws:iam::{context.account}:user/{old}"
    path = params.get("NewPath") or "/" + old_arn.split(":user/", 1)[1].removesuffix(old)
    arn = f"{old_arn.split(':user/', 1)[0]}:user{path}{new}"
    found: list[Change] = []
    if known.principal is not None:
        found.append(Forgotten(f"user/{old}"))
        found.append(Named(msgspec.structs.replace(known.principal, name=new, arn=arn)))
    for credential in known.credentials:
        owner = msgspec.structs.replace(credential.identity, user_name=new, arn=arn)
        found.append(Revised(msgspec.structs.replace(credential, identity=owner)))
    return found


def _issued(context: Context, params: dict[str, Any], output: dict[str, Any], identity: Identity) -> Issued:
    granted = output["Credentials"]
    seconds = params.get("DurationSeconds", 3600)
    return Issued(
        access_key_id=granted["AccessKeyId"],
        secret=granted["SecretAccessKey"],
        session_token=granted["SessionToken"],
        identity=msgspec.structs.replace(identity, access_key_id=granted["AccessKeyId"]),
        expires=granted.get("Expiration") or context.time + timedelta(seconds=seconds),
    )


def _assumed_role(context: Context, params: dict[str, Any], output: dict[str, Any], known: Known) -> Identity:
    """The role's id as IAM gave it counts more than the one in the reply: sandboxes make that one up."""
    user = output["AssumedRoleUser"]
    role = Arn.parse(params["RoleArn"])
    given_id, _, session = user["AssumedRoleId"].partition(":")
    role_id = known.principal.principal_id if known.principal else given_id
    return Identity(
        kind="AssumedRole",
        account=role.account,
        principal_id=f"{role_id}:{session or _last(user['Arn'])}",
        arn=user["Arn"],
        issuer=SessionIssuer(
            kind="Role",
            principal_id=role_id,
            arn=params["RoleArn"],
            account=role.account,
            user_name=_last(role.resource),
        ),
        session_created=context.time,
        mfa=bool(params.get("SerialNumber")),
        source_identity=(
            output.get("SourceIdentity")
            or params.get("SourceIdentity")
            or context.identity.source_identity  # it stays for the whole chain of roles
        ),
    )


def _session(context: Context, params: dict[str, Any]) -> Identity:
    """GetSessionToken: the caller itself, in a session."""
    return msgspec.structs.replace(
        context.identity, session_created=context.time, mfa=bool(params.get("SerialNumber"))
    )


def _federated(context: Context, output: dict[str, Any]) -> Identity:
    user, caller = output["FederatedUser"], context.identity
    return Identity(
        kind="FederatedUser",
        account=context.account,
        principal_id=user["FederatedUserId"],
        arn=user["Arn"],
        issuer=SessionIssuer(
            kind="Root" if caller.kind == "Root" else "IAMUser",
            principal_id=caller.principal_id,
            arn=caller.arn,
            account=caller.account,
            user_name=caller.user_name,
        ),
        session_created=context.time,
    )


def _last(path: str) -> str:
    return path.rsplit("/", 1)[-1]
