"""The lake's promises, on chDB always and on a ClickHouse server where TEST_CLICKHOUSE_URL names one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlglot
from clickhouse_connect.driver.exceptions import DatabaseError
from sqlglot import exp

from triptych.kernel import limits
from triptych.kernel.clock import SystemClock
from triptych.kernel.ids import Ids
from triptych.lake.engine import TooMuch
from triptych.lake.migrate import Migration, SchemaMismatch
from triptych.lake.open import ClickhouseLake, open_lake
from triptych.lake.sql import Fixed
from triptych.lake.table import Column, Table

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EVENTS = Table(
    name="test_events",
    columns=(
        Column("account", "LowCardinality(String)"),
        Column("region", "LowCardinality(String)"),
        Column("time", "DateTime64(3, 'UTC')", "Delta, ZSTD(1)"),
        Column("id", "String"),
        Column("cause", "String"),
        Column("count", "UInt64"),
        Column("small", "UInt8"),
        Column("medium", "UInt32"),
        Column("change", "Int64"),
        Column("value", "Float64"),
        Column("good", "Bool"),
        Column("names", "Array(String)"),
        Column("labels", "Map(String, String)"),
    ),
    order_by=("account", "region", "time"),
    partition_by="toYYYYMM(time)",
    ttl="toDateTime(time) + INTERVAL 40 YEAR",
)


def event(id_: str, **fields: Any) -> dict[str, Any]:
    return {
        "account": "111111111111", "region": "eu-west-1", "time": NOON, "id": id_, "cause": "", "count": 0,
        "small": 0, "medium": 0, "change": 0, "value": 0.0, "good": False, "names": [], "labels": {},
    } | fields  # fmt: skip


ENDLESS = "SELECT count() FROM test_events" + "".join(f" ARRAY JOIN range(1000) AS {name}" for name in "abcd")


def tree(sql: str) -> exp.Query:
    parsed = sqlglot.parse_one(sql, read="clickhouse")
    assert isinstance(parsed, exp.Query)
    return parsed


Opener = Callable[..., Any]


@pytest.fixture(params=["chdb", "server"])
async def opener(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opener]:
    """Opens the same store again and again; closes what was left open."""
    url = ""
    if request.param == "server":
        base = os.environ.get("TEST_CLICKHOUSE_URL", "")
        if not base:
            pytest.skip("TEST_CLICKHOUSE_URL names no ClickHouse server")
        url = urlsplit(base)._replace(path=f"/test_{Ids().uuid().replace('-', '')}").geturl()
    opened: list[ClickhouseLake] = []

    async def open_again(*tables: Table, **options: Any) -> ClickhouseLake:
        given = {"clock": SystemClock(), "flush_seconds": 0.01} | options
        lake = await open_lake(path=None if url else tmp_path / "lake", url=url, tables=tables, **given)
        opened.append(lake)
        return lake

    yield open_again
    for lake in opened:
        await lake.close()


@pytest.fixture
async def lake(opener: Opener) -> ClickhouseLake:
    return await opener(EVENTS)


async def ids(
    lake: ClickhouseLake, sql: str = "SELECT id FROM test_events ORDER BY id", **values: Any
) -> list[str]:
    rows = await lake.select(tree(sql), values, account="111111111111", region=None)
    return [row["id"] for row in rows]


async def test_every_kind_comes_back_as_it_was_written(lake: ClickhouseLake) -> None:
    written = event(
        "one",
        time=datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC),
        cause="it's \\ \n \0 {x:String} é 🙂",
        count=2**64 - 1,
        small=255,
        medium=2**32 - 1,
        change=-(2**63),
        value=-0.1,
        good=True,
        names=["", "a'b", "\\"],
        labels={"": "x", "k'": "\n", "é": ""},
    )
    await lake.write(EVENTS, [written])
    assert await lake.select(
        tree("SELECT * FROM test_events"), account="111111111111", region="eu-west-1"
    ) == [written]


async def test_times_are_utc_and_cut_to_milliseconds(lake: ClickhouseLake) -> None:
    local = datetime(2026, 3, 1, 14, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))
    await lake.write(EVENTS, [event("one", time=local)])
    rows = await lake.select(
        tree(
            "SELECT time, [time] AS list, toStartOfHour(time) AS hour, toDate(time) AS day FROM test_events"
        ),
        account="111111111111",
        region=None,
    )
    moment = datetime(2026, 3, 1, 12, 0, 0, 999_000, tzinfo=UTC)
    assert rows == [{"time": moment, "list": [moment], "hour": NOON, "day": NOON.date()}]
    assert rows[0]["time"].tzinfo is UTC and rows[0]["hour"].tzinfo is UTC


async def test_a_token_is_absorbed_the_second_time(lake: ClickhouseLake, opener: Opener) -> None:
    rows = [event("one"), event("two", time=NOON + timedelta(days=40))]  # two partitions
    await lake.write(EVENTS, rows, token="batch")
    await lake.write(EVENTS, rows, token="batch")
    await lake.close()
    again = await opener(EVENTS)
    await again.write(EVENTS, rows, token="batch")
    await again.write(EVENTS, [event("three")], token="other")
    assert await ids(again) == ["one", "three", "two"]


async def test_equal_rows_without_a_token_are_all_kept(lake: ClickhouseLake) -> None:
    await lake.write(EVENTS, [event("same")])
    await lake.write(EVENTS, [event("same")])
    await asyncio.gather(*(lake.write(EVENTS, [event("same")]) for _ in range(5)))
    assert await ids(lake) == ["same"] * 7


async def test_nothing_is_written_for_no_rows(lake: ClickhouseLake) -> None:
    await lake.write(EVENTS, [])
    await lake.write(EVENTS, [], token="batch")
    await lake.write(EVENTS, [event("one")], token="batch")
    assert await ids(lake) == ["one"]


async def test_rows_that_do_not_fit_are_refused_and_harm_nobody(lake: ClickhouseLake) -> None:
    good = [lake.write(EVENTS, [event(f"good-{n}")]) for n in range(3)]
    lacking = event("bad")
    del lacking["cause"]
    bad = [
        lake.write(EVENTS, [event("bad", more=1)]),
        lake.write(EVENTS, [lacking]),
        lake.write(EVENTS, [event("ok"), event("bad", time=NOON.replace(tzinfo=None))]),
        lake.write(replace(EVENTS, name="unknown"), [event("bad")]),
    ]
    results = await asyncio.gather(*good, *bad, return_exceptions=True)
    assert results[:3] == [None] * 3
    assert [type(result) for result in results[3:]] == [ValueError] * 4
    assert await ids(lake) == ["good-0", "good-1", "good-2"]


async def test_account_and_region_restrict_every_read(lake: ClickhouseLake) -> None:
    await lake.write(
        EVENTS,
        [event("here"), event("there", region="us-east-1"), event("theirs", account="222222222222")],
    )
    query = tree("SELECT id FROM test_events ORDER BY id")
    seen = [
        [row["id"] for row in await lake.select(query, account=account, region=region)]
        for account, region in [
            ("111111111111", "eu-west-1"),
            ("111111111111", None),
            ("222222222222", None),
            ("222222222222", "us-east-1"),
        ]
    ]
    assert seen == [["here"], ["here", "there"], ["theirs"], []]


async def test_a_fixed_query_answers_as_any_other(lake: ClickhouseLake) -> None:
    """Whoever asks, and whatever kinds its values have: the kept text is the right one."""
    await lake.write(
        EVENTS,
        [
            event("here", count=1),
            event("there", region="us-east-1", time=NOON + timedelta(milliseconds=1)),
            event("theirs", account="222222222222"),
        ],
    )
    query = tree(
        "SELECT id FROM test_events WHERE time >= {since: DateTime64} AND id IN {ids: Array(String)} ORDER BY id"
    )
    fixed = Fixed(query)
    everybody = ["here", "there", "theirs"]
    for _ in range(2):
        for account, region, since, names in [
            ("111111111111", "eu-west-1", NOON, everybody),
            ("111111111111", None, NOON, everybody),
            ("222222222222", None, NOON, everybody),
            ("111111111111", None, NOON + timedelta(microseconds=500), everybody),  # another kind of time
            ("111111111111", None, NOON, []),
        ]:
            values = {"since": since, "ids": names}
            asked = {"account": account, "region": region}
            found = await lake.select(fixed, values, **asked)
            assert found == await lake.select(query, values, **asked)
    assert await lake.select(fixed, values | {"ids": ["there"]}, **asked) == [{"id": "there"}]
    with pytest.raises(ValueError, match="no value"):
        await lake.select(fixed, {"since": NOON}, account="111111111111", region=None)
    with pytest.raises(ValueError, match="placeholder"):
        await lake.select(fixed, values | {"more": 1}, account="111111111111", region=None)


async def test_texts_of_fixed_queries_are_bounded(
    lake: ClickhouseLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lake.write(EVENTS, [event("here", count=1)])
    monkeypatch.setattr(limits, "LAKE_FIXED_QUERIES", 3)
    made = [Fixed(tree(f"SELECT id, {number} AS n FROM test_events")) for number in range(8)]
    for _ in range(2):
        for number, fixed in enumerate(made):
            found = await lake.select(fixed, {}, account="111111111111", region=None)
            assert found == [{"id": "here", "n": number}]
            assert len(lake._fixed) <= 3


async def test_a_cause_chain_is_one_recursive_query(lake: ClickhouseLake) -> None:
    await lake.write(
        EVENTS,
        [
            event("call"),
            event("item", cause="call"),
            event("verdict", cause="item"),
            event("repair", cause="verdict"),
            event("unrelated"),
            event("foreign", cause="call", account="222222222222"),
        ],
    )
    chain = """
        WITH RECURSIVE chain AS (
            SELECT id, 0 AS depth FROM test_events WHERE id = {start:String}
            UNION ALL
            SELECT e.id, chain.depth + 1 FROM test_events AS e JOIN chain ON e.cause = chain.id
        ) SELECT id, depth FROM chain ORDER BY depth"""
    rows = await lake.select(tree(chain), {"start": "call"}, account="111111111111", region=None)
    assert [(row["id"], row["depth"]) for row in rows] == [
        ("call", 0),
        ("item", 1),
        ("verdict", 2),
        ("repair", 3),
    ]


async def test_values_of_every_kind_bind(lake: ClickhouseLake) -> None:
    await lake.write(
        EVENTS, [event(f"e{n}", count=n, value=n / 2, time=NOON + timedelta(seconds=n)) for n in range(6)]
    )
    assert await ids(lake, "SELECT id FROM test_events WHERE count IN {n:String} ORDER BY id", n=[1, 3]) == [
        "e1",
        "e3",
    ]
    assert await ids(lake, "SELECT id FROM test_events WHERE id IN {n:String}", n=[]) == []
    assert await ids(lake, "SELECT id FROM test_events WHERE value > {v:String} ORDER BY id", v=2.0) == ["e5"]
    assert await ids(
        lake, "SELECT id FROM test_events WHERE good = {g:String} AND id = {i:String}", g=False, i="e1"
    ) == ["e1"]
    assert await ids(
        lake, "SELECT id FROM test_events ORDER BY id LIMIT {n:String} OFFSET {m:String}", n=2, m=1
    ) == [
        "e1",
        "e2",
    ]
    after = NOON + timedelta(seconds=3)
    by_time = "SELECT id FROM test_events WHERE time >= {t:String} ORDER BY id"
    assert await ids(lake, by_time, t=after) == ["e3", "e4", "e5"]
    assert await ids(lake, by_time, t=after + timedelta(microseconds=1)) == ["e4", "e5"]
    assert await ids(lake, "SELECT id FROM test_events WHERE time IN {t:String}", t=[after]) == ["e3"]


async def test_a_query_over_the_limits_is_refused(lake: ClickhouseLake) -> None:
    await lake.write(EVENTS, [event("one")])
    rows = limits.LAKE_SELECT_ROWS + 1
    with pytest.raises(TooMuch):
        await lake.select(
            tree(f"SELECT arrayJoin(range({rows})) AS n FROM test_events"),
            account="111111111111",
            region=None,
        )
    assert await ids(lake) == ["one"]


async def known_to_the_engine(lake: ClickhouseLake, queries: int) -> None:
    """Ask until so many SELECTs of the lake really run."""
    named = "SELECT count() FROM system.processes WHERE startsWith(Settings['log_comment'], 'triptych-')"
    async with asyncio.timeout(60):
        while (await lake._engine.command(named)).rows[0][0] < queries:
            pass


async def test_a_caller_that_gives_up_leaves_at_once_and_the_lake_goes_on(lake: ClickhouseLake) -> None:
    await lake.write(EVENTS, [event("one")])
    slow = tree(ENDLESS)
    tasks = [
        asyncio.create_task(lake.select(slow, account="111111111111", region=None))
        for _ in range(limits.LAKE_READERS)
    ]
    await known_to_the_engine(lake, len(tasks))
    for task in tasks:
        task.cancel()
    assert all(
        isinstance(r, asyncio.CancelledError) for r in await asyncio.gather(*tasks, return_exceptions=True)
    )
    async with asyncio.timeout(limits.LAKE_SELECT_SECONDS / 2):  # they were stopped, not waited for
        assert await ids(lake) == ["one"]


async def test_how_far_a_select_is(lake: ClickhouseLake) -> None:
    await lake.write(EVENTS, [event("one"), event("two")])
    assert await lake.rows_read("mine") == 0
    reading = asyncio.create_task(
        lake.select(tree(ENDLESS), account="111111111111", region=None, called="mine")
    )
    async with asyncio.timeout(60):
        while await lake.rows_read("mine") != 2:
            pass
    assert await lake.rows_read("another") == 0
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    async with asyncio.timeout(60):
        while await lake.rows_read("mine"):
            pass


async def test_closing_stops_what_still_reads(lake: ClickhouseLake) -> None:
    await lake.write(EVENTS, [event("one")])
    slow = tree(ENDLESS)
    reading = asyncio.create_task(lake.select(slow, account="111111111111", region=None))
    await known_to_the_engine(lake, 1)
    async with asyncio.timeout(limits.LAKE_SELECT_SECONDS / 2):
        await lake.close()
    with pytest.raises((DatabaseError, asyncio.CancelledError)):
        await reading


async def test_every_shape_of_query_can_be_named(lake: ClickhouseLake) -> None:
    """The engine adds settings at the end of the text, whatever the text ends with."""
    await lake.write(EVENTS, [event("one")])
    for sql in (
        "(SELECT id FROM test_events)",
        "(SELECT id FROM test_events) UNION ALL (SELECT id FROM test_events WHERE false)",
        "SELECT id FROM test_events WHERE id IN (SELECT id FROM test_events) ORDER BY id LIMIT 1",
        "SELECT id FROM test_events INTERSECT SELECT id FROM test_events",
        "SELECT id FROM test_events EXCEPT (SELECT id FROM test_events WHERE false)",
    ):
        assert await ids(lake, sql) == ["one"], sql


async def test_inserts_are_told(opener: Opener) -> None:
    told: list[tuple[str, int]] = []
    lake = await opener(EVENTS, wrote=lambda table, rows: told.append((table, rows)))
    await lake.write(EVENTS, [event("one"), event("two")])
    await lake.write(EVENTS, [event("three")], token="t")
    assert told == [("test_events", 2), ("test_events", 1)]


async def test_many_readers_and_writers_at_once(lake: ClickhouseLake) -> None:
    async def work(n: int) -> int:
        await lake.write(EVENTS, [event(f"{n:03}-{k}") for k in range(5)])
        seen = await lake.select(
            tree("SELECT count() AS c FROM test_events WHERE startsWith(id, {p:String})"),
            {"p": f"{n:03}-"},
            account="111111111111",
            region="eu-west-1",
        )
        return int(seen[0]["c"])

    assert await asyncio.gather(*(work(n) for n in range(40))) == [5] * 40


async def test_what_was_queued_is_written_when_the_lake_closes(opener: Opener) -> None:
    lake = await opener(EVENTS, flush_seconds=60.0)
    await lake.write(EVENTS, [event("first")])
    late = asyncio.create_task(lake.write(EVENTS, [event("late")]))
    await asyncio.sleep(0)
    await lake.close()
    await late
    with pytest.raises(RuntimeError):
        await lake.write(EVENTS, [event("after")])
    assert await ids(await opener(EVENTS)) == ["first", "late"]


async def test_migration_adds_tables_and_columns_and_is_idempotent(opener: Opener) -> None:
    small = replace(EVENTS, columns=EVENTS.columns[:-2], ttl="")
    lake = await opener(small)
    assert [step.name for step in lake.steps] == ["create test_events"]
    old = event("old")
    del old["names"], old["labels"]
    await lake.write(small, [old])
    await lake.close()

    other = replace(EVENTS, name="test_others")
    lake = await opener(EVENTS, other)
    assert [step.name for step in lake.steps] == [
        "add test_events.names",
        "add test_events.labels",
        f"ttl of test_events: {EVENTS.ttl}",
        "create test_others",
    ]
    await lake.write(EVENTS, [event("new", names=["x"])])
    rows = await lake.select(
        tree("SELECT id, names FROM test_events ORDER BY id"), account="111111111111", region=None
    )
    assert rows == [{"id": "new", "names": ["x"]}, {"id": "old", "names": []}]
    await lake.close()
    assert (await opener(EVENTS, other)).steps == ()


async def test_a_table_keeps_the_layout_it_was_made_with(opener: Opener) -> None:
    few = replace(EVENTS, name="test_few", few_of_many=True)
    lake = await opener(EVENTS, few)
    await lake.write(few, [event(f"{n:05}") for n in range(5000)])
    text = "SELECT count() AS n FROM test_few WHERE id >= '01000'"
    asked, both = tree(text), tree(f"{text} UNION ALL SELECT count() FROM test_events")  # planned differently
    assert await lake.select(asked, account="111111111111", region=None) == [{"n": 4000}]
    found = await lake.select(both, account="111111111111", region=None)
    assert sorted(row["n"] for row in found) == [0, 4000]
    await lake.close()
    lake = await opener(replace(EVENTS, few_of_many=True), replace(few, few_of_many=False))
    assert lake.steps == ()
    assert await lake.select(asked, account="111111111111", region=None) == [{"n": 4000}]


async def test_migration_refuses_what_nobody_explained(opener: Opener) -> None:
    lake = await opener(EVENTS)
    await lake.write(EVENTS, [event("kept", small=7)])
    await lake.close()
    changed = tuple(
        Column("small", "UInt32") if column.name == "small" else column for column in EVENTS.columns
    )
    retyped = replace(EVENTS, columns=changed)
    for declared, words in [
        (retyped, "test_events.small is UInt8, declared UInt32"),
        (replace(EVENTS, columns=EVENTS.columns[:-1]), "labels is no longer declared"),
        (replace(EVENTS, order_by=("account", "region", "id")), "ordered by account, region, time, declared"),
        (replace(EVENTS, partition_by=""), "partitioned by toYYYYMM(time), declared nothing"),
    ]:
        with pytest.raises(SchemaMismatch, match=words.replace("(", r"\(").replace(")", r"\)")):
            await opener(declared)

    statement = "ALTER TABLE test_events MODIFY COLUMN IF EXISTS small UInt32"
    explained = [Migration(name="1_wider_small", table="test_events", statement=statement)]
    lake = await opener(retyped, migrations=explained)
    assert [step.name for step in lake.steps] == ["1_wider_small"]
    rows = await lake.select(tree("SELECT id, small FROM test_events"), account="111111111111", region=None)
    assert rows == [{"id": "kept", "small": 7}]
    await lake.close()
    assert (await opener(retyped, migrations=explained)).steps == ()


async def test_a_migration_for_a_table_not_yet_there_is_only_written_down(opener: Opener) -> None:
    migration = Migration(name="1_x", table="test_events", statement="ALTER TABLE test_events DROP COLUMN id")
    lake = await opener(EVENTS, migrations=[migration])
    assert [step.statement for step in lake.steps[:1]] == [""]
    await lake.write(EVENTS, [event("one")])
    assert await ids(lake) == ["one"]


async def test_fsync_may_be_switched(opener: Opener) -> None:
    lake = await opener(EVENTS, fsync=True)
    await lake.write(EVENTS, [event("one")])
    await lake.close()
    lake = await opener(EVENTS)
    assert [step.name.split(":")[0] for step in lake.steps] == ["settings of test_events"]
    assert await ids(lake) == ["one"]
