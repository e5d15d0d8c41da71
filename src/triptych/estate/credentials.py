"""Credentials and principals as they are kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import msgspec

from triptych.control.collection import Collection
from triptych.kernel.context import Identity

__all__ = [
    "COLLECTIONS",
    "CREDENTIALS",
    "PRINCIPALS",
    "Credential",
    "Opened",
    "Principal",
    "root_identity",
    "token_hash",
]


class Credential(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One access key as it is stored.

    :param secret: sealed by the vault.
    :param token_hash: SHA-256 (hex) of the session token; empty for long-term keys.
    :param expires: None for long-term keys.
    """

    access_key_id: str
    secret: str
    account: str
    identity: Identity
    token_hash: str = ""
    status: Literal["Active", "Inactive"] = "Active"
    expires: datetime | None = None

    def __repr__(self) -> str:
        return f"Credential({self.access_key_id}, {self.status}, {self.identity.arn})"


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """A user or role and its unique id, which only some replies mention."""

    kind: Literal["user", "role"]
    name: str
    principal_id: str
    arn: str


def _user_of(credential: Credential) -> str | None:
    """The user whose key it is, long-term or from GetSessionToken."""
    identity = credential.identity
    return f"{credential.account}/{identity.user_name}" if identity.kind == "IAMUser" else None


def _expiry_day(credential: Credential) -> str | None:
    return None if credential.expires is None else f"{credential.expires:%Y-%m-%d}"


CREDENTIALS = Collection(
    name="estate.credentials",
    type=Credential,
    scope="global",
    indexes={"user": _user_of, "expiry": _expiry_day},
)
"""By access key id, which is unique across accounts."""

PRINCIPALS = Collection(name="estate.principals", type=Principal, scope="account")
"""By ``user/<name>`` or ``role/<name>``."""

COLLECTIONS = (CREDENTIALS, PRINCIPALS)


@dataclass(frozen=True, slots=True)
class Opened:
    """A credential with its secret in the clear; only ever in memory."""

    credential: Credential
    secret: str = field(repr=False)


def root_identity(account: str) -> Identity:
    return Identity(kind="Root", account=account, principal_id=account, arn=f"arn:aws:iam::{account}:root")


def token_hash(session_token: str) -> str:
    """What is kept of a session token; empty for none."""
    return hashlib.sha256(session_token.encode()).hexdigest() if session_token else ""
