"""A real PostgreSQL on loopback, started and ended by the tests that ask for ``postgres_url``."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from triptych.testing.server import free_port


def _binary(name: str) -> str | None:
    found = [
        Path("/usr/local/bin") / name,
        *sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True),
    ]
    return next((str(path) for path in found if path.exists()), shutil.which(name))


def _user() -> str | None:
    """Whom the server runs as: PostgreSQL refuses root."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a server's maintenance database; skipped, loudly, only where PostgreSQL is not installed."""
    initdb, server = _binary("initdb"), _binary("postgres")
    if initdb is None or server is None:
        reason = "POSTGRESQL IS NOT INSTALLED: the contract suites ran on SQLite only"
        if os.environ.get("TEST_REQUIRE_POSTGRES"):
            pytest.fail(reason)
        pytest.skip(reason)
    user, port = _user(), free_port()
    home = Path(tempfile.mkdtemp(prefix="triptych-pg-"))
    if user is not None:
        shutil.chown(home, user)
    data, log = home / "data", home / "log"
    subprocess.run(
        [
            initdb,
            "-D",
            data,
            "-U",
            "triptych",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ],
        check=True,
        capture_output=True,
        user=user,
        cwd=home,
    )
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": home, "fsync": "off"}
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [server, "-D", data, *(f"--{name}={value}" for name, value in options.items())],
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            user=user,
            cwd=home,
        )
    url = f"postgresql+psycopg://triptych@127.0.0.1:{port}/postgres"
    try:
        _await_answer(url, process, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(home, ignore_errors=True)


def _await_answer(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            engine.connect().close()
        except sa.exc.OperationalError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)  # another process starts in its own time
        else:
            return
    pytest.fail(f"PostgreSQL does not answer: {log.read_text()}")


def new_database(postgres_url: str, name: str) -> str:
    engine = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    return str(sa.make_url(postgres_url).set(database=name, drivername="postgresql"))
