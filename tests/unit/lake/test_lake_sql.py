"""What the printer lets through, what it refuses, and that nothing of another account ever shows."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from triptych.kernel.clock import SystemClock
from triptych.lake.open import ClickhouseLake, open_lake
from triptych.lake.sql import _FORBIDDEN_FUNCTIONS, RefusedQuery, compile_query, kind_of, with_numbers
from triptych.lake.table import Column, Table

SCOPE = (Column("account", "LowCardinality(String)"), Column("region", "LowCardinality(String)"))
CALLS = Table(
    name="calls",
    columns=(*SCOPE, Column("id", "String"), Column("cause", "String"), Column("tags", "Array(String)")),
    order_by=("account", "region", "id"),
)
ITEMS = Table(name="items", columns=(*SCOPE, Column("id", "String")), order_by=("account", "region", "id"))
TABLES = {table.name: table for table in (CALLS, ITEMS)}
MINE, THEIRS = "111111111111", "222222222222"


def tree(sql: str) -> exp.Query:
    return sqlglot.parse_one(sql, read="clickhouse")  # type: ignore[return-value]  # some are none, on purpose


def printed(query: str | exp.Query, region: str | None = None, **values: Any) -> str:
    query = tree(query) if isinstance(query, str) else query
    return compile_query(query, values, account=MINE, region=region, tables=TABLES)[0]


@pytest.fixture
async def lake(tmp_path: Path) -> AsyncIterator[ClickhouseLake]:
    """Rows of two accounts and two regions; a row's id says whose it is."""
    lake = await open_lake(
        path=tmp_path / "lake", tables=[CALLS, ITEMS], clock=SystemClock(), flush_seconds=0.0
    )
    rows = [
        {"account": account, "region": region, "id": f"{who}-{region}", "cause": "", "tags": [f"{who}-tag"]}
        for account, who in ((MINE, "mine"), (THEIRS, "theirs"))
        for region in ("eu-west-1", "us-east-1")
    ]
    await lake.write(CALLS, rows)
    await lake.write(ITEMS, [{key: row[key] for key in ("account", "region", "id")} for row in rows])
    yield lake
    await lake.close()


def test_a_table_that_is_read_alone_is_restricted_where_it_is_read() -> None:
    assert printed("SELECT id FROM calls WHERE id = '1' OR true", region="eu-west-1") == (
        'SELECT "id" FROM "calls" WHERE "calls"."account" = {triptych_account: String}'
        ' AND "calls"."region" = {triptych_region: String} AND ("id" = \'1\' OR TRUE)'
    )
    assert printed("SELECT c.id FROM calls AS c") == (
        'SELECT "c"."id" FROM "calls" AS "c" WHERE "c"."account" = {triptych_account: String}'
    )


OWN_ROWS = '(SELECT * FROM "calls" WHERE "account" = {triptych_account: String} AND "region" = {triptych_region: String})'


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT calls.id FROM calls, items",
        "SELECT id FROM calls ARRAY JOIN tags AS tag",
        "SELECT id AS account FROM calls",
        "SELECT id AS calls FROM calls",
        "SELECT c.id AS c FROM calls AS c",
        "SELECT arrayMap(region -> region, tags) FROM calls",
        "SELECT * REPLACE ('x' AS account) FROM calls",
        "WITH 'x' AS account SELECT id FROM calls",
        "SELECT account FROM (SELECT id AS account FROM calls)",
        "SELECT (SELECT count() FROM calls), id AS region FROM items",
        "SELECT account.id FROM calls AS account",
    ],
)
def test_a_table_is_replaced_by_its_rows_where_a_name_might_mean_something_else(sql: str) -> None:
    assert OWN_ROWS in printed(sql, region="eu-west-1")


def test_the_given_tree_is_not_changed() -> None:
    query = tree("SELECT id FROM calls WHERE id = {x:String}")
    before = query.sql(dialect="clickhouse")
    printed(query, x="1")
    assert query.sql(dialect="clickhouse") == before


