"""Messages under faults, seeded: each arrives or is dead-lettered, repeats carry the same id, groups keep their order."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from delivery_kit import ACCOUNT, REGION, World, open_world
from triptych.services.sns.deliver import DELIVER, DELIVER_IN_ORDER
from triptych.services.sns.publish import publish
from triptych.services.sns.signer import certificate
from triptych.services.sns.subscriptions import subscribe
from triptych.services.sns.topics import create_topic


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, (DELIVER, DELIVER_IN_ORDER)) as made:
        await certificate(made.runtime)  # on a thread, for which simulated time would not wait
        yield made


async def arranged(world: World, suffix: str = "") -> str:
    attributes = {"FifoTopic": "true"} if suffix else {}
    topic: str = (await world.do(create_topic, Name="t" + suffix, Attributes=attributes))["TopicArn"]
    target, letters = (f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}{suffix}" for name in ("target", "letters"))
    await world.do(
        subscribe,
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=target,
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": letters})},
    )
    return topic


def documents(world: World, queue: str) -> list[dict[str, Any]]:
    return [json.loads(body) for body, _ in world.queues.taken[queue]]


def is_hopeless(body: str) -> bool:
    return json.loads(body)["Message"].endswith("hopeless")


@pytest.mark.parametrize("seed", range(3))
async def test_every_message_arrives_or_is_dead_lettered(world: World, seed: int) -> None:
    world.queues.draw, world.queues.trouble = random.Random(seed), 0.5
    world.queues.refused = is_hopeless
    topic = await arranged(world)
    texts = [f"{n}{' hopeless' if n % 5 == 0 else ''}" for n in range(25)]
    ids = {text: (await world.do(publish, TopicArn=topic, Message=text))["MessageId"] for text in texts}
    await world.settle(120)
    arrived, dead = documents(world, "target"), documents(world, "letters")
    assert {each["Message"]: each["MessageId"] for each in [*arrived, *dead]} == ids
    assert sorted(each["Message"] for each in dead) == sorted(t for t in texts if "hopeless" in t)
    assert len(arrived) > 20, "some were taken twice, under one id"


async def test_a_queue_that_never_answers_costs_no_message(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("triptych.services.sns.deliver._QUEUE_RETRIES", 5)  # fifty take hours
    world.queues.trouble = 2.0  # 503, always
    topic = await arranged(world)
    sent = (await world.do(publish, TopicArn=topic, Message="m"))["MessageId"]
    await world.settle(60)
    assert [each["MessageId"] for each in documents(world, "letters")] == [sent]
    assert world.queues.attempts == 6


@pytest.mark.parametrize("seed", range(3))
async def test_groups_keep_their_order(world: World, seed: int) -> None:
    world.queues.draw, world.queues.trouble = random.Random(seed), 0.4
    world.queues.refused = is_hopeless
    topic = await arranged(world, ".fifo")
    sent: dict[str, list[str]] = {"a": [], "b": []}
    for n in range(20):
        group = "ab"[n % 2]
        text = f"{group}{n}{' hopeless' if n % 7 == 0 else ''}"
        await world.do(
            publish, TopicArn=topic, Message=text, MessageGroupId=group, MessageDeduplicationId=text
        )
        sent[group].append(text)
    await world.settle(300)
    arrived = list(dict.fromkeys(each["Message"] for each in documents(world, "target")))
    dead = [each["Message"] for each in documents(world, "letters")]
    for group, texts in sent.items():
        assert [t for t in arrived if t[0] == group] == [t for t in texts if "hopeless" not in t]
        assert [t for t in dead if t[0] == group] == [t for t in texts if "hopeless" in t]
