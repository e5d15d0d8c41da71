"""The stream of facts: heartbeats, bounds and places, on a real store in simulated time."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from triptych.console.feed import HEARTBEAT_SECONDS, TOPICS, Feed
from triptych.control.open import open_store
from triptych.control.sql_store import SqlStore
from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.kernel.fact import Fact
from triptych.kernel.ids import Ids
from triptych.testing.clock import SimClock

ACCOUNT = "111122223333"
EVERYTHING = frozenset(kind for kinds in TOPICS.values() for kind in kinds)


@pytest.fixture
async def clock() -> SimClock:
    return SimClock()


@pytest.fixture
async def store(tmp_path: Path, clock: SimClock) -> AsyncIterator[SqlStore]:
    opened = await open_store(f"sqlite:///{tmp_path / 'control.db'}", sync="normal", clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
def feed(store: SqlStore, clock: SimClock) -> Feed:
    return Feed(store, clock)


class Listener:
    def __init__(self) -> None:
        self.left = asyncio.Event()
        self.allowed = True

    async def gone(self) -> None:
        await self.left.wait()

    async def admitted(self) -> bool:
        return self.allowed


async def listening(
    feed: Feed, listener: Listener, *, after: int | None = None
) -> AsyncGenerator[bytes, None]:
    return await feed.follow(
        account=ACCOUNT, kinds=EVERYTHING, after=after, gone=listener.gone, admitted=listener.admitted
    )


_ids = Ids(random.Random(7))


async def happen(store: SqlStore, clock: SimClock, *subjects: str, account: str = ACCOUNT) -> None:
    unit = store.unit()
    for subject in subjects:
        unit.fact(
            Fact(
                id=_ids.uuid(),
                kind="AlarmConfigured",
                account=account,
                region="us-east-1",
                time=clock.now(),
                subject=subject,
                body={"alarmName": subject, "operation": "create"},
            )
        )
    await unit.commit()


async def told(stream: AsyncGenerator[bytes, None], clock: SimClock, *, seconds: float = 0.2) -> bytes:
    """The next piece, while time passes."""
    coming = asyncio.ensure_future(anext(stream))
    while not coming.done():
        await clock.advance(seconds)
        await asyncio.wait({coming}, timeout=0.02)
    return coming.result()


def read(chunk: bytes) -> tuple[str, Any]:
    fields = dict(line.split(": ", 1) for line in chunk.decode().splitlines() if ": " in line)
    return fields.get("event", ""), json.loads(fields["data"]) if "data" in fields else None


async def test_each_fact_of_the_account_once(store: SqlStore, feed: Feed, clock: SimClock) -> None:
    await happen(store, clock, "before")
    listener = Listener()
    stream = await listening(feed, listener)
    assert read(await told(stream, clock))[0] == "open"
    await happen(store, clock, "theirs", account="999999999999")
    await happen(store, clock, "one", "two")
    seen = [read(await told(stream, clock)) for _ in range(2)]
    assert [(topic, fact["subject"]) for topic, fact in seen] == [("alarm", "one"), ("alarm", "two")]
    assert seen[0][1]["summary"] == "alarm one: created"
    listener.left.set()
    assert [chunk async for chunk in stream] == []


async def test_it_goes_on_after_a_place(store: SqlStore, feed: Feed, clock: SimClock) -> None:
    await happen(store, clock, "a", "b", "c")
    stream = await listening(feed, Listener(), after=1)
    await told(stream, clock)
    assert [read(await told(stream, clock))[1]["subject"] for _ in range(2)] == ["b", "c"]
    await stream.aclose()


async def test_a_place_that_is_not_there_is_now(store: SqlStore, feed: Feed, clock: SimClock) -> None:
    await happen(store, clock, "a")
    stream = await listening(feed, Listener(), after=10_000)
    await told(stream, clock)
    await happen(store, clock, "b")
    assert read(await told(stream, clock))[1]["subject"] == "b"
    await stream.aclose()


async def test_who_is_too_far_behind_is_told_of_the_gap(
    store: SqlStore, feed: Feed, clock: SimClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CONSOLE_STREAM_BEHIND", 2)
    await happen(store, clock, "a", "b", "c", "d")
    stream = await listening(feed, Listener(), after=1)
    await told(stream, clock)
    assert read(await told(stream, clock)) == ("gap", {"after": 1, "now": 4})
    await happen(store, clock, "e")
    assert read(await told(stream, clock))[1]["subject"] == "e"
    await stream.aclose()


async def test_a_heartbeat_and_the_end_of_the_session(store: SqlStore, feed: Feed, clock: SimClock) -> None:
    listener = Listener()
    stream = await listening(feed, listener)
    await told(stream, clock)
    for allowed in (True, False):
        listener.allowed = allowed
        chunk = await told(stream, clock, seconds=HEARTBEAT_SECONDS / 4)
        if allowed:
            assert chunk.endswith(b": here\n\n")
        else:
            assert read(chunk)[0] == "end"
    assert [chunk async for chunk in stream] == []


async def test_no_more_listeners_than_the_bound(
    store: SqlStore, feed: Feed, clock: SimClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CONSOLE_STREAMS", 1)
    first = await listening(feed, Listener())
    await told(first, clock)
    with pytest.raises(ServiceError) as refused:
        await listening(feed, Listener())
    assert refused.value.status == 429
    await first.aclose()
    second = await listening(feed, Listener())
    await told(second, clock)
    await second.aclose()
