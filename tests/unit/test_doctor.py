"""The doctor finds what is wrong, says what to do, and changes nothing."""

from __future__ import annotations

import fcntl
import os
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from cryptography.fernet import Fernet

from mail_kit import PASSWORD, USER, mail_server
from triptych import doctor
from triptych.doctor import Finding
from triptych.kernel.clock import SystemClock
from triptych.settings import Estate, Settings, Smtp

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Noon(SystemClock):
    def now(self) -> datetime:
        return NOON


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", port=0)


Serve = Callable[[web.Response], Awaitable[int]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """A web server on a free port that gives one answer; answers the port."""
    runners = []

    async def start(response: web.Response) -> int:
        async def answer(_: web.BaseRequest) -> web.Response:
            return web.Response(status=response.status, body=response.body, headers=response.headers.copy())

        runner = web.ServerRunner(web.Server(answer))
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return int(runner.addresses[0][1])

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where somebody listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


async def test_a_good_machine_has_no_problems_and_is_left_as_it_was(settings: Settings) -> None:
    findings = await doctor.examine(settings)
    assert {finding.check for finding in findings} == set(doctor.CHECKS)
    # the machine's disk is what it is, and a checkout may be without its console; everything else is in our hands
    others = [f for f in findings if f.check not in ("data directory", "console")]
    assert [f for f in others if f.status != "ok"] == []
    assert not settings.data_dir.exists()


async def test_a_check_that_fails_itself_is_a_finding(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> list[Finding]:
        raise RuntimeError("oh")

    monkeypatch.setattr(doctor, "CHECKS", {"broken": broken})
    assert only(await doctor.examine(settings)) == Finding(
        "broken", "problem", "could not be examined: RuntimeError('oh')", "Please report this as a defect."
    )


def test_versions() -> None:
    good = only(doctor.judge_versions({"moto": "5.0"}, sqlite="3.40.1"))
    assert good.status == "ok" and "moto 5.0" in good.detail and "SQLite 3.40.1" in good.detail
    _, missing, old = doctor.judge_versions({"moto": ""}, sqlite="3.34.1")
    assert missing.status == old.status == "problem"
    assert missing.detail == "not installed: moto" and old.detail == "SQLite 3.34.1 is too old"


async def test_port(settings: Settings, serve: Serve, silent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def at(port: int, host: str = "127.0.0.1") -> Finding:
        return only(await doctor.port(Settings(host=host, port=port, data_dir=settings.data_dir), Noon()))

    assert (await at(0)).status == "ok"
    ours = await at(await serve(web.json_response({"status": "ok", "version": "9.9"})))
    assert ours.status == "warning" and "Triptych 9.9 already runs" in ours.detail
    for strange in (
        web.Response(text="hello"),
        web.json_response(["x"]),
        web.json_response({"status": "ok"}),
    ):
        found = await at(await serve(strange))
        assert found.status == "problem" and "another program listens" in found.detail
    monkeypatch.setattr(doctor, "PROBE_SECONDS", 0.05)
    assert "another program" in (await at(silent)).detail
    assert "interface" in (await at(0, host="203.0.113.1")).advice
    assert (await at(0, host="no.such.host.invalid")).status == "problem"


async def test_data_dir(tmp_path: Path) -> None:
    new = only(await doctor.data_dir(Settings(data_dir=tmp_path / "a" / "b"), Noon()))
    assert "(will be created)" in new.detail and not (tmp_path / "a").exists()
    (tmp_path / "file").write_text("")
    blocked = only(await doctor.data_dir(Settings(data_dir=tmp_path / "file" / "x"), Noon()))
    assert blocked.status == "problem" and "cannot be written" in blocked.detail
    if os.getuid() != 0:
        (tmp_path / "closed").mkdir(mode=0o500)
        assert only(await doctor.data_dir(Settings(data_dir=tmp_path / "closed"), Noon())).status == "problem"


@pytest.mark.parametrize(("gib", "status"), [(0.9, "problem"), (1, "warning"), (4.9, "warning"), (5, "ok")])
def test_disk(gib: float, status: str) -> None:
    assert doctor.judge_disk("/data", int(gib * 1024**3)).status == status


async def test_lake_says_who_has_it_open(settings: Settings) -> None:
    lake = settings.data_dir / "lake"
    lake.mkdir(parents=True)
    (lake / "status").write_text("PID: 4711\n")
    left_behind, *more = await doctor.lake(settings, Noon())
    assert left_behind.status == "ok" and more == [], "kill -9 leaves the file; the lock is what counts"
    with (lake / "status").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        engine, taken = await doctor.lake(settings, Noon())
    assert engine.status == "ok"
    assert taken.status == "warning" and f"{lake} is open in process 4711" in taken.detail


async def test_an_engine_that_fails_is_reported_not_suffered(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_ENGINE_PROGRAM", "import os, signal; os.kill(os.getpid(), signal.SIGILL)")
    found = only(await doctor.lake(settings, Noon()))
    assert found.status == "problem" and "processor" in found.detail
    monkeypatch.setattr(doctor, "_ENGINE_PROGRAM", "raise SystemExit('no library')")
    assert "no library" in only(await doctor.lake(settings, Noon())).detail
    monkeypatch.setattr(doctor, "_ENGINE_PROGRAM", "import time; time.sleep(60)")
    monkeypatch.setattr(doctor, "CHILD_SECONDS", 0.2)
    assert "no answer within" in only(await doctor.lake(settings, Noon())).detail


async def test_a_lake_server_that_is_not_there(silent: int) -> None:
    found = only(await doctor.lake(Settings(lake_url="http://someone:hunter2@127.0.0.1:1/db"), Noon()))
    assert found.status == "problem" and "127.0.0.1:1" in found.detail and "hunter2" not in found.detail


async def test_control_store(tmp_path: Path) -> None:
    path = tmp_path / "control.db"

    async def look(url: str = "") -> Finding:
        return only(await doctor.control(Settings(data_dir=tmp_path, control_url=url), Noon()))

    assert (await look()).detail == f"{path} will be created" and not path.exists()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
    database.close()
    assert "empty" in (await look()).detail
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO alembic_version VALUES ('from the future')")
    database.close()
    future = await look()
    assert future.status == "problem" and "newer Triptych" in future.detail
    lock = tmp_path / "control.db.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "open in another process" in (await look()).detail
    assert (await look()).status == "problem", "the lock file alone does not count"
    path.write_bytes(b"this is no database" * 100)
    assert (await look()).status == "problem"
    for url in (
        "postgresql://someone:hunter2@127.0.0.1:1/db",
        "mysql://someone:hunter2@127.0.0.1/db",
        "nonsense",
    ):
        found = await look(url)
        assert found.status == "problem" and "hunter2" not in found.detail + found.advice, url


def test_revisions() -> None:
    def judge(*current: str) -> str:
        return doctor.judge_revision("db", current, {"2"}, {"1", "2"}).status

    assert [judge(), judge("2"), judge("1"), judge("3")] == ["ok", "ok", "warning", "problem"]


async def test_estate(settings: Settings, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    async def look(default: str, port: int = 0, **services: str) -> list[Finding]:
        estate = Estate(default=default, services=services)
        return await doctor.estate(Settings(estate=estate, port=port, data_dir=settings.data_dir), Noon())

    port = await serve(web.Response(status=403, headers={"Date": format_datetime(NOON, usegmt=True)}))
    url = f"http://127.0.0.1:{port}"
    answers = only(await look(url, s3=url))
    assert answers.status == "ok" and answers.detail == f"default, s3: {url} answers (403)"
    wrong = only(await look(url, port=port))
    assert wrong.status == "problem" and "this server itself" in wrong.detail
    refused = only(await look("http://127.0.0.1:1"))
    assert refused.status == "problem" and "127.0.0.1:1" in refused.detail
    assert only(await look("ftp://x")).status == "problem"

    late = format_datetime(NOON - timedelta(minutes=20), usegmt=True)
    _, skewed = await look(f"http://127.0.0.1:{await serve(web.Response(headers={'Date': late}))}")
    assert (skewed.check, skewed.status) == ("clock", "problem") and "1200 s ahead of" in skewed.detail
    assert len(await look(f"http://127.0.0.1:{await serve(web.Response(headers={'Date': 'soon'}))}")) == 1

    both = await look("sandbox", s3=url)
    assert {finding.status for finding in both} == {"ok"} and len(both) == 2
    monkeypatch.setattr(doctor, "_SANDBOX_PROGRAM", "import no_such_module")
    broken = only(await look("sandbox"))
    assert broken.status == "problem" and "no_such_module" in broken.detail


def test_skew() -> None:
    assert doctor.judge_skew("x", 60) == doctor.judge_skew("x", -60) == []
    assert only(doctor.judge_skew("x", -61)).status == "warning"
    assert "61 s behind x" in only(doctor.judge_skew("x", -61)).detail
    assert only(doctor.judge_skew("x", 901)).status == "problem"


@pytest.mark.parametrize(
    ("host", "secret", "status"),
    [
        ("127.0.0.1", "test", "ok"),
        ("::1", "test", "ok"),
        ("0.0.0.0", "test", "problem"),
        ("0.0.0.0", "short", "warning"),
        ("127.0.0.1", "short", "ok"),
        ("0.0.0.0", "x" * 40, "ok"),
    ],
)
def test_root(host: str, secret: str, status: str) -> None:
    found = doctor.judge_root(Settings(host=host, root_secret_access_key=secret))
    assert found.status == status
    assert secret == "test" or secret not in found.detail


async def test_key(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"

    async def look(**settings: str) -> Finding:
        return (await doctor.credentials(Settings(data_dir=tmp_path, **settings), Noon()))[1]  # type: ignore[arg-type]

    assert "will be made" in (await look()).detail and not path.exists()
    (tmp_path / "control.db").write_text("")
    assert (await look()).status == "warning"
    path.write_bytes(Fernet.generate_key() + b"\n")
    path.chmod(0o644)
    assert (await look()).advice == f"chmod 600 {path}"
    path.chmod(0o600)
    assert (await look()).status == "ok"
    path.write_text("garbage")
    assert (await look()).status == "problem"
    assert (await look(encryption_key=Fernet.generate_key().decode())).status == "ok"
    assert (await look(encryption_key="garbage")).status == "problem"


def test_clock() -> None:
    assert doctor.judge_clock(NOON, NOON - timedelta(days=1)).status == "ok"
    assert doctor.judge_clock(NOON, NOON + timedelta(days=1)).status == "problem"


async def test_a_child_ends_with_the_check() -> None:
    assert await doctor._child("print('a'); print('b')") == (0, "b")
    assert await doctor._child("import sys; sys.exit(3)") == (3, "")
    assert sys.executable


async def test_mail_is_tried_with_its_credential(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server(tmp_path) as mailbox:
        monkeypatch.setenv("SSL_CERT_FILE", str(mailbox.certificate))
        right = Smtp(
            host="127.0.0.1",
            port=mailbox.port,
            username=USER,
            password=PASSWORD,
            from_address="a@example.org",
        )

        async def judged(smtp: Smtp) -> Finding:
            found = only(await doctor.mail(msgspec.structs.replace(settings, smtp=smtp), Noon()))
            assert (found.status == "problem") == bool(found.advice)
            return found

        assert (await judged(Smtp())).status == "ok"
        assert (
            await judged(right)
        ).detail == f"127.0.0.1:{mailbox.port} answers and takes triptych (starttls)"
        replace = msgspec.structs.replace
        assert "535" in (await judged(replace(right, password="wrong"))).detail
        assert "from_address" in (await judged(replace(right, from_address=""))).detail
        monkeypatch.delenv("SSL_CERT_FILE")
        assert "certificate verify failed" in (await judged(right)).detail
        monkeypatch.setattr("triptych.bus.mail.is_loopback", lambda _: False)
        assert "not sent without encryption" in (await judged(replace(right, security="none"))).detail
        assert not mailbox.mails
    assert (await judged(right)).status == "problem"


async def test_a_console_that_was_not_built_is_mentioned(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "BUILT", tmp_path)
    monkeypatch.setattr(doctor, "CHECKS", {"console": doctor.console})
    assert "make console" in only(await doctor.examine(settings)).advice
    (tmp_path / "index.html").write_text("<p>")
    assert only(await doctor.examine(settings)).status == "ok"
