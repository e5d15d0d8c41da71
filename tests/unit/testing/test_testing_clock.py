"""Simulated time: it passes in order, and only when told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from triptych.jobs.bell import Bell
from triptych.testing.clock import SimClock

START = datetime(2024, 2, 29, tzinfo=UTC)


async def test_sleepers_wake_in_order_at_their_own_moments() -> None:
    clock = SimClock(START)
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *naps: float) -> None:
        for nap in naps:
            await clock.sleep(nap)
            woken.append((name, clock.monotonic()))

    tasks = [asyncio.create_task(sleeper("a", 3, 1)), asyncio.create_task(sleeper("b", 1, 1, 5))]
    await clock.advance(4)
    assert woken == [("b", 1), ("b", 2), ("a", 3), ("a", 4)]
    assert clock.now() == START + timedelta(seconds=4)
    assert clock.sleepers == 1
    await clock.advance(2.9)
    assert len(woken) == 4
    await clock.advance(0.1)
    assert woken[-1] == ("b", 7)
    await asyncio.gather(*tasks)


async def test_run_skips_the_waiting_and_answers_the_result() -> None:
    clock = SimClock(START)

    async def work() -> str:
        await clock.sleep(3600)
        return "done"

    assert await clock.run(work()) == "done"
    assert clock.monotonic() == 3600


async def test_run_raises_what_the_work_raises() -> None:
    async def work() -> None:
        raise ValueError("no")

    try:
        await SimClock().run(work())
    except ValueError as error:
        assert str(error) == "no"
    else:
        raise AssertionError("swallowed")


async def test_time_waits_for_the_busy() -> None:
    clock = SimClock(START)
    left = 100

    def busy() -> bool:
        nonlocal left
        left -= 1
        return left > 0

    undo = clock.attend(busy)
    await clock.advance(1)
    assert left <= 0
    undo()


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = SimClock(START)
    task = asyncio.create_task(clock.sleep(5))
    await asyncio.sleep(0)
    task.cancel()
    await clock.advance(1)
    assert clock.sleepers == 0


async def test_a_bell_wakes_early_is_remembered_and_gives_up_in_time() -> None:
    clock = SimClock(START)
    bell = Bell(clock)
    waiting = asyncio.create_task(bell.wait(10))
    await clock.advance(1)
    bell.ring()
    await waiting
    assert clock.monotonic() == 1
    await bell.wait(10)  # still rung
    bell.silence()
    waiting = asyncio.create_task(bell.wait(10))
    await clock.advance(9)
    assert not waiting.done()
    await clock.advance(1)
    assert waiting.done()
    assert clock.sleepers == 0
