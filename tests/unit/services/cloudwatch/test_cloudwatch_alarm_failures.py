"""An alarm whose data cannot be told keeps its state, and no other waits for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest_asyncio

from alarm_bench import START, Bench, Memory
from triptych.kernel.errors import ServiceError
from triptych.query.metric_math import MathError
from triptych.services.cloudwatch.alarms.definition import MetricWatch
from triptych.services.cloudwatch.alarms.tick import CLOCK, AlarmClock
from triptych.services.cloudwatch.points import MetricStat, Points
from triptych.services.contract import Runtime


class Refusing(Memory):
    """Metrics called ``huge`` are too much for the lake, with whatever they are asked; so is math over them."""

    def __init__(self) -> None:
        super().__init__()
        self.refusing = True
        self.error: Exception = ServiceError("LimitExceeded", "The request needs more memory.")

    async def fetch(self, runtime: Runtime, *, stats: Sequence[MetricStat], **place: Any) -> list[Points]:
        if self.refusing and any(stat.metric_name == "huge" for stat in stats):
            raise ServiceError("LimitExceeded", "The request needs more memory.")
        return await super().fetch(runtime, stats=stats, **place)

    async def compute(self, runtime: Runtime, *, watch: MetricWatch, **place: Any) -> Points:
        if self.refusing and "huge" in str(watch.metrics):
            raise self.error
        return await super().compute(runtime, watch=watch, **place)


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = await Bench(tmp_path).open()
    bench.source = Refusing()
    yield bench
    await bench.close()


def math(metric: str) -> dict[str, Any]:
    stat = {"Metric": {"Namespace": "N", "MetricName": metric}, "Period": 60, "Stat": "Average"}
    single = ("Namespace", "MetricName", "Statistic", "Period")
    return dict.fromkeys(single) | {
        "Metrics": [
            {"Id": "m1", "MetricStat": stat, "ReturnData": False},
            {"Id": "e1", "Expression": "m1 * 1"},
        ]
    }


async def test_others_are_evaluated_beside_metrics_that_are_too_much(bench: Bench) -> None:
    for name in ("a", "b", "huge", "c", "d"):
        await bench.alarm(name)
        bench.source.load(name, [99])
    await bench.pass_(60)
    assert {name: state for name, state, _ in await bench.changes()} == dict.fromkeys("abcd", "ALARM")
    assert (await bench.state("huge")).value == "INSUFFICIENT_DATA"


async def test_what_could_not_be_told_is_told_when_it_can(bench: Bench) -> None:
    await bench.alarm("huge")
    bench.source.load("huge", [99, 99, 99])
    await bench.pass_(60)
    assert await bench.changes() == []
    bench.source.refusing = False
    await bench.pass_(60)
    assert await bench.changes() == [("huge", "ALARM", 120)]


async def test_others_are_evaluated_beside_metric_math_that_cannot_be_computed(bench: Bench) -> None:
    for error in (bench.source.error, MathError("The expression e1 has no value", 0)):
        bench.source.error = error
        await bench.alarm("sum", **math("huge"))
        await bench.alarm("other", **math("fine"))
        await bench.alarm("plain")
        for name in ("huge", "fine", "plain"):
            bench.source.load(name, [99, 99, 99])
        await bench.pass_(60)
        assert (await bench.state("sum")).value == "INSUFFICIENT_DATA"
        assert {(await bench.state(name)).value for name in ("other", "plain")} == {"ALARM"}


async def test_alarms_on_metrics_do_not_wait_for_those_on_math(bench: Bench) -> None:
    await bench.alarm("sum", **math("fine"))
    await bench.alarm("plain")
    for name in ("fine", "plain"):
        bench.source.load(name, [99])
    await bench.clock.advance(60)
    slow = await bench.evaluated("computed")
    await (await bench.evaluated("metrics")).commit()
    assert [(name, value) for name, value, _ in await bench.changes()] == [("plain", "ALARM")]
    await slow.commit()
    assert [name for name, _, _ in await bench.changes()] == ["plain", "sum"]


async def test_the_clock_both_once_had_goes_on_for_both(bench: Bench) -> None:
    at = int(START.timestamp())
    unit = bench.store.unit()
    unit.put(CLOCK, "clock", AlarmClock(at=at))
    await unit.commit()
    await bench.alarm("sum", **math("fine"))
    await bench.alarm("plain")
    await bench.clock.advance(60)
    await bench.tick()
    for which in ("metrics", "computed"):
        clock = await bench.store.unit().get(CLOCK, which)
        assert clock is not None and (clock.at, clock.ticks) == (at + 60, 6)
