"""Rows of Python values -> Arrow columns by declared kinds; what the engine would bend silently is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from triptych.lake.table import Column, Kind, Table

_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(2299, 12, 31, tzinfo=UTC)
"""The range of DateTime64(3); the engine would clamp or wrap what lies outside."""


def to_arrow(table: Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """The rows as one Arrow table in the declared column order.

    Raises ValueError naming the column: missing, undeclared, of the wrong kind, None, a naive datetime.
    """
    width = len(table.columns)
    for row in rows:
        if len(row) != width:
            _refuse_shape(table, row)
    try:
        columns = [[row[column.name] for row in rows] for column in table.columns]
    except KeyError:
        for row in rows:
            _refuse_shape(table, row)
        raise  # pragma: no cover - one of the rows lacks a column
    arrays = [_array(table, column, values) for column, values in zip(table.columns, columns, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema(table))


def from_columns(table: Table, columns: Mapping[str, Any]) -> pa.Table:
    """The same from columns: for rows in thousands, where a dictionary for each costs more than the insert.

    :param columns: column name -> a list with a value for each row, or one value for all rows. A list of times may
        hold integers: milliseconds since 1970. At least one column is a list. Where even a list costs too much, an
        Arrow array of the column's type stands for it.
    Raises ValueError like ``to_arrow``.
    """
    _refuse_shape(table, columns)
    count = next(len(values) for values in columns.values() if isinstance(values, list | pa.Array))
    arrays = []
    for column in table.columns:
        values = columns[column.name]
        if isinstance(values, pa.Array):
            arrays.append(_checked(table, column, values))
        elif not isinstance(values, list):
            arrays.append(pa.repeat(_array(table, column, [values])[0], count))
        elif _TYPES[column.kind] == _MILLISECONDS and values and isinstance(values[0], int):
            arrays.append(_array(table, column, values, _instants))
        else:
            arrays.append(_array(table, column, values))
    return pa.Table.from_arrays(arrays, schema=schema(table))


def schema(table: Table) -> pa.Schema:
    return pa.schema([pa.field(column.name, _TYPES[column.kind], nullable=False) for column in table.columns])


def _refuse_shape(table: Table, row: Mapping[str, Any]) -> None:
    declared = {column.name for column in table.columns}
    if missing := sorted(declared - row.keys()):
        raise ValueError(f"{table.name}: a row lacks {', '.join(missing)}")
    if extra := sorted(row.keys() - declared):
        raise ValueError(f"{table.name} has no column {', '.join(extra)}")


def _array(
    table: Table,
    column: Column,
    values: list[Any],
    build: Callable[[list[Any], pa.DataType], pa.Array] | None = None,
) -> pa.Array:
    kind = _TYPES[column.kind]
    try:
        array = (build or _BUILD.get(column.kind, pa.array))(values, kind)
    except (TypeError, ValueError, AttributeError, OverflowError) as error:  # pyarrow's are ValueErrors too
        raise ValueError(f"{table.name}.{column.name} is {column.kind}: {error}") from error
    return _checked(table, column, array)


def _checked(table: Table, column: Column, array: pa.Array) -> pa.Array:
    if array.type != _TYPES[column.kind]:
        raise ValueError(f"{table.name}.{column.name} is {column.kind}, not {array.type}")
    if _nulls(array):
        raise ValueError(f"{table.name}.{column.name} is {column.kind}: None is not a value")
    return array


def _nulls(array: pa.Array) -> int:
    """Nulls at any depth; columns are not nullable and the engine would store the kind's default instead."""
    parts = [array]
    if pa.types.is_map(array.type):
        parts += [array.keys, array.items]
    elif pa.types.is_list(array.type):
        parts.append(array.values)
    return sum(int(part.null_count) for part in parts)


def _times(values: list[Any], _: pa.DataType) -> pa.Array:
    _only(values, datetime)
    if None in [value.tzinfo for value in values]:
        raise ValueError("an aware datetime is needed, not a naive one")
    if min(values) < _EARLIEST or max(values) > _LATEST:
        raise ValueError("a time is outside 1900 to 2299")
    # Cut, not rounded: a point in time never moves into the next period.
    return pa.array(values, pa.timestamp("us", tz="UTC")).cast(_TYPES["DateTime64(3, 'UTC')"], safe=False)


def _instants(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Milliseconds since 1970."""
    _only(values, int)
    if min(values) < _EARLIEST.timestamp() * 1000 or max(values) > _LATEST.timestamp() * 1000:
        raise ValueError("a time is outside 1900 to 2299")
    return pa.array(values, pa.int64()).cast(kind)


def _strings(values: list[Any], kind: pa.DataType) -> pa.Array:
    _only(values, str)  # pyarrow would take bytes for text
    return pa.array(values, kind)


def _integers(values: list[Any], kind: pa.DataType) -> pa.Array:
    _only(values, int)  # pyarrow would cut 1.5 to an unsigned 1
    return pa.array(values, kind)


def _floats(values: list[Any], kind: pa.DataType) -> pa.Array:
    _only(values, float, int)
    return pa.array([float(value) for value in values], kind)


def _only(values: list[Any], *wanted: type) -> None:
    """Only these types and subtypes, but a bool is no int; one pass in C over the values."""
    kinds = set(map(type, values))
    if others := [kind for kind in kinds if kind is bool or not issubclass(kind, wanted)]:
        found = ", ".join(sorted(other.__name__ for other in others))
        raise ValueError(f"{' or '.join(kind.__name__ for kind in wanted)} is needed, not {found}")


def _maps(values: list[Any], kind: pa.DataType) -> pa.Array:
    return pa.array([list(value.items()) for value in values], kind)


_MILLISECONDS = pa.timestamp("ms", tz="UTC")
_TYPES: Mapping[Kind, pa.DataType] = {
    "String": pa.string(),
    "LowCardinality(String)": pa.string(),
    "UInt64": pa.uint64(),
    "UInt32": pa.uint32(),
    "UInt8": pa.uint8(),
    "Int64": pa.int64(),
    "Float64": pa.float64(),
    "Bool": pa.bool_(),
    "DateTime64(3, 'UTC')": pa.timestamp("ms", tz="UTC"),
    "Array(String)": pa.list_(pa.string()),
    "Array(Float64)": pa.list_(pa.float64()),
    "Map(String, String)": pa.map_(pa.string(), pa.string()),
}
_BUILD: Mapping[Kind, Callable[[list[Any], pa.DataType], pa.Array]] = {
    "String": _strings,
    "LowCardinality(String)": _strings,
    "UInt64": _integers,
    "UInt32": _integers,
    "UInt8": _integers,
    "Int64": _integers,
    "Float64": _floats,
    "DateTime64(3, 'UTC')": _times,
    "Map(String, String)": _maps,
}
