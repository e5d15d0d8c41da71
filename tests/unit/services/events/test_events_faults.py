"""Delivery under faults, seeded: every matched event arrives or is dead-lettered, repeats carry the same id."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from delivery_kit import ACCOUNT, REGION, World, open_world
from triptych.control.open import open_store
from triptych.kernel.ids import Ids
from triptych.services.events.deliver import DELIVER
from triptych.services.events.put_events import put_events
from triptych.services.events.rules import disable_rule, put_rule
from triptych.services.events.scheduled import TICK
from triptych.services.events.targets import put_targets

KINDS = (DELIVER, TICK)
TARGET, LETTERS = (f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}" for name in ("target", "letters"))


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, KINDS) as made:
        yield made


async def arranged(world: World, policy: dict[str, int]) -> None:
    await world.do(put_rule, Name="r", EventPattern='{"source": ["s"]}')
    target = {"Id": "1", "Arn": TARGET, "DeadLetterConfig": {"Arn": LETTERS}, "RetryPolicy": policy}
    await world.do(put_targets, Rule="r", Targets=[target])


async def sent(world: World, count: int) -> list[str]:
    found = []
    for _ in range(count):
        answer = await world.do(put_events, Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
        found.append(answer["Entries"][0]["EventId"])
    return found


@pytest.mark.parametrize("seed", range(3))
async def test_every_event_arrives_or_is_dead_lettered(world: World, seed: int) -> None:
    world.queues.draw, world.queues.trouble = random.Random(seed), 0.7
    await arranged(world, {"MaximumRetryAttempts": 3})
    ids = await sent(world, 25)
    await world.settle(30)
    arrived, dead = set(world.queues.ids("target")), set(world.queues.ids("letters"))
    assert arrived | dead == set(ids)
    assert dead, "with this much trouble some are given up"
    assert len(world.queues.ids("target")) > len(arrived), "some were taken twice, under one id"
    for _, attributes in world.queues.taken["letters"]:
        assert attributes["EXHAUSTED_RETRY_CONDITION"]["StringValue"] == "MaximumRetryAttempts"
        assert attributes["RETRY_ATTEMPTS"]["StringValue"] == "3"


async def test_attempts_are_counted_exactly(world: World) -> None:
    world.queues.trouble = 2.0  # 503, always
    await arranged(world, {"MaximumRetryAttempts": 2})
    ids = await sent(world, 1)
    await world.settle(30)
    assert (world.queues.attempts, world.queues.ids("letters")) == (3, ids)


async def test_no_retry_when_none_is_wanted(world: World) -> None:
    world.queues.trouble = 2.0
    await arranged(world, {"MaximumRetryAttempts": 0})
    await sent(world, 1)
    await world.settle(30)
    assert (world.queues.attempts, len(world.queues.ids("letters"))) == (1, 1)


async def test_events_that_got_too_old_are_given_up(world: World) -> None:
    world.queues.trouble = 2.0
    await arranged(world, {"MaximumEventAgeInSeconds": 60})
    await sent(world, 1)
    await world.settle(200)
    ((_, attributes),) = world.queues.taken["letters"]
    assert attributes["EXHAUSTED_RETRY_CONDITION"]["StringValue"] == "MaximumEventAgeInSeconds"
    assert 1 < world.queues.attempts < 12


def _copied(directory: Path) -> Path:
    """The files as a killed process leaves them."""
    killed = directory / "killed"
    killed.mkdir()
    for file in directory.glob("control.db*"):
        shutil.copy(file, killed)
    return killed


async def test_what_waits_survives_a_restart(world: World, tmp_path: Path) -> None:
    await arranged(world, {})
    ids = await sent(world, 5)
    killed = _copied(tmp_path)
    again = await open_store(
        f"sqlite:///{killed / 'control.db'}", sync="normal", clock=world.clock, ids=Ids(random.Random(4))
    )
    undo = world.clock.attend(lambda: again.busy)
    await World(again, world.clock, Ids(random.Random(5)), world.queues, KINDS).settle(5)
    undo()
    await again.close()
    assert sorted(world.queues.ids("target")) == sorted(ids)


async def test_schedules_come_again_until_they_are_disabled(world: World) -> None:
    await world.do(put_rule, Name="r", ScheduleExpression="rate(1 minute)")
    await world.do(put_targets, Rule="r", Targets=[{"Id": "1", "Arn": TARGET}])
    await world.settle(185)
    events = [json.loads(body) for body, _ in world.queues.taken["target"]]
    assert [event["time"][14:19] for event in events] == ["01:00", "02:00", "03:00"]
    assert {(event["source"], event["detail-type"]) for event in events} == {
        ("aws.events", "Scheduled Event")
    }
    await world.do(put_rule, Name="r", ScheduleExpression="rate(2 minutes)")
    await world.settle(130)
    assert len(world.queues.taken["target"]) == 4, "the changed schedule took the place of the first"
    await world.do(disable_rule, Name="r")
    await world.settle(300)
    assert len(world.queues.taken["target"]) == 4
