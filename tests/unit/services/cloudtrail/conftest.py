"""The world of the trail tests."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cloudtrail_world import Buckets, FixedClock, World

from triptych.control.open import open_store
from triptych.kernel.clock import SystemClock
from triptych.kernel.ids import Ids
from triptych.lake.open import open_lake
from triptych.services.cloudtrail.tables import EVENTS
from triptych.services.contract import Runtime
from triptych.settings import Settings


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = FixedClock()
    ids = Ids(random.Random(7))
    store = await open_store(f"sqlite:///{tmp_path / 'control.db'}", sync="normal", clock=clock)
    lake = await open_lake(path=tmp_path / "lake", tables=[EVENTS], clock=SystemClock(), flush_seconds=0.001)
    s3 = Buckets()
    runtime = Runtime(
        settings=Settings(data_dir=tmp_path), clock=clock, ids=ids, control=store, lake=lake, caller=s3
    )
    yield World(store, lake, clock, s3, runtime)
    await lake.close()
    await store.close()
