"""The dispatcher: order, stable batches, crashes at every point, poison, outages, takeover."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from control_kit import HERE, THINGS, Backend, Thing, put, stage, turns
from triptych.bus.batch import Batch
from triptych.bus.dispatcher import Dispatcher, Lag, Reaction
from triptych.control.schema import DEAD_LETTER
from triptych.control.sql_store import SqlStore
from triptych.control.store import Unit
from triptych.kernel import limits
from triptych.kernel.errors import Defect

CALLS = frozenset({"ApiCall"})


class Reader:
    """A reaction that remembers its batches, absorbs by token as the lake does, and fails where told."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, tuple[str, ...]]] = []
        self.lake: dict[str, tuple[str, ...]] = {}
        self.poison: set[str] = set()
        self.raises: list[Exception] = []

    async def __call__(self, unit: Unit, batch: Batch) -> None:
        names = tuple(fact.id for fact in batch.facts)
        self.batches.append((batch.token, names))
        if self.poison & set(names):
            raise ValueError("poison")
        assert self.lake.setdefault(batch.token, names) == names, "one token, two contents"
        total = await unit.get(THINGS, "total", **HERE) or Thing(0)
        unit.put(THINGS, "total", Thing(total.size + len(names)), **HERE)
        for name in names:
            unit.create(THINGS, f"saw-{name}", Thing(1), **HERE)
        if self.raises:
            raise self.raises.pop(0)

    @property
    def lake_rows(self) -> list[str]:
        return [name for names in self.lake.values() for name in names]


def dispatcher(backend: Backend, store: SqlStore, *reactions: Reaction) -> Dispatcher:
    return Dispatcher(store, reactions, clock=backend.clock, ids=backend.ids)


def reaction(run, *, name: str = "r", kinds: frozenset[str] = CALLS, **more) -> Reaction:
    return Reaction(name=name, kinds=kinds, run=run, **more)


async def saw(store: SqlStore) -> list[str]:
    return [d.key.removeprefix("saw-") for d in await store.unit().list(THINGS, prefix="saw-")]


def facts(backend: Backend, count: int, first: int = 0, **more) -> Sequence:
    return [backend.fact(f"f{number:04}", **more) for number in range(first, first + count)]


async def test_facts_come_in_order_once_and_of_the_wanted_kinds(backend: Backend) -> None:
    store, reader = await backend.open(), Reader()
    await stage(store, *facts(backend, 3), backend.fact("other", kind="ItemChanged"), *facts(backend, 2, 3))
    bus = dispatcher(backend, store, reaction(reader))
    await bus.drain()
    await bus.drain()
    assert [name for _, names in reader.batches for name in names] == [f"f{n:04}" for n in range(5)]
    assert await saw(store) == [f"f{n:04}" for n in range(5)]
    assert bus.handled == {"r": 5}
    assert await bus.lag() == {"r": Lag(0, 0.0)}


async def test_a_started_dispatcher_reacts_without_time_passing_and_to_what_reactions_tell(
    backend: Backend,
) -> None:
    store, reader = await backend.open(), Reader()

    async def tell(unit: Unit, batch: Batch) -> None:
        for fact in batch.facts:
            unit.fact(backend.fact(f"{fact.id}-changed", kind="ItemChanged"))

    bus = dispatcher(
        backend, store, reaction(tell, name="teller"), reaction(reader, kinds=frozenset({"ItemChanged"}))
    )
    await bus.start()
    await bus.drain()
    await stage(store, *facts(backend, 2))
    await bus.drain()
    assert await saw(store) == ["f0000-changed", "f0001-changed"]
    assert backend.clock.monotonic() == 0
    await bus.stop()


async def test_a_fact_that_waits_is_found_at_the_next_look_with_what_came_until_then(
    backend: Backend,
) -> None:
    store, reader = await backend.open(), Reader()
    bus = dispatcher(backend, store, reaction(reader))
    await bus.start()
    await backend.clock.advance(0.1)  # it has looked once
    for name in ("f0000", "f0001"):
        unit = store.unit()
        unit.fact(backend.fact(name), waits=True)
        await unit.commit()
        await backend.clock.advance(0.1)
    assert reader.batches == []
    await backend.clock.advance(1.0)
    assert [names for _, names in reader.batches] == [("f0000", "f0001")]
    await bus.stop()


