"""What is wrong with this machine and these settings, and what to do: the checks behind ``triptych doctor``.

Looking changes nothing: no store is created or migrated, no port is kept. What can take the process down with
it (the native engine, the sandbox) is tried in a child process.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import importlib.metadata
import os
import platform
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import aiohttp
import msgspec
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from cryptography.fernet import Fernet

import triptych.control
from triptych import __version__
from triptych.bus.mail import is_configured, log_in
from triptych.console.static import BUILT
from triptych.edge.serve import bind
from triptych.estate import upstreams
from triptych.kernel import limits
from triptych.kernel.clock import Clock, SystemClock
from triptych.lake.engine import LakeUnavailable, owner_of, server_version, without_password
from triptych.settings import Settings, Smtp, is_loopback

__all__ = ["Finding", "examine"]

Status = Literal["ok", "warning", "problem"]

PROBE_SECONDS = 5.0
CHILD_SECONDS = 60.0
DISK_PROBLEM_BYTES = 1024**3
DISK_WARNING_BYTES = 5 * 1024**3
SKEW_WARNING_SECONDS = 60.0
OLDEST_SQLITE = (3, 35, 0)
"""The control store needs RETURNING and UPSERT."""

PACKAGES = ("chdb", "clickhouse-connect", "botocore", "moto", "sqlalchemy", "aiohttp", "uvicorn")

_ENGINE_PROGRAM = """
import sys, clickhouse_connect
client = clickhouse_connect.get_client(interface="chdb", path=sys.argv[1])
client.command("CREATE TABLE t (n UInt8) ENGINE = MergeTree ORDER BY n")
client.command("INSERT INTO t VALUES (42)")
assert client.query("SELECT n FROM t").result_rows == [(42,)]
print(client.server_version)
"""
_SANDBOX_PROGRAM = "import moto, moto.server; print(moto.__version__)"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    :param detail: what was found.
    :param advice: what to do about it; empty when there is nothing to do.
    """

    check: str
    status: Status
    detail: str
    advice: str = ""


Check = Callable[[Settings, Clock], Awaitable[list[Finding]]]


async def examine(settings: Settings, *, clock: Clock | None = None) -> list[Finding]:
    """Every finding, in the order of ``CHECKS``. A check that fails itself is a problem, not an exception."""
    clock = clock or SystemClock()
    found = await asyncio.gather(*(_guarded(name, check, settings, clock) for name, check in CHECKS.items()))
    return [finding for findings in found for finding in findings]


async def _guarded(name: str, check: Check, settings: Settings, clock: Clock) -> list[Finding]:
    try:
        return await check(settings, clock)
    except Exception as error:  # noqa: BLE001 - the doctor's own trouble is a finding too
        return [
            Finding(name, "problem", f"could not be examined: {error!r}", "Please report this as a defect.")
        ]


