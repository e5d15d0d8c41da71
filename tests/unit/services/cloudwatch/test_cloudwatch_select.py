"""Metrics Insights in the lake: generated queries over generated data, and what is too much."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cloudwatch_world import NOON, REGION, HeldClock, World
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from naive_select import Line, Sample, run

from triptych.kernel import limits
from triptych.kernel.clock import SystemClock
from triptych.kernel.errors import ServiceError
from triptych.kernel.ids import Ids
from triptych.lake.open import ClickhouseLake, open_lake
from triptych.services.cloudwatch import series
from triptych.services.cloudwatch.points import QueryResult, evaluate_queries
from triptych.services.cloudwatch.put_metric_data import put_metric_data
from triptych.services.cloudwatch.series import Point, Series
from triptych.services.cloudwatch.tables import METRICS, POINTS
from triptych.services.contract import Runtime
from triptych.settings import Settings

START = int(NOON.timestamp())
NAMES = ("Host", "Zone", "odd name")
VALUES = ("a", "b", "Other", "it's", "é", '"q"')

dimensions = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES[:4]), max_size=3)
numbers = st.integers(-8, 40).map(float)
samples = st.tuples(
    dimensions, st.integers(0, 599), st.sampled_from([1.0, 2.0, 4.0]), numbers, numbers, numbers
)
data = st.lists(samples, min_size=1, max_size=30)


def quoted(text: str, mark: str) -> str:
    return mark + text.replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"') + mark


label = st.sampled_from([*("Host", "Zone"), *(quoted(name, '"') for name in NAMES), "Rack"])
function = st.sampled_from(["SUM", "AVG", "COUNT", "MIN", "MAX", "sum", "Avg"])
condition = st.tuples(label, st.sampled_from(["=", "!="]), st.sampled_from(VALUES)).map(
    lambda drawn: f"{drawn[0]} {drawn[1]} {quoted(drawn[2], chr(39))}"
)


@st.composite
def queries(draw: st.DrawFn) -> str:
    names = draw(st.lists(label, max_size=2, unique_by=lambda name: name.strip('"')))
    source = draw(st.sampled_from(["App", '"App"', f"SCHEMA({', '.join(['App', *names])})"]))
    text = f"SELECT {draw(function)}(m) FROM {source}"
    if where := draw(st.lists(condition, max_size=2)):
        text += f" WHERE {' AND '.join(where)}"
    if labels := draw(st.lists(label, max_size=3, unique_by=lambda name: name.strip('"'))):
        text += f" group by {', '.join(labels)}"
    if draw(st.booleans()):
        text += f" ORDER BY {draw(function)}() {draw(st.sampled_from(['', 'ASC', 'desc']))}"
    if draw(st.booleans()):
        text += f" LIMIT {draw(st.integers(1, 4))}"
    return text


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def runtime_on(lake: ClickhouseLake) -> Runtime:
    clock = HeldClock(NOON + timedelta(hours=1))
    return Runtime(
        settings=Settings(), clock=clock, ids=Ids(random.Random(3)), control=None, lake=lake, caller=None
    )  # type: ignore[arg-type]


async def asked(runtime: Runtime, text: str, period: int, *, account: str) -> list[QueryResult]:
    return await evaluate_queries(
        runtime,
        account=account,
        region=REGION,
        queries=[{"Id": "q", "Expression": text, "Period": period}],
        start=NOON,
        end=NOON + timedelta(minutes=10),
    )


async def answered(runtime: Runtime, drawn: list[Sample], text: str, period: int, account: str) -> list[Line]:
    points = [
        Point(Series("App", "m", tuple(sorted(at.items()))), "None", (START + second) * 1000, *rest, (), ())
        for at, second, *rest in drawn
    ]
    others = [each._replace(series=Series("Other", "m", ())) for each in points[:1]]
    others += [each._replace(series=Series("App", "n", ())) for each in points[:1]]
    await series.write(runtime, account=account, region=REGION, points=[*points, *others])
    found = await asked(runtime, text, period, account=account)
    return [(each.label, {at - START: value for at, value in each.series.points()}) for each in found]


def test_the_lake_agrees_with_the_naive_interpreter(tmp_path: Path, loop: asyncio.AbstractEventLoop) -> None:
    made = 0
    opening = open_lake(
        path=tmp_path / "lake", tables=[POINTS, METRICS], clock=SystemClock(), flush_seconds=0.001
    )
    lake = loop.run_until_complete(opening)
    runtime = runtime_on(lake)

    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data, queries(), st.sampled_from([60, 120, 300]))
    def check(drawn: list[Sample], text: str, period: int) -> None:
        nonlocal made
        made += 1
        # Numbers that are not whole are summed up in any order, so what is alike may come in any order.
        assume(not re.search(r"avg\(m\).*order by", text, re.IGNORECASE))
        expected = run(text, drawn, period)
        found = loop.run_until_complete(answered(runtime, drawn, text, period, f"{made:012d}"))
        assert [name for name, _ in found] == [name for name, _ in expected]
        for (_, mine), (_, theirs) in zip(found, expected, strict=True):
            assert mine == pytest.approx(theirs, rel=1e-12)

    try:
        check()
    finally:
        loop.run_until_complete(lake.close())
    assert made >= 80


async def test_too_many_metrics_series_and_points(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"MetricName": "m", "Timestamp": NOON, "Value": float(host), "Dimensions": [{"Name": "Host", "Value": f"h{host}"}]}
        for host in range(6)
    ]  # fmt: skip
    await world.do(put_metric_data, Namespace="App", MetricData=rows)
    world.clock.time = NOON + timedelta(minutes=5)
    account = world.ctx().account

    monkeypatch.setattr(limits, "METRICS_INSIGHTS_METRICS", 4)
    (one,) = await asked(world.runtime, "SELECT COUNT(m) FROM App", 60, account=account)
    assert one.series.values == (4.0,)
    assert [(each.code, each.value) for each in one.messages] == [
        ("MaxMetricsExceeded", "6 metrics match, and the first 4 were looked at.")
    ]
    monkeypatch.setattr(limits, "METRICS_INSIGHTS_METRICS", 6)
    (one,) = await asked(world.runtime, "SELECT COUNT(m) FROM App", 60, account=account)
    assert (one.series.values, one.messages) == ((6.0,), ())

    monkeypatch.setattr(limits, "METRIC_DATA_ASKED", 5)
    with pytest.raises(
        ServiceError, match="You have requested up to 6 datapoints, which exceeds the limit of 5"
    ):
        await asked(world.runtime, "SELECT SUM(m) FROM App GROUP BY Host", 60, account=account)
    few = await asked(world.runtime, "SELECT SUM(m) FROM App GROUP BY Host LIMIT 5", 60, account=account)
    assert [each.label for each in few] == ["h0", "h1", "h2", "h3", "h4"]
    assert all(each.messages == () for each in few)


async def test_more_series_than_a_query_returns(world: World) -> None:
    hosts = limits.METRICS_INSIGHTS_SERIES + 1
    points = [
        Point(
            Series("App", "m", (("Host", f"{host:04}"),)), "None", START * 1000, 1.0, host, host, host, (), ()
        )
        for host in map(float, range(hosts))
    ]
    account = world.ctx().account
    await series.write(world.runtime, account=account, region=REGION, points=points)
    found = await asked(
        world.runtime, "SELECT SUM(m) FROM App GROUP BY Host ORDER BY MAX() DESC", 60, account=account
    )
    assert [each.series.values[0] for each in found] == [float(host) for host in range(hosts - 1, 0, -1)]
    assert found[0].messages[0].value == "There are 501 time series, and 500 were returned."


async def test_accounts_and_regions_are_apart(world: World) -> None:
    datum = {"MetricName": "m", "Timestamp": NOON, "Value": 1.0}
    await world.do(put_metric_data, Namespace="App", MetricData=[datum])
    await world.do(put_metric_data, Namespace="App", MetricData=[datum], region="us-east-1")
    await world.do(put_metric_data, Namespace="App", MetricData=[datum], account="222222222222")
    (one,) = await asked(world.runtime, "SELECT SUM(m) FROM App", 60, account=world.ctx().account)
    assert one.series.values == (1.0,)
