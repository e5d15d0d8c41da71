"""Who a credential belongs to: what the estate issues is learned from its replies and looked up later.

``lessons.changes`` decides what a reply means (pure), ``learn`` stages it, ``resolve`` answers for a request.
Secrets are sealed at rest (``vault``); of session tokens only a hash is kept.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from triptych.control.store import Unit
from triptych.estate.credentials import (
    COLLECTIONS,
    CREDENTIALS,
    PRINCIPALS,
    Credential,
    Opened,
    root_identity,
    token_hash,
)
from triptych.estate.lessons import (
    Change,
    Forgotten,
    Issued,
    Known,
    Named,
    Revised,
    Revoked,
    changes,
    subject,
)
from triptych.estate.vault import Vault
from triptych.kernel.arn import Arn
from triptych.kernel.context import Context, Identity
from triptych.kernel.errors import ServiceError
from triptych.settings import Settings

__all__ = [
    "COLLECTIONS",
    "BadToken",
    "ExpiredToken",
    "InactiveKey",
    "Resolved",
    "UnknownKey",
    "Unresolved",
    "learn",
    "purge",
    "resolve",
]

log = structlog.get_logger()

Call = Callable[[str, str, dict[str, Any]], Awaitable[dict[str, Any]]]


async def learn(
    unit: Unit,
    vault: Vault,
    context: Context,
    service: str,
    operation: str,
    params: dict[str, Any],
    output: dict[str, Any],
    *,
    call: Call | None = None,
) -> None:
    """Stage what a successful reply of the estate teaches about credentials.

    :param params, output: decoded, in the model's member names; timestamps are aware datetimes.
    :param call: ``(service, operation, params) -> output`` of the estate, to ask for a user's unique id when
        it is not known; without it the id stays empty until a GetUser passes by.
    """
    if call is not None and (service, operation) == ("iam", "CreateAccessKey"):
        await _ask_for_the_owner(unit, vault, context, output, call)
    await _learn(unit, vault, context, service, operation, params, output)


async def _ask_for_the_owner(
    unit: Unit, vault: Vault, context: Context, output: dict[str, Any], call: Call
) -> None:
    """Learn the id of a user who was created behind our back before the key is written down."""
    name = output.get("AccessKey", {}).get("UserName")
    if not name or await unit.get(PRINCIPALS, f"user/{name}", account=context.account) is not None:
        return
    params = {"UserName": name}
    try:
        user = await call("iam", "GetUser", params)
    except ServiceError as error:
        log.warning("principal_unknown", user=name, account=context.account, error=str(error))
        return
    await _learn(unit, vault, context, "iam", "GetUser", params, user)


async def _learn(
    unit: Unit,
    vault: Vault,
    context: Context,
    service: str,
    operation: str,
    params: dict[str, Any],
    output: dict[str, Any],
) -> None:
    kind, _, name = subject(service, operation, params, output).partition("/")
    account = _account(context, params)
    if not kind or not account or (kind in {"user", "role", "key"} and not name):
        return
    known = await _known(unit, account, kind, name)
    try:
        learned = changes(context, service, operation, params, output, known)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        # A reply without what AWS's replies have: the call is recorded all the same, its credential stays unknown.
        log.warning("reply_not_understood", service=service, operation=operation, error=repr(error))
        return
    for change in learned:
        _stage(unit, vault, account, context.time, change)


def _account(context: Context, params: dict[str, Any]) -> str:
    """Roles are assumed across accounts; everything else concerns the caller's account."""
    try:
        return Arn.parse(params["RoleArn"]).account
    except (KeyError, ValueError):
        return context.account


async def _known(unit: Unit, account: str, kind: str, name: str) -> Known:
    if kind == "key":
        credential = await unit.get(CREDENTIALS, name)
        # An upstream that accepts a call for a key of another account does not speak for that account.
        return Known(credentials=[credential] if credential and credential.account == account else [])
    if kind not in {"user", "role"}:
        return Known()
    principal = await unit.get(PRINCIPALS, f"{kind}/{name}", account=account)
    if kind == "role":
        return Known(principal=principal)
    keys = [d.key for d in await unit.list(CREDENTIALS, index=("user", f"{account}/{name}"))]
    credentials = [
        await unit.get(CREDENTIALS, key) for key in keys
    ]  # get guards what is changed, list does not
    return Known(principal=principal, credentials=[c for c in credentials if c is not None])


