"""Leases, periodic work and workflows on either database."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from control_kit import HERE, START, THINGS, Backend, Thing, put, turns
from triptych.control.holder import own_name
from triptych.control.schema import LEASE, micros
from triptych.control.sql_store import SqlStore
from triptych.control.store import Conflict, Unit
from triptych.jobs.cron import LAST_RUNS, Cron, Periodic
from triptych.jobs.workflow import STEP_RESULTS, Workflow
from triptych.kernel import limits
from triptych.kernel.errors import Defect


async def foreign_lease(store: SqlStore, name: str, holder: str) -> None:
    """As another process left it."""
    row = {"name": name, "holder": holder, "until": micros(store.clock.now() + timedelta(seconds=10))}
    await store.write(lambda c: c.execute(sa.insert(LEASE), row) and None)


async def test_a_lease_is_kept_by_renewal_lost_by_time_and_free_after_release(backend: Backend) -> None:
    store = await backend.open()
    await foreign_lease(store, "theirs", "elsewhere/1/2/x")
    assert await store.leases.acquire("mine")
    assert await store.leases.acquire("mine")
    assert not await store.leases.acquire("theirs")
    assert store.leases.holds("mine")
    assert not store.leases.holds("theirs")
    await backend.clock.advance(limits.LEASE_SECONDS * 4)
    assert store.leases.holds("mine")
    assert await store.leases.acquire("theirs")
    await store.leases.release("mine")
    assert not store.leases.holds("mine")
    assert [row.name for row in await store.read(lambda c: c.execute(sa.select(LEASE)).all())] == ["theirs"]


async def test_two_stores_compete_for_a_lease(backend: Backend) -> None:
    if backend.sqlite:
        pytest.skip("SQLite belongs to one process")
    one, other = await backend.open(), await backend.open()
    won = await asyncio.gather(*(store.leases.acquire("only") for store in (one, other) * 5))
    assert won[::2] in ([True] * 5, [False] * 5)
    assert [not each for each in won[::2]] == won[1::2]
    winner, loser = (one, other) if won[0] else (other, one)
    await winner.leases.release("only")
    assert await loser.leases.acquire("only")
    await winner.write(lambda c: c.execute(sa.update(LEASE).values(holder="thief")) and None)
    await loser.leases.renew()
    assert not loser.leases.holds("only")
    assert [entry["event"] for entry in backend.logs] == ["lease_lost"]


async def test_close_releases(backend: Backend) -> None:
    store = await backend.open()
    await store.leases.acquire("a")
    await store.close()
    backend._alive.pop(store)()
    again = await backend.open()
    assert await again.read(lambda c: c.execute(sa.select(LEASE)).all()) == []


async def test_a_dead_process_of_this_machine_holds_nothing_after_a_restart(backend: Backend) -> None:
    """No time passes: whoever restarts after ``kill -9`` does not wait for leases to run out."""
    store = await backend.open()
    place, _, started, _ = own_name("x").rsplit("/", 3)
    dead = f"{place}/{2**22 + 1}/{started}/dead"  # beyond the largest process number
    await foreign_lease(store, "dead", dead)
    await foreign_lease(store, "elsewhere", "other machine/1/1/x")
    if backend.sqlite:
        store = await backend.reopen(store)
    else:
        store = await backend.open()
    assert backend.clock.now() == START
    assert await store.leases.acquire("dead")
    # With SQLite whoever has the file is alone; a shared PostgreSQL may have living holders elsewhere.
    assert await store.leases.acquire("elsewhere") is backend.sqlite


def cron(backend: Backend, store: SqlStore, run, seconds: float = 60.0) -> Cron:
    return Cron(
        store, [Periodic(name="sweep", seconds=seconds, run=run)], clock=backend.clock, ids=backend.ids
    )


class Sweep:
    def __init__(self) -> None:
        self.at: list[float] = []
        self.raises: list[Exception] = []
        self.clock = None

    async def __call__(self, unit: Unit) -> None:
        self.at.append(self.clock.monotonic())
        unit.put(THINGS, "swept", Thing(len(self.at)), **HERE)
        if self.raises:
            raise self.raises.pop(0)


@pytest.fixture
def sweep(backend: Backend) -> Sweep:
    made = Sweep()
    made.clock = backend.clock
    return made


async def test_periodic_work_keeps_its_rhythm(backend: Backend, sweep: Sweep) -> None:
    store = await backend.open()
    work = cron(backend, store, sweep)
    await work.start()
    await backend.clock.advance(59)
    assert sweep.at == []
    await backend.clock.advance(130)
    assert sweep.at == [60, 120, 180]
    assert await store.unit().get(THINGS, "swept", **HERE) == Thing(3)
    assert work.runs == {"sweep": 3}
    await work.stop()
    await backend.clock.advance(1000)
    assert len(sweep.at) == 3


async def test_a_restart_neither_skips_nor_doubles_and_makes_up_once(backend: Backend, sweep: Sweep) -> None:
    store = await backend.open()
    first = cron(backend, store, sweep)
    await first.drain()
    await backend.clock.advance(60)
    await first.drain()
    assert sweep.at == [60]
    await backend.clock.advance(10)
    store = await backend.reopen(store)
    before = backend.clock.monotonic()
    second = cron(backend, store, sweep)
    await second.drain()
    assert sweep.at == [60]
    await backend.clock.advance(120 - before)
    await second.drain()
    assert sweep.at == [60, 120]
    await backend.clock.advance(60 * 5 + 10)  # down for five periods: one run, then the old rhythm
    third = cron(backend, store, sweep)
    await third.drain()
    await third.drain()
    assert sweep.at == [60, 120, 430]
    await backend.clock.advance(49)
    await third.drain()
    assert len(sweep.at) == 3
    await backend.clock.advance(1)
    await third.drain()
    assert sweep.at[3:] == [480]


async def test_a_failed_run_leaves_nothing_and_is_tried_again_before_the_next_period(
    backend: Backend, sweep: Sweep
) -> None:
    store = await backend.open()
    sweep.raises = [ValueError("no")]
    work = cron(backend, store, sweep, seconds=600)
    await work.start()
    await backend.clock.advance(605)
    assert await store.unit().get(THINGS, "swept", **HERE) is None
    assert work.failures == {"sweep": 1}
    await backend.clock.advance(30)
    assert sweep.at == [600, 630]
    assert await store.unit().get(THINGS, "swept", **HERE) == Thing(2)
    await work.stop()
    last = await store.unit().get(LAST_RUNS, "sweep")
    assert last.at == START + timedelta(seconds=600)


async def test_periodic_work_has_one_runner_and_a_standby(backend: Backend, sweep: Sweep) -> None:
    if backend.sqlite:
        pytest.skip("SQLite belongs to one process")
    one, other = await backend.open(), await backend.open()
    first, standby = cron(backend, one, sweep), cron(backend, other, sweep)
    await first.start()
    await backend.clock.advance(1)
    await standby.start()
    await backend.clock.advance(130)
    assert (first.runs, standby.runs) == ({"sweep": 2}, {"sweep": 0})
    await first.stop()
    await backend.clock.advance(60)
    assert (first.runs, standby.runs) == ({"sweep": 2}, {"sweep": 1})
    assert len(sweep.at) == 3
    await standby.stop()


async def test_work_that_would_run_all_the_time_is_refused(backend: Backend, sweep: Sweep) -> None:
    with pytest.raises(Defect):
        cron(backend, await backend.open(), sweep, seconds=0)


class Steps:
    """A workflow of three steps; dies where told."""

    def __init__(self, die_in: str = "") -> None:
        self.did: list[str] = []
        self._die_in = die_in

    def step(self, name: str):
        async def run(unit: Unit) -> dict[str, object]:
            self.did.append(name)
            unit.put(THINGS, f"{name}-{len(self.did)}", Thing(1), **HERE)
            if name == self._die_in:
                raise asyncio.CancelledError
            return {"step": name, "values": (1, 2)}

        return run

    async def run(self, workflow: Workflow) -> list[object]:
        return [await workflow.step(name, self.step(name)) for name in ("one", "two", "three")]


async def test_a_workflow_resumes_after_the_last_finished_step(backend: Backend) -> None:
    store = await backend.open()
    dying, resuming = Steps(die_in="three"), Steps()
    with pytest.raises(asyncio.CancelledError):
        await dying.run(Workflow(store, "w"))
    store = await backend.reopen(store)
    results = await resuming.run(Workflow(store, "w"))
    assert dying.did == ["one", "two", "three"]
    assert resuming.did == ["three"]
    assert results == [{"step": name, "values": [1, 2]} for name in ("one", "two", "three")]
    assert [d.key for d in await store.unit().list(THINGS)] == ["one-1", "three-1", "two-2"]


async def test_workflows_do_not_mix_and_forgetting_is_staged(backend: Backend) -> None:
    store = await backend.open()
    for name in ("w", "w1", "other"):
        await Steps().run(Workflow(store, name))
    unit = store.unit()
    await Workflow(store, "w").forget(unit)
    assert len(await store.unit().list(STEP_RESULTS)) == 9
    await unit.commit()
    again = Steps()
    await again.run(Workflow(store, "w1"))
    assert again.did == []
    await again.run(Workflow(store, "w"))
    assert again.did == ["one", "two", "three"]
    with pytest.raises(Defect):
        Workflow(store, "")


async def test_two_runs_of_one_workflow_meet_at_the_commit(backend: Backend) -> None:
    store = await backend.open()
    gate, inside = asyncio.Event(), asyncio.Event()

    async def slow(unit: Unit) -> int:
        inside.set()
        await gate.wait()
        return 1

    async def quick(unit: Unit) -> int:
        return 2

    first = asyncio.create_task(Workflow(store, "w").step("s", slow))
    await inside.wait()
    assert await Workflow(store, "w").step("s", quick) == 2
    gate.set()
    with pytest.raises(Conflict):
        await first
    assert await Workflow(store, "w").step("s", quick) == 2


async def test_time_stands_still_for_a_write_under_way(backend: Backend) -> None:
    """What the other tests build on: the simulated clock waits for the store's threads."""
    store = await backend.open()
    moments: list[float] = []

    async def work() -> None:
        await backend.clock.sleep(1)
        for number in range(5):
            await put(store, f"k{number}", Thing(number))
            moments.append(backend.clock.monotonic())

    task = asyncio.create_task(work())
    await turns()
    await backend.clock.advance(100)
    assert moments == [1] * 5
    await task
