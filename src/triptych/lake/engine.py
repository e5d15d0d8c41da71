"""The engine's clients: chDB in this process or a ClickHouse server, one client API, every call in a thread.

Measured on chDB 26.9: opening takes 0.3 s once per process, a further client 10 ms; the engine releases the
GIL and clients of one path run queries in parallel; one process owns a path; a process has one path at a time.
"""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import os
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import clickhouse_connect
import pyarrow as pa
import structlog
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError, Error, OperationalError

from triptych.kernel import limits
from triptych.kernel.ids import Ids
from triptych.lake.replay import forget_lost_inserts

T = TypeVar("T")

log = structlog.get_logger()

_KILL_ATTEMPTS = 50
"""Each takes a few milliseconds, a query is known to the engine after less than one."""

Connect = Callable[[str, Mapping[str, Any]], Client]
"""Makes a client bound to a database with session settings."""

DATABASE = "triptych"
"""Where chDB keeps our tables, and the default of a server URL without a path."""

_PASSING = frozenset({
    159,  # TIMEOUT_EXCEEDED
    202,  # TOO_MANY_SIMULTANEOUS_QUERIES
    209,  # SOCKET_TIMEOUT
    210,  # NETWORK_ERROR
    241,  # MEMORY_LIMIT_EXCEEDED
    242,  # TABLE_IS_READ_ONLY: a replica that lost its keeper
    252,  # TOO_MANY_PARTS: merges will catch up
    319,  # UNKNOWN_STATUS_OF_INSERT
    999,  # KEEPER_EXCEPTION
})  # fmt: skip
_TOO_MUCH = frozenset({
    158,  # TOO_MANY_ROWS
    159,  # TIMEOUT_EXCEEDED
    160,  # TOO_SLOW
    241,  # MEMORY_LIMIT_EXCEEDED
    307,  # TOO_MANY_BYTES
    396,  # TOO_MANY_ROWS_OR_BYTES
})  # fmt: skip

_READ_SETTINGS: Mapping[str, Any] = {
    "session_timezone": "UTC",
    "max_execution_time": limits.LAKE_SELECT_SECONDS,
    "max_memory_usage": limits.LAKE_SELECT_BYTES,
    "max_result_rows": limits.LAKE_SELECT_ROWS,
    "result_overflow_mode": "throw",
    "readonly": 2,  # last: nothing but further settings may change after it
}
_WRITE_SETTINGS: Mapping[str, Any] = {
    "session_timezone": "UTC",
    "materialize_skip_indexes_on_insert": 0,  # merges make them; an insert would take three times its CPU
}
_CACHE_SETTINGS: Mapping[str, Any] = {
    "use_uncompressed_cache": 1,
    # By itself the engine keeps nothing of a query that reads much; those are the ones that would gain.
    "merge_tree_max_rows_to_use_cache": 2**63 - 1,
    "merge_tree_max_bytes_to_use_cache": 2**63 - 1,
}


class LakeUnavailable(RuntimeError):  # noqa: N818
    """The engine cannot be opened; the message says why and what to do."""


class TooMuch(Exception):  # noqa: N818
    """A query asked for more time, memory or rows than ``limits.LAKE_SELECT_*`` allow."""


def passing(error: Exception) -> bool:
    """Whether the same insert may well succeed a moment later."""
    if isinstance(error, OperationalError):  # the transport: refused, reset, timed out
        return True
    return isinstance(error, Error) and error.code in _PASSING


def too_much(error: Exception) -> bool:
    return isinstance(error, DatabaseError) and error.code in _TOO_MUCH


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows as the engine gave them; every point in time is an aware datetime."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


class _Pool:
    """Clients of one kind with a thread each; a client is never used by two threads at once."""

    def __init__(self, name: str, clients: Sequence[Client]) -> None:
        self._clients = tuple(clients)
        self._free: SimpleQueue[Client] = SimpleQueue()
        for client in clients:
            self._free.put(client)
        self._threads = ThreadPoolExecutor(len(clients), thread_name_prefix=name)

    def _use(self, work: Callable[[Client], T]) -> T:
        client = self._free.get()  # never waits: there are as many clients as threads
        try:
            return work(client)
        finally:
            self._free.put(client)

    def start(self, work: Callable[[Client], T]) -> Future[T]:
        return self._threads.submit(self._use, work)

    async def run(self, work: Callable[[Client], T]) -> T:
        """A cancelled caller leaves at once; what has begun goes on to its end."""
        return await asyncio.wrap_future(self.start(work))

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        for client in self._clients:
            client.close()


