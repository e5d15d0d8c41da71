"""Simulated time: it passes only when a test says so."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

R = TypeVar("R")

_TURNS = 20
"""How often the other tasks must have had their turn, with no work on threads, before time goes on."""


class SimClock:
    """A Clock that stands still until ``advance`` or ``run`` moves it. For one event loop."""

    def __init__(self, start: datetime = datetime(2024, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._seconds = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = 0
        self._asleep = asyncio.Event()
        self._busy: list[Callable[[], bool]] = []

    def attend(self, busy: Callable[[], bool]) -> Callable[[], None]:
        """Let no time pass while ``busy`` says so (work on threads, which takes real time); returns the undo."""
        self._busy.append(busy)
        return lambda: self._busy.remove(busy)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._order += 1
        heapq.heappush(self._sleepers, (self._seconds + seconds, self._order, woken))
        self._asleep.set()
        await woken

    @property
    def sleepers(self) -> int:
        """How many wait for time to pass."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Let time pass, waking every sleeper at its moment and letting it run before the next."""
        await self._others()
        end = self._seconds + seconds
        while (moment := self._next()) is not None and moment <= end:
            self._wake(moment)
            await self._others()
        self._seconds = max(self._seconds, end)
        await self._others()

    async def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Do the work, letting time pass as soon as anybody sleeps; its result."""
        task = asyncio.ensure_future(work)
        try:
            while not task.done():
                await self._others()
                if task.done():
                    break
                if (moment := self._next()) is not None:
                    self._wake(moment)
                    continue
                self._asleep.clear()
                asleep = asyncio.ensure_future(self._asleep.wait())
                await asyncio.wait({task, asleep}, return_when=asyncio.FIRST_COMPLETED)
                asleep.cancel()
            return task.result()
        finally:
            task.cancel()

    def _next(self) -> float | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def _wake(self, moment: float) -> None:
        self._seconds = max(self._seconds, moment)
        while self._sleepers and self._sleepers[0][0] <= moment:
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)

    async def _others(self) -> None:
        turns = 0
        while turns < _TURNS:
            await asyncio.sleep(0)
            turns = 0 if any(busy() for busy in self._busy) else turns + 1