async def test_what_rings_nobody_does_not_keep_a_reaction_busy(backend: Backend) -> None:
    store, reader = await backend.open(), Reader()
    bus = dispatcher(backend, store, reaction(reader, pace_seconds=0.2))
    await bus.start()
    names = [f"f{number:04}" for number in range(30)]
    for name in names:  # three seconds
        unit = store.unit()
        unit.fact(backend.fact(name), waits=True)
        await unit.commit()
        await backend.clock.advance(0.1)
    await backend.clock.advance(1.5)
    assert [name for _, batch in reader.batches for name in batch] == names
    assert len(reader.batches) <= 4
    del reader.batches[:]
    await stage(store, *facts(backend, 1, 30))
    await backend.clock.advance(0.01)
    assert len(reader.batches) == 1  # at once
    await stage(store, *facts(backend, 1, 31))
    await backend.clock.advance(0.1)
    assert len(reader.batches) == 1
    await backend.clock.advance(0.15)
    assert len(reader.batches) == 2  # after the pace
    await backend.clock.run(bus.stop())


async def test_draining_is_not_over_while_what_was_told_meanwhile_is_unheard(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head that was read is old when it arrives: the teller has gone on and told more in the meantime."""
    store, asked = await backend.open(), asyncio.Event()

    async def tell(unit: Unit, batch: Batch) -> None:
        await until(lambda: listener.at == 2)
        for fact in batch.facts:
            unit.fact(backend.fact(f"{fact.id}-changed", kind="ItemChanged"))

    async def listen(unit: Unit, batch: Batch) -> None:
        await asked.wait()

    bus = dispatcher(
        backend,
        store,
        reaction(tell, name="teller"),
        reaction(listen, name="listener", kinds=frozenset({"ItemChanged"})),
    )
    teller, listener = bus._lanes
    read_head = store.head

    async def old_head() -> int:
        head = await read_head()
        if asked.is_set():
            return head
        bus._ring()
        await until(lambda: teller.at >= listener.at == 2)
        asked.set()
        return 2

    await bus.start()
    await stage(store, *facts(backend, 2))
    monkeypatch.setattr(store, "head", old_head)
    await bus.drain()
    assert bus.handled == {"teller": 2, "listener": 2}
    await bus.stop()


async def until(true) -> None:
    while not true():
        await turns()


async def test_batches_are_bounded(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FACT_BATCH", 10)
    store, reader = await backend.open(), Reader()
    await stage(store, *facts(backend, 25))
    await dispatcher(backend, store, reaction(reader)).drain()
    assert [len(names) for _, names in reader.batches] == [10, 10, 5]


async def test_lag_counts_positions_and_age(backend: Backend) -> None:
    store = await backend.open()
    await stage(store, *facts(backend, 3))
    await backend.clock.advance(7)
    assert await dispatcher(backend, store, reaction(Reader())).lag() == {"r": Lag(3, 7.0)}


CRASH_POINTS = ("before the handler", "in the handler", "after the lake", "at the commit", "after the commit")


@pytest.mark.parametrize("point", CRASH_POINTS)
async def test_a_crash_at_any_point_loses_and_doubles_nothing(backend: Backend, point: str) -> None:
    """More facts arrive before the restart: the unfinished batch must keep its boundaries all the same."""
    store, reader = await backend.open(), Reader()
    await stage(store, *facts(backend, 4))
    bus = dispatcher(backend, store, reaction(_crashing(reader, point)))
    with pytest.raises(_Crash):
        if point == "at the commit":
            await _crash_at_commit(store, bus)
        elif point == "after the commit":
            await bus.drain()
            raise _Crash
        else:
            await bus.drain()
    await stage(store, *facts(backend, 3, 4))
    again = await backend.reopen(store)
    await dispatcher(backend, again, reaction(reader)).drain()
    everything = [f"f{number:04}" for number in range(7)]
    assert await saw(again) == everything
    assert sorted(reader.lake_rows) == everything
    assert (await again.unit().get(THINGS, "total", **HERE)) == Thing(7)
    assert len(reader.lake) == 2
    if point in ("after the lake", "at the commit"):
        assert reader.batches[0] == reader.batches[1]


class _Crash(BaseException):
    """Not an error a dispatcher could handle: the end of the process."""


def _crashing(reader: Reader, point: str):
    async def run(unit: Unit, batch: Batch) -> None:
        if point == "before the handler":
            raise _Crash
        if point == "in the handler":
            reader.lake.clear()
            raise _Crash
        await reader(unit, batch)
        if point == "after the lake":
            raise _Crash

    return run


async def _crash_at_commit(store: SqlStore, bus: Dispatcher) -> None:
    """The end comes inside the transaction that holds what was staged."""
    genuine = store.write

    async def write(step, *, announces: frozenset[str] = frozenset()):
        def dying(connection):
            result = step(connection)
            if connection.execute(sa.text("SELECT count(*) FROM document")).scalar():
                raise _Crash
            return result

        return await genuine(dying, announces=announces)

    store.write = write  # type: ignore[method-assign]
    try:
        await bus.drain()
    finally:
        store.write = genuine  # type: ignore[method-assign]


async def test_a_reaction_that_needs_no_token_saves_a_commit(backend: Backend) -> None:
    store = await backend.open()
    counts = []
    for stable in (True, False):
        reader = Reader()
        bus = dispatcher(backend, store, reaction(reader, name=f"r-{stable}", stable=stable))
        await stage(store, backend.fact(f"first-{stable}"))
        await bus.drain()
        await stage(store, backend.fact(f"only-{stable}"))
        before = store.writer.written
        await bus.drain()
        counts.append(store.writer.written - before)
        unit = store.unit()
        for document in await unit.list(THINGS):
            unit.delete(THINGS, document.key, **HERE)
        await unit.commit()
    assert counts == [2, 1]


async def test_a_passing_failure_is_tried_again_with_the_same_batch(backend: Backend) -> None:
    store, reader = await backend.open(), Reader()
    reader.raises = [ValueError("once"), ValueError("twice")]
    await stage(store, *facts(backend, 3))
    bus = dispatcher(backend, store, reaction(reader))
    await backend.clock.run(bus.drain())
    assert len(reader.batches) == 3
    assert len(set(reader.batches)) == 1
    assert await saw(store) == ["f0000", "f0001", "f0002"]
    assert bus.failures == {"r": 2}
    assert 0 < backend.clock.monotonic() < 1


async def test_a_poisonous_fact_goes_to_the_dead_letter_and_the_stream_goes_on(backend: Backend) -> None:
    store, reader = await backend.open(), Reader()
    reader.poison = {"f0002"}
    await stage(store, *facts(backend, 5))
    bus = dispatcher(backend, store, reaction(reader))
    await backend.clock.run(bus.drain())
    await stage(store, *facts(backend, 2, 5))
    await backend.clock.run(bus.drain())
    assert await saw(store) == ["f0000", "f0001", "f0003", "f0004", "f0005", "f0006"]
    (letter,) = await store.read(lambda c: c.execute(sa.select(DEAD_LETTER)).all())
    assert (letter.source, letter.name, letter.id, letter.error) == (
        "fact",
        "r",
        "f0002",
        "ValueError: poison",
    )
    assert '"subject":"f0002"' in letter.body
    assert bus.dead == {"r": 1}
    assert [entry["fact"] for entry in backend.logs if entry["event"] == "fact_dead"] == ["f0002"]
    together = [names for _, names in reader.batches if len(names) == 5]
    assert len(together) == limits.REACTION_ATTEMPTS


async def test_a_crash_while_facts_are_tried_alone_keeps_tokens_stable(backend: Backend) -> None:
    store, reader = await backend.open(), Reader()
    reader.poison = {"f0003"}
    await stage(store, *facts(backend, 5))

    async def run(unit: Unit, batch: Batch) -> None:
        await reader(unit, batch)
        if [fact.id for fact in batch.facts] == ["f0001"]:
            raise _Crash  # it is in the lake, but not in the cursor

    with pytest.raises(_Crash):
        await backend.clock.run(dispatcher(backend, store, reaction(run)).drain())
    again = await backend.reopen(store)
    await backend.clock.run(dispatcher(backend, again, reaction(reader)).drain())
    assert sorted(reader.lake_rows) == ["f0000", "f0001", "f0002", "f0004"]
    assert await saw(again) == ["f0000", "f0001", "f0002", "f0004"]


async def test_an_outage_is_waited_out_and_buries_nothing(backend: Backend) -> None:
    store, reader = await backend.open(), Reader()
    reader.raises = [ConnectionRefusedError("the lake is away")] * (limits.REACTION_ATTEMPTS * 5)
    await stage(store, *facts(backend, 3))
    bus = dispatcher(backend, store, reaction(reader))
    await backend.clock.run(bus.drain())
    assert len(set(reader.batches)) == 1
    assert await saw(store) == ["f0000", "f0001", "f0002"]
    assert bus.dead == {"r": 0}
    assert backend.clock.monotonic() > 60


async def test_a_conflict_is_tried_again_and_never_buried(backend: Backend) -> None:
    store, reader = await backend.open(), Reader()
    disturbances = 20

    async def run(unit: Unit, batch: Batch) -> None:
        nonlocal disturbances
        await reader(unit, batch)
        if disturbances:
            disturbances -= 1
            await put(store, "total", Thing(1000))

    await stage(store, *facts(backend, 2))
    bus = dispatcher(backend, store, reaction(run))
    await backend.clock.run(bus.drain())
    assert (await store.unit().get(THINGS, "total", **HERE)) == Thing(1002)
    assert bus.failures == {"r": 0}
    assert len(set(reader.batches)) == 1


async def test_one_reaction_that_fails_holds_up_no_other(backend: Backend) -> None:
    store, good, bad = await backend.open(), Reader(), Reader()
    bad.raises = [OSError("away")] * 1000
    bus = dispatcher(backend, store, reaction(bad, name="bad"), reaction(good, name="good"))
    await bus.start()
    await stage(store, *facts(backend, 3))
    while bus.handled["good"] < 3:
        await turns(1)
    assert bus.handled == {"bad": 0, "good": 3}
    await backend.clock.run(_until(asyncio.create_task(bus.stop())))


async def _until(task: asyncio.Task[None]) -> None:
    await task


async def test_a_new_reaction_begins_with_the_oldest_fact_or_with_what_comes(backend: Backend) -> None:
    store, old, new = await backend.open(), Reader(), Reader()
    await stage(store, *facts(backend, 3))
    bus = dispatcher(
        backend,
        store,
        reaction(_names_of(old), name="all"),
        reaction(_names_of(new), name="new", from_start=False),
    )
    await bus.drain()
    await stage(store, *facts(backend, 1, 3))
    await bus.drain()
    assert [names for _, names in old.batches] == [("f0000", "f0001", "f0002"), ("f0003",)]
    assert [names for _, names in new.batches] == [("f0003",)]


def _names_of(reader: Reader):
    async def run(unit: Unit, batch: Batch) -> None:
        reader.batches.append((batch.token, tuple(fact.id for fact in batch.facts)))

    return run


async def test_facts_nobody_wants_cost_no_commit_each_and_are_written_down_in_the_end(
    backend: Backend,
) -> None:
    store, reader = await backend.open(), Reader()
    bus = dispatcher(backend, store, reaction(reader, kinds=frozenset({"ItemChanged"})))
    await bus.start()
    await stage(store, backend.fact("first"))
    await bus.drain()
    before = store.writer.written
    for fact in facts(backend, 5):
        await stage(store, fact)
        await bus.drain()
    assert store.writer.written - before == 5
    assert (await bus.lag())["r"].facts == 0
    await bus.stop()
    assert await store.prune(["r"], keep=0) == 6


async def test_only_one_process_runs_a_reaction_and_the_next_takes_over(backend: Backend) -> None:
    if backend.sqlite:
        pytest.skip("SQLite belongs to one process")
    one, other = await backend.open(), await backend.open()
    reader, second = Reader(), Reader()
    first = dispatcher(backend, one, reaction(reader))
    standby = dispatcher(backend, other, reaction(second))
    await first.start()
    await stage(one, *facts(backend, 2))
    await first.drain()
    with pytest.raises(Defect, match="somebody else"):
        await standby.drain()
    await first.stop()  # a clean stop hands over at once
    await stage(one, *facts(backend, 2, 2))
    await standby.drain()
    assert [names for _, names in reader.batches] == [("f0000", "f0001")]
    assert [names for _, names in second.batches] == [("f0002", "f0003")]


async def test_a_holder_that_slept_through_its_lease_commits_nothing(backend: Backend) -> None:
    if backend.sqlite:
        pytest.skip("SQLite belongs to one process")
    sleepy, other = await backend.open(), await backend.open()
    gate, started = asyncio.Event(), asyncio.Event()
    reader = Reader()

    async def slow(unit: Unit, batch: Batch) -> None:
        unit.put(THINGS, "sleepy", Thing(1), **HERE)
        started.set()
        await gate.wait()

    await stage(sleepy, *facts(backend, 2))
    asleep = dispatcher(backend, sleepy, reaction(slow))
    task = asyncio.create_task(asleep.drain())
    await started.wait()
    assert sleepy.leases._keeper is not None
    sleepy.leases._keeper.cancel()
    await backend.clock.advance(limits.LEASE_SECONDS + 1)
    await dispatcher(backend, other, reaction(reader)).drain()
    gate.set()
    await backend.clock.run(_until(task))
    assert await saw(other) == ["f0000", "f0001"]
    assert await other.unit().get(THINGS, "sleepy", **HERE) is None


async def test_names_are_unique(backend: Backend) -> None:
    store = await backend.open()
    with pytest.raises(Defect):
        dispatcher(backend, store, reaction(Reader()), reaction(Reader()))