async def versions(_: Settings, __: Clock) -> list[Finding]:
    installed: dict[str, str] = {}
    for package in PACKAGES:
        try:
            installed[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            installed[package] = ""
    return judge_versions(installed, sqlite=sqlite3.sqlite_version)


def judge_versions(installed: Mapping[str, str], *, sqlite: str) -> list[Finding]:
    """:param installed: package -> version, empty when it is missing."""
    findings = [
        Finding(
            "versions",
            "ok",
            f"Triptych {__version__}, Python {platform.python_version()} on {platform.system()} {platform.machine()}, "
            f"SQLite {sqlite}, "
            + ", ".join(f"{name} {version}" for name, version in installed.items() if version),
        )
    ]
    if missing := [name for name, version in installed.items() if not version]:
        findings.append(
            Finding(
                "versions", "problem", f"not installed: {', '.join(missing)}", "pip install triptych again."
            )
        )
    if tuple(int(part) for part in sqlite.split(".")[:3]) < OLDEST_SQLITE:
        oldest = ".".join(map(str, OLDEST_SQLITE))
        findings.append(
            Finding(
                "versions",
                "problem",
                f"SQLite {sqlite} is too old",
                f"Use a Python built with {oldest} or newer.",
            )
        )
    return findings


async def port(settings: Settings, _: Clock) -> list[Finding]:
    where = f"{settings.host}:{settings.port}"
    try:
        bind(settings.host, settings.port).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return [await _who_listens(settings, where)]
        advice = {
            errno.EACCES: "Ports below 1024 need privileges; choose another with --port.",
            errno.EADDRNOTAVAIL: "No interface of this machine has that address; choose another with --host.",
        }.get(error.errno or 0, "Choose another with --host and --port.")
        return [Finding("port", "problem", f"{where} cannot be taken: {error.strerror or error}", advice)]
    return [Finding("port", "ok", f"{where} is free" if settings.port else f"{settings.host}, any free port")]


async def _who_listens(settings: Settings, where: str) -> Finding:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - asked, not bound
    url = f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
    try:
        async with _session() as session, session.get(f"{url}/_triptych/health") as reply:
            health = await reply.json()
            version = health["version"] if health["status"] == "ok" else None
    except (OSError, aiohttp.ClientError, ValueError, KeyError, TypeError, TimeoutError):
        version = None
    if version is None:
        return Finding(
            "port", "problem", f"another program listens on {where}", "Stop it, or choose another --port."
        )
    return Finding(
        "port", "warning", f"Triptych {version} already runs on {where}", "Use it, or choose another --port."
    )


async def data_dir(settings: Settings, _: Clock) -> list[Finding]:
    return await asyncio.to_thread(_data_dir, settings.data_dir)


def _data_dir(path: Path) -> list[Finding]:
    nearest = path.absolute()
    while not nearest.exists():
        nearest = nearest.parent
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        return [
            Finding(
                "data directory",
                "problem",
                f"{path}: {nearest} cannot be written: {error.strerror}",
                "Choose another with --data-dir, or change its owner.",
            )
        ]
    note = "" if path.exists() else " (will be created)"
    return [judge_disk(f"{path}{note}", shutil.disk_usage(nearest).free)]


def judge_disk(path: str, free_bytes: int) -> Finding:
    detail = f"{path} is writable, {free_bytes / 1024**3:.1f} GiB free"
    if free_bytes < DISK_PROBLEM_BYTES:
        return Finding(
            "data directory", "problem", detail, "Free some space: a full disk refuses every write."
        )
    if free_bytes < DISK_WARNING_BYTES:
        return Finding("data directory", "warning", detail, "Metrics, logs and records grow; plan for more.")
    return Finding("data directory", "ok", detail)


async def lake(settings: Settings, _: Clock) -> list[Finding]:
    if settings.lake_url:
        try:
            version = await asyncio.to_thread(server_version, settings.lake_url)
        except LakeUnavailable as error:
            return [Finding("lake", "problem", str(error), "Is ClickHouse running, and is lake_url right?")]
        return [Finding("lake", "ok", f"ClickHouse {version} at {without_password(settings.lake_url)}")]
    findings = [await _engine()]
    path = settings.data_dir / "lake"
    owner = await asyncio.to_thread(owner_of, path)
    if owner is not None:
        findings.append(
            Finding(
                "lake",
                "warning",
                f"{path} is open in process {owner or 'unknown'}",
                "Fine if that is your server; a second one needs another --data-dir.",
            )
        )
    return findings


async def _engine() -> Finding:
    with tempfile.TemporaryDirectory(prefix="triptych-doctor-") as directory:
        code, said = await _child(_ENGINE_PROGRAM, directory)
    if code == 0:
        return Finding("lake", "ok", f"the embedded engine (ClickHouse {said}) opens, writes and reads")
    if code == -signal.SIGILL:
        return Finding(
            "lake",
            "problem",
            "the embedded engine needs instructions this processor lacks",
            "Set lake_url to a ClickHouse server on another machine.",
        )
    return Finding(
        "lake",
        "problem",
        f"the embedded engine does not work here: {said or f'its process ended with {code}'}",
        "Reinstall chdb, or set lake_url to a ClickHouse server.",
    )


async def control(settings: Settings, _: Clock) -> list[Finding]:
    url = settings.control_url or f"sqlite:///{settings.data_dir / 'control.db'}"
    return [await asyncio.to_thread(_control, url)]


def _control(text: str) -> Finding:
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        return Finding("control store", "problem", "control_url is no database URL", "See docs/settings.md.")
    shown = url.render_as_string(hide_password=True)
    arguments: dict[str, object] = {}
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "")
        if not path.exists():
            return Finding("control store", "ok", f"{path} will be created")
        if _locked(path.with_name(path.name + ".lock")):
            return Finding(
                "control store",
                "warning",
                f"{path} is open in another process",
                "Fine if that is your server; a second one needs another --data-dir.",
            )
        url = sa.make_url(f"sqlite:///file:{path}?mode=ro&uri=true")
    elif url.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        url = url.set(drivername="postgresql+psycopg")
        arguments = {"connect_timeout": int(PROBE_SECONDS)}
    else:
        return Finding(
            "control store", "problem", f"{shown}: neither sqlite nor postgresql", "See docs/settings.md."
        )
    try:
        engine = sa.create_engine(url, connect_args=arguments, poolclass=sa.NullPool)
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_heads()
    except ImportError:
        return Finding(
            "control store", "problem", f"{shown} needs psycopg", "pip install 'triptych[postgres]'"
        )
    except sa.exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return Finding(
            "control store", "problem", f"{shown}: {reason}", "Is it running, and is control_url right?"
        )
    scripts = ScriptDirectory(str(Path(triptych.control.__file__).parent / "migrations"))
    known = {revision.revision for revision in scripts.walk_revisions()}
    return judge_revision(shown, current, set(scripts.get_heads()), known)


