"""Declarations are checked, and the plan says what it would do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from triptych.lake import ddl
from triptych.lake.migrate import Migration, SchemaMismatch, Step, Stored, pending, plan
from triptych.lake.table import Column, Index, Projection, Table

SETTINGS = {"a": 1}
THINGS = Table(
    name="things",
    columns=(
        Column("account", "String"),
        Column("region", "LowCardinality(String)"),
        Column("time", "DateTime64(3, 'UTC')", "Delta, ZSTD(1)"),
    ),
    order_by=("account", "region", "time"),
    partition_by="toYYYYMM(time)",
    ttl="toDateTime(time) + INTERVAL 90 DAY",
)
SPELLED = {THINGS.ttl: "toDateTime(time) + toIntervalDay(90)"}
STORED = Stored(
    columns={column.name: column.kind for column in THINGS.columns},
    order_by="account, region, time",
    partition_by="toYYYYMM(time)",
    ttl="toDateTime(time) + toIntervalDay(90)",
    settings={"a": "1", "index_granularity": "8192"},
)


@pytest.mark.parametrize(
    "table",
    [
        replace(THINGS, name="Things"),
        replace(THINGS, name="triptych_things"),
        replace(THINGS, name="x; DROP TABLE y"),
        replace(THINGS, columns=(*THINGS.columns, Column("a b", "String"))),
        replace(THINGS, columns=(*THINGS.columns, Column("time", "String"))),
        replace(THINGS, columns=THINGS.columns[1:]),
        replace(THINGS, columns=(Column("account", "UInt64"), *THINGS.columns[1:])),
        replace(THINGS, order_by=("time", "account", "region")),
        replace(THINGS, order_by=("account", "region", "when")),
        replace(THINGS, indexes=(Index(name="a b", expression="time", kind="minmax"),)),
        replace(THINGS, indexes=(Index(name="a", expression="time", kind="minmax"),) * 2),
        replace(THINGS, projections=(Projection(name="a", by=("account",), sums=("count()",)),) * 2),
    ],
)
def test_wrong_declarations(table: Table) -> None:
    with pytest.raises(ValueError):
        ddl.checked([table])


def test_one_name_is_one_table() -> None:
    assert ddl.checked([THINGS, THINGS]) == {"things": THINGS}
    with pytest.raises(ValueError, match="two different"):
        ddl.checked([THINGS, replace(THINGS, ttl="")])


def test_create() -> None:
    assert ddl.create_table(THINGS, SETTINGS) == (
        "CREATE TABLE IF NOT EXISTS `things` (`account` String, `region` LowCardinality(String), "
        "`time` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))) ENGINE = MergeTree PARTITION BY toYYYYMM(time) "
        "ORDER BY (account, region, time) TTL toDateTime(time) + INTERVAL 90 DAY SETTINGS a = 1"
    )


def test_create_for_few_rows_among_many() -> None:
    made = ddl.create_table(replace(THINGS, few_of_many=True), SETTINGS)
    assert made.endswith(
        " SETTINGS a = 1, index_granularity = 1024, min_bytes_for_wide_part = 1073741824, min_compress_block_size = 8192"
    )


def test_create_with_an_index() -> None:
    made = ddl.create_table(
        replace(THINGS, indexes=(Index(name="times", expression="time", kind="minmax"),)), SETTINGS
    )
    assert "CODEC(Delta, ZSTD(1)), INDEX `times` time TYPE minmax GRANULARITY 1) ENGINE = MergeTree" in made


def test_create_with_a_projection() -> None:
    sums = Projection(name="sums", by=("account", "toStartOfMinute(time)"), sums=("count()",))
    made = ddl.create_table(replace(THINGS, projections=(sums,)), SETTINGS)
    text = "SELECT account, toStartOfMinute(time), count() GROUP BY account, toStartOfMinute(time)"
    assert f"CODEC(Delta, ZSTD(1)), PROJECTION `sums` ({text})) ENGINE = MergeTree" in made
    assert made.endswith(
        " SETTINGS a = 1, lightweight_mutation_projection_mode = 'rebuild', "
        "materialize_projections_on_insert = 0, materialize_projections_on_merge = 1"
    )


def test_nothing_to_do() -> None:
    assert plan([THINGS], {"things": STORED, "left_over": STORED}, SPELLED, SETTINGS) == []


def test_missing_things_are_added() -> None:
    stored = replace(
        STORED, columns={"account": "String", "region": "LowCardinality(String)"}, ttl="", settings={}
    )
    assert plan([THINGS], {"things": stored}, SPELLED, SETTINGS) == [
        Step(
            "add things.time",
            "ALTER TABLE `things` ADD COLUMN IF NOT EXISTS `time` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))",
        ),
        Step(f"ttl of things: {THINGS.ttl}", f"ALTER TABLE `things` MODIFY TTL {THINGS.ttl}"),
        Step("settings of things: a = 1", "ALTER TABLE `things` MODIFY SETTING a = 1"),
    ]
    assert plan([replace(THINGS, ttl="")], {"things": STORED}, SPELLED, SETTINGS) == [
        Step("ttl of things: none", "ALTER TABLE `things` REMOVE TTL")
    ]


def test_every_difference_is_named_and_nothing_is_planned() -> None:
    stored = replace(
        STORED, columns={**STORED.columns, "time": "String", "old": "String"}, order_by="account"
    )
    with pytest.raises(SchemaMismatch) as refusal:
        plan([THINGS, replace(THINGS, name="others")], {"things": stored}, SPELLED, SETTINGS)
    for words in (
        "things.time is String",
        "things.old is no longer declared",
        "ordered by account, declared",
    ):
        assert words in str(refusal.value)


def test_migrations_run_once_in_order_and_only_on_tables_that_are_there() -> None:
    first, second = (Migration(name=name, table="things", statement=name) for name in ("1", "2"))
    elsewhere = Migration(name="3", table="others", statement="3")
    assert pending([first, second, elsewhere], frozenset({"1"}), frozenset({"things"})) == [
        Step("2", "2"),
        Step("3", ""),
    ]
    with pytest.raises(ValueError, match="same name"):
        pending([first, first], frozenset(), frozenset())
