"""Leases: at most one holder of a name, for as long as it lives; whoever holds leases renews them all together.

A lease keeps two processes from doing the same background work; it does not replace a check at the commit (a
holder that was asleep too long finds out only there).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from triptych.control.schema import LEASE, micros
from triptych.control.upsert import Upsert
from triptych.control.writer import Step
from triptych.kernel import limits
from triptych.kernel.clock import Clock

log = structlog.get_logger()

R = TypeVar("R")


class Room(Protocol):
    """What leases need of their store."""

    holder: str

    async def write(self, step: Step[R], *, announces: frozenset[str] = ...) -> R: ...


class Leases:
    """The leases of one store; a task renews them from the first one on."""

    def __init__(self, room: Room, clock: Clock) -> None:
        self._room = room
        self._clock = clock
        self._until: dict[str, int] = {}
        self._keeper: asyncio.Task[None] | None = None

    async def acquire(self, name: str) -> bool:
        """Take the lease, or keep it; False while somebody else has it."""
        now = micros(self._clock.now())
        until = now + _LEASE
        taken = await self._room.write(lambda c: _take(c, name, self._room.holder, now, until))
        if taken:
            self._until[name] = until
            if self._keeper is None:
                self._keeper = asyncio.create_task(self._keep(), name="control-leases")
        else:
            self._until.pop(name, None)
        return taken

    def holds(self, name: str) -> bool:
        """Whether the lease is ours and has not run out, as far as we know."""
        return self._until.get(name, 0) > micros(self._clock.now())

    async def release(self, name: str) -> None:
        """Let the next one have it at once."""
        self._until.pop(name, None)
        await self._room.write(lambda c: _give(c, name, self._room.holder))

    async def close(self) -> None:
        """Release everything."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        for name in list(self._until):
            await self.release(name)

    async def renew(self) -> None:
        """Extend every lease that is still ours; the others are forgotten."""
        until = micros(self._clock.now()) + _LEASE
        kept = await self._room.write(lambda c: _extend(c, self._room.holder, until))
        for name in list(self._until):
            if name in kept:
                self._until[name] = until
            else:
                del self._until[name]
                log.warning("lease_lost", lease=name)

    async def _keep(self) -> None:
        while True:
            await self._clock.sleep(limits.LEASE_SECONDS / 3)
            if not self._until:
                continue
            try:
                await self.renew()
            except Exception:  # a database that is away for a moment; the lease runs out by itself
                log.exception("lease_renewal_failed")


_LEASE = timedelta(seconds=limits.LEASE_SECONDS) // timedelta(microseconds=1)


_TAKE = Upsert(
    LEASE,
    lambda insert: insert.on_conflict_do_update(
        index_elements=[LEASE.c.name],
        set_={"holder": insert.excluded.holder, "until": insert.excluded.until},
        where=sa.or_(LEASE.c.holder == insert.excluded.holder, LEASE.c.until <= sa.bindparam("now")),
    ),
)


def _take(connection: Connection, name: str, holder: str, now: int, until: int) -> bool:
    row = {"name": name, "holder": holder, "until": until, "now": now}
    return bool(_TAKE.run(connection, row))


def _give(connection: Connection, name: str, holder: str) -> None:
    connection.execute(sa.delete(LEASE).where(LEASE.c.name == name, LEASE.c.holder == holder))


def _extend(connection: Connection, holder: str, until: int) -> frozenset[str]:
    connection.execute(sa.update(LEASE).where(LEASE.c.holder == holder).values(until=until))
    return frozenset(connection.execute(sa.select(LEASE.c.name).where(LEASE.c.holder == holder)).scalars())


def drop_stale(connection: Connection, is_gone: Callable[[str], bool]) -> int:
    """End the leases of holders that are gone; their number."""
    holders = connection.execute(sa.select(LEASE.c.holder).distinct()).scalars()
    gone = [holder for holder in holders if is_gone(holder)]
    if not gone:
        return 0
    return connection.execute(sa.delete(LEASE).where(LEASE.c.holder.in_(gone))).rowcount
