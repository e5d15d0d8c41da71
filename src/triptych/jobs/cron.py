"""Periodic work: one runner in the whole installation, neither skipped nor doubled by a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import structlog

from triptych.control.collection import Collection
from triptych.control.sql_store import SqlStore
from triptych.control.store import Conflict, Unit
from triptych.jobs.bell import Bell
from triptych.kernel import limits
from triptych.kernel.clock import Clock
from triptych.kernel.errors import Defect
from triptych.kernel.ids import Ids

log = structlog.get_logger()

_STANDBY_SECONDS = 5.0
"""How often to ask for a lease that somebody else holds."""
_RETRY_SECONDS = 30.0
_STOP_SECONDS = 10.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Periodic:
    """Work on a clock.

    :param run: is handed a unit; committed together with the time of the run.
    :param aligned: run at whole multiples of ``seconds`` since 1970 rather than in the rhythm of the first start.
    """

    name: str
    seconds: float
    run: Callable[[Unit], Awaitable[None]]
    aligned: bool = False


class LastRun(msgspec.Struct, frozen=True):
    """``at``: the moment the last run was due; the next is one period later."""

    at: datetime


LAST_RUNS: Collection[LastRun] = Collection(name="jobs.last_runs", type=LastRun, scope="global")


def due_at(last: datetime, seconds: float) -> datetime:
    return last + timedelta(seconds=seconds)


def settled(last: datetime, seconds: float, now: datetime) -> datetime:
    """The due moment a run at ``now`` stands for: missed periods are made up for by one run, in the same rhythm."""
    periods = max(1, (now - last) // timedelta(seconds=seconds))
    return last + periods * timedelta(seconds=seconds)


def aligned(moment: datetime, seconds: float) -> datetime:
    """The last whole multiple of ``seconds`` since 1970."""
    period = timedelta(seconds=seconds)
    return moment - (moment - _EPOCH) % period


class Cron:
    """Runs periodic work until stopped. The first run of new work is one period after it was first seen.

    :ivar runs: name -> completed runs; :ivar failures: name -> failed ones.
    """

    def __init__(
        self,
        store: SqlStore,
        periodics: Sequence[Periodic],
        *,
        clock: Clock,
        ids: Ids,
        stop_seconds: float = _STOP_SECONDS,
    ) -> None:
        for periodic in periodics:
            if periodic.seconds <= 0:
                raise Defect(f"{periodic.name} would run all the time")
        self._store = store
        self._periodics = list(periodics)
        self._clock = clock
        self._ids = ids
        self._stop_seconds = stop_seconds
        self._stopping = False
        self._bells: list[Bell] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.runs = {periodic.name: 0 for periodic in periodics}
        self.failures = {periodic.name: 0 for periodic in periodics}

    async def start(self) -> None:
        if self._tasks:
            raise Defect("cron is started already")
        self._stopping = False
        self._bells = [Bell(self._clock) for _ in self._periodics]
        self._tasks = [
            asyncio.create_task(self._serve(periodic, bell), name=f"cron-{periodic.name}")
            for periodic, bell in zip(self._periodics, self._bells, strict=True)
        ]

    async def stop(self) -> None:
        """Let what runs finish, but not for longer than ``stop_seconds``."""
        self._stopping = True
        for bell in self._bells:
            bell.ring()
        late = asyncio.ensure_future(self._clock.sleep(self._stop_seconds))
        while not late.done() and (left := {task for task in self._tasks if not task.done()}):
            await asyncio.wait({late, *left}, return_when=asyncio.FIRST_COMPLETED)
        for task in (late, *self._tasks):
            task.cancel()
        await asyncio.gather(late, *self._tasks, return_exceptions=True)
        self._tasks = []

    async def drain(self) -> None:
        """Run what is due now, here; for a cron that is not started."""
        for periodic in self._periodics:
            if not await self._store.leases.acquire(_lease(periodic)):
                raise Defect(f"{periodic.name} is run by somebody else")
            while await self._turn(periodic) <= 0:
                pass

    async def _serve(self, periodic: Periodic, bell: Bell) -> None:
        leases, lease = self._store.leases, _lease(periodic)
        while not self._stopping:
            try:
                if leases.holds(lease) or await leases.acquire(lease):
                    seconds = await self._turn(periodic)
                else:
                    seconds = _STANDBY_SECONDS
            except Exception:
                self.failures[periodic.name] += 1
                log.exception("periodic_failed", name=periodic.name)
                seconds = min(periodic.seconds, _RETRY_SECONDS)
            await bell.wait(seconds)
        if leases.holds(lease):
            await leases.release(lease)

    async def _turn(self, periodic: Periodic) -> float:
        """Run the work if it is due; the seconds until it is (again)."""
        for _ in range(limits.CONFLICT_RETRIES):
            unit = self._store.unit()
            last = await unit.get(LAST_RUNS, periodic.name)
            now = self._clock.now()
            try:
                if last is None:
                    first = aligned(now, periodic.seconds) if periodic.aligned else now
                    unit.put(LAST_RUNS, periodic.name, LastRun(first))
                    await unit.commit()
                    return (due_at(first, periodic.seconds) - now).total_seconds()
                if (seconds := (due_at(last.at, periodic.seconds) - now).total_seconds()) > 0:
                    return seconds
                await periodic.run(unit)
                unit.put(LAST_RUNS, periodic.name, LastRun(settled(last.at, periodic.seconds, now)))
                await unit.commit()
            except Conflict:
                await self._clock.sleep(self._ids.uniform(0, 0.05))
            else:
                self.runs[periodic.name] += 1
                return 0.0
        raise Conflict(f"{periodic.name} met a conflict {limits.CONFLICT_RETRIES} times")


def _lease(periodic: Periodic) -> str:
    return f"cron:{periodic.name}"
