"""Sessions on a real store in simulated time: how they begin, what ends them, who is held off."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog.testing

from triptych.console.origin import is_named
from triptych.console.session import SESSIONS, Credentials, Opened, SessionStore, cookie, purge
from triptych.console.tries import Tries, network_of
from triptych.control.open import open_store
from triptych.control.sql_store import SqlStore
from triptych.estate.credentials import CREDENTIALS, Credential, token_hash
from triptych.estate.vault import Vault
from triptych.kernel import limits
from triptych.kernel.context import Identity
from triptych.kernel.errors import ServiceError
from triptych.kernel.ids import Ids
from triptych.settings import Settings
from triptych.testing.clock import SimClock
from triptych.wire.message import Headers, HttpRequest

SETTINGS = Settings(
    account="111122223333", root_access_key_id="AKIAROOT", root_secret_access_key="root-secret"
)
ROOT = Credentials(access_key_id="AKIAROOT", secret_access_key="root-secret")
HOST = "triptych.example:4566"
ADDRESS = "192.0.2.7"


@pytest.fixture
async def clock() -> SimClock:
    return SimClock()


@pytest.fixture
async def store(tmp_path: Path, clock: SimClock) -> AsyncIterator[SqlStore]:
    opened = await open_store(f"sqlite:///{tmp_path / 'control.db'}", sync="normal", clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
def vault() -> Vault:
    return Vault(b"A" * 43 + b"=")


def sessions_of(
    store: SqlStore, vault: Vault, clock: SimClock, settings: Settings = SETTINGS
) -> SessionStore:
    return SessionStore(settings=settings, control=store, vault=vault, clock=clock, ids=Ids(random.Random(3)))


@pytest.fixture
def sessions(store: SqlStore, vault: Vault, clock: SimClock) -> SessionStore:
    return sessions_of(store, vault, clock)


def request(opened: Opened | None = None, *, method: str = "POST", **changed: str) -> HttpRequest:
    fields = {"host": HOST, "origin": f"http://{HOST}"}
    if opened is not None:
        fields |= {
            "cookie": cookie(opened, opened.session.created).partition(";")[0],
            "x-triptych-csrf": opened.csrf,
        }
    fields |= {name.replace("_", "-"): value for name, value in changed.items()}
    return HttpRequest(method, "/", headers=Headers((k, v) for k, v in fields.items() if v))


async def refused(call, status: int) -> ServiceError:
    with pytest.raises(ServiceError) as error:
        await call
    assert error.value.status == status, error.value
    return error.value


async def test_a_session_ends_by_itself(sessions: SessionStore, clock: SimClock) -> None:
    opened = await sessions.begin(request(), ADDRESS, ROOT)
    await clock.advance(limits.CONSOLE_SESSION_SECONDS - 1)
    assert (await sessions.admit(request(opened), acting=True)).identity.kind == "Root"
    await clock.advance(1)
    error = await refused(sessions.admit(request(opened), acting=True), 401)
    assert error.code == "ExpiredTokenException"


async def test_a_temporary_credential_takes_its_session_along(
    sessions: SessionStore, store: SqlStore, vault: Vault, clock: SimClock
) -> None:
    ends = clock.now() + timedelta(minutes=15)
    unit = store.unit()
    unit.put(
        CREDENTIALS,
        "ASIATEMP",
        Credential(
            access_key_id="ASIATEMP",
            secret=vault.seal("temporary"),
            account="111122223333",
            identity=Identity(kind="AssumedRole", account="111122223333", access_key_id="ASIATEMP"),
            token_hash=token_hash("token"),
            expires=ends,
        ),
    )
    await unit.commit()
    given = Credentials(access_key_id="ASIATEMP", secret_access_key="temporary", session_token="token")
    await refused(
        sessions.begin(
            request(), ADDRESS, Credentials(access_key_id="ASIATEMP", secret_access_key="temporary")
        ),
        403,
    )
    opened = await sessions.begin(request(), ADDRESS, given)
    assert opened.session.expires == ends
    resolved = await sessions.admit(request(opened), acting=True)
    assert resolved.session_token == "token", "upstreams that verify want it"
    (kept,) = await store.unit().list(SESSIONS)
    assert '"token"' not in json.dumps(kept.value.sealed_token)
    await clock.advance(15 * 60)
    await refused(sessions.admit(request(opened), acting=True), 401)
    late = await refused(sessions.begin(request(), ADDRESS, given), 403)
    assert late.code == "ExpiredToken"


async def test_another_secret_under_the_same_key_ends_the_session(
    sessions: SessionStore, store: SqlStore, vault: Vault, clock: SimClock
) -> None:
    opened = await sessions.begin(request(), ADDRESS, ROOT)
    changed = Settings(
        account="111122223333", root_access_key_id="AKIAROOT", root_secret_access_key="new-secret"
    )
    await refused(sessions_of(store, vault, clock, changed).admit(request(opened), acting=True), 401)
    again = sessions_of(store, vault, clock)
    assert (await again.admit(request(opened), acting=True)).account == "111122223333", (
        "a restart changes nothing"
    )


async def test_what_is_kept_lets_nobody_in(sessions: SessionStore, store: SqlStore) -> None:
    opened = await sessions.begin(request(), ADDRESS, ROOT)
    (kept,) = await store.unit().list(SESSIONS)
    for secret in (opened.token, opened.csrf, "root-secret"):
        assert secret not in kept.key + repr(kept.value)
    for stolen in (kept.key[:43], kept.value.binding):
        await refused(sessions.admit(request(opened, cookie=f"triptych_session={stolen}"), acting=True), 401)


@pytest.mark.parametrize(
    "changed",
    [
        {"x_triptych_csrf": ""},
        {"x_triptych_csrf": "guess"},
        {"origin": ""},
        {"origin": "null"},
        {"origin": f"https://{HOST}"},
        {"origin": "http://triptych.example"},
        {"origin": f"http://{HOST}.evil.example"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
    ],
)
async def test_an_act_needs_proof_that_a_page_of_ours_sent_it(sessions: SessionStore, changed) -> None:
    opened = await sessions.begin(request(), ADDRESS, ROOT)
    await refused(sessions.admit(request(opened, **changed), acting=True), 403)


async def test_doubled_fields_are_not_chosen_from(sessions: SessionStore) -> None:
    opened = await sessions.begin(request(), ADDRESS, ROOT)
    good = request(opened)
    for name, value in (("origin", "https://evil.example"), ("x-triptych-csrf", "x")):
        smuggled = HttpRequest("POST", "/", headers=Headers([*good.headers, (name, value)]))
        await refused(sessions.admit(smuggled, acting=True), 403)
    two = HttpRequest(
        "POST", "/", headers=Headers([*good.headers, ("cookie", f"triptych_session={'B' * 43}")])
    )
    await refused(sessions.admit(two, acting=True), 401)


async def test_a_read_needs_no_token_but_no_other_site_either(sessions: SessionStore) -> None:
    opened = await sessions.begin(request(), ADDRESS, ROOT)
    bare = {"x_triptych_csrf": "", "origin": "", "method": "GET"}
    for site in ("", "same-origin", "none"):
        await sessions.admit(request(opened, **bare, sec_fetch_site=site), acting=False)
    for changed in ({"sec_fetch_site": "cross-site"}, {"origin": "https://evil.example"}):
        await refused(sessions.admit(request(opened, **{**bare, **changed}), acting=False), 403)


async def test_the_oldest_sessions_of_a_key_give_way(
    sessions: SessionStore, store: SqlStore, clock: SimClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CONSOLE_SESSIONS_OF_KEY", 2)
    opened = []
    for _ in range(3):
        opened.append(await sessions.begin(request(), ADDRESS, ROOT))
        await clock.advance(1)
    await refused(sessions.admit(request(opened[0]), acting=True), 401)
    for each in opened[1:]:
        await sessions.admit(request(each), acting=True)
    assert len(await store.unit().list(SESSIONS)) == 2


async def test_ended_sessions_are_forgotten(sessions: SessionStore, store: SqlStore, clock: SimClock) -> None:
    await sessions.begin(request(), ADDRESS, ROOT)
    await clock.advance(2 * 24 * 3600)
    unit = store.unit()
    assert await purge(unit, clock.now()) == 1
    await unit.commit()
    assert await store.unit().list(SESSIONS) == []


async def test_the_well_known_credential_only_where_no_strangers_name_leads(
    store: SqlStore, vault: Vault, clock: SimClock
) -> None:
    sessions = sessions_of(store, vault, clock, Settings())
    given = Credentials(access_key_id="test", secret_access_key="test")
    await refused(sessions.begin(request(), ADDRESS, given), 403)
    for host in ("localhost:4566", "127.0.0.1:4566", "[::1]:4566"):
        await sessions.begin(request(host=host, origin=f"http://{host}"), ADDRESS, given)
    assert not is_named("127.0.0.1.evil.example:4566", Settings().hostnames)


async def test_log_lines_of_sign_ins_hold_no_secret(sessions: SessionStore) -> None:
    with structlog.testing.capture_logs() as lines:
        opened = await sessions.begin(request(), ADDRESS, ROOT)
        typed = Credentials(access_key_id="root-secret", secret_access_key="AKIAROOT")
        await refused(sessions.begin(request(), ADDRESS, typed), 403)
    assert [line["event"] for line in lines] == ["console_signed_in", "console_sign_in_refused"]
    text = repr(lines) + repr(opened) + repr(typed)
    for secret in ("root-secret", opened.token, opened.csrf):
        assert secret not in text


async def test_sign_ins_are_facts_of_the_account(sessions: SessionStore, store: SqlStore) -> None:
    await sessions.begin(request(), ADDRESS, ROOT)
    await refused(
        sessions.begin(request(), ADDRESS, Credentials(access_key_id="AKIAROOT", secret_access_key="x")), 403
    )
    unknown = Credentials(access_key_id="AKIANOBODY", secret_access_key="x")
    await refused(sessions.begin(request(), ADDRESS, unknown), 403)
    facts = await store.facts_after(0, limit=10)
    assert [(fact.account, fact.body["status"]) for fact in facts] == [
        ("111122223333", 200),
        ("111122223333", 403),
    ], "nobody knows whose account an unknown key would be of"


async def test_failures_count_for_an_address_and_for_a_key_and_pass_with_time(clock: SimClock) -> None:
    tries = Tries(clock)
    for number in range(limits.SIGN_IN_FAILURES_OF_ADDRESS):
        tries.begin(ADDRESS, f"key{number}")
    with pytest.raises(ServiceError) as held:
        tries.begin(ADDRESS, "another")
    assert held.value.fields == {"retryAfterSeconds": limits.SIGN_IN_WINDOW_SECONDS}
    tries.begin("192.0.2.8", "another")
    await clock.advance(limits.SIGN_IN_WINDOW_SECONDS)
    tries.begin(ADDRESS, "another")
    fresh = Tries(clock)
    for number in range(limits.SIGN_IN_FAILURES_OF_KEY):
        fresh.begin(f"198.51.100.{number}", "victim")
    with pytest.raises(ServiceError):
        fresh.begin("203.0.113.1", "victim")


async def test_a_success_takes_back_its_own_try_only(clock: SimClock) -> None:
    tries = Tries(clock)
    for _ in range(limits.SIGN_IN_FAILURES_OF_ADDRESS - 1):
        tries.begin(ADDRESS, "theirs")
    for _ in range(3):
        tries.succeeded(ADDRESS, "mine", tries.begin(ADDRESS, "mine"))
    tries.begin(ADDRESS, "theirs")
    with pytest.raises(ServiceError):
        tries.begin(ADDRESS, "mine")


async def test_memory_of_failures_is_bounded(clock: SimClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SIGN_IN_REMEMBERED", 10)
    tries = Tries(clock)
    for number in range(100):
        tries.begin(f"198.51.100.{number}", f"key{number}")
    assert len(tries._failed) == 10


def test_an_ipv6_host_has_one_address() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("") == ""
