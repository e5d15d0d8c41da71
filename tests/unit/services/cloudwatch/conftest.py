"""The world of the tests: real stores, a held clock."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from cloudwatch_world import NOON, HeldClock, World

from triptych.control.open import open_store
from triptych.kernel.clock import SystemClock
from triptych.kernel.ids import Ids
from triptych.lake.open import open_lake
from triptych.services.cloudwatch.tables import METRICS, POINTS
from triptych.services.contract import Runtime
from triptych.settings import Settings


async def _nobody(*_: object) -> dict[str, object]:
    raise AssertionError("nothing here calls another service")


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock, ids = HeldClock(NOON), Ids(random.Random(11))
    store = await open_store(f"sqlite:///{tmp_path / 'control.db'}", sync="normal", clock=SystemClock())
    lake = await open_lake(
        path=tmp_path / "lake", tables=[POINTS, METRICS], clock=SystemClock(), flush_seconds=0.001
    )
    runtime = Runtime(
        settings=Settings(data_dir=tmp_path), clock=clock, ids=ids, control=store, lake=lake, caller=_nobody
    )
    yield World(runtime, lake, clock, ids)
    await lake.close()
    await store.close()