class Engine:
    """Reads under limits, inserts and commands; built by ``open_engine``."""

    def __init__(self, connect: Callable[[Mapping[str, Any]], Client]) -> None:
        """Blocks; raises what the client raises. ``connect`` makes a client with session settings."""
        self._made: list[Client] = []
        self._name = f"triptych-{Ids().uuid()}"
        self._reads = itertools.count()
        self._reading: dict[str, Future[Answer]] = {}
        self._killers: set[asyncio.Task[None]] = set()

        def made(settings: Mapping[str, Any], count: int) -> list[Client]:
            clients = []
            for _ in range(count):
                clients.append(connect(settings))
                self._made.append(clients[-1])
            return clients

        try:
            self._writers = _Pool("lake-write", made(_WRITE_SETTINGS, limits.LAKE_WRITERS))
            self._readers = _Pool("lake-read", made(_READ_SETTINGS, limits.LAKE_READERS))
        except BaseException:
            for client in self._made:
                client.close()
            raise

    async def read(
        self,
        sql: str,
        values: Mapping[str, Any],
        settings: Mapping[str, Any] = MappingProxyType({}),
        called: str = "",
    ) -> Answer:
        """Run one SELECT; a cancelled caller's is stopped.

        :param settings: the engine's, beside those of all reads.
        :param called: for ``rows_read``; nobody else's name.
        Raises TooMuch at a limit, clickhouse-connect's errors otherwise.
        """
        name = self._full_name(called or str(next(self._reads)))

        def work(client: Client) -> Answer:
            # The name travels as a comment in the query log; ids of queries are not ours to choose on chDB.
            result = client.query(sql, parameters=dict(values), settings={**settings, "log_comment": name})
            return Answer(tuple(result.column_names), result.result_rows)

        self._reading[name] = reading = self._readers.start(work)
        reading.add_done_callback(lambda _: self._reading.pop(name, None))
        try:
            return await asyncio.wrap_future(reading)
        except DatabaseError as error:
            if too_much(error):
                raise TooMuch(str(error)) from error
            raise
        except asyncio.CancelledError:
            if not reading.done():
                killer = asyncio.create_task(self._kill(name, reading))
                self._killers.add(killer)
                killer.add_done_callback(self._killers.discard)
            raise

    async def rows_read(self, called: str) -> int:
        """How many rows the SELECT of that name has read so far; 0 if none runs."""
        answer = await self.command(
            "SELECT sum(read_rows) FROM system.processes WHERE Settings['log_comment'] = {name: String}",
            {"name": self._full_name(called)},
        )
        return int(answer.rows[0][0])

    def _full_name(self, name: str) -> str:
        return f"{self._name}-{name}"

    async def _kill(self, name: str, reading: Future[Answer]) -> None:
        """Stop a running SELECT. One that has just begun is not known to the engine yet, so ask again."""
        for _ in range(_KILL_ATTEMPTS):
            if reading.done():
                return
            await self.command(f"KILL QUERY WHERE Settings['log_comment'] = '{name}' SYNC")
        log.warning("lake_query_not_stopped", seconds_at_most=limits.LAKE_SELECT_SECONDS)

    async def command(self, sql: str, values: Mapping[str, Any] | None = None) -> Answer:
        """Run DDL, a DELETE, or a SELECT of our own about the schema, without read limits."""

        def work(client: Client) -> Answer:
            if sql.lstrip().upper().startswith("SELECT"):
                result = client.query(sql, parameters=dict(values or {}))
                return Answer(tuple(result.column_names), result.result_rows)
            client.command(sql, parameters=dict(values or {}))
            return Answer((), ())

        return await self._writers.run(work)

    async def insert(self, table: str, data: pa.Table, token: str) -> None:
        """Append; a token the table remembers is absorbed by the engine."""
        await self._writers.run(
            lambda client: client.insert_arrow(table, data, settings={"insert_deduplication_token": token})
        )

    async def close(self) -> None:
        """Stop what still reads and let the engine go."""
        running = [
            self._kill(name, reading) for name, reading in self._reading.items() if not reading.cancel()
        ]
        await asyncio.gather(*running, *self._killers, return_exceptions=True)
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writers.close()
        self._readers.close()


