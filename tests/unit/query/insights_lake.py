"""Insights queries on a lake with events of the tests' own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlglot import exp

from triptych.kernel.clock import SystemClock
from triptych.lake.open import ClickhouseLake, open_lake
from triptych.lake.table import Column, Table
from triptych.query.insights import compile_insights

ACCOUNT, REGION = "111111111111", "eu-central-1"
FIRST = datetime(2024, 5, 15, 10, 12, 12, 123000, tzinfo=UTC)
"""When the first event of a case happened; the next ones follow a second apart."""
NOW = 1_715_770_000_000

EVENTS = Table(
    name="logs_events",
    columns=(
        Column("account", "LowCardinality(String)"),
        Column("region", "LowCardinality(String)"),
        Column("group_id", "LowCardinality(String)"),
        Column("log_stream", "LowCardinality(String)"),
        Column("time", "DateTime64(3, 'UTC')"),
        Column("batch", "UInt64"),
        Column("number", "UInt32"),
        Column("ingested", "DateTime64(3, 'UTC')"),
        Column("message", "String"),
    ),
    order_by=("account", "region", "group_id", "time", "batch", "number"),
)

Row = dict[str, str]


@asynccontextmanager
async def insights_lake(path: Path) -> AsyncIterator[ClickhouseLake]:
    lake = await open_lake(path=path, tables=[EVENTS], clock=SystemClock(), flush_seconds=0.001)
    try:
        yield lake
    finally:
        await lake.close()


def event(group: str, number: int, message: str) -> dict[str, Any]:
    time = FIRST + timedelta(seconds=number)
    return {
        "account": ACCOUNT, "region": REGION, "group_id": group, "log_stream": "s", "time": time, "batch": 7,
        "number": number, "ingested": time + timedelta(minutes=1), "message": message,
    }  # fmt: skip


async def write(lake: ClickhouseLake, cases: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Events by group."""
    rows = [event(group, number, text) for group, texts in cases for number, text in enumerate(texts)]
    await lake.write(EVENTS, rows)


async def answer(lake: ClickhouseLake, group: str, query: str) -> tuple[list[Row], int]:
    """The rows, without what is missing and without @ptr, and how many events matched."""
    columns = ("message", "log_stream", "time", "ingested", "batch", "number", "group_id")
    events = exp.select(*columns).from_("logs_events")
    events = events.where(exp.column("group_id").eq(exp.Placeholder(this="group")))
    compiled = compile_insights(query, events, {"group": group}, groups={group: f"{ACCOUNT}:g"}, now=NOW)
    found = await lake.select(compiled.rows, compiled.values, account=ACCOUNT, region=REGION)
    counted = await lake.select(compiled.matched, compiled.matched_values, account=ACCOUNT, region=REGION)
    matched = counted[0]["matched"]
    assert len(found) >= compiled.all_below or len(found) == matched
    if compiled.unfiltered:
        whole = events.select(exp.alias_(exp.Count(this=exp.Star()), "events"), append=False)
        ((count,),) = [
            row.values() for row in await lake.select(whole, {"group": group}, account=ACCOUNT, region=REGION)
        ]
        assert count == matched
    rows = []
    for row in found:
        values = list(row.values())
        if compiled.carried:
            assert values.pop() == matched
        assert all(value is None or isinstance(value, str) for value in values)
        rows.append(
            {
                name: value
                for name, value in zip(compiled.fields, values, strict=True)
                if value is not None and name != "@ptr"
            }
        )
    return rows, matched


def shown(row: Row) -> str:
    return " ".join(f"{name}={value}" for name, value in row.items())