def judge_revision(where: str, current: tuple[str, ...], heads: set[str], known: set[str]) -> Finding:
    if not current:
        return Finding("control store", "ok", f"{where} is reachable and empty; the server migrates it")
    if not set(current) <= known:
        return Finding(
            "control store",
            "problem",
            f"{where} was written by a newer Triptych (revision {', '.join(current)})",
            "Install that version; there is no way back.",
        )
    if set(current) != heads:
        return Finding(
            "control store",
            "warning",
            f"{where} is at revision {', '.join(current)}; the server migrates it when it starts",
            "Back it up first: there is no way back.",
        )
    return Finding("control store", "ok", f"{where} is reachable and up to date")


def _locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


async def estate(settings: Settings, clock: Clock) -> list[Finding]:
    if troubles := upstreams.check(settings.estate):
        return [Finding("estate", "problem", trouble, "See docs/settings.md.") for trouble in troubles]
    places = {"default": settings.estate.default, **settings.estate.services}
    findings: list[Finding] = []
    for place in sorted(set(places.values())):
        names = ", ".join(sorted(name for name, value in places.items() if value == place))
        if place == "sandbox":
            findings.append(await _sandbox(names))
        elif place == "aws":
            findings += await _aws(settings, clock, names)
        else:
            findings += await _upstream(settings, clock, place, names)
    return findings


async def _sandbox(names: str) -> Finding:
    code, said = await _child(_SANDBOX_PROGRAM)
    if code == 0:
        return Finding(
            "estate", "ok", f"{names}: the embedded sandbox (moto {said}); it forgets when it stops"
        )
    return Finding(
        "estate", "problem", f"{names}: the sandbox cannot be loaded: {said}", "Reinstall moto[server,all]."
    )


async def _aws(settings: Settings, clock: Clock, names: str) -> list[Finding]:
    findings = await _upstream(
        settings, clock, f"https://sts.{settings.region}.amazonaws.com", f"{names} (AWS)"
    )
    if not settings.estate.access_key_id:
        findings.append(
            Finding(
                "estate",
                "problem",
                f"{names}: AWS verifies signatures and estate.access_key_id is empty",
                "Set estate.access_key_id and estate.secret_access_key.",
            )
        )
    return findings


async def _upstream(settings: Settings, clock: Clock, url: str, names: str) -> list[Finding]:
    parts = urlsplit(url)
    default_port = 443 if parts.scheme == "https" else 80
    if is_loopback(parts.hostname or "") and (parts.port or default_port) == settings.port:
        return [
            Finding(
                "estate", "problem", f"{names}: {url} is this server itself", "Point it at the real upstream."
            )
        ]
    try:
        async with _session() as session, session.get(url, allow_redirects=False) as reply:
            status, date = reply.status, reply.headers.get("Date", "")
    except (OSError, aiohttp.ClientError, TimeoutError) as error:
        reason = str(error) or f"no answer within {PROBE_SECONDS:g} s"
        return [
            Finding("estate", "problem", f"{names}: {url}: {reason}", "Is it running, and is the URL right?")
        ]
    findings = [Finding("estate", "ok", f"{names}: {url} answers ({status})")]
    try:
        there = parsedate_to_datetime(date)
    except ValueError:
        return findings
    if there.tzinfo is not None:
        findings += judge_skew(url, (clock.now() - there).total_seconds())
    return findings


def judge_skew(where: str, seconds: float) -> list[Finding]:
    """:param seconds: how far this machine's clock is ahead of the other one's."""
    if abs(seconds) <= SKEW_WARNING_SECONDS:
        return []
    detail = f"this machine is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} {where}"
    status: Status = "problem" if abs(seconds) > limits.CLOCK_SKEW_SECONDS else "warning"
    return [
        Finding(
            "clock", status, detail, "Synchronise both with NTP; signatures are refused beyond 15 minutes."
        )
    ]


async def credentials(settings: Settings, _: Clock) -> list[Finding]:
    return [judge_root(settings), await asyncio.to_thread(_key, settings)]


