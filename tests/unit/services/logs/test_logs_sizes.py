"""How much there is in a time: whole minutes from the lake's sums, the rest from the rows, against counting."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from logs_world import World
from sqlglot import exp

from triptych.kernel.clock import SystemClock
from triptych.lake.open import open_lake
from triptych.services.logs.sizes import minutes, summed_between
from triptych.services.logs.tables import LOG_EVENTS

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTES = 5
TIMES = [NOON + timedelta(milliseconds=ms) for ms in range(0, MINUTES * 60_000, 1_700)]
TIMES += [NOON + timedelta(minutes=m, milliseconds=ms) for m in range(MINUTES) for ms in (0, 59_999)]
SECONDS = st.integers(-70, MINUTES * 60 + 70) | st.sampled_from([60 * m for m in range(-1, MINUTES + 2)])


def rows(times: list[datetime], group: str) -> list[dict[str, Any]]:
    place = {"account": "1", "region": "r", "group_id": group, "stream_id": "s", "log_stream": "s"}
    return [
        {**place, "time": time, "batch": 1, "number": n, "ingested": NOON, "bytes": 26 + n, "message": "m"}
        for n, time in enumerate(times)
    ]


@pytest.fixture
def loop() -> Any:
    made = asyncio.new_event_loop()
    yield made
    made.close()


@pytest.mark.parametrize("merged", [False, True])
def test_it_is_what_counting_says(tmp_path: Path, loop: asyncio.AbstractEventLoop, merged: bool) -> None:
    opening = open_lake(path=tmp_path, tables=[LOG_EVENTS], clock=SystemClock(), flush_seconds=0.001)
    lake = loop.run_until_complete(opening)
    query = summed_between(exp.column("group_id").eq(exp.Placeholder(this="group")))

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(SECONDS, SECONDS)
    def check(first: int, last: int) -> None:
        start, end = NOON + timedelta(seconds=first), NOON + timedelta(seconds=last)
        bound = {"group": "g", **minutes(start, end)}
        (found,) = loop.run_until_complete(lake.select(query, bound, account="1", region="r"))
        inside = [26 + n for n, time in enumerate(TIMES) if start <= time < end]
        assert (found["events"], found["size"]) == (len(inside), sum(inside))

    try:
        loop.run_until_complete(lake.write(LOG_EVENTS, rows(TIMES, "g")))
        loop.run_until_complete(lake.write(LOG_EVENTS, rows(TIMES, "h")))
        if merged:
            loop.run_until_complete(lake._engine.command("OPTIMIZE TABLE logs_events FINAL"))
        check()
    finally:
        loop.run_until_complete(lake.close())


async def test_a_query_and_a_group_say_what_is_kept(logs_world: World) -> None:
    """Of a group with a retention a query counts to the millisecond, storedBytes by the minute."""
    now = logs_world.clock.time
    oldest = now - timedelta(days=1)
    moments = [oldest + timedelta(seconds=s) for s in (-61, -1, 0, 1, 61)]
    for time in moments:
        event = {"timestamp": int(time.timestamp() * 1000), "message": "m"}
        await logs_world.call("put_log_events", logGroupName="g", logStreamName="s", logEvents=[event])
    await logs_world.call("put_retention_policy", logGroupName="g", retentionInDays=1)
    started = await logs_world.call(
        "start_query",
        logGroupName="g",
        startTime=int(oldest.timestamp()) - 3600,
        endTime=int(now.timestamp()),
        queryString="fields @message",
    )
    await logs_world.run_jobs()
    answer = await logs_world.call("get_query_results", queryId=started["queryId"])
    assert len(answer["results"]) == 3
    assert (answer["statistics"]["recordsScanned"], answer["statistics"]["bytesScanned"]) == (3.0, 81.0)
    logs_world.clock.time = now  # looking after the job let time pass
    (group,) = (await logs_world.call("describe_log_groups"))["logGroups"]
    assert group["storedBytes"] == 4 * 27
