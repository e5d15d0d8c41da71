"""Opens the control store: database, migrations, recovery after a crash."""

from __future__ import annotations

import asyncio
from typing import Literal

import structlog

from triptych.control.database import open_database
from triptych.control.holder import own_name
from triptych.control.sql_store import SqlStore
from triptych.kernel.clock import Clock
from triptych.kernel.ids import Ids

log = structlog.get_logger()


async def open_store(
    url: str, *, sync: Literal["full", "normal"], clock: Clock, ids: Ids | None = None
) -> SqlStore:
    """The control store at a SQLAlchemy URL (``sqlite:///path``, ``postgresql://user:password@host/database``).

    :param sync: SQLite only; ``full`` survives power loss, ``normal`` survives the process only.
    Raises StoreUnavailable, with what to do about it.
    """
    ids = ids or Ids()
    database = await asyncio.to_thread(open_database, url, sync=sync)
    store = SqlStore(database, clock=clock, ids=ids, holder=own_name(ids.text(8)))
    try:
        waiting_again = await store.recover()
    except BaseException:
        await store.close()
        raise
    if waiting_again:
        log.info("jobs_interrupted", jobs=waiting_again)
    return store