def judge_root(settings: Settings) -> Finding:
    local = is_loopback(settings.host)
    if (settings.root_access_key_id, settings.root_secret_access_key) == ("test", "test"):
        if local:
            return Finding("credentials", "ok", "root is test/test, for this machine only")
        return Finding(
            "credentials",
            "problem",
            f"root is test/test on {settings.host}: the server will not start",
            "`triptych init` writes settings with a generated credential.",
        )
    if not local and len(settings.root_secret_access_key) < 16:
        return Finding(
            "credentials",
            "warning",
            f"the root secret has {len(settings.root_secret_access_key)} characters",
            "`triptych init` generates a strong one.",
        )
    return Finding("credentials", "ok", f"root is {settings.root_access_key_id}")


def _key(settings: Settings) -> Finding:
    """The key that seals secrets at rest: the setting, else ``secret.key``."""
    path = settings.data_dir / "secret.key"
    if settings.encryption_key:
        where, key = "encryption_key", settings.encryption_key.encode()
    elif not path.exists():
        if (settings.data_dir / "control.db").exists():
            return Finding(
                "credentials",
                "warning",
                f"{path} is missing: credentials sealed with it cannot be opened any more",
                "Restore it from a backup, or let a new one be made and issue the credentials again.",
            )
        return Finding("credentials", "ok", f"{path} will be made at the first start")
    elif path.stat().st_mode & 0o077:
        return Finding("credentials", "problem", f"{path} can be read by other users", f"chmod 600 {path}")
    else:
        where, key = str(path), path.read_bytes().strip()
    try:
        Fernet(key)
    except ValueError:
        return Finding("credentials", "problem", f"{where} holds no Fernet key", "`triptych init` makes one.")
    return Finding("credentials", "ok", f"secrets at rest are sealed with {where}")


async def mail(settings: Settings, _: Clock) -> list[Finding]:
    """Whether the mail server is there and takes the credential; no mail is sent."""
    smtp = settings.smtp
    if not (smtp.host or smtp.from_address):
        return [Finding("mail", "ok", "no server set: SNS refuses email subscriptions")]
    if not is_configured(smtp):
        lacking = "from_address" if smtp.host else "host"
        return [Finding("mail", "problem", f"[smtp] has no {lacking}", f"Set smtp.{lacking}, or neither.")]
    where = f"{smtp.host}:{smtp.port}"
    try:
        await asyncio.to_thread(_look_into_mail, smtp)
    except OSError as error:  # what smtplib raises is one too
        advice = "Is it running, and are smtp.port, smtp.security, smtp.username and smtp.password right?"
        return [Finding("mail", "problem", f"{where}: {error}", advice)]
    who = f" and takes {smtp.username}" if smtp.username else ""
    return [Finding("mail", "ok", f"{where} answers{who} ({smtp.security})")]


def _look_into_mail(smtp: Smtp) -> None:
    patience = min(smtp.timeout_seconds, PROBE_SECONDS)
    with log_in(msgspec.structs.replace(smtp, timeout_seconds=patience)) as server:
        server.noop()


async def sane_clock(_: Settings, clock: Clock) -> list[Finding]:
    installed = datetime.fromtimestamp(os.stat(triptych.control.__file__).st_mtime, UTC)  # noqa: PTH116 - no waiting
    return [judge_clock(clock.now(), installed)]


def judge_clock(now: datetime, installed: datetime) -> Finding:
    """A clock that runs before the program was installed is wrong; more cannot be said without asking others."""
    if now < installed:
        return Finding(
            "clock",
            "problem",
            f"it is {now:%Y-%m-%d %H:%M} UTC, before Triptych was installed ({installed:%Y-%m-%d %H:%M})",
            "Synchronise the clock with NTP.",
        )
    return Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PROBE_SECONDS))


async def _child(program: str, *arguments: str) -> tuple[int, str]:
    """Run a Python program; its exit code (negative: the signal) and the last line it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "AWS_EC2_METADATA_DISABLED": "true"},
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), CHILD_SECONDS)
    except TimeoutError:
        return -signal.SIGKILL, f"no answer within {CHILD_SECONDS:g} s"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = said.decode(errors="replace").strip().splitlines()
    return process.returncode or 0, lines[-1] if lines else ""


async def console(_: Settings, __: Clock) -> list[Finding]:
    if (BUILT / "index.html").is_file():
        return [Finding("console", "ok", "it was built; the server shows it at /console/")]
    advice = "`make console` in a checkout builds it; `pip install .` without TRIPTYCH_CONSOLE=skip brings it along."
    return [Finding("console", "warning", "it was not built; the AWS endpoint works without", advice)]


CHECKS: Mapping[str, Check] = {
    "versions": versions,
    "port": port,
    "data directory": data_dir,
    "lake": lake,
    "control store": control,
    "estate": estate,
    "credentials": credentials,
    "mail": mail,
    "console": console,
    "clock": sane_clock,
}
