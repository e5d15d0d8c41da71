"""Credentials: learned from replies, looked up for requests. On a real control store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog.testing

from triptych.control.open import open_store
from triptych.control.sql_store import SqlStore
from triptych.estate.credentials import CREDENTIALS, PRINCIPALS
from triptych.estate.identities import (
    BadToken,
    ExpiredToken,
    InactiveKey,
    Resolved,
    UnknownKey,
    Unresolved,
    learn,
    purge,
    resolve,
)
from triptych.estate.lessons import Issued, Known, changes
from triptych.estate.vault import Vault
from triptych.kernel import limits
from triptych.kernel.clock import SystemClock
from triptych.kernel.context import Context, Identity, SessionIssuer
from triptych.kernel.errors import ServiceError
from triptych.settings import Estate as Places
from triptych.settings import Settings

ACCOUNT = "111122223333"
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SETTINGS = Settings(account=ACCOUNT, root_access_key_id="AKIAROOT", root_secret_access_key="root-secret")
KEY = b"A" * 43 + b"="
ROOT = Identity(
    kind="Root",
    account=ACCOUNT,
    principal_id=ACCOUNT,
    arn=f"arn:aws:iam::{ACCOUNT}:root",
    access_key_id="AKIAROOT",
)
ANN = Identity(
    kind="IAMUser",
    account=ACCOUNT,
    principal_id="AIDAANN",
    arn=f"arn:aws:iam::{ACCOUNT}:user/ann",
    access_key_id="AKIAANN",
    user_name="ann",
)


class Home:
    """A store, a vault, and one commit for everything learned."""

    def __init__(self, store: SqlStore) -> None:
        self.store, self.vault = store, Vault(KEY)

    async def learn(
        self, operation: str, params: Any = None, output: Any = None, *, by: Identity = ROOT, call: Any = None
    ) -> None:
        service = "sts" if operation.startswith(("Assume", "GetSession", "GetFed")) else "iam"
        context = Context(account=by.account, region="us-east-1", identity=by, time=NOW)
        unit = self.store.unit()
        await learn(unit, self.vault, context, service, operation, params or {}, output or {}, call=call)
        await unit.commit()

    async def resolve(
        self,
        key: str,
        token: str = "",
        *,
        now: datetime = NOW,
        vault: Vault | None = None,
        settings: Settings = SETTINGS,
    ) -> Resolved:
        return await resolve(self.store.unit(), vault or Vault(KEY), settings, key, token, now)

    async def user(self, name: str = "ann", principal_id: str = "AIDAANN", path: str = "/") -> None:
        arn = f"arn:aws:iam::{ACCOUNT}:user{path}{name}"
        user = {"UserName": name, "UserId": principal_id, "Arn": arn, "Path": path}
        await self.learn("CreateUser", {"UserName": name}, {"User": user})

    async def key(self, key: str = "AKIAANN", name: str = "ann", **more: Any) -> None:
        await self.learn("CreateAccessKey", {"UserName": name}, created(key, name), **more)


def created(key: str, name: str) -> dict[str, Any]:
    return {
        "AccessKey": {
            "UserName": name,
            "AccessKeyId": key,
            "SecretAccessKey": f"secret of {key}",
            "Status": "Active",
        }
    }


def granted(key: str, **more: Any) -> dict[str, Any]:
    return {
        "Credentials": {
            "AccessKeyId": key,
            "SecretAccessKey": f"secret of {key}",
            "SessionToken": f"token of {key}",
            "Expiration": NOW + timedelta(hours=1),
        }
    } | more


def assumed(
    key: str,
    *,
    account: str = ACCOUNT,
    role: str = "ops",
    session: str = "night",
    role_id: str = "AROAOPS",
    **more: Any,
) -> dict[str, Any]:
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/{session}"
    return granted(key, AssumedRoleUser={"AssumedRoleId": f"{role_id}:{session}", "Arn": arn}, **more)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    store = await open_store(f"sqlite:///{tmp_path / 'control.db'}", sync="normal", clock=SystemClock())
    yield Home(store)
    await store.close()


# Roots


async def test_the_root_credential_is_root(home: Home) -> None:
    found = await home.resolve("AKIAROOT")
    assert (found.identity, found.account, found.secret) == (ROOT, ACCOUNT, "root-secret")


async def test_a_token_does_not_belong_to_it(home: Home) -> None:
    with pytest.raises(BadToken):
        await home.resolve("AKIAROOT", "token")


async def test_in_a_sandbox_an_account_id_is_its_root(home: Home) -> None:
    found = await home.resolve("444455556666")
    assert (found.account, found.identity.kind, found.secret) == ("444455556666", "Root", "root-secret")
    assert found.identity.arn == "arn:aws:iam::444455556666:root"


async def test_elsewhere_an_account_id_is_nobody(home: Home) -> None:
    real = msgspec.structs.replace(SETTINGS, estate=Places(default="aws"))
    with pytest.raises(UnknownKey):
        await home.resolve("444455556666", settings=real)


@pytest.mark.parametrize(
    "key", ["", "AKIANOBODY", "44445555666", "4444555566667", "akiaroot", "４４４４５５５５６６６６"]
)
async def test_nobody_is_unknown(home: Home, key: str) -> None:
    with pytest.raises(UnknownKey):
        await home.resolve(key)


# Users


async def test_a_users_key(home: Home) -> None:
    await home.user(path="/dev/")
    await home.key()
    found = await home.resolve("AKIAANN")
    assert found.identity == msgspec.structs.replace(ANN, arn=f"arn:aws:iam::{ACCOUNT}:user/dev/ann")
    assert (found.account, found.secret) == (ACCOUNT, "secret of AKIAANN")
    with pytest.raises(BadToken):
        await home.resolve("AKIAANN", "token")


async def test_a_key_for_oneself_belongs_to_the_name_in_the_reply(home: Home) -> None:
    await home.learn("CreateAccessKey", {}, created("AKIATWO", "ann"), by=ANN)
    assert (await home.resolve("AKIATWO")).identity.user_name == "ann"


async def test_a_roots_own_key(home: Home) -> None:
    output = created("AKIAROOT2", "")
    del output["AccessKey"]["UserName"]
    await home.learn("CreateAccessKey", {}, output)
    found = await home.resolve("AKIAROOT2")
    assert found.identity == msgspec.structs.replace(ROOT, access_key_id="AKIAROOT2")


async def test_a_user_made_behind_our_back_is_asked_for(home: Home) -> None:
    calls = []

    async def call(service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        calls.append((service, operation, params))
        return {"User": {"UserName": "bob", "UserId": "AIDABOB", "Arn": f"arn:aws:iam::{ACCOUNT}:user/x/bob"}}

    await home.key("AKIABOB", "bob", call=call)
    await home.key("AKIABOB2", "bob", call=call)
    assert calls == [("iam", "GetUser", {"UserName": "bob"})]
    identity = (await home.resolve("AKIABOB")).identity
    assert (identity.principal_id, identity.arn) == ("AIDABOB", f"arn:aws:iam::{ACCOUNT}:user/x/bob")


async def test_or_its_id_is_learned_when_a_reply_mentions_it(home: Home) -> None:
    async def call(service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        raise ServiceError("ServiceUnavailable", "no", status=503)

    await home.key("AKIABOB", "bob", call=call)
    assert (await home.resolve("AKIABOB")).identity.principal_id == ""
    await home.user("bob", "AIDABOB", "/x/")
    identity = (await home.resolve("AKIABOB")).identity
    assert (identity.principal_id, identity.arn) == ("AIDABOB", f"arn:aws:iam::{ACCOUNT}:user/x/bob")
    assert identity.access_key_id == "AKIABOB"


async def test_a_key_is_switched_off_and_on(home: Home) -> None:
    await home.key()
    await home.learn("UpdateAccessKey", {"UserName": "ann", "AccessKeyId": "AKIAANN", "Status": "Inactive"})
    with pytest.raises(InactiveKey):
        await home.resolve("AKIAANN")
    await home.learn("UpdateAccessKey", {"AccessKeyId": "AKIAANN", "Status": "Active"})
    assert (await home.resolve("AKIAANN")).secret == "secret of AKIAANN"


async def test_a_deleted_key_is_unknown(home: Home) -> None:
    await home.key()
    await home.learn("DeleteAccessKey", {"AccessKeyId": "AKIAANN"})
    with pytest.raises(UnknownKey):
        await home.resolve("AKIAANN")


@pytest.mark.parametrize("operation", ["UpdateAccessKey", "DeleteAccessKey"])
async def test_another_account_has_no_say_over_a_key(home: Home, operation: str) -> None:
    await home.key()
    stranger = msgspec.structs.replace(ROOT, account="999988887777")
    await home.learn(operation, {"AccessKeyId": "AKIAANN", "Status": "Inactive"}, by=stranger)
    assert (await home.resolve("AKIAANN")).identity.user_name == "ann"


@pytest.mark.parametrize(
    ("change", "name", "arn"),
    [
        ({"NewUserName": "anna"}, "anna", "user/dev/anna"),
        ({"NewPath": "/ops/"}, "ann", "user/ops/ann"),
        ({"NewPath": "/", "NewUserName": "anna"}, "anna", "user/anna"),
    ],
)
async def test_keys_follow_a_user_who_is_renamed_or_moved(
    home: Home, change: dict[str, str], name: str, arn: str
) -> None:
    await home.user(path="/dev/")
    await home.key()
    await home.learn("UpdateUser", {"UserName": "ann", **change})
    identity = (await home.resolve("AKIAANN")).identity
    assert (identity.user_name, identity.arn) == (name, f"arn:aws:iam::{ACCOUNT}:{arn}")
    assert identity.principal_id == "AIDAANN"
    unit = home.store.unit()
    principals = await unit.list(PRINCIPALS)
    assert [(p.key, p.value.arn) for p in principals] == [(f"user/{name}", identity.arn)]
    await home.key("AKIATWO", name)
    assert (await home.resolve("AKIATWO")).identity.arn == identity.arn


async def test_what_a_deleted_user_had_is_gone(home: Home) -> None:
    await home.user()
    await home.key()
    await home.key("AKIABOB", "bob")
    await home.learn("GetSessionToken", {}, granted("ASIAANN"), by=ANN)
    await home.learn("DeleteUser", {"UserName": "ann"})
    for key, token in [("AKIAANN", ""), ("ASIAANN", "token of ASIAANN")]:
        with pytest.raises(UnknownKey):
            await home.resolve(key, token)
    assert (await home.resolve("AKIABOB")).identity.user_name == "bob"
    assert await home.store.unit().get(PRINCIPALS, "user/ann", account=ACCOUNT) is None


async def test_the_same_name_in_two_accounts_is_two_users(home: Home) -> None:
    other = msgspec.structs.replace(ROOT, account="999988887777")
    await home.user()
    await home.key()
    await home.key("AKIAOTHER", "ann", by=other)
    found = (await home.resolve("AKIAOTHER")).identity
    assert (found.account, found.principal_id, found.arn) == (
        "999988887777",
        "",
        "arn:aws:iam::999988887777:user/ann",
    )
    await home.learn("DeleteUser", {"UserName": "ann"}, by=other)
    assert (await home.resolve("AKIAANN")).identity.account == ACCOUNT


# Sessions


async def test_an_assumed_role(home: Home) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/team/ops"
    await home.learn("AssumeRole", {"RoleArn": arn, "RoleSessionName": "night"}, assumed("ASIAOPS"), by=ANN)
    found = await home.resolve("ASIAOPS", "token of ASIAOPS")
    assert found.identity == Identity(
        kind="AssumedRole",
        account=ACCOUNT,
        principal_id="AROAOPS:night",
        arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/ops/night",
        access_key_id="ASIAOPS",
        issuer=SessionIssuer(kind="Role", principal_id="AROAOPS", arn=arn, account=ACCOUNT, user_name="ops"),
        session_created=NOW,
    )


@pytest.mark.parametrize("operation", ["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"])
async def test_the_roles_own_id_counts_and_its_account(home: Home, operation: str) -> None:
    other = msgspec.structs.replace(ROOT, account="444455556666")
    arn = "arn:aws:iam::444455556666:role/ops"
    role = {"RoleName": "ops", "RoleId": "AROAREAL", "Arn": arn}
    await home.learn("CreateRole", {}, {"Role": role}, by=other)
    output = assumed("ASIAOPS", account="444455556666", role_id="ARO123EXAMPLE123")
    await home.learn(operation, {"RoleArn": arn}, output, by=ANN)
    found = await home.resolve("ASIAOPS", "token of ASIAOPS")
    assert found.account == found.identity.account == "444455556666"
    assert found.identity.principal_id == "AROAREAL:night"
    await home.learn("DeleteRole", {"RoleName": "ops"}, by=other)
    assert await home.store.unit().list(PRINCIPALS) == []


async def test_mfa_and_source_identity(home: Home) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/ops"
    mfa = {"SerialNumber": "arn:aws:iam::1:mfa/ann", "TokenCode": "123456", "SourceIdentity": "ann@example"}
    await home.learn("AssumeRole", {"RoleArn": arn, **mfa}, assumed("ASIA1"), by=ANN)
    first = (await home.resolve("ASIA1", "token of ASIA1")).identity
    assert (first.mfa, first.source_identity) == (True, "ann@example")
    await home.learn("AssumeRole", {"RoleArn": arn}, assumed("ASIA2"), by=first)
    second = (await home.resolve("ASIA2", "token of ASIA2")).identity
    assert (second.mfa, second.source_identity) == (False, "ann@example")


async def test_sessions_of_users_and_roots(home: Home) -> None:
    await home.learn("GetSessionToken", {"SerialNumber": "s"}, granted("ASIAANN"), by=ANN)
    await home.learn("GetSessionToken", {}, granted("ASIAROOT"), by=ROOT)
    ann = (await home.resolve("ASIAANN", "token of ASIAANN")).identity
    assert ann == msgspec.structs.replace(ANN, access_key_id="ASIAANN", session_created=NOW, mfa=True)
    root = (await home.resolve("ASIAROOT", "token of ASIAROOT")).identity
    assert root == msgspec.structs.replace(ROOT, access_key_id="ASIAROOT", session_created=NOW)


async def test_a_federated_user(home: Home) -> None:
    user = {"FederatedUserId": f"{ACCOUNT}:guest", "Arn": f"arn:aws:sts::{ACCOUNT}:federated-user/guest"}
    await home.learn(
        "GetFederationToken", {"Name": "guest"}, granted("ASIAGUEST", FederatedUser=user), by=ANN
    )
    found = (await home.resolve("ASIAGUEST", "token of ASIAGUEST")).identity
    assert (found.kind, found.principal_id, found.arn) == (
        "FederatedUser",
        user["FederatedUserId"],
        user["Arn"],
    )
    assert found.issuer == SessionIssuer(
        kind="IAMUser", principal_id="AIDAANN", arn=ANN.arn, account=ACCOUNT, user_name="ann"
    )


async def test_a_session_needs_its_own_token_until_it_ends(home: Home) -> None:
    await home.learn("GetSessionToken", {}, granted("ASIAANN"), by=ANN)
    end = NOW + timedelta(hours=1)
    for token in ("", "token", "token of ASIAANN ", "TOKEN OF ASIAANN"):
        with pytest.raises(BadToken):
            await home.resolve("ASIAANN", token)
    assert await home.resolve("ASIAANN", "token of ASIAANN", now=end - timedelta(microseconds=1))
    with pytest.raises(ExpiredToken):
        await home.resolve("ASIAANN", "token of ASIAANN", now=end)
    with pytest.raises(BadToken):  # who does not have the token learns nothing about the session
        await home.resolve("ASIAANN", "wrong", now=end)


def test_a_session_always_ends() -> None:
    output = granted("ASIAANN")
    del output["Credentials"]["Expiration"]
    context = Context(account=ACCOUNT, region="", identity=ANN, time=NOW)
    (issued,) = changes(context, "sts", "GetSessionToken", {"DurationSeconds": 900}, output, Known())
    assert isinstance(issued, Issued) and issued.expires == NOW + timedelta(minutes=15)


async def test_ended_sessions_are_cleared_away(home: Home) -> None:
    await home.key()
    await home.learn("GetSessionToken", {}, granted("ASIAANN"), by=ANN)
    for days, gone in [(0, 0), (1, 1), (1, 0)]:
        unit = home.store.unit()
        assert await purge(unit, NOW + timedelta(days=days)) == gone
        await unit.commit()
    assert [d.key for d in await home.store.unit().list(CREDENTIALS)] == ["AKIAANN"]


# Replies that teach nothing


@pytest.mark.parametrize(
    ("operation", "params", "output"),
    [
        ("ListUsers", {}, {"Users": []}),
        ("GetUser", {}, {"User": {"Arn": f"arn:aws:iam::{ACCOUNT}:root", "UserId": ACCOUNT}}),
        ("GetUser", {}, {}),
        ("CreateAccessKey", {"UserName": "ann"}, {}),
        ("AssumeRole", {"RoleArn": "nonsense"}, assumed("ASIA1")),
        ("AssumeRole", {}, {}),
        ("GetFederationToken", {}, granted("ASIA1")),
        ("UpdateUser", {}, {}),
        ("DeleteAccessKey", {}, {}),
    ],
)
async def test_odd_replies_change_nothing_and_fail_nothing(
    home: Home, operation: str, params: Any, output: Any
) -> None:
    await home.learn(operation, params, output)
    assert await home.store.unit().list(CREDENTIALS) == []


async def test_a_reply_that_is_not_understood_is_logged_without_its_contents(home: Home) -> None:
    with structlog.testing.capture_logs() as logs:
        await home.learn("GetFederationToken", {}, granted("ASIA1"))
    assert [entry["event"] for entry in logs] == ["reply_not_understood"]
    assert "secret of" not in repr(logs) and "token of" not in repr(logs)


# Secrets


def _contents(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_secrets_are_neither_stored_nor_shown(home: Home, tmp_path: Path) -> None:
    await home.key()
    await home.learn("GetSessionToken", {}, granted("ASIAANN"), by=ANN)
    shown = repr([d.value for d in await home.store.unit().list(CREDENTIALS)])
    shown += repr(await home.resolve("ASIAANN", "token of ASIAANN")) + repr(Vault(KEY))
    context = Context(account=ACCOUNT, region="", identity=ANN, time=NOW)
    shown += repr(changes(context, "sts", "GetSessionToken", {}, granted("ASIAANN"), Known()))
    on_disk = _contents(tmp_path)
    assert b"AKIAANN" in on_disk
    for secret in ("secret of AKIAANN", "secret of ASIAANN", "token of ASIAANN"):
        assert secret not in shown and secret.encode() not in on_disk


# The memory


async def test_a_resolved_credential_is_remembered_for_a_moment(home: Home) -> None:
    await home.key()
    vault = Vault(KEY)
    assert (await home.resolve("AKIAANN", vault=vault)).identity.user_name == "ann"
    await home.learn("DeleteAccessKey", {"AccessKeyId": "AKIAANN"})  # elsewhere: home has another vault
    within = NOW + timedelta(seconds=limits.CREDENTIALS_CACHE_SECONDS / 2)
    assert (await home.resolve("AKIAANN", vault=vault, now=within)).identity.user_name == "ann"
    with pytest.raises(UnknownKey):
        await home.resolve(
            "AKIAANN", vault=vault, now=NOW + timedelta(seconds=limits.CREDENTIALS_CACHE_SECONDS)
        )


async def test_what_this_process_revokes_is_revoked_at_once(home: Home) -> None:
    await home.key()
    after = NOW + timedelta(seconds=limits.CREDENTIALS_CACHE_SECONDS)  # the key was new until then
    assert await home.resolve("AKIAANN", vault=home.vault, now=after)
    unit = home.store.unit()
    context = Context(account=ACCOUNT, region="", identity=ROOT, time=after)
    await learn(unit, home.vault, context, "iam", "DeleteAccessKey", {"AccessKeyId": "AKIAANN"}, {})
    assert await home.resolve(
        "AKIAANN", vault=home.vault, now=after
    )  # read before the commit, not remembered
    await unit.commit()
    with pytest.raises(Unresolved):
        await home.resolve("AKIAANN", vault=home.vault, now=after)


async def test_remembered_sessions_still_need_token_and_time(home: Home) -> None:
    await home.learn("GetSessionToken", {}, granted("ASIAANN"), by=ANN)
    vault, late = Vault(KEY), NOW + timedelta(hours=1)
    assert await home.resolve("ASIAANN", "token of ASIAANN", vault=vault, now=late - timedelta(seconds=1))
    with pytest.raises(BadToken):
        await home.resolve("ASIAANN", "", vault=vault, now=late - timedelta(seconds=1))
    with pytest.raises(ExpiredToken):
        await home.resolve("ASIAANN", "token of ASIAANN", vault=vault, now=late)
