"""What the control store's tests share: a database that stores open and die on, facts and jobs to stage."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, MutableMapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from triptych.control.collection import Collection
from triptych.control.open import open_store
from triptych.control.sql_store import SqlStore
from triptych.control.store import Job
from triptych.kernel import limits
from triptych.kernel.fact import Fact
from triptych.kernel.ids import Ids
from triptych.testing.clock import SimClock

START = datetime(2024, 5, 17, 12, tzinfo=UTC)


class Thing(msgspec.Struct, frozen=True):
    size: int
    color: str | None = None


THINGS = Collection(name="test.things", type=Thing, indexes={"color": lambda thing: thing.color})
ACCOUNTS = Collection(name="test.accounts", type=Thing, scope="account")
WORLD = Collection(name="test.world", type=Thing, scope="global")

HERE = {"account": "111111111111", "region": "eu-west-1"}


class Backend:
    """One database; ``crash`` ends a store as ``kill -9`` would, as far as one process can."""

    def __init__(self, url: str, *, sqlite: bool) -> None:
        self.url = url
        self.sqlite = sqlite
        self.logs: Sequence[MutableMapping[str, Any]] = []
        self.clock = SimClock(START)
        self.ids = Ids(random.Random(7))
        self._alive: dict[SqlStore, Callable[[], None]] = {}

    async def open(self) -> SqlStore:
        store = await open_store(self.url, sync="normal", clock=self.clock, ids=self.ids)
        self._alive[store] = self.clock.attend(lambda: store.busy)
        return store

    async def crash(self, store: SqlStore) -> None:
        """No goodbye: leases, claims and cursors stay as they are. Later commits of the dead store fail."""
        self._alive.pop(store)()
        if store.leases._keeper is not None:
            store.leases._keeper.cancel()
        store.writer._closed = True
        store.writer._queue.put(None)
        store.writer._thread.join()
        store._readers.shutdown()
        store._database.close()

    async def reopen(self, store: SqlStore) -> SqlStore:
        """Crash and start again. On PostgreSQL the dead one is known as dead only when its time is up,
        because here it is the same process."""
        await self.crash(store)
        if not self.sqlite:
            await self.clock.advance(limits.LEASE_SECONDS + 1)
        return await self.open()

    async def close(self) -> None:
        for store in self._alive:
            await store.close()
        self._alive.clear()

    def fact(self, name: str = "", *, kind: str = "ApiCall", **more: Any) -> Fact:
        given = {"account": "111111111111", "region": "eu-west-1", "body": {"name": name}, **more}
        return Fact(id=name or self.ids.uuid(), kind=kind, time=self.clock.now(), subject=name, **given)  # type: ignore[arg-type]

    def job(self, name: str = "", *, kind: str = "test.work", key: str = "", **more: Any) -> Job:
        given = {"run_at": self.clock.now(), "body": {"name": name}, **more}
        return Job(
            id=name or self.ids.uuid(),
            kind=kind,
            account="111111111111",
            region="eu-west-1",
            key=key,
            **given,
        )


async def put(store: SqlStore, key: str, thing: Thing) -> None:
    unit = store.unit()
    unit.put(THINGS, key, thing, **HERE)
    await unit.commit()


async def stage(store: SqlStore, *staged: Fact | Job) -> None:
    """Facts and jobs in one commit."""
    unit = store.unit()
    for each in staged:
        if isinstance(each, Fact):
            unit.fact(each)
        else:
            unit.job(each)
    await unit.commit()


async def names(store: SqlStore) -> list[str]:
    """The outbox."""
    return [fact.subject for fact in await store.facts_after(0, limit=100_000)]


async def turns(count: int = 30) -> None:
    """Let the other tasks of the loop run for a while; no time passes."""
    for _ in range(count):
        await asyncio.sleep(0)
