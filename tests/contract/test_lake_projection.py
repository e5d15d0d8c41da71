"""Sums that the engine keeps of a table are those of its rows, whichever parts have them made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from triptych.kernel.clock import SystemClock
from triptych.lake import ddl
from triptych.lake.open import ClickhouseLake, open_lake
from triptych.lake.table import Column, Projection, Table

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BARE = Table(
    name="test_sums",
    columns=(
        Column("account", "LowCardinality(String)"),
        Column("region", "LowCardinality(String)"),
        Column("time", "DateTime64(3, 'UTC')"),
        Column("size", "UInt32"),
    ),
    order_by=("account", "region", "time"),
)
BY = ("account", "region", "toStartOfMinute(time)")
SUMS = Projection(name="sums", by=BY, sums=("count()", "sum(size)"))
SUMMED = replace(BARE, projections=(SUMS,))
ASKED = (
    "SELECT toStartOfMinute(time) AS minute, count() AS events, sum(size) AS size FROM test_sums "
    "WHERE toStartOfMinute(time) >= {since: DateTime64(3, 'UTC')} GROUP BY minute ORDER BY minute"
)
Rows = list[tuple[datetime, int]]


async def opened(path: Path, table: Table) -> ClickhouseLake:
    return await open_lake(path=path, tables=[table], clock=SystemClock(), flush_seconds=0.01)


async def write(lake: ClickhouseLake, table: Table, part: int) -> Rows:
    rows = [(NOON + timedelta(seconds=7 * n + part), 1000 * part + n) for n in range(60)]
    place = {"account": "1", "region": "r"}
    await lake.write(table, [{**place, "time": time, "size": size} for time, size in rows])
    return rows


async def check(lake: ClickhouseLake, rows: Rows) -> None:
    since = NOON + timedelta(minutes=2)
    tree = sqlglot.parse_one(ASKED, read="clickhouse")
    assert isinstance(tree, exp.Query)
    found = await lake.select(tree, {"since": since}, account="1", region="r")
    expected: dict[datetime, tuple[int, int]] = {}
    for time, size in rows:
        minute = time.replace(second=0)
        events, sizes = expected.get(minute, (0, 0))
        if minute >= since:
            expected[minute] = events + 1, sizes + size
    assert {row["minute"]: (row["events"], row["size"]) for row in found} == expected


async def command(lake: ClickhouseLake, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in (await lake._engine.command(sql)).rows]


async def summed_parts(lake: ClickhouseLake) -> tuple[int, int]:
    """Parts, and those of them that have the sums."""
    asked = "SELECT count(), countIf(has(projections, 'sums')) FROM system.parts WHERE active AND table = 'test_sums'"
    ((parts, summed),) = await command(lake, asked)
    assert isinstance(parts, int) and isinstance(summed, int)
    return parts, summed


async def merge(lake: ClickhouseLake) -> None:
    await command(lake, "OPTIMIZE TABLE test_sums FINAL")


async def test_merges_make_the_sums_and_queries_read_them(tmp_path: Path) -> None:
    lake = await opened(tmp_path, SUMMED)
    await command(lake, "SYSTEM STOP MERGES test_sums")
    rows = await write(lake, SUMMED, 1) + await write(lake, SUMMED, 2)
    assert await summed_parts(lake) == (2, 0)  # an insert does not pay for them
    await check(lake, rows)
    await command(lake, "SYSTEM START MERGES test_sums")
    await merge(lake)
    assert await summed_parts(lake) == (1, 1)
    await check(lake, rows)
    plan = await lake._engine.read(f"EXPLAIN {ASKED}", {"since": NOON})
    assert "ReadFromMergeTree (sums)" in "\n".join(row[0] for row in plan.rows)
    rows += await write(lake, SUMMED, 3)
    assert await summed_parts(lake) == (2, 1)
    await check(lake, rows)
    await lake.close()


async def test_a_removal_is_seen_in_the_sums(tmp_path: Path) -> None:
    lake = await opened(tmp_path, SUMMED)
    rows = await write(lake, SUMMED, 1) + await write(lake, SUMMED, 2)
    await merge(lake)
    early = exp.LT(this=exp.column("time"), expression=exp.Placeholder(this="until"))
    until = NOON + timedelta(minutes=3, seconds=5)
    await lake.delete(SUMMED, early, {"until": until}, account="1", region="r")
    rows = [row for row in rows if row[0] >= until]
    await check(lake, rows)
    await merge(lake)
    assert await summed_parts(lake) == (1, 1)
    await check(lake, rows)
    await lake.close()


async def test_a_table_that_is_there_gets_sums_changes_them_and_loses_them(tmp_path: Path) -> None:
    lake = await opened(tmp_path, BARE)
    rows = await write(lake, BARE, 1)
    await lake.close()

    lake = await opened(tmp_path, SUMMED)
    settings, added, made = (step.name.split(":")[0] for step in lake.steps)
    assert settings == "settings of test_sums"
    assert (added, made) == ("projection test_sums.sums", "make projection test_sums.sums")
    await check(lake, rows)
    # They are made of what is there in the background; to ask for it once more waits until that is done.
    await command(lake, "ALTER TABLE test_sums MATERIALIZE PROJECTION sums SETTINGS mutations_sync = 2")
    assert await summed_parts(lake) == (1, 1)
    rows += await write(lake, SUMMED, 2)
    await check(lake, rows)
    await lake.close()

    lake = await opened(tmp_path, SUMMED)
    assert lake.steps == ()
    await lake.close()

    lake = await opened(tmp_path, replace(BARE, projections=(replace(SUMS, sums=("sum(size)", "count()")),)))
    dropped, added, made = (step.name.split(":")[0] for step in lake.steps)
    assert (dropped, added) == ("drop projection test_sums.sums", "projection test_sums.sums")
    await check(lake, rows)
    await lake.close()

    lake = await opened(tmp_path, BARE)
    assert [step.name for step in lake.steps] == ["drop projection test_sums.sums"]
    await check(lake, rows)
    await lake.close()


async def test_an_engine_whose_merges_cannot_make_them_does_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ddl, "PROJECTED", {"a_setting_of_a_later_engine": 1})
    lake = await opened(tmp_path, SUMMED)
    rows = await write(lake, SUMMED, 1)
    await merge(lake)
    assert await summed_parts(lake) == (1, 0)
    await check(lake, rows)
    await lake.close()