def _stage(unit: Unit, vault: Vault, account: str, now: datetime, change: Change) -> None:
    match change:
        case Issued():
            credential = Credential(
                access_key_id=change.access_key_id,
                secret=vault.seal(change.secret),
                account=change.identity.account,
                identity=change.identity,
                token_hash=token_hash(change.session_token),
                expires=change.expires,
            )
            unit.put(CREDENTIALS, change.access_key_id, credential)
            vault.forget(change.access_key_id, now)
        case Revised(credential=revised):
            unit.put(CREDENTIALS, revised.access_key_id, revised)
            vault.forget(revised.access_key_id, now)
        case Revoked(access_key_id=key):
            unit.delete(CREDENTIALS, key)
            vault.forget(key, now)
        case Named(principal=principal):
            unit.put(PRINCIPALS, f"{principal.kind}/{principal.name}", principal, account=account)
        case Forgotten(key=key):
            unit.delete(PRINCIPALS, key, account=account)


async def purge(unit: Unit, now: datetime, *, days: int = 3) -> int:
    """Stage the deletion of credentials that expired on one of the last days; returns how many.

    Run at least once in ``days`` days. A day is left between expiry and deletion, so that a late caller is
    told ExpiredToken and not that its key never existed.
    """
    gone = 0
    for back in range(1, days + 1):
        day = f"{now - timedelta(days=back):%Y-%m-%d}"
        for document in await unit.list(CREDENTIALS, index=("expiry", day)):
            unit.delete(CREDENTIALS, document.key)
            gone += 1
    return gone


class Unresolved(Exception):  # noqa: N818 - the edge chooses AWS's error for each
    """The credential does not stand for anybody (now)."""


class UnknownKey(Unresolved):
    """No such access key id."""


class InactiveKey(Unresolved):
    """The key was switched off by UpdateAccessKey."""


class ExpiredToken(Unresolved):
    """The session is over."""


class BadToken(Unresolved):
    """The session token is missing, wrong, or given with a key that has none."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Whom a credential stands for, and the secret to verify its signature with."""

    identity: Identity
    account: str
    secret: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    expires: datetime | None = None
    """When a temporary credential ends."""


_ACCOUNT_ID = re.compile(r"[0-9]{12}")


async def resolve(
    unit: Unit,
    vault: Vault,
    settings: Settings,
    access_key_id: str,
    session_token: str,
    now: datetime,
) -> Resolved:
    """Whom an access key id stands for. Raises UnknownKey, BadToken, ExpiredToken or InactiveKey.

    The signature is not checked here: verify it with the secret before believing anything.
    """
    account = _root_account(settings, access_key_id)
    if account is not None:
        if session_token:
            raise BadToken(access_key_id)
        identity = msgspec.structs.replace(root_identity(account), access_key_id=access_key_id)
        return Resolved(identity, account, settings.root_secret_access_key)

    opened = vault.remembered(access_key_id, now)
    if opened is None:
        credential = await unit.get(CREDENTIALS, access_key_id) if access_key_id else None
        if credential is None:
            raise UnknownKey(access_key_id)
        opened = Opened(credential, vault.open(credential.secret))
        vault.remember(access_key_id, opened, now)

    credential = opened.credential
    if not hmac.compare_digest(token_hash(session_token), credential.token_hash):
        raise BadToken(access_key_id)
    if credential.expires is not None and now >= credential.expires:
        raise ExpiredToken(access_key_id)
    if credential.status != "Active":
        raise InactiveKey(access_key_id)
    return Resolved(credential.identity, credential.account, opened.secret, session_token, credential.expires)


def _root_account(settings: Settings, access_key_id: str) -> str | None:
    """The account whose root the key is: the settings' own, or in a sandbox the one it names."""
    if access_key_id == settings.root_access_key_id:
        return settings.account
    if settings.estate.default == "sandbox" and _ACCOUNT_ID.fullmatch(access_key_id):
        return access_key_id
    return None
