from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from logs_world import World, open_world


@pytest.fixture
async def logs_world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as world:
        await world.call("create_log_group", logGroupName="g")
        await world.call("create_log_stream", logGroupName="g", logStreamName="s")
        yield world
