from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ssm_harness import Bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = await Bench(tmp_path).open()
    yield bench
    await bench.close()
