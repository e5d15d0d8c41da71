"""API destinations get no more events than they take: turns, and what Retry-After asks for. In simulated time."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from delivery_kit import ACCOUNT, REGION, World, open_world
from triptych.bus.post import Undelivered, retry_after
from triptych.services.events.api_destinations import (
    create_api_destination,
    delete_api_destination,
    update_api_destination,
)
from triptych.services.events.connections import create_connection
from triptych.services.events.deliver import DELIVER
from triptych.services.events.pacing import TURNS
from triptych.services.events.put_events import put_events
from triptych.services.events.rules import put_rule
from triptych.services.events.target_kinds import api_destination
from triptych.services.events.targets import put_targets

LETTERS = f"arn:aws:sqs:{REGION}:{ACCOUNT}:letters"


class Endpoint:
    """The world outside: notes when it was sent what, and refuses as it was told to."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.taken: list[tuple[datetime, str]] = []
        self.refusals: list[Undelivered] = []

    async def post(self, _url: str, body: bytes, _headers: Any, **_: Any) -> bytes:
        self.taken.append((self.world.clock.now(), json.loads(body)["id"]))
        if self.refusals:
            raise self.refusals.pop(0)
        return b""

    def gaps(self) -> list[float]:
        times = [at for at, _ in self.taken]
        return [(b - a).total_seconds() for a, b in itertools.pairwise(times)]


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, (DELIVER,)) as made:
        yield made


@pytest.fixture
def endpoint(world: World, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    made = Endpoint(world)
    monkeypatch.setattr(api_destination, "post", made.post)
    return made


async def arranged(world: World, rate: int, **policy: int) -> None:
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}
    connection = await world.do(create_connection, Name="c", AuthorizationType="API_KEY", AuthParameters=key)
    destination = await world.do(
        create_api_destination,
        Name="d",
        ConnectionArn=connection["ConnectionArn"],
        InvocationEndpoint="https://example.com/in",
        HttpMethod="POST",
        InvocationRateLimitPerSecond=rate,
    )
    await world.do(put_rule, Name="r", EventPattern='{"source": ["s"]}')
    target: dict[str, Any] = {
        "Id": "1",
        "Arn": destination["ApiDestinationArn"],
        "DeadLetterConfig": {"Arn": LETTERS},
        "RetryPolicy": policy,
    }
    await world.do(put_targets, Rule="r", Targets=[target])


async def sent(world: World, count: int) -> list[str]:
    entries = [{"Source": "s", "DetailType": "d", "Detail": "{}"}]
    return [(await world.do(put_events, Entries=entries))["Entries"][0]["EventId"] for _ in range(count)]


async def test_a_burst_is_spread_over_time_and_nothing_is_lost(world: World, endpoint: Endpoint) -> None:
    await arranged(world, 2)
    ids = await sent(world, 12)
    await world.settle(8)
    assert sorted(event_id for _, event_id in endpoint.taken) == sorted(ids)
    assert min(endpoint.gaps()) >= 0.5
    assert sum(endpoint.gaps()) == pytest.approx(5.5, abs=0.3)


async def test_a_faster_rate_holds_from_the_next_reservation_on(world: World, endpoint: Endpoint) -> None:
    await arranged(world, 1)
    await sent(world, 2)
    await world.settle(3)
    await world.do(update_api_destination, Name="d", InvocationRateLimitPerSecond=10)
    await sent(world, 5)
    await world.settle(3)
    assert len(endpoint.taken) == 7
    assert min(endpoint.gaps()[2:]) >= 0.1
    assert sum(endpoint.gaps()[2:]) < 1


async def test_retries_need_turns_of_their_own_and_are_counted(world: World, endpoint: Endpoint) -> None:
    await arranged(world, 1, MaximumRetryAttempts=1)
    endpoint.refusals += [Undelivered("HTTP_503", "no", permanent=False) for _ in range(6)]
    ids = await sent(world, 3)
    await world.settle(30)
    assert len(endpoint.taken) == 6
    assert min(endpoint.gaps()) >= 1
    assert sorted(world.queues.ids("letters")) == sorted(ids)


async def test_after_an_outage_what_waited_comes_at_the_rate(world: World, endpoint: Endpoint) -> None:
    await arranged(world, 2)
    await sent(world, 10)
    await world.settle(0.6)  # all have turns now
    before = len(endpoint.taken)
    await world.clock.advance(600)  # nobody works, and every turn passes
    await world.settle(10)
    assert before < 10
    assert len(endpoint.taken) == 10
    assert min(endpoint.gaps()) >= 0.5


async def test_what_would_get_too_old_before_its_turn_is_dead_lettered(
    world: World, endpoint: Endpoint
) -> None:
    await arranged(world, 1, MaximumEventAgeInSeconds=60)
    ids = await sent(world, 70)
    await world.settle(90)
    arrived, dead = {event_id for _, event_id in endpoint.taken}, set(world.queues.ids("letters"))
    assert arrived | dead == set(ids)
    assert not arrived & dead
    assert 55 <= len(arrived) <= 61
    reasons = {a["EXHAUSTED_RETRY_CONDITION"]["StringValue"] for _, a in world.queues.taken["letters"]}
    assert reasons == {"MaximumEventAgeInSeconds"}


@pytest.mark.parametrize(("asked", "waited"), [(120.0, 120), (0.0, 0.25)])
async def test_retry_after_is_the_least_that_is_waited(
    world: World, endpoint: Endpoint, asked: float, waited: float
) -> None:
    await arranged(world, 300)
    endpoint.refusals.append(Undelivered("HTTP_429", "slow down", permanent=False, after_seconds=asked))
    await sent(world, 1)
    await world.settle(200)
    (gap,) = endpoint.gaps()
    assert waited <= gap <= waited + 2


async def test_retry_after_beyond_the_events_age_ends_in_the_dead_letters(
    world: World, endpoint: Endpoint
) -> None:
    await arranged(world, 300, MaximumEventAgeInSeconds=60)
    endpoint.refusals.append(Undelivered("HTTP_503", "tomorrow", permanent=False, after_seconds=86_400))
    ids = await sent(world, 1)
    await world.settle(70)
    assert (len(endpoint.taken), world.queues.ids("letters")) == (1, ids)


async def test_a_negative_retry_after_means_never(world: World, endpoint: Endpoint) -> None:
    await arranged(world, 300)
    endpoint.refusals.append(Undelivered("HTTP_503", "never", permanent=False, after_seconds=-1))
    ids = await sent(world, 1)
    await world.settle(5)
    assert (len(endpoint.taken), world.queues.ids("letters")) == (1, ids)


async def test_turns_go_with_their_destination(world: World, endpoint: Endpoint) -> None:
    await arranged(world, 1)
    await sent(world, 1)
    await world.settle(1)
    assert len(await world.store.unit().list(TURNS)) == 1
    await world.do(delete_api_destination, Name="d")
    assert await world.store.unit().list(TURNS) == []


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("-1", -1.0),
        ("Fri, 20 Nov 2026 12:01:30 GMT", 90.0),
        ("soon", None),
        ("", None),
        ("1" * 30, None),
    ],
)
def test_retry_after_is_read(said: str, seconds: float | None) -> None:
    headers = {"Retry-After": said, "Date": "Fri, 20 Nov 2026 12:00:00 GMT"}
    assert retry_after(headers) == seconds
    assert retry_after({}) is None