TRICKY = [
    "SELECT * FROM calls",
    "SELECT * FROM calls WHERE 1 = 1 OR account = '222222222222'",
    "SELECT * FROM calls WHERE NOT (account = '111111111111') OR true",
    "SELECT id FROM calls UNION ALL SELECT id FROM items",
    "SELECT id FROM calls UNION DISTINCT (SELECT id FROM items)",
    "SELECT id FROM (SELECT * FROM (SELECT * FROM calls))",
    "WITH x AS (SELECT * FROM calls) SELECT * FROM x",
    "WITH x AS (SELECT * FROM calls), y AS (SELECT * FROM x) SELECT * FROM y JOIN items ON true",
    "SELECT * FROM (WITH x AS (SELECT * FROM calls) SELECT * FROM x) AS x",
    "WITH RECURSIVE x AS (SELECT id, 0 AS n FROM calls UNION ALL "
    "SELECT i.id, x.n + 1 FROM items AS i CROSS JOIN x WHERE x.n < 2) SELECT id FROM x",
    "SELECT calls.id, i.id AS other FROM calls CROSS JOIN items AS i",
    "SELECT calls.id, i.id AS other FROM calls, items AS i",
    "SELECT c.id, d.id AS other FROM calls AS c LEFT JOIN calls AS d ON c.cause = d.cause",
    "SELECT i.id FROM calls AS c RIGHT JOIN items AS i ON c.id = i.id",
    "SELECT i.id FROM calls AS c FULL JOIN items AS i ON c.id = i.id",
    "SELECT id FROM calls ANY LEFT JOIN items USING (id)",
    "SELECT id FROM calls WHERE id IN (SELECT id FROM items)",
    "SELECT id FROM calls WHERE id NOT IN (SELECT id FROM items WHERE false)",
    "SELECT id FROM calls WHERE (id, region) GLOBAL IN (SELECT id, region FROM items)",
    "SELECT (SELECT groupArray(id) FROM items) AS ids",
    "SELECT (SELECT max(id) FROM items WHERE id LIKE 'theirs%') AS ids",
    "SELECT id FROM calls WHERE EXISTS (SELECT 1 FROM items)",
    "WITH (SELECT groupArray(id) FROM items) AS ids SELECT ids",
    "SELECT groupUniqArray(id) AS ids FROM calls GROUP BY account WITH TOTALS",
    "SELECT tag FROM calls ARRAY JOIN tags AS tag",
    "SELECT id, tag FROM calls LEFT ARRAY JOIN tags AS tag, [1] AS n",
    "SELECT arrayJoin(tags) AS tag FROM calls",
    "SELECT id, count() OVER () AS n FROM calls ORDER BY id LIMIT 1 BY id",
    "SELECT argMax(id, account) AS id FROM calls HAVING max(account) >= '0'",
    "SELECT account, id FROM calls ORDER BY id DESC LIMIT 10 OFFSET 0",
    "SELECT * EXCEPT (tags) FROM calls AS items",
    "SELECT items.id FROM calls AS items, items AS calls",
    "SELECT COLUMNS('id') FROM calls",
    "SELECT '111111111111' AS account, id FROM calls",
    "SELECT '111111111111' AS account, id FROM calls WHERE account = '222222222222' OR true",
    "WITH '111111111111' AS account SELECT id FROM calls",
    "WITH '111111111111' AS account SELECT id FROM (SELECT id FROM calls)",
    "SELECT id, tuple('111111111111' AS account) AS calls FROM calls",
    "SELECT id FROM calls WHERE arrayExists(account -> account = '111111111111', [account]) OR true",
    "SELECT id, (SELECT max(i.id) FROM items AS i WHERE i.id < '~') AS other FROM calls",
    "SELECT id FROM calls WHERE throwIf(account = '222222222222') = 0",
    "SELECT * REPLACE ('111111111111' AS account) FROM calls",
]


FINDS_NOTHING = {sql for sql in TRICKY if "theirs%" in sql}


