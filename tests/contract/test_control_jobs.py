"""Jobs: claims, absorption, one runner for a key, retries, dead letters, crashes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from control_kit import HERE, THINGS, Backend, Thing, put, stage, turns
from triptych.control.schema import DEAD_LETTER, JOB
from triptych.control.sql_store import SqlStore
from triptych.control.store import Job, Unit
from triptych.jobs.kind import Later, Retry, Setback
from triptych.jobs.worker import JobHandler, Worker
from triptych.kernel import limits
from triptych.kernel.context import Cause
from triptych.kernel.errors import ServiceError


class Hands:
    """A handler that writes down what it was given and does what it is told."""

    def __init__(self, *, gate: asyncio.Event | None = None) -> None:
        self.ran: list[tuple[str, int]] = []
        self.started = asyncio.Event()
        self.at_once = self.most_at_once = 0
        self.raises: list[Exception] = []
        self._gate = gate

    async def __call__(self, unit: Unit, job: Job) -> None:
        self.ran.append((job.body["name"], job.attempt))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.started.set()
        try:
            unit.put(THINGS, f"done-{job.body['name']}", Thing(len(self.ran)), **HERE)
            if self._gate is not None:
                await self._gate.wait()
            if self.raises:
                raise self.raises.pop(0)
        finally:
            self.at_once -= 1


def worker(backend: Backend, store: SqlStore, run, *, kind: str = "test.work", **more) -> Worker:
    handler = JobHandler(name=kind, run=run, **more)
    return Worker(store, clock=backend.clock, ids=backend.ids, handlers={kind: handler})


async def rows(store: SqlStore, table: sa.Table = JOB) -> list:
    return await store.read(lambda c: c.execute(sa.select(table)).all())


async def done(store: SqlStore) -> list[str]:
    return [d.key.removeprefix("done-") for d in await store.unit().list(THINGS, prefix="done-")]


async def test_a_job_runs_once_and_ends_with_what_it_staged(backend: Backend) -> None:
    store, hands = await backend.open(), Hands()
    await stage(store, backend.job("a"), backend.job("b"))
    work = worker(backend, store, hands)
    await work.drain()
    await work.drain()
    assert sorted(hands.ran) == [("a", 0), ("b", 0)]
    assert await done(store) == ["a", "b"]
    assert await rows(store) == []
    assert (work.claimed, work.succeeded, work.failed, work.dead) == (2, 2, 0, 0)


async def test_a_started_worker_hears_of_a_job_without_time_passing(backend: Backend) -> None:
    store, hands = await backend.open(), Hands()
    work = worker(backend, store, hands)
    await work.start()
    await work.drain()
    await stage(store, backend.job("a"))
    await asyncio.wait_for(hands.started.wait(), 60)
    await work.drain()
    assert await done(store) == ["a"]
    assert backend.clock.monotonic() == 0
    await work.stop()


async def test_a_job_waits_for_its_time(backend: Backend) -> None:
    store, hands = await backend.open(), Hands()
    await stage(store, backend.job("a", run_at=backend.clock.now() + timedelta(seconds=5)))
    work = worker(backend, store, hands)
    await work.drain()
    await backend.clock.advance(4.9)
    await work.drain()
    assert hands.ran == []
    await backend.clock.advance(0.1)
    await work.drain()
    assert hands.ran == [("a", 0)]


async def test_a_waiting_job_absorbs_another_of_its_key_and_the_earlier_time_wins(backend: Backend) -> None:
    store, hands = await backend.open(), Hands()
    soon, late = (backend.clock.now() + timedelta(seconds=s) for s in (10, 20))
    await stage(store, backend.job("first", key="k", run_at=late))
    await stage(
        store, backend.job("second", key="k", run_at=soon), backend.job("third", key="k", run_at=late)
    )
    await stage(
        store,
        backend.job("other key", key="l", run_at=late),
        backend.job("other kind", kind="test.else", key="k", run_at=late),
        backend.job("keyless", run_at=late),
        backend.job("keyless too", run_at=late),
    )
    await backend.clock.advance(10)
    work = worker(backend, store, hands)
    await work.drain()
    assert hands.ran == [("first", 0)]
    await backend.clock.advance(10)
    await work.drain()
    assert sorted(name for name, _ in hands.ran[1:]) == ["keyless", "keyless too", "other key"]
    assert await work.depth() == {"test.else": 1}


async def test_the_later_cause_wins(backend: Backend) -> None:
    """What a job finds is at least what the last one staged for it was about."""
    store = await backend.open()
    seen: list[Cause | None] = []

    async def look(unit: Unit, job: Job) -> None:
        seen.append(job.cause)

    first, second = (Cause(parent=name, origin=name) for name in ("first", "second"))
    await stage(store, backend.job("a", key="k", cause=first), backend.job("b", key="k", cause=second))
    await stage(store, backend.job("c", key="k", cause=None))
    handler = JobHandler(name="test.work", run=look)
    work = Worker(store, clock=backend.clock, ids=backend.ids, handlers={handler.name: handler})
    await work.drain()
    assert seen == [second]


async def test_one_runner_for_a_key(backend: Backend) -> None:
    store, gate = await backend.open(), asyncio.Event()
    hands = Hands(gate=gate)
    work = worker(backend, store, hands)
    await work.start()
    await stage(store, backend.job("one", key="k"))
    await asyncio.wait_for(hands.started.wait(), 60)
    await stage(
        store, backend.job("two", key="k"), backend.job("three", key="k"), backend.job("free", key="l")
    )
    while len(hands.ran) < 2:
        await turns(1)
    assert [name for name, _ in hands.ran] == ["one", "free"]
    gate.set()
    await work.drain()
    assert [name for name, _ in hands.ran] == ["one", "free", "two"]
    await work.stop()


async def test_two_workers_share_and_never_double(backend: Backend) -> None:
    stores = [await backend.open()]
    stores.append(stores[0] if backend.sqlite else await backend.open())
    hands = [Hands(), Hands()]
    await stage(
        stores[0], *(backend.job(f"j{number:02}", key=f"k{number % 7}x{number}") for number in range(40))
    )
    workers = [worker(backend, store, hand) for store, hand in zip(stores, hands, strict=True)]
    await asyncio.gather(*(work.drain() for work in workers))
    ran = [name for hand in hands for name, _ in hand.ran]
    assert sorted(ran) == [f"j{number:02}" for number in range(40)]
    assert await rows(stores[0]) == []


async def test_concurrency_is_per_kind_and_a_full_kind_starves_nobody(backend: Backend) -> None:
    store, gate = await backend.open(), asyncio.Event()
    slow, quick = Hands(gate=gate), Hands()
    await stage(store, *(backend.job(f"s{number:03}", kind="test.slow") for number in range(100)))
    await backend.clock.advance(1)
    await stage(store, *(backend.job(f"q{number}", kind="test.quick") for number in range(3)))
    work = Worker(
        store,
        clock=backend.clock,
        ids=backend.ids,
        handlers={
            "test.slow": JobHandler(name="test.slow", run=slow, concurrency=3),
            "test.quick": JobHandler(name="test.quick", run=quick),
        },
    )
    draining = asyncio.create_task(work.drain())
    while len(quick.ran) < 3 or slow.at_once < 3:
        await turns(1)
    assert slow.most_at_once == 3
    gate.set()
    await draining
    assert len(slow.ran) == 100
    assert slow.most_at_once == 3


async def test_a_failing_job_comes_back_later_and_later_and_leaves_nothing_of_its_failures(
    backend: Backend,
) -> None:
    store, hands = await backend.open(), Hands()
    hands.raises = [RuntimeError("no"), RuntimeError("not yet")]
    await stage(store, backend.job("a"))
    work = worker(backend, store, hands, retry=Retry(first_delay_seconds=10, max_delay_seconds=15))
    await work.drain()
    assert await done(store) == []
    await backend.clock.advance(4.99)
    await work.drain()
    assert len(hands.ran) == 1
    await backend.clock.advance(5.01)
    await work.drain()
    assert hands.ran == [("a", 0), ("a", 1)]
    await backend.clock.advance(7.49)
    await work.drain()
    assert len(hands.ran) == 2
    await backend.clock.advance(7.51)
    await work.drain()
    assert hands.ran[2:] == [("a", 2)]
    assert await done(store) == ["a"]
    assert (work.failed, work.succeeded) == (2, 1)


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (Setback("the target refuses"), False),
        (ServiceError("Unavailable", "later"), False),
        (ValueError("ours"), True),
    ],
    ids=["a setback", "an answer", "a defect"],
)
async def test_only_failures_of_our_own_show_where_they_happened(
    backend: Backend, error: Exception, shown: bool
) -> None:
    store, hands = await backend.open(), Hands()
    hands.raises = [error]
    work = worker(backend, store, hands, retry=Retry(first_delay_seconds=1))
    await stage(store, backend.job("a"))
    await work.drain()
    (line,) = [each for each in backend.logs if each["event"] == "job_failed"]
    assert (line["error"], line["exc_info"]) == (f"{type(error).__name__}: {error}", error if shown else None)
    assert work.failed == 1


async def test_used_up_attempts_end_in_the_dead_letter_and_the_handler_is_told_once(backend: Backend) -> None:
    store, hands = await backend.open(), Hands()
    hands.raises = [RuntimeError(f"no {number}") for number in range(9)]
    told: list[tuple[str, str]] = []

    async def dead(unit: Unit, job: Job, error: str) -> None:
        told.append((job.id, error))
        unit.put(THINGS, "told", Thing(1), **HERE)

    await stage(store, backend.job("a", key="k"))
    work = worker(backend, store, hands, retry=Retry(max_attempts=3, first_delay_seconds=1), dead=dead)
    for _ in range(4):
        await work.drain()
        await backend.clock.advance(10)
    assert [attempt for _, attempt in hands.ran] == [0, 1, 2]
    assert told == [("a", "RuntimeError: no 2")]
    assert await store.unit().get(THINGS, "told", **HERE) == Thing(1)
    assert await rows(store) == []
    (letter,) = await rows(store, DEAD_LETTER)
    assert (letter.source, letter.name, letter.id, letter.error) == (
        "job",
        "test.work",
        "a",
        "RuntimeError: no 2",
    )
    assert '"name":"a"' in letter.body
    assert work.dead == 1


async def test_a_dead_handler_that_fails_does_not_keep_the_job(backend: Backend) -> None:
    store, hands = await backend.open(), Hands()
    hands.raises = [RuntimeError("no")]

    async def dead(unit: Unit, job: Job, error: str) -> None:
        unit.put(THINGS, "told", Thing(1), **HERE)
        raise ValueError("cannot bear it")

    await stage(store, backend.job("a"))
    work = worker(backend, store, hands, retry=Retry(max_attempts=1), dead=dead)
    await work.drain()
    assert await rows(store) == []
    assert len(await rows(store, DEAD_LETTER)) == 1
    assert await store.unit().get(THINGS, "told", **HERE) is None


async def test_later_is_no_failure_and_keeps_what_was_staged(backend: Backend) -> None:
    store, hands = await backend.open(), Hands()
    hands.raises = [Later(3), Later(3)]
    await stage(store, backend.job("a", key="k"))
    work = worker(backend, store, hands, retry=Retry(max_attempts=1))
    await work.drain()
    assert await done(store) == ["a"]
    for _ in range(2):
        await backend.clock.advance(2.9)
        await work.drain()
        await backend.clock.advance(0.1)
        await work.drain()
    assert hands.ran == [("a", 0)] * 3
    assert (work.later, work.succeeded, work.failed) == (2, 1, 0)
    assert await rows(store) == []


async def test_a_job_that_fails_while_its_twin_waits_absorbs_it(backend: Backend) -> None:
    store, gate = await backend.open(), asyncio.Event()
    hands = Hands(gate=gate)
    hands.raises = [RuntimeError("no")]
    work = worker(backend, store, hands, retry=Retry(first_delay_seconds=100))
    await stage(store, backend.job("one", key="k"))
    draining = asyncio.create_task(work.drain())
    await asyncio.wait_for(hands.started.wait(), 60)
    await stage(store, backend.job("two", key="k"))
    gate.set()
    await draining
    # The twin was due at once, so the absorbing job is, too.
    assert hands.ran == [("one", 0), ("one", 1)]
    assert await rows(store) == []


async def test_a_conflict_is_tried_again_soon_and_does_not_count(backend: Backend) -> None:
    store = await backend.open()
    await put(store, "n", Thing(0))
    runs = 0

    async def run(unit: Unit, job: Job) -> None:
        nonlocal runs
        runs += 1
        seen = await unit.get(THINGS, "n", **HERE)
        if runs <= 3:
            await put(store, "n", Thing(seen.size + 10))
        unit.put(THINGS, "n", Thing(seen.size + 1), **HERE)

    await stage(store, backend.job("a"))
    work = worker(backend, store, run, retry=Retry(max_attempts=1))
    await backend.clock.run(work.drain())
    assert (runs, work.conflicts, work.failed, work.succeeded) == (4, 3, 0, 1)
    assert await store.unit().get(THINGS, "n", **HERE) == Thing(31)
    assert backend.clock.monotonic() < 1


async def test_endless_conflicts_are_bounded(backend: Backend) -> None:
    store = await backend.open()
    await put(store, "n", Thing(0))
    runs = 0

    async def run(unit: Unit, job: Job) -> None:
        nonlocal runs
        runs += 1
        await unit.get(THINGS, "n", **HERE)
        await put(store, "n", Thing(runs))
        unit.put(THINGS, "mine", Thing(1), **HERE)

    await stage(store, backend.job("a"))
    work = worker(backend, store, run, retry=Retry(max_attempts=1))
    await backend.clock.run(work.drain())
    assert runs == limits.CONFLICT_RETRIES
    assert work.dead == 1


async def test_a_job_of_a_crashed_process_runs_again_and_its_half_work_is_gone(backend: Backend) -> None:
    store, gate = await backend.open(), asyncio.Event()
    hands = Hands(gate=gate)
    work = worker(backend, store, hands)
    await stage(store, backend.job("a", key="k"), backend.job("b"))
    draining = asyncio.create_task(work.drain())
    while len(hands.ran) < 2:
        await turns(1)
    await stage(store, backend.job("twin", key="k"))
    again = await backend.reopen(store)
    gate.set()
    await asyncio.gather(draining, return_exceptions=True)
    assert await done(again) == []
    fresh = Hands()
    await worker(backend, again, fresh).drain()
    assert sorted(fresh.ran) == [("a", 0), ("b", 0)]
    assert await done(again) == ["a", "b"]
    assert await rows(again) == []


async def test_a_job_that_kills_its_process_every_time_is_buried(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "JOB_INTERRUPTIONS", 2)
    store = await backend.open()
    await stage(store, backend.job("deadly"))
    runs = 0
    for _ in range(5):
        hands = Hands(gate=asyncio.Event())
        draining = asyncio.create_task(worker(backend, store, hands).drain())
        await asyncio.wait(
            {draining, started := asyncio.create_task(hands.started.wait())},
            return_when=asyncio.FIRST_COMPLETED,
        )
        started.cancel()
        runs += len(hands.ran)
        if draining.done():
            break
        store = await backend.reopen(store)
        draining.cancel()
        await asyncio.gather(draining, return_exceptions=True)
    assert runs == 3
    (letter,) = await rows(store, DEAD_LETTER)
    assert (letter.id, letter.error) == ("deadly", "the process died 3 times while it ran")


async def test_a_claim_that_ran_out_is_taken_over_and_the_late_runner_does_not_count(
    backend: Backend,
) -> None:
    store, gate = await backend.open(), asyncio.Event()
    slow, quick = Hands(gate=gate), Hands()
    await stage(store, backend.job("a"))
    sleepy = worker(backend, store, slow)  # not started: nobody renews its claims
    draining = asyncio.create_task(sleepy.drain())
    await asyncio.wait_for(slow.started.wait(), 60)
    other = store if backend.sqlite else await backend.open()
    await worker(backend, other, quick).drain()
    assert quick.ran == []
    await backend.clock.advance(limits.LEASE_SECONDS)
    if backend.sqlite:  # one store, so one owner: tell the two claims apart
        other.holder += "'"
    await worker(backend, other, quick).drain()
    assert quick.ran == [("a", 0)]
    assert await done(store) == ["a"]
    gate.set()
    await draining
    assert sleepy.lost == 1
    assert (await store.unit().get(THINGS, "done-a", **HERE)) == Thing(1)
    assert await rows(store) == []


async def test_a_started_worker_keeps_its_claims_alive(backend: Backend) -> None:
    store, gate = await backend.open(), asyncio.Event()
    hands = Hands(gate=gate)
    work = worker(backend, store, hands)
    await work.start()
    await stage(store, backend.job("a"))
    await asyncio.wait_for(hands.started.wait(), 60)
    for _ in range(10):
        await backend.clock.advance(limits.LEASE_SECONDS / 3)
        await put(store, "tick", Thing(1))  # behind the heartbeat in the writer's line
    (row,) = await rows(store)
    assert row.claimed_until > int(backend.clock.now().timestamp() * 1_000_000)
    gate.set()
    await work.drain()
    await work.stop()
    assert hands.ran == [("a", 0)]
    assert work.succeeded == 1


async def test_a_worker_that_slept_too_long_does_not_take_its_own_jobs_from_itself(backend: Backend) -> None:
    store, gate = await backend.open(), asyncio.Event()
    hands = Hands(gate=gate)
    work = worker(backend, store, hands)
    await stage(store, backend.job("a"))
    draining = asyncio.create_task(work.drain())
    await asyncio.wait_for(hands.started.wait(), 60)
    await backend.clock.advance(limits.LEASE_SECONDS * 2)
    await stage(store, backend.job("b"))
    await work.start()
    while len(hands.ran) < 2:
        await turns(1)
    gate.set()
    await draining
    await work.drain()
    await work.stop()
    assert hands.ran == [("a", 0), ("b", 0)]
    assert (work.succeeded, work.lost) == (2, 0)


async def test_stop_lets_jobs_finish_and_puts_back_those_that_do_not(backend: Backend) -> None:
    store, gate = await backend.open(), asyncio.Event()
    finishing, hanging = Hands(gate=gate), Hands(gate=asyncio.Event())
    work = Worker(
        store,
        clock=backend.clock,
        ids=backend.ids,
        handlers={
            "test.a": JobHandler(name="test.a", run=finishing),
            "test.b": JobHandler(name="test.b", run=hanging),
        },
    )
    await work.start()
    await stage(store, backend.job("a", kind="test.a"), backend.job("b", kind="test.b"))
    await asyncio.wait_for(asyncio.gather(finishing.started.wait(), hanging.started.wait()), 60)
    while store.busy:  # the worker has looked again and waits now
        await turns()
    stopping = asyncio.create_task(work.stop())
    await turns()
    await stage(store, backend.job("too late", kind="test.a"))
    gate.set()
    while await done(store) != ["a"]:
        await turns(1)
    await backend.clock.run(_until(stopping))
    waiting = await rows(store)
    assert sorted((row.id, row.owner, row.attempt, row.interrupted) for row in waiting) == [
        ("b", "", 0, 0),
        ("too late", "", 0, 0),
    ]
    await work.start()  # a stopped worker may start again
    gate.set()
    while len(finishing.ran) < 2 or len(hanging.ran) < 2:
        await turns(1)
    await backend.clock.run(_until(asyncio.create_task(work.stop())))


async def _until(task: asyncio.Task[None]) -> None:
    await task
