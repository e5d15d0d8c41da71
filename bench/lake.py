"""What the lake's writer and printer cost on top of the engine they use, measured in one run.

    python bench/lake.py [--seconds 2] [--json]

Rows go through ``write()`` with 1 and 64 concurrent callers, and the same rows straight into the engine's
client, one insert per call and as one batch; a SELECT goes through ``select()`` and as text to the client.
Latencies are wall-clock of this machine: compare within a run only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from triptych.kernel.clock import SystemClock
from triptych.lake.engine import Engine, open_engine
from triptych.lake.open import ClickhouseLake, open_lake
from triptych.lake.rows import to_arrow
from triptych.lake.table import Column, Table

START = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT, REGION = "111111111111", "us-east-1"
POINTS = Table(
    name="bench_points",
    columns=(
        Column("account", "LowCardinality(String)"),
        Column("region", "LowCardinality(String)"),
        Column("name", "LowCardinality(String)"),
        Column("time", "DateTime64(3, 'UTC')", "Delta, ZSTD(1)"),
        Column("value", "Float64"),
        Column("labels", "Map(String, String)"),
    ),
    order_by=("account", "region", "name", "time"),
    partition_by="toYYYYMM(time)",
)
PER_CALL = 20
"""Rows of one call: a usual PutMetricData."""


def rows(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "account": ACCOUNT,
            "region": REGION,
            "name": f"metric-{n % 50}",
            "time": START + timedelta(seconds=n),
            "value": n / 3,
            "labels": {"InstanceId": f"i-{n % 200}"},
        }
        for n in range(first, first + count)
    ]


async def calls(
    seconds: float, callers: int, call: Callable[[int], Awaitable[Any]], per_call: int
) -> dict[str, Any]:
    """Keep ``callers`` calls in flight for a while."""
    took: list[float] = []
    end = time.perf_counter() + seconds
    number = iter(range(10**9))

    async def caller() -> None:
        while time.perf_counter() < end:
            started = time.perf_counter()
            await call(next(number))
            took.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    whole = time.perf_counter() - started
    took.sort()
    return {
        "calls_per_second": round(len(took) / whole, 1),
        "rows_per_second": round(len(took) * per_call / whole),
        "p50_ms": round(statistics.median(took) * 1000, 2),
        "p99_ms": round(took[min(len(took) - 1, int(len(took) * 0.99))] * 1000, 2),
    }


async def measure(
    path: Path, seconds: float, flush_seconds: float, *, fsync: bool
) -> dict[str, dict[str, Any]]:
    lake = await open_lake(
        path=path, tables=[POINTS], clock=SystemClock(), flush_seconds=flush_seconds, fsync=fsync
    )
    engine = await asyncio.to_thread(open_engine, path, "")
    try:
        return await writes(lake, engine, seconds) | await reads(lake, engine, seconds)
    finally:
        await lake.close()
        await engine.close()


async def writes(lake: ClickhouseLake, engine: Engine, seconds: float) -> dict[str, dict[str, Any]]:
    batches = [rows(PER_CALL, n * PER_CALL) for n in range(64)]
    ready = [to_arrow(POINTS, batch) for batch in batches]
    large = rows(10_000)
    large_ready = to_arrow(POINTS, large)

    async def through_writer(n: int) -> None:
        await lake.write(POINTS, batches[n % 64])

    async def with_token(n: int) -> None:
        await lake.write(POINTS, batches[n % 64], token=f"bench-{n}")

    return {
        "engine, 1 caller, 20 rows": await calls(
            seconds, 1, lambda n: engine.insert(POINTS.name, ready[n % 64], f"raw-{n}"), PER_CALL
        ),
        "write with token, 1 caller, 20 rows": await calls(seconds, 1, with_token, PER_CALL),
        "write, 1 caller, 20 rows": await calls(seconds, 1, through_writer, PER_CALL),
        "engine, 64 callers, 20 rows": await calls(
            seconds, 64, lambda n: engine.insert(POINTS.name, ready[n % 64], f"raw64-{n}"), PER_CALL
        ),
        "write, 64 callers, 20 rows": await calls(seconds, 64, through_writer, PER_CALL),
        "engine, 1 caller, 10000 rows": await calls(
            seconds, 1, lambda n: engine.insert(POINTS.name, large_ready, f"large-{n}"), 10_000
        ),
        "write with token, 1 caller, 10000 rows": await calls(
            seconds, 1, lambda n: lake.write(POINTS, large, token=f"many-{n}"), 10_000
        ),
    }


async def reads(lake: ClickhouseLake, engine: Engine, seconds: float) -> dict[str, dict[str, Any]]:
    text = (
        "SELECT toStartOfMinute(time) AS minute, avg(value) AS value FROM bench_points "
        "WHERE name = {name:String} GROUP BY minute ORDER BY minute LIMIT 100"
    )
    query = sqlglot.parse_one(text, read="clickhouse")
    assert isinstance(query, exp.Query)
    raw = text.replace("WHERE", "WHERE account = {account:String} AND region = {region:String} AND")
    values = {"name": "metric-7"}
    bound = values | {"account": ACCOUNT, "region": REGION}
    return {
        "engine read, 1 caller": await calls(seconds, 1, lambda _: engine.read(raw, bound), 100),
        "select, 1 caller": await calls(
            seconds, 1, lambda _: lake.select(query, values, account=ACCOUNT, region=REGION), 100
        ),
    }


async def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each line is measured")
    parser.add_argument("--flush-seconds", type=float, default=0.05, help="the writer's interval")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    options = parser.parse_args()
    results: dict[str, dict[str, Any]] = {}
    for fsync in (False, True):
        with tempfile.TemporaryDirectory() as directory:
            found = await measure(Path(directory), options.seconds, options.flush_seconds, fsync=fsync)
        results |= {f"{name}{', fsync' if fsync else ''}": numbers for name, numbers in found.items()}
    if options.json:
        print(json.dumps(results, indent=2))
        return
    print(f"{'':46}{'calls/s':>10}{'rows/s':>12}{'p50 ms':>10}{'p99 ms':>10}")
    for name, numbers in results.items():
        print(
            f"{name:46}{numbers['calls_per_second']:>10}{numbers['rows_per_second']:>12}"
            f"{numbers['p50_ms']:>10}{numbers['p99_ms']:>10}"
        )


if __name__ == "__main__":
    asyncio.run(main())
