"""Rows become columns of the declared kinds, or an error that names the column."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from triptych.lake.rows import from_columns, to_arrow
from triptych.lake.table import Column, Kind, Table

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def table(kind: Kind) -> Table:
    return Table(
        name="things",
        columns=(Column("account", "String"), Column("region", "String"), Column("x", kind)),
        order_by=("account", "region"),
    )


def row(value: Any) -> dict[str, Any]:
    return {"account": "1", "region": "r", "x": value}


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        ("String", "é\0'", "é\0'"),
        ("LowCardinality(String)", "", ""),
        ("UInt64", 2**64 - 1, 2**64 - 1),
        ("UInt32", 0, 0),
        ("UInt8", 255, 255),
        ("Int64", -(2**63), -(2**63)),
        ("Float64", 1, 1.0),
        ("Float64", float("inf"), float("inf")),
        ("Bool", True, True),
        ("Array(String)", ("a", ""), ["a", ""]),
        ("Array(Float64)", (1, 0.5), [1.0, 0.5]),
        ("Array(Float64)", [], []),
        ("Map(String, String)", {"b": "1", "a": "2"}, [("b", "1"), ("a", "2")]),
        ("Map(String, String)", {}, []),
        ("DateTime64(3, 'UTC')", NOON.replace(microsecond=1999), NOON.replace(microsecond=1000)),
    ],
)
def test_fits(kind: Kind, value: Any, stored: Any) -> None:
    assert to_arrow(table(kind), [row(value)]).column("x").to_pylist() == [stored]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("String", None), ("String", 1), ("String", b"x"), ("String", "\ud800"),
        ("LowCardinality(String)", 1.5),
        ("UInt64", -1), ("UInt64", 2**64), ("UInt64", "1"), ("UInt64", 1.5), ("UInt8", 256), ("UInt32", 2**32),
        ("Int64", 2**63), ("Float64", "1"), ("Float64", None), ("Bool", 1), ("Bool", "true"), ("Bool", None),
        ("DateTime64(3, 'UTC')", NOON.replace(tzinfo=None)), ("DateTime64(3, 'UTC')", 1.0),
        ("DateTime64(3, 'UTC')", None), ("DateTime64(3, 'UTC')", datetime(1899, 1, 1, tzinfo=UTC)),
        ("DateTime64(3, 'UTC')", datetime(2300, 1, 1, tzinfo=UTC)),
        ("Array(Float64)", ["1"]), ("Array(Float64)", [None]), ("Array(Float64)", 1.0),
        ("Array(String)", [1]), ("Array(String)", [None]), ("Array(String)", None),
        ("Map(String, String)", {"a": 1}), ("Map(String, String)", {"a": None}), ("Map(String, String)", None),
        ("Map(String, String)", [("a", "b")]),
    ],
)  # fmt: skip
def test_does_not_fit(kind: Kind, value: Any) -> None:
    with pytest.raises(ValueError, match=r"things\.x is "):
        to_arrow(table(kind), [row(value)])


def test_shapes() -> None:
    lacking = {"account": "1", "region": "r"}
    with pytest.raises(ValueError, match="a row lacks x"):
        to_arrow(table("String"), [row("a"), lacking])
    with pytest.raises(ValueError, match="a row lacks x"):
        to_arrow(table("String"), [lacking | {"y": "a"}])
    with pytest.raises(ValueError, match="no column y, z"):
        to_arrow(table("String"), [row("a") | {"z": 1, "y": 2}])


def test_columns_make_the_same_table_as_rows() -> None:
    noon = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
    table = Table(
        name="t",
        columns=(
            Column("account", "LowCardinality(String)"),
            Column("region", "LowCardinality(String)"),
            Column("time", "DateTime64(3, 'UTC')"),
            Column("seen", "DateTime64(3, 'UTC')"),
            Column("count", "UInt64"),
        ),
        order_by=("account", "region", "time"),
    )
    rows = [{"account": "a", "region": "r", "time": noon, "seen": noon, "count": count} for count in range(3)]
    columns = {
        "account": "a",
        "region": "r",
        "time": [int(noon.timestamp() * 1000)] * 3,
        "seen": noon,
        "count": [0, 1, 2],
    }
    assert from_columns(table, columns).equals(to_arrow(table, rows))
    as_arrays = columns | {"count": pa.array([0, 1, 2], pa.uint64())}
    assert from_columns(table, as_arrays).equals(to_arrow(table, rows))
    for wrong in (
        {"count": [0, 1]},
        {"count": pa.array([0, 1, 2], pa.uint32())},
        {"count": pa.array([0, None, 2], pa.uint64())},
        {"count": pa.array([0, 1], pa.uint64())},
        {"count": [0, 1, -1]},
        {"account": 1},
        {"account": ["a", None, "a"]},
        {"time": [0, 1, 10**15]},
        {"more": 1},
    ):
        with pytest.raises(ValueError):
            from_columns(table, columns | wrong)
