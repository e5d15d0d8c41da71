"""INSERT ... ON CONFLICT, which both databases have, but SQLAlchemy in each dialect for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection


class Upsert:
    """One statement, built once for each dialect: building it takes longer than running it.

    :param refine: gets the dialect's INSERT and adds the ON CONFLICT clause.
    """

    def __init__(self, table: sa.Table, refine: Callable[[Any], Any]) -> None:
        # The rowcount says what was written, which SQLAlchemy keeps for an INSERT only when asked.
        self._statements = {
            name: refine(insert(table)).execution_options(preserve_rowcount=True)
            for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
        }

    def run(self, connection: Connection, rows: dict[str, Any] | list[dict[str, Any]]) -> int:
        """Execute for one row or several; the number of rows written."""
        result: sa.CursorResult[Any] = connection.execute(self._statements[connection.dialect.name], rows)
        return result.rowcount
