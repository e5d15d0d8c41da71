"""The control store on SQL: readers on a few threads, one writer with group commit, listeners, leases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog
from sqlalchemy.engine import Connection

from triptych.control import job_rows, lease, outbox
from triptych.control.database import Database
from triptych.control.holder import is_gone
from triptych.control.lease import Leases
from triptych.control.schema import micros
from triptych.control.store import Unit
from triptych.control.unit import SqlUnit
from triptych.control.writer import NOTHING, Step, Writer
from triptych.kernel import limits
from triptych.kernel.clock import Clock
from triptych.kernel.fact import Fact
from triptych.kernel.ids import Ids

log = structlog.get_logger()

R = TypeVar("R")


class SqlStore:
    """``ControlStore`` on SQLite or PostgreSQL. Belongs to the event loop it was opened on.

    :ivar holder: this store's name in leases and claims.
    :ivar writer: its counters (``transactions``, ``written``, ``lost``, ``waiting``) are for telemetry.
    """

    def __init__(self, database: Database, *, clock: Clock, ids: Ids, holder: str) -> None:
        self._database = database
        self._listeners: list[Callable[[frozenset[str]], None]] = []
        self._readers = ThreadPoolExecutor(limits.CONTROL_READERS, thread_name_prefix="control-reader")
        self._reading = 0
        self.ids = ids
        self.clock = clock
        self.holder = holder
        self.writer = Writer(database.writer, self._announce)
        self.leases = Leases(self, clock)

    def unit(self) -> SqlUnit:
        return SqlUnit(self)

    async def commit_later(self, unit: Unit) -> None:
        """Commit without waiting for it, as long as the queue has room; a failure is logged and counted.

        For facts about reads. When nothing but facts is staged they are written even if what the unit has
        read is changed by now: that the call happened stays true.
        """
        assert isinstance(unit, SqlUnit)
        step = unit.as_step(guarded=not unit.only_tells)
        if step is not None:
            await self.writer.write_later(step, announces=unit.announces)

    def on_commit(self, callback: Callable[[frozenset[str]], None]) -> Callable[[], None]:
        """Call back, on the event loop, after commits of this store that held facts or jobs; returns the undo.

        The callback is told which: the kinds of the facts, and ``JOBS``. Facts that wait do not count.
        """
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def _announce(self, announced: frozenset[str]) -> None:
        for callback in tuple(self._listeners):
            try:
                callback(announced)
            except Exception:
                log.exception("commit_listener_failed")

    async def read(self, query: Callable[[Connection], R]) -> R:
        """Run a query on a reader's thread; every statement sees what is committed by then."""
        self._reading += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, query)
        finally:
            self._reading -= 1

    @property
    def busy(self) -> bool:
        """Whether a read or a commit is under way."""
        return bool(self._reading or self.writer.waiting)

    def _read(self, query: Callable[[Connection], R]) -> R:
        with self._database.reader.connect() as connection:
            return query(connection)

    async def write(self, step: Step[R], *, announces: frozenset[str] = NOTHING) -> R:
        """Run a step in the next shared transaction; see ``Writer.write``."""
        return await self.writer.write(step, announces=announces)

    async def facts_after(self, seq: int, *, limit: int, until: int | None = None) -> Sequence[Fact]:
        """See ``ControlStore.facts_after``."""
        return await self.read(lambda c: outbox.facts_after(c, seq, limit=limit, until=until))

    async def head(self) -> int:
        """The position of the newest fact."""
        return await self.read(outbox.head)

    async def prune(self, reactions: Collection[str], *, keep: int = limits.OUTBOX_KEEP) -> int:
        """Delete facts that all these reactions have passed, but the newest ``keep``; the number deleted.

        The id of a deleted fact is forgotten: a repeat would be a new fact.
        """
        pruned = 0
        while some := await self.write(lambda c: outbox.prune(c, keep, reactions)):
            pruned += some
        return pruned

    async def recover(self) -> int:
        """Take leases and claims of dead holders from them; the number of jobs that wait again.

        With SQLite nobody else can be alive, for we have the lock; with PostgreSQL those of this machine
        whose process is gone are dead for sure, others when their time has run out.
        """
        gone = self._is_other if self._database.exclusive else is_gone
        now = micros(self.clock.now())

        def step(connection: Connection) -> int:
            lease.drop_stale(connection, gone)
            return job_rows.interrupt(connection, gone, now)

        return await self.write(step)

    def _is_other(self, holder: str) -> bool:
        return holder != self.holder

    async def close(self) -> None:
        """Release the leases, write what is in line, then refuse."""
        await self.leases.close()
        await self.writer.close()
        self._readers.shutdown(wait=False)
        await asyncio.to_thread(self._finish)

    def _finish(self) -> None:
        self._readers.shutdown(wait=True)
        self._database.close()

    def __repr__(self) -> str:
        return f"<SqlStore {self._database.writer.url!r}>"