async def test_nothing_of_another_account_or_region_is_ever_visible(lake: ClickhouseLake) -> None:
    for sql in TRICKY:
        rows = await lake.select(tree(sql), account=MINE, region=None)
        assert "mine" in str(rows) or sql in FINDS_NOTHING, sql
        assert "theirs" not in str(rows) and THEIRS not in str(rows), sql
        rows = await lake.select(tree(sql), account=MINE, region="eu-west-1")
        assert "theirs" not in str(rows) and "us-east-1" not in str(rows), sql


REFUSED = [
    "SELECT * FROM unknown",
    "SELECT * FROM triptych_schema",
    "SELECT * FROM system.tables",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM triptych.calls",
    "SELECT * FROM numbers(10)",
    "SELECT * FROM url('http://localhost', 'CSV')",
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM s3('http://localhost/x')",
    "SELECT * FROM remote('localhost', system.tables)",
    "SELECT * FROM merge('.*')",
    "SELECT * FROM view(SELECT 1)",
    "SELECT * FROM cluster('c', 'system', 'tables')",
    "SELECT * FROM calls JOIN numbers(3) AS n ON true",
    "SELECT * FROM calls WHERE id IN (SELECT name FROM system.users)",
    "SELECT (SELECT count() FROM system.tables)",
    "WITH x AS (SELECT * FROM system.tables) SELECT * FROM x",
    "WITH calls AS (SELECT 1) SELECT * FROM calls",
    "WITH triptych_schema AS (SELECT 1) SELECT * FROM triptych_schema",
    "SELECT * FROM (WITH elsewhere AS (SELECT 1) SELECT * FROM elsewhere) AS e, elsewhere",
    "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
    "WITH a AS (SELECT * FROM a) SELECT * FROM a",
    "SELECT id IN items FROM calls",
    "SELECT id FROM calls WHERE id IN (items)",
    "SELECT id FROM calls WHERE id NOT IN ((items))",
    "SELECT id FROM calls WHERE id GLOBAL IN items",
    "SELECT id FROM calls WHERE id IN (system.tables)",
    "SELECT `in`(id, items) FROM calls",
    "SELECT notIn(id, items) FROM calls",
    "SELECT globalNotNullIn(id, items) FROM calls",
    "SELECT file('/etc/passwd')",
    "SELECT FILE('/etc/passwd')",
    "SELECT `file`('/etc/passwd')",
    "SELECT dictGet('d', 'a', 1)",
    "SELECT dictGetOrDefault('d', 'a', 1, 2)",
    "SELECT joinGet('j', 'a', 1)",
    "SELECT hasColumnInTable('system', 'tables', 'name')",
    "SELECT getSetting('max_threads')",
    "SELECT getMacro('x')",
    "SELECT sleep(3)",
    "SELECT sleepEachRow(1) FROM calls",
    "SELECT hostName()",
    "SELECT version()",
    "SELECT currentUser()",
    "SELECT aiGenerate('x')",
    "SELECT * FROM calls SETTINGS max_threads = 1",
    "SELECT * FROM calls SETTINGS additional_table_filters = {}",
    "SELECT * FROM calls FORMAT JSON",
    "SELECT * FROM calls FINAL",
    "SELECT * FROM calls SAMPLE 0.1",
    "SELECT * FROM calls PREWHERE id = '1'",
    "SELECT * FROM calls LATERAL VIEW explode(tags) t AS tag",
    "SELECT * FROM VALUES('a String', ('1'))",
    "INSERT INTO calls SELECT * FROM calls",
    "INSERT INTO FUNCTION file('/tmp/x') SELECT 1",
    "DROP TABLE calls",
    "TRUNCATE TABLE calls",
    "ALTER TABLE calls DELETE WHERE 1",
    "CREATE TABLE x (a String) ENGINE = Memory",
    "DESCRIBE TABLE calls",
    "SHOW TABLES",
    "EXPLAIN SELECT 1",
    "SET max_threads = 1",
    "USE system",
    "KILL QUERY WHERE 1",
    "SYSTEM SHUTDOWN",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_refused(sql: str) -> None:
    try:
        query = tree(sql)
    except sqlglot.ParseError:
        return  # refused even earlier
    with pytest.raises(RefusedQuery):
        printed(query)


RAW = [
    exp.select(exp.Column(this="id FROM system.tables --")).from_("calls"),
    exp.select(exp.Literal(this="1; DROP TABLE calls", is_string=False)),
    exp.select(exp.Var(this="x FROM system.tables")),
    exp.select(exp.Anonymous(this="f(1), file", expressions=[])),
    exp.select(exp.column("a`b")).from_("calls"),
    exp.select(exp.column('a"b')).from_("calls"),
    exp.select(exp.column("a\\")).from_("calls"),
    exp.select(exp.Placeholder(this="x:String} FROM system.tables WHERE {y")),
    exp.select("id").from_(exp.Table(this="calls, system.tables")),
    exp.select(
        exp.Cast(this=exp.column("id"), to=exp.DataType(this=exp.DataType.Type.USERDEFINED, kind="x)"))
    ),
    exp.select(exp.Interval(this=exp.Literal.number(1), unit=exp.Var(this="DAY) FROM system.tables"))),
    exp.select("id").from_(exp.Anonymous(this="numbers", expressions=[])),
    exp.Command(this="SYSTEM", expression=exp.Literal.string("SHUTDOWN")),
]


@pytest.mark.parametrize("query", RAW, ids=[str(n) for n in range(len(RAW))])
def test_text_in_a_tree_is_not_printed(query: Any) -> None:
    with pytest.raises(RefusedQuery):
        printed(query, x="1")


def test_no_function_of_sqlglots_own_prints_a_forbidden_one() -> None:
    """Its classes have names of their own: CurrentVersion prints as VERSION()."""
    printed_ones = 0
    for kind in [
        kind for kind in vars(exp).values() if isinstance(kind, type) and issubclass(kind, exp.Func)
    ]:
        arguments = {key: exp.column("id") for key, needed in kind.arg_types.items() if needed}
        try:
            text = printed(exp.select(kind(**arguments)).from_("calls"))
        except Exception:  # noqa: BLE001 - refused, or no such thing in this dialect
            continue
        printed_ones += 1
        names = re.findall(r"\b([A-Za-z_]\w*)\(", text)
        assert [name for name in names if _FORBIDDEN_FUNCTIONS.fullmatch(name)] == [], text
    assert printed_ones > 200


def test_comments_are_not_printed() -> None:
    query = tree("SELECT id FROM calls")
    query.add_comments(["*/ UNION ALL SELECT name FROM system.tables /*"])
    assert "system" not in printed(query)


def test_placeholders_and_values_pair_up() -> None:
    with pytest.raises(ValueError, match="no value for the placeholder 'x'"):
        printed("SELECT {x:String}")
    with pytest.raises(ValueError, match="no placeholder for the value y"):
        printed("SELECT {x:String}", x=1, y=2)
    with pytest.raises(ValueError, match="no name"):
        printed("SELECT 1", triptych_account=THEIRS)
    with pytest.raises(ValueError, match="no name"):
        printed("SELECT 1", **{"x y": 1})


def test_a_tree_cannot_bring_its_own_account() -> None:
    text, bound = compile_query(
        tree("SELECT {triptych_account:String} FROM calls"), {}, account=MINE, region=None, tables=TABLES
    )
    assert bound == {"triptych_account": MINE} and "{triptych_account: String}" in text


def test_whole_numbers_as_digits() -> None:
    values = {"a": -(2**63), "b": 2**64 - 1, "c": True, "d": "{a: Int64}", "e": [1]}
    text, bound = compile_query(
        tree("SELECT {a:Int64} - {b:Int64}, {c:Bool}, {d:String}, {e:Array(Int64)}, {a:Int64}"),
        values, account=MINE, region=None, tables=TABLES,
    )  # fmt: skip
    text, left = with_numbers(text, bound)
    assert text == (
        "SELECT -9223372036854775808 - 18446744073709551615, {c: Bool}, {d: String}, {e: Array(Int64)},"
        " -9223372036854775808"
    )
    assert left == {name: value for name, value in bound.items() if name not in "ab"}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("", "String"),
        (True, "Bool"),
        (0, "Int64"),
        (-(2**63), "Int64"),
        (2**64 - 1, "UInt64"),
        (1.5, "Float64"),
        (datetime(2026, 1, 1, tzinfo=UTC), "DateTime64(3, 'UTC')"),
        (datetime(2026, 1, 1, microsecond=1, tzinfo=UTC), "DateTime64(6, 'UTC')"),
        ([], "Array(Nothing)"),
        (["a"], "Array(String)"),
        ((1, 2), "Array(Int64)"),
        ([1, 2.5], "Array(Float64)"),
        ([["a"], ["b"]], "Array(Array(String))"),
    ],
)
def test_kinds(value: object, kind: str) -> None:
    assert kind_of(value) == kind


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"x",
        {"a": 1},
        {1},
        object(),
        2**64,
        -(2**63) - 1,
        datetime(2026, 1, 1),  # noqa: DTZ001 - naive on purpose
        [1, "a"],
        [None],
        "\ud800",
    ],
)
def test_values_without_a_kind(value: object) -> None:
    with pytest.raises(ValueError):
        kind_of(value)


