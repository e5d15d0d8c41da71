"""Group commit: one thread writes; what waits while it commits shares the next transaction.

The cost of a commit is the flush to disk. Sharing it is what makes many concurrent requests cheap, and one
writing thread is what keeps the event loop free and SQLite's single writer happy.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar, cast

import structlog
from sqlalchemy.engine import Connection, Engine

from triptych.control.database import lock_writers
from triptych.kernel import limits

log = structlog.get_logger()

T = TypeVar("T")

Step = Callable[[Connection], T]
"""What one unit does inside the shared transaction; an exception undoes this step only."""


NOTHING: frozenset[str] = frozenset()


class StoreClosed(Exception):  # noqa: N818
    """The store was closed; nothing was written."""


class _Waiting:
    """One step in line, and what became of it. ``done`` is None for a caller that does not wait."""

    __slots__ = ("announces", "done", "error", "result", "step")

    def __init__(
        self, step: Step[Any], done: asyncio.Future[Any] | None, *, announces: frozenset[str]
    ) -> None:
        self.step = step
        self.done = done
        self.announces = announces
        self.result: Any = None
        self.error: BaseException | None = None


class Writer:
    """Runs steps on one thread, many in one transaction, in the order they came.

    :param announce: called on the event loop after a commit, with everything its steps announce.
    :ivar transactions: committed so far; :ivar written: steps in them; :ivar lost: failed steps nobody waited for.
    """

    def __init__(self, engine: Engine, announce: Callable[[frozenset[str]], None]) -> None:
        self._engine = engine
        self._announce = announce
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._inside = 0
        self._door: deque[asyncio.Future[None]] = deque()
        self._closed = False
        self._quiet = asyncio.Event()
        self._quiet.set()
        self.transactions = 0
        self.written = 0
        self.lost = 0
        self._thread = threading.Thread(target=self._serve, name="control-writer", daemon=True)
        self._thread.start()

    async def write(self, step: Step[T], *, announces: frozenset[str] = NOTHING) -> T:
        """Run the step; durable when it returns. Raises what the step raised, StoreClosed.

        A caller that is cancelled while it waits at the door wrote nothing; later, its step runs all the same.
        """
        await self._enter()
        done: asyncio.Future[Any] = self._loop.create_future()
        self._queue.put(_Waiting(step, done, announces=announces))
        return cast(T, await done)

    async def write_later(self, step: Step[Any], *, announces: frozenset[str] = NOTHING) -> None:
        """Like ``write`` without waiting for the commit; a failure is logged and counted in ``lost``."""
        await self._enter()
        self._queue.put(_Waiting(step, None, announces=announces))

    @property
    def waiting(self) -> int:
        """Steps not committed yet, and callers at the door."""
        return self._inside + len(self._door)

    async def close(self) -> None:
        """Write what is in line, then refuse."""
        self._closed = True
        while self._door:
            turn = self._door.popleft()
            if not turn.done():
                turn.set_exception(StoreClosed("the control store is closed"))
        await self._quiet.wait()
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    async def _enter(self) -> None:
        """Take one of ``limits.COMMIT_QUEUE`` places, in order of arrival."""
        if self._closed:
            raise StoreClosed("the control store is closed")
        if self._inside >= limits.COMMIT_QUEUE:
            turn: asyncio.Future[None] = self._loop.create_future()
            self._door.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled() and turn.exception() is None:
                    self._leave(1)  # let in and cancelled in the same moment
                raise
            return
        self._inside += 1
        self._quiet.clear()

    def _leave(self, count: int) -> None:
        self._inside -= count
        while self._door and self._inside < limits.COMMIT_QUEUE:
            turn = self._door.popleft()
            if not turn.done():
                self._inside += 1
                turn.set_result(None)
        if not self._inside:
            self._quiet.set()

    def _settle(self, group: list[_Waiting]) -> None:
        """On the event loop: tell the callers, then the listeners."""
        committed = [waiting for waiting in group if waiting.error is None]
        self.transactions += bool(committed)
        self.written += len(committed)
        for waiting in group:
            if waiting.done is None:
                if waiting.error is not None:
                    self.lost += 1
                    log.error("commit_lost", error=repr(waiting.error), exc_info=waiting.error)
            elif waiting.done.done():
                continue  # its caller left
            elif waiting.error is not None:
                waiting.done.set_exception(waiting.error)
            else:
                waiting.done.set_result(waiting.result)
        self._leave(len(group))
        if announced := NOTHING.union(*(waiting.announces for waiting in committed)):
            self._announce(announced)

    # On the writer's thread.

    def _serve(self) -> None:
        with self._engine.connect() as connection:
            while (first := self._queue.get()) is not None:
                group = [first]
                ends = False
                while len(group) < limits.COMMIT_GROUP and not self._queue.empty():
                    following = self._queue.get()
                    if following is None:
                        ends = True
                        break
                    group.append(following)
                _commit(connection, group)
                try:
                    self._loop.call_soon_threadsafe(self._settle, group)
                except RuntimeError:  # the loop is gone, and everybody who waited with it
                    return
                if ends:
                    return


def _commit(connection: Connection, group: list[_Waiting]) -> None:
    """All steps in one transaction; each may fail on its own, the commit fails for all."""
    try:
        with connection.begin():
            lock_writers(connection)
            if len(group) == 1:
                group[0].result = group[0].step(connection)
                return
            for waiting in group:
                _isolated(connection, waiting)
    except BaseException as error:  # noqa: BLE001 - every caller of this group gets it, the thread lives on
        if connection.in_transaction():
            connection.rollback()
        for waiting in group:
            waiting.error = waiting.error or error


def _isolated(connection: Connection, waiting: _Waiting) -> None:
    connection.exec_driver_sql("SAVEPOINT unit")
    try:
        waiting.result = waiting.step(connection)
    except Exception as error:  # noqa: BLE001 - its caller gets it
        waiting.error = error
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT unit")
    connection.exec_driver_sql("RELEASE SAVEPOINT unit")
