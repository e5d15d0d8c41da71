"""Lake tables declared as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "String", "LowCardinality(String)", "UInt64", "UInt32", "UInt8", "Int64", "Float64", "Bool",
    "DateTime64(3, 'UTC')", "Array(String)", "Array(Float64)", "Map(String, String)",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind
    codec: str = ""
    """ClickHouse codec, e.g. ``Delta, ZSTD(1)``; empty: the engine's choice. Said when the column is made; one that is
    there keeps what it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A skip index: what lets a search pass over pieces of a part. Only merges build it (``engine``), so parts that
    were never merged, and those older than the index, are searched as if there were none.

    :param kind: ClickHouse's type with its arguments, e.g. ``ngrambf_v1(4, 32768, 1, 0)``.
    :param expression: what it is over, usually a column's name.
    :param optional: there only where the lake is opened with ``optional_indexes``.
    """

    name: str
    expression: str
    kind: str
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """Sums of a table's rows, which the engine keeps beside them and reads in their place where a query asks for
    nothing else. Only merges make it (``engine``): of parts that were never merged the rows themselves are read.

    :param by: columns and expressions, as the engine spells them (``migrate`` compares); a query's conditions and
        groups are of these.
    :param sums: aggregates, e.g. ``count()``, spelled likewise.
    """

    name: str
    by: tuple[str, ...]
    sums: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table; every table has ``account`` and ``region`` columns, first in its order.

    :param name: ``<service>_<plural noun>``.
    :param order_by: sorting key; starts with account, region.
    :param partition_by: an expression, usually ``toYYYYMM(time)``.
    :param ttl: an expression such as ``toDateTime(time) + INTERVAL 90 DAY``; empty: kept. All that ClickHouse's
        TTL clause takes, so also ``... GROUP BY <prefix of order_by> SET column = <aggregate>`` for a roll-up.
    :param few_of_many: whether its queries look for few rows among very many. Then a part of up to a gigabyte is one
        file and is read in pieces of 1,024 rows. Said when the table is made; one that is there keeps its layout.
    """

    name: str
    columns: tuple[Column, ...]
    order_by: tuple[str, ...]
    partition_by: str = ""
    ttl: str = ""
    few_of_many: bool = False
    indexes: tuple[Index, ...] = ()
    projections: tuple[Projection, ...] = ()
