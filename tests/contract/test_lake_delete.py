"""Removal from the lake: only what the condition is true of, only in one account and region."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp

from triptych.kernel.clock import SystemClock
from triptych.lake.open import ClickhouseLake, open_lake
from triptych.lake.sql import RefusedQuery
from triptych.lake.table import Column, Table

LINES = Table(
    name="test_lines",
    columns=(
        Column("account", "LowCardinality(String)"),
        Column("region", "LowCardinality(String)"),
        Column("name", "String"),
    ),
    order_by=("account", "region", "name"),
)


@pytest.fixture
async def lake(tmp_path: Path) -> Any:
    made = await open_lake(path=tmp_path / "lake", tables=[LINES], clock=SystemClock(), flush_seconds=0.001)
    yield made
    await made.close()


def named(placeholder: str) -> exp.Condition:
    return exp.column("name").eq(exp.Placeholder(this=placeholder))


async def names(lake: ClickhouseLake, account: str) -> list[tuple[str, str]]:
    rows = await lake.select(exp.select("region", "name").from_("test_lines"), account=account, region=None)
    return sorted((row["region"], row["name"]) for row in rows)


async def test_only_the_rows_of_one_account_and_region_go(lake: ClickhouseLake) -> None:
    rows = [
        {"account": account, "region": region, "name": name}
        for account in ("1", "2")
        for region in ("a", "b")
        for name in ("x", "y' OR 1=1 --")
    ]
    await lake.write(LINES, rows)
    await lake.delete(LINES, named("name"), {"name": "y' OR 1=1 --"}, account="1", region="a")
    assert await names(lake, "1") == [("a", "x"), ("b", "x"), ("b", "y' OR 1=1 --")]
    assert len(await names(lake, "2")) == 4
    await lake.delete(LINES, exp.or_(named("name"), exp.true()), {"name": "x"}, account="1", region="b")
    assert await names(lake, "1") == [("a", "x")]
    assert len(await names(lake, "2")) == 4


async def test_a_condition_about_other_rows_is_refused(lake: ClickhouseLake) -> None:
    inner = exp.select("name").from_("test_lines")
    with pytest.raises(RefusedQuery):
        await lake.delete(LINES, exp.column("name").isin(query=inner), account="1", region="a")
    with pytest.raises(ValueError, match="no value"):
        await lake.delete(LINES, named("name"), account="1", region="a")
