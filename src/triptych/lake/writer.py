"""Group commit: rows of concurrent callers share an insert; a call returns when its rows are durable.

Durable means: in files of the engine, so they survive ``kill -9``. Whether they survive a power cut is the
``fsync`` setting's business (``ddl``).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from triptych.kernel import limits
from triptych.kernel.clock import Clock
from triptych.lake.engine import passing
from triptych.lake.rows import schema, to_arrow
from triptych.lake.table import Table

Insert = Callable[[str, pa.Table, str], Awaitable[None]]
"""Append to the named table under a token; the same token again is absorbed."""

Wrote = Callable[[str, int], None]
"""Told of every successful insert: table and rows."""

_FIRST_RETRY_SECONDS = 0.05
_ROWS_IN_PLACE = 1000
"""More rows are converted in a thread: they would hold up the loop for milliseconds."""


@dataclass(slots=True)
class _Waiting:
    """One caller's rows and the future it waits on."""

    data: pa.Table
    done: asyncio.Future[None]


@dataclass(slots=True)
class _Lane:
    """The queue of one table. ``next_flush`` is the earliest time (monotonic) of the next shared insert."""

    waiting: deque[_Waiting] = field(default_factory=deque)
    rows: int = 0
    next_flush: float = float("-inf")
    full: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Writer:
    """Queues rows per table and inserts them in batches.

    :param flush_seconds: a table gets at most one shared insert in this time: every insert is a file the
        engine must merge later. The first call after a quiet time goes at once.
    :param run: names this writer's own tokens; unique for ever.
    """

    def __init__(
        self, insert: Insert, *, clock: Clock, flush_seconds: float, run: str, wrote: Wrote | None = None
    ) -> None:
        self._insert = insert
        self._wrote = wrote
        self._clock = clock
        self._flush_seconds = flush_seconds
        self._run = run
        self._batches = 0
        self._lanes: dict[str, _Lane] = {}
        self._queued_rows = 0
        self._door: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._direct: set[asyncio.Task[None]] = set()
        self._closed = False

    async def write(self, table: Table, rows: Sequence[Mapping[str, Any]] | pa.Table, token: str) -> None:
        """See ``Lake.write``. Raises ValueError for rows that do not fit the table, before anything is queued."""
        if not len(rows):
            return
        if isinstance(rows, pa.Table):
            if not rows.schema.equals(schema(table)):
                raise ValueError(f"these are not the columns of {table.name}")
            data = rows
        elif len(rows) > _ROWS_IN_PLACE:
            data = await asyncio.to_thread(to_arrow, table, rows)
        else:
            data = to_arrow(table, rows)
        await self._enter(data.num_rows)
        try:
            if self._closed:
                raise RuntimeError("the lake is closed")
            if token:
                # Shielded: a caller that gives up does not take the insert, and the row count, with it.
                task = asyncio.create_task(self._insert_surely(table.name, data, token))
                self._direct.add(task)
                task.add_done_callback(self._ended)
                await asyncio.shield(task)
            else:
                await self._join(table.name, data)
        finally:
            self._leave(data.num_rows)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._direct.discard(task)
        if not task.cancelled():
            task.exception()  # seen, should its caller have left

    async def close(self) -> None:
        """Write what is queued, then refuse."""
        self._closed = True
        for lane in self._lanes.values():
            lane.full.set()
        tasks = [lane.task for lane in self._lanes.values() if lane.task] + list(self._direct)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _enter(self, rows: int) -> None:
        """Wait in line until the rows fit; a batch beyond the whole bound enters alone."""
        if not self._door and self._fits(rows):
            self._queued_rows += rows
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._door.append((rows, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # let in and cancelled in the same moment
                self._leave(rows)
            raise

    def _leave(self, rows: int) -> None:
        self._queued_rows -= rows
        while self._door and (self._door[0][1].done() or self._fits(self._door[0][0])):
            waiting_rows, turn = self._door.popleft()
            if not turn.done():
                self._queued_rows += waiting_rows
                turn.set_result(None)

    def _fits(self, rows: int) -> bool:
        return not self._queued_rows or self._queued_rows + rows <= limits.LAKE_QUEUE_ROWS

    async def _join(self, name: str, data: pa.Table) -> None:
        lane = self._lanes.setdefault(name, _Lane())
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lane.waiting.append(_Waiting(data, done))
        lane.rows += data.num_rows
        if lane.rows >= limits.LAKE_FLUSH_ROWS:
            lane.full.set()
        if lane.task is None or lane.task.done():
            lane.task = asyncio.create_task(self._serve(name, lane))
        await done

    async def _serve(self, name: str, lane: _Lane) -> None:
        """Insert batch after batch until nobody waits."""
        while lane.waiting:
            await self._pause(lane)
            lane.next_flush = self._clock.monotonic() + self._flush_seconds
            batch = _take(lane)
            if not batch:
                continue
            self._batches += 1
            try:
                data = pa.concat_tables([waiting.data for waiting in batch])
                await self._insert_surely(name, data, f"{self._run}/{self._batches}")
            except Exception as error:  # noqa: BLE001 - every caller of this batch gets it, nobody else
                for waiting in batch:
                    if not waiting.done.done():
                        waiting.done.set_exception(error)
            else:
                for waiting in batch:
                    if not waiting.done.done():
                        waiting.done.set_result(None)

    async def _pause(self, lane: _Lane) -> None:
        """Wait for the lane's turn, or until the batch is full, or until the writer closes."""
        seconds = lane.next_flush - self._clock.monotonic()
        if seconds <= 0 or lane.full.is_set() or self._closed:
            return
        turn = asyncio.ensure_future(self._clock.sleep(seconds))
        full = asyncio.create_task(lane.full.wait())
        try:
            await asyncio.wait({turn, full}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            turn.cancel()
            full.cancel()

    async def _insert_surely(self, name: str, data: pa.Table, token: str) -> None:
        """Insert; a passing failure is tried again under the same token, so a repeat never doubles."""
        for attempt in range(limits.LAKE_INSERT_ATTEMPTS):
            try:
                await self._insert(name, data, token)
            except Exception as error:
                if attempt + 1 == limits.LAKE_INSERT_ATTEMPTS or not passing(error):
                    raise
                await self._clock.sleep(_FIRST_RETRY_SECONDS * 2**attempt)
            else:
                if self._wrote is not None:
                    self._wrote(name, data.num_rows)
                return


def _take(lane: _Lane) -> list[_Waiting]:
    """The next batch, oldest first; callers that gave up are left out."""
    batch: list[_Waiting] = []
    rows = 0
    while lane.waiting and (not batch or rows < limits.LAKE_FLUSH_ROWS):
        waiting = lane.waiting.popleft()
        lane.rows -= waiting.data.num_rows
        if not waiting.done.cancelled():
            batch.append(waiting)
            rows += waiting.data.num_rows
    if lane.rows < limits.LAKE_FLUSH_ROWS:
        lane.full.clear()
    return batch
