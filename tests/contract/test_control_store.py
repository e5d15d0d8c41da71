"""Units of work, conflicts, overlays, group commit and the outbox: the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import threading

import pytest
import sqlalchemy as sa

from control_kit import ACCOUNTS, HERE, THINGS, WORLD, Backend, Thing, names, put, stage, turns
from triptych.control.database import StoreUnavailable
from triptych.control.schema import DOCUMENT
from triptych.control.store import Conflict
from triptych.control.writer import StoreClosed
from triptych.kernel import limits
from triptych.kernel.context import Cause
from triptych.kernel.errors import Defect


async def test_what_was_put_is_there_for_others_after_the_commit(backend: Backend) -> None:
    store = await backend.open()
    unit = store.unit()
    unit.put(THINGS, "a", Thing(1, "red"), **HERE)
    assert await store.unit().get(THINGS, "a", **HERE) is None
    assert await unit.get(THINGS, "a", **HERE) == Thing(1, "red")
    await unit.commit()
    assert await store.unit().get(THINGS, "a", **HERE) == Thing(1, "red")
    assert await store.unit().get(THINGS, "a", account="111111111111", region="us-east-1") is None


async def test_a_change_under_a_read_document_is_a_conflict_and_writes_nothing(backend: Backend) -> None:
    store = await backend.open()
    await put(store, "a", Thing(1))
    unit = store.unit()
    assert await unit.get(THINGS, "a", **HERE) == Thing(1)
    await put(store, "a", Thing(2))
    unit.put(THINGS, "a", Thing(3), **HERE)
    unit.put(THINGS, "b", Thing(3), **HERE)
    unit.fact(backend.fact("never"))
    unit.job(backend.job("never"))
    with pytest.raises(Conflict):
        await unit.commit()
    assert await store.unit().get(THINGS, "a", **HERE) == Thing(2)
    assert await store.unit().get(THINGS, "b", **HERE) is None
    assert await names(store) == []


async def test_a_document_that_was_only_read_guards_the_commit_too(backend: Backend) -> None:
    store = await backend.open()
    await put(store, "a", Thing(1))
    for key, value in (("a", Thing(2)), ("new", Thing(1))):
        unit = store.unit()
        await unit.get(THINGS, key, **HERE)
        unit.put(THINGS, "b", Thing(9), **HERE)
        await put(store, key, value)
        with pytest.raises(Conflict):
            await unit.commit()
    assert await store.unit().get(THINGS, "b", **HERE) is None


async def test_a_document_deleted_and_created_again_is_another_one(backend: Backend) -> None:
    store = await backend.open()
    await put(store, "a", Thing(1))
    unit = store.unit()
    await unit.get(THINGS, "a", **HERE)
    other = store.unit()
    other.delete(THINGS, "a", **HERE)
    await other.commit()
    await put(store, "a", Thing(1))
    unit.put(THINGS, "a", Thing(2), **HERE)
    with pytest.raises(Conflict):
        await unit.commit()


async def test_without_a_read_the_last_put_wins(backend: Backend) -> None:
    store = await backend.open()
    first, second = store.unit(), store.unit()
    first.put(THINGS, "a", Thing(1), **HERE)
    second.put(THINGS, "a", Thing(2), **HERE)
    await first.commit()
    await second.commit()
    assert await store.unit().get(THINGS, "a", **HERE) == Thing(2)


async def test_create_needs_an_empty_place(backend: Backend) -> None:
    store = await backend.open()
    unit = store.unit()
    unit.create(THINGS, "a", Thing(1), **HERE)
    await unit.commit()
    unit = store.unit()
    unit.create(THINGS, "a", Thing(2), **HERE)
    with pytest.raises(Conflict):
        await unit.commit()
    seen = store.unit()
    await seen.get(THINGS, "a", **HERE)
    seen.create(THINGS, "a", Thing(2), **HERE)
    with pytest.raises(Conflict):
        await seen.commit()
    twice = store.unit()
    twice.create(THINGS, "b", Thing(1), **HERE)
    with pytest.raises(Defect):
        twice.create(THINGS, "b", Thing(1), **HERE)
    replaced = store.unit()
    replaced.delete(THINGS, "a", **HERE)
    replaced.create(THINGS, "a", Thing(5, "blue"), **HERE)
    await replaced.commit()
    assert [d.value for d in await store.unit().list(THINGS, index=("color", "blue"))] == [Thing(5, "blue")]


async def test_created_then_put_then_deleted_in_one_unit(backend: Backend) -> None:
    store = await backend.open()
    unit = store.unit()
    unit.create(THINGS, "a", Thing(1), **HERE)
    unit.put(THINGS, "a", Thing(2), **HERE)
    await put(store, "a", Thing(7))
    with pytest.raises(Conflict):
        await unit.commit()
    unit = store.unit()
    unit.create(THINGS, "b", Thing(1), **HERE)
    unit.delete(THINGS, "b", **HERE)
    assert await unit.get(THINGS, "b", **HERE) is None
    await unit.commit()
    assert await store.unit().get(THINGS, "b", **HERE) is None


async def test_delete_checks_what_was_read_and_takes_index_entries_along(backend: Backend) -> None:
    store = await backend.open()
    await put(store, "a", Thing(1, "red"))
    unit = store.unit()
    await unit.get(THINGS, "a", **HERE)
    await put(store, "a", Thing(2, "red"))
    unit.delete(THINGS, "a", **HERE)
    with pytest.raises(Conflict):
        await unit.commit()
    unit = store.unit()
    unit.delete(THINGS, "a", **HERE)
    unit.delete(THINGS, "never was", **HERE)
    await unit.commit()
    assert await store.unit().list(THINGS, index=("color", "red")) == []


async def test_a_unit_with_nothing_staged_commits_and_one_that_committed_starts_anew(
    backend: Backend,
) -> None:
    store = await backend.open()
    unit = store.unit()
    await unit.get(THINGS, "a", **HERE)
    await put(store, "a", Thing(1))
    before = store.writer.transactions
    await unit.commit()
    assert store.writer.transactions == before
    assert await unit.get(THINGS, "a", **HERE) == Thing(1)
    unit.put(THINGS, "a", Thing(2), **HERE)
    await unit.commit()
    assert await unit.get(THINGS, "a", **HERE) == Thing(2)


async def test_a_read_asked_twice_answers_the_same(backend: Backend) -> None:
    store = await backend.open()
    await put(store, "a", Thing(1))
    unit = store.unit()
    assert await unit.get(THINGS, "a", **HERE) == Thing(1)
    await put(store, "a", Thing(2))
    assert await unit.get(THINGS, "a", **HERE) == Thing(1)


async def test_lists_are_in_order_bounded_and_overlaid_with_what_is_staged(backend: Backend) -> None:
    store = await backend.open()
    for key in ("Zebra", "apple", "apfel", "über", "b%", "b_"):
        await put(store, key, Thing(len(key), "red"))
    unit = store.unit()
    elsewhere = {"account": "000000000000", "region": "us-east-1"}
    unit.put(THINGS, "apple", Thing(99), **elsewhere)
    unit.put(THINGS, "apple", Thing(1, "blue"), **HERE)
    unit.put(THINGS, "axe", Thing(2, "red"), **HERE)
    unit.delete(THINGS, "apfel", **HERE)
    unit.delete(THINGS, "Zebra", **HERE)

    async def keys(**how: object) -> list[str]:
        return [d.key for d in await unit.list(THINGS, **how)]  # type: ignore[arg-type]

    assert await keys() == ["apple", "apple", "axe", "b%", "b_", "über"]
    assert await keys(**HERE) == ["apple", "axe", "b%", "b_", "über"]
    assert await keys(account="000000000000") == ["apple"]
    assert await keys(**HERE, prefix="a") == ["apple", "axe"]
    assert await keys(**HERE, prefix="b_") == ["b_"]
    assert await keys(**HERE, after="axe", limit=2) == ["b%", "b_"]
    assert await keys(**HERE, limit=1) == ["apple"]
    assert await keys(index=("color", "red")) == ["axe", "b%", "b_", "über"]
    assert await keys(index=("color", "blue")) == ["apple"]
    await unit.commit()
    assert [d.key for d in await store.unit().list(THINGS, **HERE)] == ["apple", "axe", "b%", "b_", "über"]
    assert [d.key for d in await store.unit().list(THINGS, index=("color", "red"))] == [
        "axe",
        "b%",
        "b_",
        "über",
    ]


async def test_text_of_every_kind_survives(backend: Backend) -> None:
    store = await backend.open()
    value = Thing(2**53, "\x00 \\u0000 ' \" 😀 \u2028")
    unit = store.unit()
    unit.put(WORLD, "'; DROP TABLE document; --", value)
    unit.put(ACCOUNTS, "😀", value, account="1")
    fact = backend.fact(
        "f", body={"nested": [1.5, None, {"\x00": "\ud7ff"}]}, cause=Cause(parent="p", origin="o")
    )
    unit.fact(fact)
    await unit.commit()
    assert await store.unit().get(WORLD, "'; DROP TABLE document; --") == value
    assert [d.value for d in await store.unit().list(ACCOUNTS, prefix="😀")] == [value]
    (read,) = await store.facts_after(0, limit=10)
    assert (read.body, read.cause, read.time) == (fact.body, fact.cause, fact.time)
    assert read.seq > 0


@pytest.mark.parametrize(
    ("coll", "place"),
    [
        (THINGS, {"account": "1"}),
        (THINGS, {"region": "r"}),
        (THINGS, {}),
        (ACCOUNTS, {"account": "1", "region": "r"}),
        (ACCOUNTS, {}),
        (WORLD, {"account": "1"}),
        (WORLD, {"region": "r"}),
    ],
)
async def test_a_place_outside_the_scope_is_a_defect(tmp_path, coll, place) -> None:
    backend = Backend(f"sqlite:///{tmp_path}/c.db", sqlite=True)
    unit = (await backend.open()).unit()
    with pytest.raises(Defect):
        await unit.get(coll, "k", **place)
    with pytest.raises(Defect):
        unit.put(coll, "k", Thing(1), **place)
    with pytest.raises(Defect):
        unit.delete(coll, "k", **place)
    await backend.close()


async def test_wrong_types_indexes_and_ranges_are_defects(backend: Backend) -> None:
    unit = (await backend.open()).unit()
    with pytest.raises(Defect):
        unit.put(THINGS, "k", backend.fact("f"), **HERE)  # type: ignore[type-var]
    with pytest.raises(Defect):
        unit.put(THINGS, "", Thing(1), **HERE)
    with pytest.raises(Defect):
        await unit.list(THINGS, index=("shape", "round"))
    with pytest.raises(Defect):
        await unit.list(ACCOUNTS, region="r")
    with pytest.raises(Defect):
        await unit.list(WORLD, account="1")


async def test_concurrent_commits_share_transactions_and_all_are_there(backend: Backend) -> None:
    store = await backend.open()

    async def one(number: int) -> None:
        unit = store.unit()
        unit.put(THINGS, f"k{number:03}", Thing(number), **HERE)
        unit.fact(backend.fact(f"f{number:03}"))
        await unit.commit()

    before = store.writer.transactions
    await asyncio.gather(*(one(number) for number in range(200)))
    assert store.writer.transactions - before < 50
    assert [d.value.size for d in await store.unit().list(THINGS)] == list(range(200))
    assert sorted(await names(store)) == [f"f{number:03}" for number in range(200)]


async def test_a_conflict_in_a_group_undoes_only_its_own_unit(backend: Backend) -> None:
    store = await backend.open()

    async def one(number: int) -> bool:
        unit = store.unit()
        unit.put(THINGS, f"before{number}", Thing(number), **HERE)
        unit.create(THINGS, f"shared{number % 10}", Thing(number), **HERE)
        unit.fact(backend.fact(f"f{number}"))
        try:
            await unit.commit()
        except Conflict:
            return False
        return True

    won = await asyncio.gather(*(one(number) for number in range(100)))
    assert won.count(True) == 10
    winners = {number for number, is_winner in enumerate(won) if is_winner}
    assert {d.value.size for d in await store.unit().list(THINGS, prefix="before")} == winners
    assert set(await names(store)) == {f"f{number}" for number in winners}


async def test_increments_are_never_lost(backend: Backend) -> None:
    store = await backend.open()
    await put(store, "n", Thing(0))

    async def increment() -> int:
        for attempt in range(1000):
            unit = store.unit()
            value = await unit.get(THINGS, "n", **HERE)
            assert value is not None
            unit.put(THINGS, "n", Thing(value.size + 1), **HERE)
            try:
                await unit.commit()
            except Conflict:
                continue
            return attempt
        pytest.fail("never got through")

    await asyncio.gather(*(increment() for _ in range(16)))
    assert await store.unit().get(THINGS, "n", **HERE) == Thing(16)


async def test_an_error_of_the_database_fails_its_own_unit_only(backend: Backend) -> None:
    store = await backend.open()
    bad, good = store.unit(), store.unit()
    bad.put(THINGS, "bad", Thing(1), **HERE)
    bad.alongside(lambda c: c.exec_driver_sql("INSERT INTO nowhere VALUES (1)") and None)
    good.put(THINGS, "good", Thing(1), **HERE)
    gate = threading.Event()
    blocked = asyncio.create_task(store.write(lambda c: gate.wait() and None))
    outcomes = asyncio.gather(bad.commit(), good.commit(), return_exceptions=True)
    await turns()
    assert store.writer.waiting == 3
    gate.set()
    failed, succeeded = await outcomes
    await blocked
    assert isinstance(failed, sa.exc.DBAPIError)
    assert succeeded is None
    assert [d.key for d in await store.unit().list(THINGS)] == ["good"]


async def test_a_fact_whose_id_is_there_is_absorbed(backend: Backend) -> None:
    store = await backend.open()
    await stage(store, backend.fact("a"), backend.fact("b"))
    unit = store.unit()
    unit.fact(backend.fact("a", body={"name": "a", "again": True}))
    unit.fact(backend.fact("c"))
    unit.put(THINGS, "k", Thing(1), **HERE)
    await unit.commit()
    facts = await store.facts_after(0, limit=10)
    assert [(f.id, f.body.get("again")) for f in facts] == [("a", None), ("b", None), ("c", None)]
    assert [f.seq for f in facts] == sorted({f.seq for f in facts})
    assert await store.unit().get(THINGS, "k", **HERE) == Thing(1)


async def test_facts_after_pages_and_ends(backend: Backend) -> None:
    store = await backend.open()
    await stage(store, *(backend.fact(f"f{number}") for number in range(10)))
    facts = await store.facts_after(0, limit=100)
    seq = [f.seq for f in facts]
    assert [f.id for f in await store.facts_after(seq[2], limit=3)] == ["f3", "f4", "f5"]
    assert [f.id for f in await store.facts_after(seq[2], limit=100, until=seq[4])] == ["f3", "f4"]
    assert await store.facts_after(seq[9], limit=100) == []
    assert await store.head() == seq[9]


async def test_a_reader_that_follows_never_misses_a_fact(backend: Backend) -> None:
    """Positions become visible in their own order, also when two processes commit at once."""
    writers = [await backend.open()]
    if not backend.sqlite:
        writers.append(await backend.open())
    count = 60

    async def commits(store, name: str) -> None:
        async def one(number: int) -> None:
            await stage(store, backend.fact(f"{name}{number}"), backend.fact(f"{name}{number}b"))

        await asyncio.gather(*(one(number) for number in range(count)))

    followed: list[str] = []

    async def follow() -> None:
        seq = 0
        while len(followed) < 2 * count * len(writers):
            for fact in await writers[0].facts_after(seq, limit=7):
                assert fact.seq > seq
                seq = fact.seq
                followed.append(fact.id)

    follower = asyncio.create_task(follow())
    await asyncio.gather(*(commits(store, f"w{number}-") for number, store in enumerate(writers)))
    await asyncio.wait_for(follower, 60)
    assert len(set(followed)) == len(followed)


async def test_two_processes_on_one_database_see_each_others_conflicts(backend: Backend) -> None:
    if backend.sqlite:
        await backend.open()
        with pytest.raises(StoreUnavailable, match="in use by another process"):
            await backend.open()
        return
    one, other = await backend.open(), await backend.open()
    unit = one.unit()
    assert await unit.get(THINGS, "a", **HERE) is None
    await put(other, "a", Thing(1))
    unit.put(THINGS, "b", Thing(2), **HERE)
    with pytest.raises(Conflict):
        await unit.commit()


async def test_commit_later_returns_at_once_and_keeps_facts_of_reads_whatever_changes(
    backend: Backend,
) -> None:
    store = await backend.open()
    unit = store.unit()
    await unit.get(THINGS, "a", **HERE)
    await put(store, "a", Thing(1))
    unit.fact(backend.fact("read"))
    await store.commit_later(unit)
    losing = store.unit()
    losing.create(THINGS, "a", Thing(2), **HERE)
    losing.fact(backend.fact("lost"))
    await store.commit_later(losing)
    await put(store, "b", Thing(1))  # first in, first out: both are settled now
    assert await names(store) == ["read"]
    assert store.writer.lost == 1
    assert [entry["event"] for entry in backend.logs] == ["commit_lost"]


async def test_listeners_hear_of_facts_and_jobs_after_the_commit_only(backend: Backend) -> None:
    store = await backend.open()
    heard: list[int] = []
    undo = store.on_commit(lambda _: heard.append(threading.get_ident()))
    await put(store, "a", Thing(1))
    assert heard == []
    await stage(store, backend.fact("f"))
    await stage(store, backend.job("j"))
    failing = store.unit()
    failing.create(THINGS, "a", Thing(2), **HERE)
    failing.fact(backend.fact("g"))
    with pytest.raises(Conflict):
        await failing.commit()
    assert heard == [threading.get_ident()] * 2
    undo()
    await stage(store, backend.fact("h"))
    assert len(heard) == 2


async def test_nobody_is_woken_for_a_fact_that_waits(backend: Backend) -> None:
    store = await backend.open()
    heard: list[frozenset[str]] = []
    store.on_commit(heard.append)
    for kinds in ((), ("ItemChanged",)):
        unit = store.unit()
        unit.fact(backend.fact(f"read-{kinds}"), waits=True)
        for kind in kinds:
            unit.fact(backend.fact(kind, kind=kind))
        await unit.commit()
    await stage(store, backend.fact("another"))
    assert heard == [{"ItemChanged"}, {"ApiCall"}]


async def test_the_queue_is_bounded_and_full_means_wait(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "COMMIT_QUEUE", 3)
    store = await backend.open()
    gate = threading.Event()
    blocked = asyncio.create_task(store.write(lambda c: gate.wait() and None))
    tasks = [asyncio.create_task(put(store, f"k{number}", Thing(number))) for number in range(6)]
    later = asyncio.create_task(_commit_later(store, backend))
    await turns()
    assert store.writer._inside == 3
    assert store.writer.waiting == 8
    assert not later.done()
    tasks[5].cancel()
    gate.set()
    await asyncio.gather(blocked, *tasks[:5], later)
    await put(store, "last", Thing(0))
    assert [d.key for d in await store.unit().list(THINGS)] == ["k0", "k1", "k2", "k3", "k4", "last"]
    assert store.writer.waiting == 0


async def _commit_later(store, backend: Backend) -> None:
    unit = store.unit()
    unit.fact(backend.fact("f"))
    await store.commit_later(unit)


async def test_a_caller_that_leaves_while_its_unit_is_written_harms_nobody(backend: Backend) -> None:
    store = await backend.open()
    gate = threading.Event()
    blocked = asyncio.create_task(store.write(lambda c: gate.wait() and None))
    leaving = asyncio.create_task(put(store, "left", Thing(1)))
    staying = asyncio.create_task(put(store, "stayed", Thing(2)))
    await turns()
    assert store.writer.waiting == 3
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    gate.set()
    await asyncio.gather(blocked, staying)
    await put(store, "after", Thing(3))
    assert [d.key for d in await store.unit().list(THINGS)] == ["after", "left", "stayed"]


async def test_after_close_there_is_a_clear_error_and_what_was_in_line_is_written(backend: Backend) -> None:
    store = await backend.open()
    tasks = [asyncio.create_task(put(store, f"k{number}", Thing(number))) for number in range(20)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*tasks)
    with pytest.raises(StoreClosed):
        await put(store, "late", Thing(1))
    backend._alive.pop(store)()
    again = await backend.open()
    assert len(await again.unit().list(THINGS)) == 20


async def test_what_was_committed_survives_a_crash_and_what_was_not_is_gone(backend: Backend) -> None:
    store = await backend.open()
    await put(store, "kept", Thing(1))
    await stage(store, backend.fact("kept"), backend.job("kept"))
    unit = store.unit()
    unit.put(THINGS, "staged", Thing(1), **HERE)
    unit.fact(backend.fact("staged"))
    again = await backend.reopen(store)
    with pytest.raises(StoreClosed):
        await unit.commit()
    assert [d.key for d in await again.unit().list(THINGS)] == ["kept"]
    assert await names(again) == ["kept"]


async def test_a_document_that_is_not_what_it_should_be_is_a_defect(backend: Backend) -> None:
    store = await backend.open()
    await put(store, "a", Thing(1))
    await store.write(lambda c: c.execute(sa.update(DOCUMENT).values(body='{"size": "large"}')) and None)
    with pytest.raises(Defect, match="size"):
        await store.unit().get(THINGS, "a", **HERE)


async def test_a_lost_connection_fails_its_commit_and_the_next_one_works(backend: Backend) -> None:
    if backend.sqlite:
        pytest.skip("SQLite has no connection to lose")
    store = await backend.open()
    await put(store, "a", Thing(1))
    pid = await store.write(lambda c: c.exec_driver_sql("SELECT pg_backend_pid()").scalar())
    await store.read(lambda c: c.exec_driver_sql(f"SELECT pg_terminate_backend({pid})") and None)
    with pytest.raises(sa.exc.OperationalError):
        await put(store, "b", Thing(1))
    await put(store, "c", Thing(1))
    assert [d.key for d in await store.unit().list(THINGS)] == ["a", "c"]


async def test_prune_takes_what_everybody_passed_and_keeps_the_newest(backend: Backend) -> None:
    from triptych.control import outbox

    store = await backend.open()
    await stage(store, *(backend.fact(f"f{number:02}") for number in range(20)))
    seq = [fact.seq for fact in await store.facts_after(0, limit=100)]
    await store.write(lambda c: outbox.create_cursor(c, "quick", at=seq[19]))
    assert await store.prune(["quick", "slow"], keep=0) == 0
    await store.write(lambda c: outbox.create_cursor(c, "slow", at=seq[9]))
    assert await store.prune(["quick", "slow"], keep=15) == 5
    assert await store.prune(["quick", "slow"], keep=0) == 5
    assert (await names(store))[0] == "f10"
    assert await store.prune(["quick"], keep=0) == 10
    await stage(store, backend.fact("next"))
    assert (await store.facts_after(0, limit=10))[0].seq > seq[19]
