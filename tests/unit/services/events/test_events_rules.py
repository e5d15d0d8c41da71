"""How many rules a bus has, and that a changed rule is the one that is asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from delivery_kit import ACCOUNT, REGION, World, open_world
from triptych.kernel.errors import ServiceError
from triptych.services.events.deliver import DELIVER
from triptych.services.events.documents import RULES, Rule
from triptych.services.events.put_events import put_events
from triptych.services.events.rules import disable_rule, put_rule
from triptych.services.events.targets import put_targets

PATTERN = '{"source": ["shop"]}'


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, (DELIVER,)) as made:
        yield made


async def test_a_bus_has_a_thousand_rules_at_most(world: World) -> None:
    unit = world.store.unit()
    for number in range(999):
        rule = Rule(name=f"r{number}", bus="default", account=ACCOUNT, region=REGION, pattern=PATTERN)
        unit.put(RULES, rule.key, rule, account=ACCOUNT, region=REGION)
    await unit.commit()
    await world.do(put_rule, Name="last", EventPattern=PATTERN)
    with pytest.raises(ServiceError) as refused:
        await world.do(put_rule, Name="more", EventPattern=PATTERN)
    assert refused.value.code == "LimitExceededException"
    await world.do(put_rule, Name="last", EventPattern=PATTERN, Description="changed")


async def test_events_meet_the_rules_as_they_are_now(world: World) -> None:
    async def put(*sources: str) -> list[str]:
        before = len(world.queues.taken["target"])
        entries = [{"Source": source, "DetailType": "T", "Detail": "{}"} for source in sources]
        await world.do(put_events, Entries=entries)
        await world.settle(60)
        return sorted(json.loads(body)["source"] for body, _ in world.queues.taken["target"][before:])

    assert await put("shop", "till") == []
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:target"
    for name in ("one", "two"):
        await world.do(put_rule, Name=name, EventPattern=PATTERN)
        await world.do(put_targets, Rule=name, Targets=[{"Id": "q", "Arn": queue}])
    assert await put("shop", "till") == ["shop", "shop"]
    await world.do(put_rule, Name="two", EventPattern='{"source": ["till"]}')
    assert await put("shop", "till") == ["shop", "till"]
    await world.do(disable_rule, Name="one")
    assert await put("shop", "till") == ["till"]
