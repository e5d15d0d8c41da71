"""Storing and finding: the judgement of a batch, places, removal, and searches against a naive one."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logs_world import ACCOUNT, REGION, World
from sqlglot import exp

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.query.filter_pattern import parse
from triptych.services.logs.batch import judge
from triptych.services.logs.columns import sizes
from triptych.services.logs.place import Place, read_token, token

DAY = 24 * 3600 * 1000
NOW = 1_800_000_000_000


@given(
    st.lists(st.integers(-15 * DAY, 3 * 3600 * 1000), min_size=1, max_size=30),
    st.sampled_from([None, 1, 7, 30]),
)
@settings(deadline=None)
def test_every_event_of_a_batch_is_stored_or_named_as_rejected(offsets: list[int], days: int | None) -> None:
    base = max(offsets)
    times = sorted(NOW + max(offset, base - DAY) for offset in offsets)
    judged = judge(times, 27 * len(times), now=NOW, retention_days=days)
    oldest = NOW - min(14, days or 14) * DAY
    for at, time in enumerate(times):
        assert (judged.first <= at < judged.last) == (oldest <= time <= NOW + 2 * 3600 * 1000)
    old = max(
        judged.rejected.get("tooOldLogEventEndIndex", 0), judged.rejected.get("expiredLogEventEndIndex", 0)
    )
    assert old == sum(time < oldest for time in times)
    assert judged.rejected.get("tooNewLogEventStartIndex", len(times)) == sum(
        time <= NOW + 2 * 3600 * 1000 for time in times
    )


def test_a_batch_is_measured_in_utf8_and_26_bytes_an_event() -> None:
    fits = "é" * ((limits.LOG_BATCH_BYTES - 26) // 2)
    (size,) = sizes(pa.array([fits])).to_pylist()
    assert size == limits.LOG_BATCH_BYTES
    assert judge([NOW], size, now=NOW, retention_days=None).last == 1
    with pytest.raises(ServiceError, match="Upload too large: 1048577"):
        judge([NOW], size + 1, now=NOW, retention_days=None)


places = st.builds(Place, st.integers(0, 2**42 - 1), st.integers(0, 2**63 - 1), st.integers(0, 9_999))


@given(places, places)
def test_places_sort_as_their_numbers_and_tokens_give_them_back(one: Place, other: Place) -> None:
    assert (one < other) == (one.as_int() < other.as_int()) == (one.event_id < other.event_id)
    assert Place.of_int(one.as_int()) == one
    assert read_token(token("b", one.as_int())) == ("b", one.as_int())
    assert read_token("f/1/s") is None


async def rows(world: World) -> int:
    query = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n")).from_("logs_events")
    found = await world.lake.select(query, account=ACCOUNT, region=REGION)
    return int(found[0]["n"])


async def messages(world: World, **params: Any) -> list[str]:
    answer = await world.call("filter_log_events", logGroupName="g", **params)
    return [event["message"] for event in answer["events"]]


async def test_what_is_deleted_leaves_the_lake_after_a_while(logs_world: World) -> None:
    await logs_world.call("create_log_stream", logGroupName="g", logStreamName="t")
    await logs_world.put("a")
    await logs_world.put("b", stream="t")
    await logs_world.call("delete_log_stream", logGroupName="g", logStreamName="t")
    await logs_world.periodic("logs.remove")
    assert (await rows(logs_world), await messages(logs_world)) == (2, ["a"])
    logs_world.clock.time += timedelta(minutes=2)
    await logs_world.periodic("logs.remove")
    assert (await rows(logs_world), await messages(logs_world)) == (1, ["a"])
    await logs_world.call("delete_log_group", logGroupName="g")
    logs_world.clock.time += timedelta(minutes=2)
    await logs_world.periodic("logs.remove")
    assert await rows(logs_world) == 0


async def test_what_a_group_no_longer_keeps_leaves_the_lake(logs_world: World) -> None:
    await logs_world.put("old")
    logs_world.clock.time += timedelta(days=2)
    await logs_world.put("new")
    await logs_world.periodic("logs.expire")
    assert await rows(logs_world) == 2
    await logs_world.call("put_retention_policy", logGroupName="g", retentionInDays=1)
    await logs_world.periodic("logs.expire")
    assert (await rows(logs_world), await messages(logs_world)) == (1, ["new"])


LINES = [
    "ERROR one", "INFO two", '{"a": 1, "b": "x"}', '{"a": 2.5, "b": "\\u0078y"}', '{"a": "1"}', "1.2.3.4 - GET 200",
    '1.2.3.4 "quo ted" GET 404', "multi\nline ERROR", '{"a": null}', '{"c": 1}', "100% sure' OR 1=1 --", "ünï ERROR",
]  # fmt: skip
PATTERNS = [
    "ERROR", "-ERROR", "?ERROR ?INFO", '"multi"', "%^ERROR%", "%l.n%", "%multi.line%", "{ $.a = 1 }", "{ $.a >= 2 }",
    '{ $.b = "x*" }', "{ $.a IS NULL }", "{ $.a NOT EXISTS }", "[ip, ..., status = 4*]", "[a, b]", '"\' OR 1=1 --"',
    '{ $.a != 1 && $.b = "xy" }',
]  # fmt: skip


NUMBERS = [
    '{"n": 1}', '{"n": 9007199254740993}', '{"n": 9007199254740992}', '{"n": "5"}', '{"n": 1e308}', '{"n": -0.0}',
    '{"n": 1, "n": 7}', '{"n": 7, "n": 1}', '{"m": {"n": 1}, "n": 7}', '{"\\u006e": 7}', '{"n": 7.0, "x": 1e999}',
    '{"n": [7]}', '{"n": true}', '{"n": null}', '[{"n": 7}]', '{"n": 7} ', ' {"n": 7}', '{"n": 7', '"n" 7',
    '{"n": 18446744073709551615}', '{"n": -9223372036854775808}', '{"n": 0.1}', '{"n": 1E2}', '{"a": [1, {"n": 7}]}',
    '{"n": 123456789012345678901234567890}', '{"n": 7, "deep": ' + "[" * 900 + "]" * 900 + "}",
]  # fmt: skip


@pytest.mark.parametrize(
    "condition",
    [
        "$.n = 7", "$.n > 9007199254740992", "$.n >= 9007199254740993", "$.n < 0.2", "$.n <= 0", "$.n = 5", "$.n > 6",
        "$.n = 0.1", "$.n = 100", "$[0].n = 7", "$.a[1].n = 7", "$.n > 1e300", "$.n < 2 || $.a[0] = 1",
        "$.n > 12345678901234567890", "$.n <= -9223372036854775808",
    ],
)  # fmt: skip
async def test_numbers_are_found_however_the_engine_reads_them(logs_world: World, condition: str) -> None:
    await logs_world.put(*NUMBERS)
    pattern = f"{{ {condition} }}"
    expected = [line for line in NUMBERS if parse(pattern).matches(line)]
    assert expected and await messages(logs_world, filterPattern=pattern) == expected


@pytest.mark.parametrize("pattern", PATTERNS)
async def test_the_lake_and_the_matcher_agree(logs_world: World, pattern: str) -> None:
    await logs_world.put(*LINES)
    expected = [line for line in LINES if parse(pattern).matches(line)]
    assert await messages(logs_world, filterPattern=pattern) == expected
    assert 0 < len(expected) < len(LINES) or pattern == "%multi.line%"


async def test_pages_of_every_size_and_direction_show_every_event_once(logs_world: World) -> None:
    for number in range(5):
        await logs_world.put(*(f"m{number}{i}" for i in range(3)))  # all at one time
    everything = await messages(logs_world)
    assert sorted(everything) == sorted(f"m{number}{i}" for number in range(5) for i in range(3))

    async def paged(**params: Any) -> list[str]:
        found: list[str] = []
        while True:
            answer = await logs_world.call("filter_log_events", logGroupName="g", **params)
            found += [event["message"] for event in answer["events"]]
            if "nextToken" not in answer:
                return found
            params["nextToken"] = answer["nextToken"]

    for size in (1, 2, 3, 7, 15, 16):
        assert await paged(limit=size) == everything
        assert await paged(limit=size, startFromHead=False) == everything[::-1]
        assert await paged(limit=size, filterPattern="[m=m1*]") == [
            m for m in everything if m.startswith("m1")
        ]


async def test_a_search_that_finds_little_ends_and_goes_on(
    logs_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOG_SCAN_ROWS", 2)
    monkeypatch.setattr(limits, "LOG_SCAN_BYTES", 200)
    await logs_world.put(*(json.dumps({"n": n}) for n in range(20)))
    found, pages, token = [], 0, {}
    while True:
        answer = await logs_world.call(
            "filter_log_events", logGroupName="g", filterPattern="{ $.n NOT EXISTS || $.n >= 18 }", **token
        )
        found += [json.loads(event["message"])["n"] for event in answer["events"]]
        pages += 1
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    assert found == [18, 19] and pages > 2


async def test_a_live_tail_shows_only_what_its_pattern_matches(logs_world: World) -> None:
    pattern = '{ $.took > 5 && $.name = "a*" }'  # more than the lake can decide
    answer = await logs_world.call(
        "start_live_tail", logGroupIdentifiers=["g"], logEventFilterPattern=pattern
    )
    stream = answer["responseStream"]
    assert (await anext(stream))[0] == "sessionStart"
    others = ('{"took": 7, "name": "ba"}', '{"took": 5, "name": "ab"}', '"took": 7, "name": "ab"')
    wanted = '{"took": 7, "name": "ab"}'
    await logs_world.put(*others, wanted)
    async for _, update in stream:
        if update["sessionResults"]:
            assert [result["message"] for result in update["sessionResults"]] == [wanted]
            break


async def test_a_live_tail_shows_late_batches_and_ends_after_three_hours(
    logs_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LIVE_TAIL_EVENTS", 3)
    answer = await logs_world.call("start_live_tail", logGroupIdentifiers=["g"])
    stream = answer["responseStream"]
    assert (await anext(stream))[0] == "sessionStart"

    async def shown() -> tuple[list[str], bool]:
        async for _, update in stream:
            if update["sessionResults"]:
                results = [result["message"] for result in update["sessionResults"]]
                return results, update["sessionMetadata"]["sampled"]
        raise AssertionError("the stream ended")

    await logs_world.put("one")
    assert await shown() == (["one"], False)
    logs_world.clock.time += timedelta(seconds=5)
    await logs_world.put("two")
    assert await shown() == (["two"], False)
    logs_world.clock.time -= timedelta(seconds=3)  # its number is lower than one that was shown
    await logs_world.put("late")
    logs_world.clock.time += timedelta(seconds=3)
    assert await shown() == (["late"], False)
    await logs_world.put(*"abcde")
    assert await shown() == (["a", "b", "c"], True)
    logs_world.clock.time += timedelta(hours=3)
    with pytest.raises(ServiceError, match="SessionTimeoutException"):
        async for _ in stream:
            pass
