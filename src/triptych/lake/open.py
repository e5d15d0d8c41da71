"""Opens the lake: engine, migrations, writer, under the face everybody else knows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from sqlglot import exp

from triptych.kernel import limits
from triptych.kernel.clock import Clock
from triptych.kernel.ids import Ids
from triptych.lake.ddl import checked, with_indexes
from triptych.lake.engine import Engine, open_engine
from triptych.lake.migrate import Migration, Step, migrate
from triptych.lake.sql import Fixed, bound_values, compile_delete, compile_query, kind_of, with_numbers
from triptych.lake.table import Table
from triptych.lake.writer import Writer, Wrote


class _Compiled(NamedTuple):
    text: str
    settings: Mapping[str, Any]


_FEW_OF_MANY: dict[str, Any] = {"optimize_move_to_prewhere": 0}
"""For queries of tables that are ``few_of_many``. To decide which condition is looked at first the engine would read
statistics of every part, a quarter of such a query's time, and then save nothing: the key finds the pieces."""


class ClickhouseLake:
    """``Lake`` on ClickHouse, embedded or remote.

    :ivar steps: the migrations this opening applied.
    """

    def __init__(
        self, engine: Engine, tables: Mapping[str, Table], writer: Writer, steps: Sequence[Step]
    ) -> None:
        self._engine = engine
        self._tables = tables
        self._writer = writer
        self._fixed: dict[tuple[Any, ...], _Compiled] = {}
        self.steps = tuple(steps)

    async def write(
        self, table: Table, rows: Sequence[Mapping[str, Any]] | pa.Table, *, token: str = ""
    ) -> None:
        """See ``Lake.write``. A token is remembered for the table's last ``limits.LAKE_REPLAY_INSERTS`` inserts.

        Raises ValueError for a table that was not declared and for rows that do not fit it.
        """
        if self._tables.get(table.name) != table:
            raise ValueError(f"the lake was not opened with this table: {table.name}")
        await self._writer.write(table, rows, token)

    async def select(
        self,
        query: exp.Query | Fixed,
        values: Mapping[str, Any] | None = None,
        *,
        account: str,
        region: str | None,
        called: str = "",
    ) -> list[dict[str, Any]]:
        """See ``Lake.select``. Points in time come back as aware UTC datetimes.

        Raises ValueError for a tree that ``sql.compile_query`` refuses and TooMuch at ``limits.LAKE_SELECT_*``.
        """
        compiled = self._compiled(query, values or {}, account=account, region=region)
        text, bound = compiled.text, bound_values(values or {}, account=account, region=region)
        if isinstance(query, Fixed) and query.narrow:
            text, bound = with_numbers(text, bound)
        answer = await self._engine.read(text, bound, compiled.settings, called)
        return [dict(zip(answer.columns, map(_utc, row), strict=True)) for row in answer.rows]

    async def rows_read(self, called: str) -> int:
        """See ``Lake.rows_read``."""
        return await self._engine.rows_read(called)

    def _compiled(
        self, query: exp.Query | Fixed, values: Mapping[str, Any], *, account: str, region: str | None
    ) -> _Compiled:
        """The query as the engine wants it; a fixed one is kept, for each set of kinds its values have."""
        kinds = tuple((name, kind_of(values[name])) for name in sorted(values))
        key = (query, region is None, kinds)
        if isinstance(query, Fixed) and (known := self._fixed.get(key)) is not None:
            return known
        tree = query.tree if isinstance(query, Fixed) else query
        text, _ = compile_query(tree, values, account=account, region=region, tables=self._tables)
        read = [self._tables[each.name] for each in tree.find_all(exp.Table) if each.name in self._tables]
        settings = _FEW_OF_MANY if all(table.few_of_many for table in read) else {}
        if isinstance(query, Fixed) and query.narrow:
            settings = settings | {"max_threads": 1}
        compiled = _Compiled(text, settings)
        if isinstance(query, Fixed):
            if len(self._fixed) >= limits.LAKE_FIXED_QUERIES:
                self._fixed.clear()  # what is asked again is soon printed again
            self._fixed[key] = compiled
        return compiled

    async def delete(
        self,
        table: Table,
        where: exp.Condition,
        values: Mapping[str, Any] | None = None,
        *,
        account: str,
        region: str,
    ) -> None:
        """See ``Lake.delete``. Raises ValueError for a table that was not declared or a refused condition."""
        if self._tables.get(table.name) != table:
            raise ValueError(f"the lake was not opened with this table: {table.name}")
        text, bound = compile_delete(table.name, where, values or {}, account=account, region=region)
        await self._engine.command(text, bound)

    async def close(self) -> None:
        """Write what is queued and let the engine go."""
        await self._writer.close()
        await self._engine.close()


def _utc(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not UTC:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value


async def open_lake(
    *,
    path: Path | None,
    url: str = "",
    tables: Sequence[Table],
    clock: Clock,
    flush_seconds: float,
    migrations: Sequence[Migration] = (),
    fsync: bool = False,
    optional_indexes: bool = False,
    cache_bytes: int = 0,
    wrote: Wrote | None = None,
) -> ClickhouseLake:
    """The lake in a directory (``path``) or on a server (``url``); exactly one of the two.

    :param flush_seconds: see ``Writer``.
    :param fsync: whether an acknowledged write survives a power cut, not only the death of the process.
    :param optional_indexes: whether tables have the indexes that are ``optional``; each opening decides anew.
    :param cache_bytes: see ``open_engine``.
    :param wrote: told of every insert (table, rows), for metrics.
    Raises LakeUnavailable, SchemaMismatch, ValueError for declarations that cannot be right.
    """
    if (path is None) == (not url):
        raise ValueError("a lake has a path or a URL")
    declared = checked(tables)
    engine = await asyncio.to_thread(open_engine, path, url, cache_bytes=cache_bytes)
    try:
        made = [with_indexes(table, optional=optional_indexes) for table in declared.values()]
        steps = await migrate(engine, made, migrations, clock=clock, fsync=fsync)
    except BaseException:
        await engine.close()
        raise
    writer = Writer(engine.insert, clock=clock, flush_seconds=flush_seconds, run=Ids().uuid(), wrote=wrote)
    return ClickhouseLake(engine, declared, writer, steps)
