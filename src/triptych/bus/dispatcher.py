"""The dispatcher: facts from the outbox to the reactions, each in commit order, at least once.

A reaction has a cursor, and one process runs it (a lease). What it stages is committed with the cursor, so
control state changes exactly once; before it is handed a batch, where the batch ends is written down, so that
after a crash the same facts come under the same token and the lake absorbs the repeat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from triptych.bus.batch import Batch
from triptych.control import outbox
from triptych.control.outbox import Cursor
from triptych.control.sql_store import SqlStore
from triptych.control.store import Conflict, Unit
from triptych.control.unit import SqlUnit
from triptych.jobs.bell import Bell
from triptych.kernel import limits
from triptych.kernel.clock import Clock
from triptych.kernel.errors import Defect
from triptych.kernel.fact import Fact
from triptych.kernel.ids import Ids
from triptych.lake.engine import LakeUnavailable, passing

log = structlog.get_logger()

_POLL_SECONDS = 1.0
"""How often to look for facts of other processes; our own commits ring the bell."""
_FIRST_PAUSE_SECONDS = 0.05
_ATTEMPTS_ALONE = 2
"""Tries of a fact on its own: the batch it was in has failed many times by then."""
_PRUNE_SECONDS = 60.0
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """Who wants facts of which kinds.

    :param run: is handed a unit; the dispatcher commits it together with the cursor.
    :param stable: whether a batch must keep its boundaries across a crash. False saves a commit for every
        batch; only for reactions that do not use ``batch.token``.
    :param from_start: a reaction new to a store that has facts begins with the oldest kept, or with what comes.
    :param pace_seconds: the least time between two batches while it keeps up: under load batches grow instead of
        becoming many. The first after a quiet moment is handed over at once; what rings nobody comes once a second.
    """

    name: str
    kinds: frozenset[str]
    run: Callable[[Unit, Batch], Awaitable[None]]
    stable: bool = True
    from_start: bool = True
    pace_seconds: float = 0.0


class Lag(NamedTuple):
    """How far a reaction is behind: outbox positions, and the age of the oldest fact it has not passed."""

    facts: int
    seconds: float


def is_outage(error: Exception) -> bool:
    """Whether a failure says nothing about the facts: a store or a network that is away comes back."""
    if isinstance(error, sa.exc.DBAPIError):
        return error.connection_invalidated or isinstance(error, sa.exc.OperationalError)
    return isinstance(error, OSError | LakeUnavailable) or passing(error)


class Dispatcher:
    """Runs the reactions until stopped, one task each.

    :ivar handled: reaction -> facts it took; :ivar failures: failed runs; :ivar dead: facts given up.
    """

    def __init__(
        self,
        store: SqlStore,
        reactions: Sequence[Reaction],
        *,
        clock: Clock,
        ids: Ids,
        stop_seconds: float = _STOP_SECONDS,
    ) -> None:
        if len({reaction.name for reaction in reactions}) != len(reactions):
            raise Defect("two reactions have the same name")
        self._store = store
        self._clock = clock
        self._stop_seconds = stop_seconds
        self._progress = asyncio.Event()
        self._lanes = [_Lane(store, r, clock, ids, self._progress.set) for r in reactions]
        self._tasks: list[asyncio.Task[None]] = []
        self._pruner: asyncio.Task[None] | None = None
        self._unlisten: Callable[[], None] | None = None

    @property
    def handled(self) -> dict[str, int]:
        return {lane.reaction.name: lane.handled for lane in self._lanes}

    @property
    def failures(self) -> dict[str, int]:
        return {lane.reaction.name: lane.failures for lane in self._lanes}

    @property
    def dead(self) -> dict[str, int]:
        return {lane.reaction.name: lane.dead for lane in self._lanes}

    async def lag(self) -> dict[str, Lag]:
        """Reaction -> how far it is behind."""
        now = self._clock.now()

        def measure(connection: Connection) -> dict[str, Lag]:
            head = outbox.head(connection)
            found = {}
            for lane in self._lanes:
                oldest = outbox.time_of_next(connection, lane.at)
                seconds = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
                found[lane.reaction.name] = Lag(max(0, head - lane.at), seconds)
            return found

        return await self._store.read(measure)

    async def start(self) -> None:
        if self._tasks:
            raise Defect("the dispatcher is started already")
        self._unlisten = self._store.on_commit(self._hear)
        for lane in self._lanes:
            lane.stopping = False
            lane.bell.ring()
            self._tasks.append(asyncio.create_task(lane.serve(), name=f"reaction-{lane.reaction.name}"))
        self._pruner = asyncio.create_task(self._prune(), name="outbox-prune")

    async def stop(self) -> None:
        """Let every reaction finish its batch, but not for longer than ``stop_seconds``."""
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        for lane in self._lanes:
            lane.stopping = True
        self._ring()
        late = asyncio.ensure_future(self._clock.sleep(self._stop_seconds))
        while not late.done() and (left := {task for task in self._tasks if not task.done()}):
            await asyncio.wait({late, *left}, return_when=asyncio.FIRST_COMPLETED)
        ending = [late, *self._tasks, *([self._pruner] if self._pruner else [])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        self._tasks, self._pruner = [], None

    async def drain(self) -> None:
        """Until every reaction is at the head; one that is not started does its work here.

        Raises Defect when somebody else holds a reaction's lease.
        """
        while True:
            # Before the head: what a lane told on its way to where it stands is then below the head we compare with.
            reached = [lane.at for lane in self._lanes]
            head = await self._store.head()
            behind = [lane for lane, at in zip(self._lanes, reached, strict=True) if at < head]
            if not behind:
                return
            if self._tasks:
                self._progress.clear()
                self._ring()
                await self._progress.wait()
                continue
            for lane in behind:
                if not await lane.lead():
                    raise Defect(f"{lane.reaction.name} is run by somebody else")
                while await lane.round():
                    pass

    def _hear(self, announced: frozenset[str]) -> None:
        """Wake those who asked for what was committed; the others pass it by when they next look."""
        for lane in self._lanes:
            if lane.reaction.kinds & announced:
                lane.bell.ring()

    def _ring(self) -> None:
        for lane in self._lanes:
            lane.bell.ring()

    async def _prune(self) -> None:
        while True:
            await self._clock.sleep(_PRUNE_SECONDS)
            try:
                await self._store.prune([lane.reaction.name for lane in self._lanes])
            except Exception:
                log.exception("outbox_prune_failed")


class _Lane:
    """One reaction on its way through the outbox.

    :ivar at: everything up to here is done or of no interest; the stored cursor may be behind it, because
        facts of other kinds are passed without writing that down each time.
    """

    def __init__(
        self,
        store: SqlStore,
        reaction: Reaction,
        clock: Clock,
        ids: Ids,
        progressed: Callable[[], None],
    ) -> None:
        self.reaction = reaction
        self.bell = Bell(clock)
        self.stopping = False
        self.at = 0
        self.handled = self.failures = self.dead = 0
        self._store = store
        self._clock = clock
        self._ids = ids
        self._progressed = progressed
        self._caught_up = False
        """Whether the last batch was all there was when it was read."""
        self._cursor: Cursor | None = None
        self._attempts = 0
        self._troubles = 0
        self._alone_until = 0
        """Facts up to here are handed over one by one: together they failed too often."""

    @property
    def _lease(self) -> str:
        return f"reaction:{self.reaction.name}"

    async def lead(self) -> bool:
        """Hold the lease, taking it if need be."""
        if self._store.leases.holds(self._lease):
            return True
        self._cursor = None
        self._alone_until = 0
        return await self._store.leases.acquire(self._lease)

    async def serve(self) -> None:
        while not self.stopping:
            self.bell.silence()
            try:
                worked = await self.lead() and await self.round()
            except Exception:  # the database is away for a moment
                log.exception("reaction_stalled", reaction=self.reaction.name)
                self._cursor = None
                worked = False
            if not worked:
                self._progressed()
                await self.bell.wait(_POLL_SECONDS)
            elif self._caught_up:
                await self._clock.sleep(self.reaction.pace_seconds)
                # What rang since is there at once; what was committed without ringing gathers until the next look.
                await self.bell.wait(_POLL_SECONDS)
        if self._cursor is not None and self._store.leases.holds(self._lease):
            await self._write_down()
            await self._store.leases.release(self._lease)

    async def round(self) -> bool:
        """Hand over the next batch; False when there is none."""
        if self._cursor is None:
            await self._find()
        facts = await self._next()
        if not facts:
            return False
        try:
            await self._hand_over(facts)
        except Conflict:
            self._caught_up = False
            await self._conflicted()
        except Exception as error:  # noqa: BLE001 - a reaction's failure is logged, counted and tried again
            self._caught_up = False
            await self._failed(facts, error)
        else:
            self._attempts = self._troubles = 0
            self.handled += len(facts)
            self._progressed()
        return True

    async def _find(self) -> None:
        name, from_start = self.reaction.name, self.reaction.from_start

        def step(connection: Connection) -> Cursor:
            begin = 0 if from_start else outbox.head(connection)
            return outbox.create_cursor(connection, name, at=begin)

        found = await self._store.read(partial(outbox.cursor, reaction=name))
        cursor = await self._store.write(step) if found is None else found
        self._cursor, self.at = cursor, cursor.seq

    async def _next(self) -> list[Fact]:
        """The next batch: the one handed over before and not finished, or what is there by now."""
        cursor, kinds = self._cursor, self.reaction.kinds
        assert cursor is not None
        alone = cursor.seq < self._alone_until
        unfinished = self._alone_until if alone else cursor.pending_upto
        limit = 1 if alone else limits.FACT_BATCH
        if unfinished > cursor.seq:
            query = partial(outbox.facts_after, seq=cursor.seq, limit=limit, until=unfinished, kinds=kinds)
            facts = await self._store.read(query)
            if facts:
                self._caught_up = False
                return facts
        since = max(self.at, unfinished)

        def look(connection: Connection) -> tuple[int, list[Fact]]:
            head = outbox.head(connection)  # first: what is committed between the two is for the next round
            return head, outbox.facts_after(connection, since, limit=limit, until=head, kinds=kinds)

        head, facts = await self._store.read(look)
        self._caught_up = len(facts) < limit
        if not facts:
            self.at = max(since, head)
            if self.at - cursor.seq > limits.CURSOR_SKIP:
                await self._write_down()
        return facts

    async def _write_down(self) -> None:
        if self._cursor is not None and self.at > max(self._cursor.seq, self._cursor.pending_upto):
            await self._move(Cursor(self.at, self.at))

    async def _move(self, to: Cursor, unit: SqlUnit | None = None) -> None:
        """Move the cursor, in the unit's commit if there is one. Raises Conflict if it was moved elsewhere."""
        was = self._cursor
        assert was is not None
        move = partial(outbox.move_cursor, reaction=self.reaction.name, was=was, to=to)
        if unit is None:
            await self._store.write(move)
        else:
            unit.alongside(move)
            await unit.commit()
        self._cursor = to

    async def _hand_over(self, facts: Sequence[Fact]) -> None:
        assert self._cursor is not None
        last = facts[-1].seq
        if self.reaction.stable and self._cursor.pending_upto != last:
            await self._move(Cursor(self._cursor.seq, last))
        batch = Batch(tuple(facts), f"{self.reaction.name}:{facts[0].seq}-{last}")
        unit = self._store.unit()
        await self.reaction.run(unit, batch)
        await self._move(Cursor(last, last), unit)
        self.at = last

    async def _conflicted(self) -> None:
        """Somebody changed what the reaction read, or moved our cursor: look again, and soon."""
        self._cursor = None
        await self._pause()

    async def _failed(self, facts: Sequence[Fact], error: Exception) -> None:
        self.failures += 1
        name = self.reaction.name
        outage = is_outage(error)
        self._attempts += 0 if outage else 1
        log.warning(
            "reaction_failed",
            reaction=name,
            facts=len(facts),
            first=facts[0].id,
            attempt=self._attempts,
            outage=outage,
            error=repr(error),
            exc_info=None if outage else error,
        )
        alone = facts[0].seq <= self._alone_until
        if self._attempts >= (_ATTEMPTS_ALONE if alone else limits.REACTION_ATTEMPTS):
            self._attempts = self._troubles = 0
            if len(facts) == 1:
                await self._bury(facts[0], error)
            else:
                self._alone_until = facts[-1].seq
            return
        await self._pause()

    async def _pause(self) -> None:
        """Longer with every failure in a row, half of it random."""
        self._troubles += 1
        longest = min(
            limits.REACTION_BACKOFF_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(self._troubles - 1, 30)
        )
        await self._clock.sleep(self._ids.uniform(longest / 2, longest))

    async def _bury(self, fact: Fact, error: Exception) -> None:
        """The stream goes on without it; it is kept, with the reason."""
        unit = self._store.unit()
        name, reason, now = self.reaction.name, f"{type(error).__name__}: {error}", self._clock.now()
        unit.alongside(lambda c: outbox.bury(c, source="fact", name=name, item=fact, error=reason, at=now))
        await self._move(Cursor(fact.seq, fact.seq), unit)
        self.at = fact.seq
        self.dead += 1
        self._progressed()
        log.error("fact_dead", reaction=name, fact=fact.id, kind=fact.kind, error=reason)