def owner_of(path: Path) -> int | None:
    """The process that has the chDB directory open; 0 when it is open and does not say in which.

    The engine holds a lock on the file ``status``, which also names it; the kernel drops the lock with the
    process, so a file left behind by ``kill -9`` does not count.
    """
    try:
        with (path / "status").open("rb+") as status:
            try:
                fcntl.flock(status, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                match = re.search(rb"PID: (\d+)", status.read())
                return int(match[1]) if match else 0
    except FileNotFoundError:
        pass
    return None


def _embedded(path: Path, cache_bytes: int) -> Connect:
    options = {"uncompressed_cache_size": cache_bytes}  # the same for every client: the engine is one
    cache = _CACHE_SETTINGS if cache_bytes else {}

    def connect(database: str, settings: Mapping[str, Any]) -> Client:
        return clickhouse_connect.get_client(
            interface="chdb",
            path=str(path),
            database=database,
            tz_mode="aware",
            settings={**cache, **settings},
            chdb_options=options,
        )

    return connect


def _remote(url: str) -> Connect:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise LakeUnavailable("the lake URL must look like https://user:password@host:8443/database")

    def connect(database: str, settings: Mapping[str, Any]) -> Client:
        return clickhouse_connect.get_client(
            host=parts.hostname,
            port=parts.port or (8443 if parts.scheme == "https" else 8123),
            interface=parts.scheme,
            username=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            database=database,
            tz_mode="aware",
            autogenerate_session_id=False,  # a session would make a client's calls wait for each other
            settings=dict(settings),
        )

    return connect


def without_password(url: str) -> str:
    """A URL fit for logs."""
    parts = urlsplit(url)
    where = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""
    return parts._replace(netloc=f"{parts.username}@{where}" if parts.username else where).geturl()


def open_engine(path: Path | None, url: str, *, cache_bytes: int = 0) -> Engine:
    """chDB in a directory (created), or the server at ``https://user:password@host:8443/database``.

    :param cache_bytes: how much of what was unpacked chDB keeps in memory; a server has its own setting for it.
    Blocks for about half a second. Raises LakeUnavailable with the reason.
    """
    where = str(path) if path is not None else without_password(url)
    database = DATABASE if path is not None else urlsplit(url).path.strip("/") or DATABASE
    try:
        if path is not None:
            _make_ready(path)
        connect = _embedded(path, cache_bytes) if path is not None else _remote(url)
        # A client binds to its database when it connects, so one that does not makes the database.
        first = connect("default", {})
        try:
            first.command(f"CREATE DATABASE IF NOT EXISTS `{database}`")
            return Engine(lambda settings: connect(database, settings))
        finally:
            first.close()
    except (ClickHouseError, OSError) as error:
        raise LakeUnavailable(f"the lake at {where} cannot be opened: {error}") from error


def _make_ready(path: Path) -> None:
    """Create the directory, or repair what a killed process may have left in it."""
    path.mkdir(parents=True, exist_ok=True)
    owner = owner_of(path)
    if owner is None:
        forget_lost_inserts(path)
    elif owner != os.getpid():
        raise LakeUnavailable(f"the lake at {path} is open in process {owner}; stop that one first")


def server_version(url: str) -> str:
    """Ask the server at a lake URL what it is; changes nothing. Blocks. Raises LakeUnavailable."""
    try:
        client = _remote(url)("default", {})
        try:
            return str(client.server_version)
        finally:
            client.close()
    except (ClickHouseError, OSError) as error:
        raise LakeUnavailable(f"{without_password(url)}: {error}") from error
