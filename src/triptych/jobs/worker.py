"""The worker: claims due jobs, runs their handlers, and commits each job's end with what its handler staged."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.engine import Connection

from triptych.control import job_rows
from triptych.control.schema import micros
from triptych.control.sql_store import SqlStore
from triptych.control.store import JOBS, Conflict, Job, Unit
from triptych.control.unit import SqlUnit
from triptych.jobs import queue
from triptych.jobs.bell import Bell
from triptych.jobs.kind import Later, Retry, Setback
from triptych.jobs.queue import ClaimLost
from triptych.kernel import limits
from triptych.kernel.clock import Clock
from triptych.kernel.errors import Defect, ServiceError
from triptych.kernel.ids import Ids

log = structlog.get_logger()

_POLL_SECONDS = 1.0
"""How often to look for what other processes staged; our own commits ring the bell."""
_CONFLICT_SECONDS = 0.02
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobHandler:
    """What runs the jobs of one kind.

    :param run: is handed a unit; the worker commits it together with the job's completion.
    :param concurrency: how many of the kind this worker runs at once.
    :param dead: called once, with a unit of its own, when the attempts are used up; (unit, job, error).
    """

    name: str
    run: Callable[[Unit, Job], Awaitable[None]]
    retry: Retry = field(default_factory=Retry)
    concurrency: int = 8
    dead: Callable[[Unit, Job, str], Awaitable[None]] | None = None


class Worker:
    """Runs jobs until stopped.

    :ivar claimed: jobs taken; :ivar succeeded: done; :ivar failed: runs that raised; :ivar later: runs that asked
        to come again; :ivar dead: given up; :ivar conflicts: runs repeated because somebody else was quicker;
        :ivar lost: runs whose job somebody else took over.
    """

    def __init__(
        self,
        store: SqlStore,
        *,
        clock: Clock,
        ids: Ids,
        handlers: Mapping[str, JobHandler],
        stop_seconds: float = _STOP_SECONDS,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._handlers = dict(handlers)
        self._stop_seconds = stop_seconds
        self._bell = Bell(clock)
        self._running: dict[asyncio.Task[None], Job] = {}
        self._loops: tuple[asyncio.Task[None], asyncio.Task[None]] | None = None
        self._stopping = False
        self._idle = asyncio.Event()
        self._unlisten: Callable[[], None] | None = None
        self.claimed = self.succeeded = self.failed = self.later = self.dead = self.conflicts = self.lost = 0

    @property
    def running(self) -> int:
        """Handlers at work now."""
        return len(self._running)

    def _hear(self, announced: frozenset[str]) -> None:
        if JOBS in announced:
            self._bell.ring()

    async def depth(self) -> dict[str, int]:
        """Kind -> jobs that wait, due or not."""
        return await self._store.read(queue.kinds_waiting)

    async def start(self) -> None:
        if self._loops:
            raise Defect("the worker is started already")
        for kind, waiting in (await self.depth()).items():
            if kind not in self._handlers:
                log.warning("jobs_nobody_handles", kind=kind, jobs=waiting)
        self._unlisten = self._store.on_commit(self._hear)
        self._bell.ring()
        self._stopping = False
        self._loops = (
            asyncio.create_task(self._serve(), name="jobs-worker"),
            asyncio.create_task(self._beat(), name="jobs-heartbeat"),
        )

    async def stop(self) -> None:
        """Claim nothing more; let running jobs finish, and put back those that do not in time."""
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        self._stopping = True
        self._bell.ring()
        serving, beating = self._loops or (None, None)
        if serving is not None:
            await serving  # never cancelled: what it has just claimed must be run or put back
        late = asyncio.ensure_future(self._clock.sleep(self._stop_seconds))
        while self._running and not late.done():
            await asyncio.wait({late, *self._running}, return_when=asyncio.FIRST_COMPLETED)
        left = list(self._running)
        for task in (late, *left, *([beating] if beating else [])):
            task.cancel()
        await asyncio.gather(late, *left, *([beating] if beating else []), return_exceptions=True)
        self._loops = None
        self._idle.set()

    async def drain(self) -> None:
        """Wait until nothing is due and nothing runs; a worker that is not started does the work here."""
        if self._loops:
            self._idle.clear()
            self._bell.ring()
            await self._idle.wait()
            return
        while True:
            self._bell.silence()
            claimed, _ = await self._claim()
            if claimed or self._bell.is_rung():
                continue  # the next look may find kinds that a full one hid, or places that got free
            if not self._running:
                return
            await asyncio.wait(set(self._running), return_when=asyncio.FIRST_COMPLETED)

    async def _serve(self) -> None:
        while not self._stopping:
            self._bell.silence()
            try:
                claimed, seconds = await self._claim()
            except Exception:  # the database is away for a moment
                log.exception("job_claim_failed")
                claimed, seconds = 0, _POLL_SECONDS
            else:
                if not (claimed or self._running or self._bell.is_rung()):
                    self._idle.set()
            if not claimed:
                await self._bell.wait(seconds)

    async def _beat(self) -> None:
        while True:
            await self._clock.sleep(limits.LEASE_SECONDS / 3)
            if not self._running:
                continue
            ids, until = [job.id for job in self._running.values()], self._clock.now() + _CLAIM
            try:
                await self._store.write(
                    partial(queue.heartbeat, ids=ids, owner=self._store.holder, until=until)
                )
            except Exception:
                log.exception("job_heartbeat_failed")

    def _running_ids(self) -> tuple[str, ...]:
        return tuple(job.id for job in self._running.values())

    def _renew(self, connection: Connection, now: datetime, ids: tuple[str, ...]) -> None:
        queue.heartbeat(connection, ids, self._store.holder, now + _CLAIM)

    def _reclaim(self, connection: Connection, now: datetime, ids: tuple[str, ...]) -> None:
        """Claims that ran out wait again; not our own: this process was asleep, but its handlers still run."""
        self._renew(connection, now, ids)
        job_rows.interrupt(connection, _nobody, micros(now))

    async def _claim(self) -> tuple[int, float]:
        """Start what is due and has room; how many, and the seconds until it is worth looking again."""
        busy = Counter(job.kind for job in self._running.values())
        free = {
            name: handler.concurrency - busy[name]
            for name, handler in self._handlers.items()
            if handler.concurrency > busy[name]
        }
        if not free:
            return 0, _POLL_SECONDS
        now = self._clock.now()
        horizon = now + timedelta(seconds=_POLL_SECONDS)
        due = await self._store.read(lambda c: queue.look(c, free, now, horizon))
        if due.stale:
            await self._store.write(partial(self._reclaim, now=now, ids=self._running_ids()))
            return 1, 0.0
        if not due.ids:
            seconds = _POLL_SECONDS if due.next_at is None else (due.next_at - now).total_seconds()
            return 0, seconds
        holder = self._store.holder
        taken = await self._store.write(lambda c: queue.claim(c, due.ids, free, holder, now + _CLAIM))
        for job, interrupted in taken:
            self.claimed += 1
            task = asyncio.create_task(self._run(job, interrupted), name=f"job-{job.kind}")
            self._running[task] = job
            task.add_done_callback(self._ended)
        return len(taken), 0.0

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("job_defect", error=repr(error), exc_info=error)
        self._bell.ring()

    async def _run(self, job: Job, interrupted: int) -> None:
        handler = self._handlers[job.kind]
        try:
            if interrupted > limits.JOB_INTERRUPTIONS:
                await self._give_up(handler, job, f"the process died {interrupted} times while it ran")
            else:
                await self._attempt(handler, job)
        except ClaimLost:
            self.lost += 1
            log.warning("job_claim_lost", kind=job.kind, job=job.id)
        except asyncio.CancelledError:
            holder = self._store.holder
            await self._store.write(lambda c: job_rows.back_to_waiting(c, job.id, owner=holder))
            raise

    async def _attempt(self, handler: JobHandler, job: Job) -> None:
        for _ in range(limits.CONFLICT_RETRIES):
            unit = self._store.unit()
            try:
                await self._handle(handler, unit, job)
            except Conflict as conflict:
                self.conflicts += 1
                error: Exception = conflict
                await self._clock.sleep(self._ids.uniform(0, _CONFLICT_SECONDS))
                continue
            except ClaimLost:
                raise
            except Exception as raised:  # noqa: BLE001 - a handler's failure is counted, logged and retried
                error = raised
            else:
                return
            break
        await self._failed(handler, job, error)

    async def _handle(self, handler: JobHandler, unit: SqlUnit, job: Job) -> None:
        """One run and its commit."""
        holder = self._store.holder
        try:
            await handler.run(unit, job)
        except Later as later:
            run_at = self._clock.now() + timedelta(seconds=later.seconds)
            unit.alongside(lambda c: queue.again(c, job, holder, run_at, job.attempt))
            await unit.commit()
            self.later += 1
        else:
            unit.alongside(partial(queue.complete, job=job, owner=holder))
            await unit.commit()
            self.succeeded += 1

    async def _failed(self, handler: JobHandler, job: Job, error: Exception) -> None:
        self.failed += 1
        attempt = job.attempt + 1
        delay = queue.outcome(handler.retry, attempt, self._ids)
        if delay is not None and isinstance(error, Setback):
            delay = max(delay, error.wait_seconds)
        log.warning(
            "job_failed",
            kind=job.kind,
            job=job.id,
            attempt=attempt,
            again_in=delay,
            error=f"{type(error).__name__}: {error}",
            exc_info=None if isinstance(error, _OUTSIDE) else error,
        )
        if delay is None:
            await self._give_up(handler, job, f"{type(error).__name__}: {error}")
            return
        run_at, holder = self._clock.now() + timedelta(seconds=delay), self._store.holder
        await self._store.write(lambda c: queue.again(c, job, holder, run_at, attempt))

    async def _give_up(self, handler: JobHandler, job: Job, reason: str) -> None:
        """Tell the handler, in the transaction that buries the job; a handler that cannot bear it is left out."""
        now, holder = self._clock.now(), self._store.holder
        self.dead += 1
        log.error("job_dead", kind=job.kind, job=job.id, error=reason)
        for _ in range(limits.CONFLICT_RETRIES if handler.dead else 0):
            unit = self._store.unit()
            try:
                if handler.dead is not None:
                    await handler.dead(unit, job, reason)
                unit.alongside(lambda c: queue.give_up(c, job, holder, reason, now))
                await unit.commit()
            except Conflict:
                continue
            except ClaimLost:
                raise
            except Exception:
                log.exception("job_dead_handler_failed", kind=job.kind, job=job.id)
                break
            else:
                return
        await self._store.write(lambda c: queue.give_up(c, job, holder, reason, now))


_OUTSIDE = (Setback, ServiceError, Conflict)
"""Failures in which a traceback tells nothing: what others answered, and who was quicker."""
_CLAIM = timedelta(seconds=limits.LEASE_SECONDS)


def _nobody(_holder: str) -> bool:
    return False
