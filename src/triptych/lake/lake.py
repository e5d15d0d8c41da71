"""The lake's face to everybody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pyarrow as pa
from sqlglot import exp

from triptych.lake.sql import Fixed
from triptych.lake.table import Table


class Lake(Protocol):
    async def write(
        self, table: Table, rows: Sequence[Mapping[str, Any]] | pa.Table, *, token: str = ""
    ) -> None:
        """Append rows (column name -> value; datetimes aware); durable when it returns.

        Rows in thousands are better handed over as columns: what ``lake.rows.from_columns`` makes.

        With a ``token`` the call is idempotent: the same token with the same rows is absorbed. Without one,
        rows of concurrent callers share an insert (group commit).
        """
        ...

    async def select(
        self,
        query: exp.Query | Fixed,
        values: Mapping[str, Any] | None = None,
        *,
        account: str,
        region: str | None,
        called: str = "",
    ) -> list[dict[str, Any]]:
        """Run a sqlglot tree whose user values are placeholders (``exp.Placeholder(this="name")``).

        Every table in the tree is restricted to ``account`` (and ``region``, unless None: all regions).

        :param called: a name of its own, for ``rows_read``.
        """
        ...

    async def rows_read(self, called: str) -> int:
        """How many rows the ``select`` of that name has read so far; 0 before it has begun and when it is over."""
        ...

    async def delete(
        self,
        table: Table,
        where: exp.Condition,
        values: Mapping[str, Any] | None = None,
        *,
        account: str,
        region: str,
    ) -> None:
        """Remove the rows of an account and region that ``where`` (a tree as for ``select``) is true of.

        Gone for every later ``select`` when it returns; the space is given back when the engine merges. For
        retention and removals in bulk, not for single rows: it may rewrite files.
        """
        ...

    async def close(self) -> None: ...
