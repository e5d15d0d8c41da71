"""Periodic work that keeps to the clock on the wall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from triptych.control.open import open_store
from triptych.control.store import Unit
from triptych.jobs.cron import Cron, Periodic, aligned
from triptych.kernel.ids import Ids
from triptych.testing.clock import SimClock

START = datetime(2026, 11, 20, 12, 0, 7, 300_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "moment"), [(10, "12:00:00"), (5, "12:00:05"), (60, "12:00:00"), (1, "12:00:07")]
)
def test_aligned(seconds, moment):
    assert aligned(START, seconds).strftime("%H:%M:%S") == moment
    assert aligned(aligned(START, seconds), seconds) == aligned(START, seconds)


@pytest.mark.parametrize(("is_aligned", "first"), [(True, 2.7), (False, 10.0)])
async def test_runs_at_whole_multiples_whenever_it_was_first_seen(tmp_path: Path, is_aligned, first):
    clock = SimClock(START)
    store = await open_store(f"sqlite:///{tmp_path / 'c.db'}", sync="normal", clock=clock)
    ran: list[datetime] = []

    async def run(unit: Unit) -> None:
        ran.append(clock.now())

    cron = Cron(
        store,
        [Periodic(name="work", seconds=10, run=run, aligned=is_aligned)],
        clock=clock,
        ids=Ids(),
    )
    await cron.drain()
    for _ in range(300):
        await clock.advance(0.1)
        await cron.drain()
    await store.close()
    assert (ran[0] - START) / timedelta(seconds=1) == pytest.approx(first, abs=0.11)
    assert [(b - a) / timedelta(seconds=1) for a, b in pairwise(ran)] == pytest.approx(
        [10.0] * (len(ran) - 1), abs=0.11
    )
