"""Commits of the control store against bare SQLite commits of the same rows, in one run on one disk.

    python bench/control.py [directory]

Prints commits per second and latency, for one caller and for 64 at once. A commit is one document and one fact,
as a mutating request makes it; the yardstick is one thread of ``sqlite3`` with prepared statements, committing
the same two rows each time. What bounds both is the flush to disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import uvloop

from triptych.control.collection import Collection
from triptych.control.open import open_store
from triptych.control.sql_store import SqlStore
from triptych.kernel.clock import SystemClock
from triptych.kernel.fact import Fact
from triptych.kernel.ids import Ids


class Row(msgspec.Struct, frozen=True):
    text: str


ROWS = Collection(name="bench.rows", type=Row)
BODY = {"parameters": {"Bucket": "x" * 40}, "identity": {"arn": "y" * 80}, "filler": "z" * 800}
CLOCK, IDS = SystemClock(), Ids()
COUNT = 2000


def report(name: str, latencies: list[float], seconds: float, note: str = "") -> None:
    ordered = sorted(latencies)
    p50, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    rate = len(ordered) / seconds
    print(f"{name:34} {rate:9,.0f} commits/s   p50 {p50 * 1e3:7.3f} ms   p99 {p99 * 1e3:7.3f} ms  {note}")


def bare(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE document (key TEXT PRIMARY KEY, revision INTEGER, body TEXT)")
    connection.execute(
        "CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, body TEXT)"
    )
    latencies = []
    start = time.perf_counter()
    for number in range(COUNT):
        began = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO document VALUES (?, 1, ?)", (str(number), '{"text":"' + "x" * 300 + '"}')
        )
        connection.execute(
            "INSERT INTO outbox (id, body) VALUES (?, ?)", (IDS.uuid(), msgspec.json.encode(BODY).decode())
        )
        connection.execute("COMMIT")
        latencies.append(time.perf_counter() - began)
    report("sqlite3, one thread", latencies, time.perf_counter() - start)
    connection.close()


async def callers(store: SqlStore, count: int, each: int) -> tuple[list[float], float]:
    latencies: list[float] = []

    async def caller(name: int) -> None:
        for number in range(each):
            began = time.perf_counter()
            unit = store.unit()
            unit.put(ROWS, f"{count}/{name}/{number}", Row("x" * 300), account="1", region="r")
            unit.fact(
                Fact(
                    id=IDS.uuid(),
                    kind="ApiCall",
                    account="1",
                    region="r",
                    time=CLOCK.now(),
                    subject="bench:Put",
                    body=BODY,
                )
            )
            await unit.commit()
            latencies.append(time.perf_counter() - began)

    work: list[Awaitable[None]] = [caller(name) for name in range(count)]
    start = time.perf_counter()
    await asyncio.gather(*work)
    return latencies, time.perf_counter() - start


async def ours(path: Path) -> None:
    store = await open_store(f"sqlite:///{path}", sync="full", clock=CLOCK)
    await callers(store, 1, 50)  # compiled statements, warm pages
    for count in (1, 64):
        before = store.writer.transactions
        latencies, seconds = await callers(store, count, COUNT // count)
        per = len(latencies) / (store.writer.transactions - before)
        report(f"control store, {count} at once", latencies, seconds, f"{per:.1f} units a transaction")
    await _reads(store)
    await store.close()


async def _reads(store: SqlStore) -> None:
    latencies = []
    start = time.perf_counter()
    for number in range(COUNT):
        began = time.perf_counter()
        await store.unit().get(ROWS, f"1/0/{number}", account="1", region="r")
        latencies.append(time.perf_counter() - began)
    report("control store, get", latencies, time.perf_counter() - start, "(reads)")


def main(run: Callable[[Awaitable[None]], None]) -> None:
    parent = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=parent) as directory:
        bare(Path(directory) / "bare.db")
        run(ours(Path(directory) / "control.db"))
        bare(Path(directory) / "bare again.db")


if __name__ == "__main__":
    main(uvloop.run)
