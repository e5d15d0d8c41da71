"""The process dies between evaluation, commit, reaction and action: nothing is lost, nothing happens twice."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from alarm_bench import START, TOPIC, Bench
from triptych.control.store import Conflict
from triptych.kernel import limits
from triptych.services.cloudwatch.alarms.tick import CLOCK


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = await Bench(tmp_path).open()
    yield bench
    await bench.close()


async def breach(bench: Bench) -> None:
    """An alarm that is OK, and a tick later should not be."""
    await bench.alarm()
    await bench.do("PutCompositeAlarm", AlarmName="any", AlarmRule="ALARM(cpu)", AlarmActions=[TOPIC])
    await bench.settle()
    bench.source.load("cpu", [1, 99, 99])
    await bench.pass_(60)
    assert await bench.changes() == [("any", "OK", 0), ("cpu", "OK", 60)]
    await bench.clock.advance(60)


AFTER = [("any", "OK", 0), ("cpu", "OK", 60), ("cpu", "ALARM", 120), ("any", "ALARM", 120)]


async def proved(bench: Bench, *, publications: int = 2) -> None:
    assert await bench.changes() == AFTER
    acted = [(f.body["alarmName"], f.body["error"]) for f in await bench.facts("AlarmActed")]
    assert sorted(acted) == [("any", ""), ("cpu", ""), ("cpu", "")]
    alarms = [message for message in bench.published() if message[1] == "ALARM"]
    assert len(alarms) == publications
    assert {name for name, _, _ in alarms} == {"cpu", "any"}


async def test_death_after_evaluation_before_the_commit(bench: Bench):
    await breach(bench)
    await bench.evaluated()
    await bench.die()
    assert (await bench.state()).value == "OK"
    await bench.tick()
    await bench.settle()
    await proved(bench)


async def test_death_after_the_commit_before_reaction_and_action(bench: Bench):
    await breach(bench)
    await bench.tick()
    await bench.die()
    assert (await bench.state()).value == "ALARM"
    assert len(bench.published()) == 1
    await bench.tick()
    await bench.settle()
    await proved(bench)


async def test_death_after_the_reaction_before_the_action(bench: Bench):
    await breach(bench)
    await bench.tick()
    await bench.dispatcher.drain()
    await bench.die()
    await bench.settle()
    await proved(bench)


async def test_death_while_an_action_is_performed_repeats_the_action_only(bench: Bench):
    await breach(bench)
    await bench.tick()

    class Died(BaseException):
        """``kill -9``: nobody catches it."""

    call = bench._call

    async def then_die(*arguments):
        await call(*arguments)
        await bench.die()
        raise Died

    bench._call = then_die  # type: ignore[method-assign]
    old = bench.worker
    claimed, _ = await old._claim()
    assert claimed == 1
    with pytest.raises(Died):
        await next(iter(old._running))
    bench._call = call  # type: ignore[method-assign]
    await bench.settle()
    await proved(bench, publications=3)


async def test_missed_ticks_are_made_up_for_at_their_own_times(bench: Bench):
    await bench.alarm()
    bench.source.load("cpu", [1, 99, 99, 1, 99, 1, 1, 1, 1, 1])
    await bench.pass_(60)
    await bench.die()
    await bench.clock.advance(540)
    await bench.tick()
    await bench.settle()
    went = [
        ("cpu", "OK", 60),
        ("cpu", "ALARM", 120),
        ("cpu", "OK", 240),
        ("cpu", "ALARM", 300),
        ("cpu", "OK", 360),
    ]
    assert await bench.changes() == went
    assert len(bench.published()) == 5
    await bench.tick()  # the same tick once more does nothing
    assert await bench.changes() == went


async def test_what_was_missed_too_long_ago_is_left_out(bench: Bench):
    await bench.alarm()
    minutes = limits.ALARM_CATCH_UP_SECONDS // 60 + 30
    bench.source.load("cpu", [99] * 10 + [1] * minutes)
    await bench.tick()
    await bench.clock.advance(minutes * 60)
    await bench.tick()
    assert await bench.changes() == [("cpu", "OK", 30 * 60)]
    clock = await bench.store.unit().get(CLOCK, "metrics")
    assert clock is not None
    assert clock.ticks == limits.ALARM_CATCH_UP_SECONDS // 10 + 1


async def life(bench: Bench, seed: int, *, mortal: bool) -> None:
    """Half an hour of three alarms and two composites; ``mortal``: with deaths at random moments."""
    world, fate = random.Random(seed), random.Random(seed + 1000)
    for name, treatment in (("a", "missing"), ("b", "breaching"), ("c", "ignore")):
        await bench.alarm(name, EvaluationPeriods=3, DatapointsToAlarm=2, TreatMissingData=treatment)
        bench.source.load(name, [world.choice([None, 1.0, 99.0, 99.0]) for _ in range(30)])
    await bench.do(
        "PutCompositeAlarm", AlarmName="x", AlarmRule="ALARM(a) AND NOT OK(b)", AlarmActions=[TOPIC]
    )
    await bench.do(
        "PutCompositeAlarm", AlarmName="y", AlarmRule="AT_LEAST(1, ALARM, (c, x))", AlarmActions=[TOPIC]
    )
    await bench.settle()
    for _ in range(30):
        await bench.clock.advance(60)
        if mortal and fate.random() < 0.15:
            await bench.evaluated()
            await bench.die()
        await bench.tick()
        if mortal and fate.random() < 0.15:
            await bench.die()
        await bench.dispatcher.drain()
        if mortal and fate.random() < 0.15:
            await bench.die()
        await bench.settle()


@pytest.mark.parametrize("seed", range(4))
async def test_a_mortal_life_is_like_an_immortal_one(seed: int, tmp_path: Path):
    seen = []
    for mortal in (False, True):
        home = tmp_path / str(mortal)
        home.mkdir()
        bench = await Bench(home).open()
        try:
            await life(bench, seed, mortal=mortal)
            seen.append((await bench.changes(), sorted(bench.published())))
        finally:
            await bench.close()
    assert seen[0] == seen[1]
    assert len(seen[0][0]) > 10


async def test_a_definition_changed_during_the_evaluation_wins(bench: Bench):
    await breach(bench)
    unit = await bench.evaluated()
    await bench.alarm(Threshold=1000.0)
    with pytest.raises(Conflict):
        await unit.commit()
    await bench.tick()
    assert (await bench.state()).value == "OK"


async def test_a_thousand_alarms_are_one_fetch(bench: Bench):
    for number in range(50):
        await bench.alarm(f"m{number}", Period=10, AlarmActions=None, OKActions=None)
    bench.source.fetches.clear()
    await bench.clock.advance(10)
    await bench.tick()
    assert bench.source.fetches == [50]
    clock = await bench.store.unit().get(CLOCK, "metrics")
    assert clock is not None
    assert (clock.alarms, clock.at) == (50, int((START + timedelta(seconds=10)).timestamp()))
