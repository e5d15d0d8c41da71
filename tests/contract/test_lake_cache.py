"""What was unpacked once is kept, where the lake is opened with a cache."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlglot import exp

from triptych.kernel.clock import SystemClock
from triptych.lake.open import ClickhouseLake, open_lake
from triptych.lake.table import Column, Table

LINES = Table(
    name="test_kept_lines",
    columns=(
        Column("account", "LowCardinality(String)"),
        Column("region", "LowCardinality(String)"),
        Column("time", "DateTime64(3, 'UTC')"),
        Column("line", "String", codec="LZ4"),
    ),
    order_by=("account", "region", "time"),
)


async def hits(lake: ClickhouseLake) -> int:
    asked = "SELECT sum(value) FROM system.events WHERE event = 'UncompressedCacheHits'"
    return int((await lake._engine.command(asked)).rows[0][0])


@pytest.mark.parametrize("cache_bytes", [0, 10_000_000])
async def test_a_second_scan_reads_what_the_first_unpacked(tmp_path: Path, cache_bytes: int) -> None:
    lake = await open_lake(
        path=tmp_path, tables=[LINES], clock=SystemClock(), flush_seconds=0.01, cache_bytes=cache_bytes
    )
    row = {"account": "1", "region": "r", "time": datetime(2026, 3, 1, tzinfo=UTC)}
    await lake.write(LINES, [row | {"line": f"line {number}"} for number in range(20_000)])
    wanted = exp.select("count() AS n").from_("test_kept_lines").where(exp.column("line").like("%7%"))
    before = await hits(lake)
    expected = sum("7" in str(number) for number in range(20_000))
    found = [await lake.select(wanted, account="1", region="r") for _ in range(2)]
    assert found == [[{"n": expected}]] * 2
    assert (await hits(lake) > before) == bool(cache_bytes)
    await lake.close()
