"""Group commit, decided by a clock the tests move and an engine that does as told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from triptych.kernel import limits
from triptych.lake.table import Column, Table
from triptych.lake.writer import Writer

TABLE = Table(
    name="things",
    columns=(Column("account", "String"), Column("region", "String"), Column("n", "Int64")),
    order_by=("account", "region"),
)


class Steps:
    """A clock whose sleepers wait until the test moves it."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.seconds + seconds, turn))
        await turn

    async def move(self, seconds: float) -> None:
        self.seconds += seconds
        for due, turn in self._sleepers:
            if due <= self.seconds + 1e-9 and not turn.done():
                turn.set_result(None)
        await settle()


async def settle() -> None:
    """Let every task run until it waits for something from outside."""
    for _ in range(20):
        await asyncio.sleep(0)


class Engine:
    """Keeps what was inserted; ``held`` makes inserts wait, ``failures`` are raised first."""

    def __init__(self) -> None:
        self.inserts: list[list[int]] = []
        self.tokens: list[str] = []
        self.failures: list[Exception] = []
        self.open = asyncio.Event()
        self.open.set()

    async def insert(self, table: str, data: pa.Table, token: str) -> None:
        assert table == TABLE.name
        await self.open.wait()
        self.tokens.append(token)
        if self.failures:
            raise self.failures.pop(0)
        self.inserts.append(data.column("n").to_pylist())


def rows(*numbers: int) -> list[dict[str, object]]:
    return [{"account": "1", "region": "r", "n": n} for n in numbers]


def transient() -> Exception:
    return DatabaseError("too many parts", code=252)


def permanent() -> Exception:
    return DatabaseError("no such column", code=16)


@pytest.fixture
def clock() -> Steps:
    return Steps()


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def writer(clock: Steps, engine: Engine) -> Writer:
    return Writer(engine.insert, clock=clock, flush_seconds=1.0, run="run")


def start(writer: Writer, *numbers: int, token: str = "") -> asyncio.Task[None]:
    return asyncio.create_task(writer.write(TABLE, rows(*numbers), token))


async def test_the_first_goes_at_once_and_later_ones_share_the_next(
    writer: Writer, engine: Engine, clock: Steps
) -> None:
    first = start(writer, 1)
    await settle()
    assert first.done() and engine.inserts == [[1]]
    later = [start(writer, n) for n in (2, 3)]
    await settle()
    await clock.move(0.5)
    later.append(start(writer, 4))
    await settle()
    assert engine.inserts == [[1]] and not any(task.done() for task in later)
    await clock.move(0.5)
    assert engine.inserts == [[1], [2, 3, 4]] and all(task.done() for task in later)
    await clock.move(5.0)
    await start(writer, 5)
    assert engine.inserts == [[1], [2, 3, 4], [5]]


async def test_callers_of_one_moment_share_the_first_insert(writer: Writer, engine: Engine) -> None:
    await asyncio.gather(*(start(writer, n) for n in range(10)))
    assert engine.inserts == [list(range(10))]


async def test_a_full_batch_does_not_wait(
    writer: Writer, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LAKE_FLUSH_ROWS", 4)
    await start(writer, 0)
    tasks = [start(writer, n, n) for n in (1, 2, 3)]
    await settle()
    assert engine.inserts == [[0], [1, 1, 2, 2]]
    assert [task.done() for task in tasks] == [True, True, False]
    await writer.close()
    assert engine.inserts[2:] == [[3, 3]]


async def test_rows_that_came_while_an_insert_ran_are_the_next_batch(
    writer: Writer, engine: Engine, clock: Steps
) -> None:
    engine.open.clear()
    first = start(writer, 1)
    await settle()
    second = start(writer, 2)
    await clock.move(3.0)
    assert not first.done() and not second.done()
    engine.open.set()
    await asyncio.gather(first, second)
    assert engine.inserts == [[1], [2]]


async def test_a_failure_reaches_exactly_its_batch(writer: Writer, engine: Engine, clock: Steps) -> None:
    engine.failures = [permanent()]
    batch = [start(writer, 1), start(writer, 2)]
    await settle()
    after = start(writer, 3)
    await clock.move(1.0)
    assert [type(task.exception()) for task in batch] == [DatabaseError, DatabaseError]
    await after
    assert engine.inserts == [[3]] and len(engine.tokens) == 2


@pytest.mark.parametrize("token", ["", "mine"])
@pytest.mark.parametrize("failure", [transient, lambda: OperationalError("connection reset")])
async def test_a_passing_failure_is_repeated_under_the_same_token(
    writer: Writer, engine: Engine, clock: Steps, token: str, failure: Callable[[], Exception]
) -> None:
    engine.failures = [failure(), failure()]
    task = start(writer, 1, token=token)
    await settle()
    for _ in range(3):
        await clock.move(1.0)
    await task
    assert engine.inserts == [[1]]
    assert len(engine.tokens) == 3 and set(engine.tokens) == {token or "run/1"}


async def test_repeats_end(writer: Writer, engine: Engine, clock: Steps) -> None:
    engine.failures = [transient() for _ in range(limits.LAKE_INSERT_ATTEMPTS)]
    task = start(writer, 1)
    await settle()
    for _ in range(limits.LAKE_INSERT_ATTEMPTS):
        await clock.move(1.0)
    assert isinstance(task.exception(), DatabaseError)
    assert len(engine.tokens) == limits.LAKE_INSERT_ATTEMPTS


async def test_every_batch_has_a_token_of_its_own(writer: Writer, engine: Engine, clock: Steps) -> None:
    for n in range(3):
        task = start(writer, n)
        await clock.move(1.0)
        await task
    assert engine.tokens == ["run/1", "run/2", "run/3"]


async def test_tokens_go_alone_and_at_once(writer: Writer, engine: Engine) -> None:
    await start(writer, 0)
    await asyncio.gather(start(writer, 1, token="a"), start(writer, 2, token="b"))
    assert engine.inserts == [[0], [1], [2]] and engine.tokens[1:] == ["a", "b"]


async def test_writers_wait_at_the_door_in_order(
    writer: Writer, engine: Engine, clock: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LAKE_QUEUE_ROWS", 3)
    engine.open.clear()
    tasks = [start(writer, 1, 1), start(writer, 2, 2), start(writer, 3), start(writer, *[4] * 9)]
    await settle()
    given_up = start(writer, 5)
    await settle()
    given_up.cancel()
    engine.open.set()
    for _ in range(5):
        await clock.move(1.0)
    await asyncio.gather(*tasks)
    assert engine.inserts == [[1, 1], [2, 2, 3], [4] * 9]
    assert given_up.cancelled()
    last = start(writer, 6)
    await clock.move(1.0)
    await last  # nothing was left counted


async def test_a_caller_that_gives_up_is_left_out_and_others_are_not(
    writer: Writer, engine: Engine, clock: Steps
) -> None:
    await start(writer, 0)
    gone, stays = start(writer, 1), start(writer, 2)
    await settle()
    gone.cancel()
    await clock.move(1.0)
    await stays
    assert engine.inserts == [[0], [2]]


async def test_a_caller_that_leaves_a_token_insert_does_not_stop_it(writer: Writer, engine: Engine) -> None:
    engine.open.clear()
    task = start(writer, 1, token="a")
    await settle()
    task.cancel()
    await settle()
    assert task.cancelled()
    engine.open.set()
    await writer.close()
    assert engine.inserts == [[1]]