NASTY = st.text(
    st.one_of(st.sampled_from("'\"\\`{}[]():;,%-/*#$\n\r\t\0 "), st.characters(exclude_categories=["Cs"])),
    max_size=30,
)
TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2299, 1, 1))  # noqa: DTZ001 - the zone comes later
VALUES = st.one_of(
    NASTY,
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False),
    st.booleans(),
    st.lists(NASTY, max_size=4),
    TIMES.map(lambda time: time.replace(tzinfo=UTC)),
    TIMES.map(lambda time: time.replace(tzinfo=timezone(timedelta(hours=5.5)))),
)


def test_values_and_literals_come_back_unchanged(tmp_path: Path) -> None:
    """Whatever a value holds, the answer has one row, one column per expression and the value itself."""
    with asyncio.Runner() as runner:
        lake = runner.run(
            open_lake(path=tmp_path / "lake", tables=[CALLS], clock=SystemClock(), flush_seconds=0.0)
        )
        query = exp.select(
            exp.alias_(exp.Placeholder(this="value"), "v"),
            exp.alias_(exp.Array(expressions=[exp.Placeholder(this="value")]), "list"),
        )

        @settings(
            max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
        )
        @given(VALUES, NASTY)
        def examples(value: Any, literal: str) -> None:
            asked = query.select(exp.alias_(exp.Literal.string(literal), "literal"))
            rows = runner.run(lake.select(asked, {"value": value}, account=MINE, region=None))
            assert [list(row) for row in rows] == [["v", "list", "literal"]]
            assert rows[0]["v"] == value and rows[0]["list"] == [value]
            assert type(rows[0]["v"]) is type(value)
            assert rows[0]["literal"] == literal

        try:
            examples()
        finally:
            runner.run(lake.close())


async def test_infinities_bind(lake: ClickhouseLake) -> None:
    query = tree("SELECT {a:Float64} AS a, {b:Float64} AS b, {c:Float64} AS c")
    values = {"a": math.inf, "b": -math.inf, "c": math.nan}
    row = (await lake.select(query, values, account=MINE, region=None))[0]
    assert row["a"] == math.inf and row["b"] == -math.inf and math.isnan(row["c"])


@settings(max_examples=100, deadline=None)
@given(NASTY)
def test_any_name_is_quoted_or_refused(name: str) -> None:
    query = exp.select(exp.alias_(exp.column("id"), exp.to_identifier(name, quoted=True))).from_("calls")
    try:
        text = printed(query)
    except RefusedQuery:
        return
    again = sqlglot.parse_one(text, read="clickhouse")
    assert isinstance(again, exp.Select) and [column.alias for column in again.selects] == [name]
