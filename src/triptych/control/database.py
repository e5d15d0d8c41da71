"""Engines, pragmas and migrations: a URL becomes a database that is ready for the store.

SQLite belongs to one process, which a lock file beside it enforces; PostgreSQL may be shared by several.
"""

from __future__ import annotations

import fcntl
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import URL, Connection, Engine, make_url

from triptych.kernel import limits

Sync = Literal["full", "normal"]

_WRITER_LOCK = 0x7472_6970
"""Advisory lock (PostgreSQL) of whoever commits: commits of all processes are in one order, the outbox's."""


class StoreUnavailable(Exception):  # noqa: N818
    """The control store cannot be opened; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Database:
    """One database, opened twice: to write in transactions, and to read one statement at a time."""

    writer: Engine
    reader: Engine
    lock: IO[str] | None
    """The held lock file of SQLite: while we have it, every other holder of a lease or claim is dead."""

    @property
    def exclusive(self) -> bool:
        return self.lock is not None

    def close(self) -> None:
        self.writer.dispose()
        self.reader.dispose()
        if self.lock is not None:
            self.lock.close()


def open_database(url: str, *, sync: Sync) -> Database:
    """Open, lock and migrate. Blocks. Raises StoreUnavailable."""
    parsed = _normal(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, sync)
    if parsed.get_backend_name() == "postgresql":
        return _open_postgres(parsed)
    raise StoreUnavailable(
        f"control_url: {parsed.get_backend_name()} is not supported; use sqlite or postgresql."
    )


def lock_writers(connection: Connection) -> None:
    """Make this transaction the only writing one, in all processes, until it ends.

    SQLite has said BEGIN IMMEDIATE already. On PostgreSQL the lock gives the same: checks and writes of a unit
    see one state, and ``outbox.seq`` grows in commit order, so a reader never misses a late commit.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")


def alembic_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _normal(url: str) -> URL:
    """``postgres://`` and ``postgresql://`` mean the one driver we use."""
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError as error:
        raise StoreUnavailable(f"control_url is not a database URL: {error}") from error
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed


def _open_sqlite(url: URL, sync: Sync) -> Database:
    if url.database in (None, "", ":memory:"):
        raise StoreUnavailable(
            "control_url: SQLite needs a file; an in-memory store would lose what it acknowledged."
        )
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(path.name + ".lock").open("w")
    except OSError as error:
        raise StoreUnavailable(f"{path.parent} cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StoreUnavailable(
            f"{path} is in use by another process. Stop it, choose another data_dir, or use PostgreSQL."
        ) from error

    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say so, not where the driver guesses
        connection.execute(f"PRAGMA busy_timeout = {int(limits.CONTROL_BUSY_SECONDS * 1000)}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {sync.upper()}")
        connection.execute("PRAGMA foreign_keys = ON")

    try:
        writer, reader = (sa.create_engine(url, pool_size=size) for size in (1, limits.CONTROL_READERS))
        sa.event.listen(writer, "connect", prepare)
        sa.event.listen(reader, "connect", prepare)
        sa.event.listen(writer, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        _migrate(writer)
    except sa.exc.DatabaseError as error:
        lock.close()
        raise StoreUnavailable(f"{path}: {error.orig}") from error
    except BaseException:
        lock.close()
        raise
    return Database(writer, reader, lock)


def _open_postgres(url: URL) -> Database:
    try:
        writer = sa.create_engine(url, pool_size=1)
        reader = sa.create_engine(url, pool_size=limits.CONTROL_READERS, isolation_level="AUTOCOMMIT")
        _migrate(writer)
    except ImportError as error:
        raise StoreUnavailable(
            "control_url: PostgreSQL needs psycopg: pip install 'triptych[postgres]'"
        ) from error
    except sa.exc.DatabaseError as error:
        raise StoreUnavailable(f"{url.render_as_string()}: {error.orig}") from error
    return Database(writer, reader, None)


def _migrate(engine: Engine) -> None:
    with engine.begin() as connection:
        lock_writers(connection)  # of several processes that start at once, one migrates
        command.upgrade(alembic_config(connection), "head")
