"""The control store on either database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from control_kit import Backend
from postgres_kit import new_database


@pytest.fixture(params=["sqlite", "postgres"])
async def backend(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Backend]:
    """The control store's database, new and empty, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'control.db'}"
    else:
        url = new_database(
            request.getfixturevalue("postgres_url"), f"t{abs(hash(request.node.nodeid)):x}"[:32]
        )
    made = Backend(url, sqlite=request.param == "sqlite")
    with structlog.testing.capture_logs() as made.logs:
        yield made
        await made.close()
