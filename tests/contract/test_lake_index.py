"""A table with an index of n-grams finds the same rows whatever part of them the index knows."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from triptych.kernel.clock import SystemClock
from triptych.lake.open import ClickhouseLake, open_lake
from triptych.lake.table import Column, Index, Table
from triptych.query.containing import containing, finds

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BARE = Table(
    name="test_lines",
    columns=(
        Column("account", "LowCardinality(String)"),
        Column("region", "LowCardinality(String)"),
        Column("time", "DateTime64(3, 'UTC')"),
        Column("id", "UInt64"),
        Column("line", "String"),
    ),
    order_by=("account", "region", "id"),
    few_of_many=True,
)
GRAMS = Index(name="line_grams", expression="line", kind="ngrambf_v1(4, 4096, 1, 0)")
INDEXED = replace(BARE, indexes=(GRAMS,))
ODD = (
    "50% of a_b",
    "a\\b\\%c",
    "naïve 🙂 café",
    "x\ny\tz",
    "it's {x:String}",
    "\0 nil \0",
    "ab",
    "%",
    "_",
    "\\",
)
WANTED = (
    *ODD,
    "needle",
    "line 17 ",
    "e 12",
    "0% of",
    "a\\",
    "f%a",
    "no such text",
    "🙂 c",
    "\ny",
    "Needle",
    "",
)
REGEXES = (
    "needle",
    "(?i)NEEDLE|no such",
    "(?i)Needle",
    "needle 1|caf\u00e9|line 17 ",
    r"a\\b|50% of",
    r"\%c",
    "a_b",
    "x.y",
    "f ?a",
    "\U0001f642|\0",
    "(?i)CAF\u00c9",
    "needle|",
)
"""As ``finds`` has words of its own for them, and as it has none."""


async def opened(path: Path, table: Table, **options: bool) -> ClickhouseLake:
    return await open_lake(path=path, tables=[table], clock=SystemClock(), flush_seconds=0.01, **options)


async def write(lake: ClickhouseLake, table: Table, part: int) -> dict[int, str]:
    """A part of more than two pieces, with the odd lines in one of them."""
    lines = [f"line {number} of {part}" for number in range(2200)] + [f"{part}{line}" for line in ODD]
    rows = {part * 10_000 + number: line for number, line in enumerate([*lines, f"needle {part}", *ODD])}
    place: dict[str, Any] = {"account": "1", "region": "r", "time": NOON}
    await lake.write(table, [place | {"id": number, "line": line} for number, line in rows.items()])
    return rows


async def found(lake: ClickhouseLake, condition: str, text: str) -> list[int]:
    tree = sqlglot.parse_one(f"SELECT id FROM test_lines WHERE {condition} ORDER BY id", read="clickhouse")
    assert isinstance(tree, exp.Query)
    rows = await lake.select(tree, {"text": text}, account="1", region="r")
    return [row["id"] for row in rows]


async def found_by(lake: ClickhouseLake, regex: str) -> list[int]:
    values: dict[str, Any] = {}

    def bind(value: object) -> exp.Placeholder:
        values["wanted"] = value
        return exp.Placeholder(this="wanted")

    tree = exp.select("id").from_("test_lines").where(finds(regex, exp.column("line"), bind)).order_by("id")
    return [row["id"] for row in await lake.select(tree, values, account="1", region="r")]


async def check(lake: ClickhouseLake, rows: dict[int, str]) -> None:
    for text in WANTED:
        expected = [number for number, line in rows.items() if text in line]
        assert await found(lake, "like(line, {text: String})", containing(text)) == expected, text
        others = [number for number in rows if number not in set(expected)]
        assert await found(lake, "NOT like(line, {text: String})", containing(text)) == others, text
    for regex in REGEXES:
        assert await found_by(lake, regex) == [n for n, line in rows.items() if re.search(regex, line)], regex
    expected = [number for number, line in rows.items() if "needle " in line or "line 2199 " in line]
    assert await found(lake, "match(line, {text: String})", "(?-s)ne+dle [0-9]|line 2199 ") == expected


async def indexed_bytes(lake: ClickhouseLake) -> int:
    asked = "SELECT sum(secondary_indices_compressed_bytes) FROM system.parts WHERE table = 'test_lines' AND active"
    return int((await lake._engine.command(asked)).rows[0][0])


async def merge(lake: ClickhouseLake) -> None:
    await lake._engine.command("OPTIMIZE TABLE test_lines FINAL")


async def test_searches_find_the_same_before_and_after_a_merge(tmp_path: Path) -> None:
    lake = await opened(tmp_path, INDEXED)
    await lake._engine.command("SYSTEM STOP MERGES test_lines")
    rows = await write(lake, INDEXED, 1) | await write(lake, INDEXED, 2)
    assert await indexed_bytes(lake) == 0  # an insert does not pay for the index
    await check(lake, rows)
    await lake._engine.command("SYSTEM START MERGES test_lines")
    await merge(lake)
    assert await indexed_bytes(lake) > 0
    await check(lake, rows)
    rows |= await write(lake, INDEXED, 3)  # some parts have it, some do not
    await check(lake, rows)
    asked = "EXPLAIN indexes = 1 SELECT id FROM test_lines WHERE like(line, '%needle 1%')"
    plan = "\n".join(row[0] for row in (await lake._engine.read(asked, {})).rows)
    assert "line_grams" in plan
    await lake.close()


async def test_a_table_that_is_there_gets_an_index_changes_it_and_loses_it(tmp_path: Path) -> None:
    lake = await opened(tmp_path, BARE)
    rows = await write(lake, BARE, 1)
    await lake.close()

    lake = await opened(tmp_path, INDEXED)
    assert [step.name for step in lake.steps] == [f"index test_lines.line_grams: {GRAMS.kind}"]
    rows |= await write(lake, INDEXED, 2)
    await check(lake, rows)
    await merge(lake)
    await check(lake, rows)
    await lake.close()

    lake = await opened(tmp_path, INDEXED)
    assert lake.steps == ()
    await lake.close()

    wider = replace(BARE, indexes=(replace(GRAMS, kind="ngrambf_v1(3, 4096, 1, 0)"),))
    lake = await opened(tmp_path, wider)
    assert [step.name.split(":")[0] for step in lake.steps] == [
        "drop index test_lines.line_grams",
        "index test_lines.line_grams",
    ]
    rows |= await write(lake, wider, 3)
    await check(lake, rows)
    await lake.close()

    lake = await opened(tmp_path, BARE)
    assert [step.name for step in lake.steps] == ["drop index test_lines.line_grams"]
    await check(lake, rows)
    await lake.close()


async def test_an_optional_index_comes_and_goes_with_the_setting(tmp_path: Path) -> None:
    table = replace(BARE, indexes=(replace(GRAMS, optional=True),))
    rows: dict[int, str] = {}
    steps = []
    for part, wanted in enumerate((False, True, True, False)):
        lake = await opened(tmp_path, table, optional_indexes=wanted)
        steps.append([step.name.split(":")[0] for step in lake.steps])
        rows |= await write(lake, table, part)
        expected = [number for number, line in rows.items() if "needle" in line]
        assert await found(lake, "like(line, {text: String})", containing("needle")) == expected
        await merge(lake)
        assert (await indexed_bytes(lake) > 0) == wanted
        assert await found(lake, "like(line, {text: String})", containing("needle")) == expected
        await lake.close()
    come, gone = ["index test_lines.line_grams"], ["drop index test_lines.line_grams"]
    assert steps == [["create test_lines"], come, [], gone]
