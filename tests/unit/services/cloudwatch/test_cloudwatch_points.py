"""What was put comes back: every statistic against its definition, detail by age, roll-ups that change nothing."""

from __future__ import annotations

import math
import random
from datetime import timedelta
from pathlib import Path

import pytest
from cloudwatch_world import ACCOUNT, NOON, REGION, World
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.kernel.clock import SystemClock
from triptych.lake.open import open_lake
from triptych.query import statistic as statistics
from triptych.services.cloudwatch import finish
from triptych.services.cloudwatch.finish import Bucket
from triptych.services.cloudwatch.points import MetricStat, Points, fetch, retention, rounded_start
from triptych.services.cloudwatch.put_metric_data import put_metric_data
from triptych.services.cloudwatch.tables import METRICS, POINTS

STATISTICS = (
    "SampleCount", "Sum", "Average", "Minimum", "Maximum", "p0", "p1", "p50", "p90", "p99.9", "p100", "IQM",
    "tm90", "TM(10%:90%)", "TM(:50%)", "TM(5:80)", "wm90", "WM(10%:90%)", "WM(20%:)", "WM(3:40)", "tc50",
    "TC(10%:90%)", "TC(:30)", "ts99", "TS(25%:75%)", "TS(10:)", "PR(:30)", "PR(10:60)",
)  # fmt: skip
MINUTE = timedelta(minutes=1)


async def read(world: World, stats: list[MetricStat], start=None, end=None, **more) -> list[Points]:
    start, end = start or NOON - timedelta(hours=1), end or NOON + timedelta(hours=1)
    return await fetch(
        world.runtime, account=ACCOUNT, region=REGION, stats=stats, start=start, end=end, **more
    )


def stat(name: str, *, metric="m", period=60, unit="", dimensions=()) -> MetricStat:
    return MetricStat("App", metric, dimensions, period, name, unit)


weights = st.one_of(st.integers(1, 1000).map(float), st.floats(0.25, 9, allow_nan=False))
samples = st.lists(st.tuples(st.floats(-1e6, 1e6, allow_nan=False), weights), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None)
@given(samples, st.sampled_from(STATISTICS))
def test_finish_agrees_with_the_definition(points: list[tuple[float, float]], name: str) -> None:
    united: dict[float, float] = {}
    for value, weight in points:
        united[value] = united.get(value, 0.0) + weight
    values = sorted(united)
    counts = [united[value] for value in values]
    total = math.fsum(v * c for v, c in united.items())
    bucket = Bucket(0, math.fsum(counts), total, values[0], values[-1], values, counts)
    meant = statistics.parse(name)
    expected = statistics.evaluate(meant, values, counts)
    ours = finish.value(meant, bucket)
    assert (ours is None) == (expected is None)
    if expected is not None:
        assert ours == pytest.approx(expected, rel=1e-9, abs=1e-6)


async def test_generated_data_agrees_with_the_definition_through_the_lake(world: World) -> None:
    """Values, arrays with counts and uniform sets, shuffled over minutes, in several calls."""
    draw = random.Random(5)
    raw: dict[int, list[tuple[float, float]]] = {}
    for _ in range(6):
        data = []
        for _ in range(40):
            minute = draw.randrange(10)
            time = NOON + minute * MINUTE + timedelta(seconds=draw.randrange(60))
            datum = {"MetricName": "m", "Timestamp": time}
            match draw.randrange(3):
                case 0:
                    value = round(draw.uniform(0, 100), 1)
                    datum["Value"], points = value, [(value, 1.0)]
                case 1:
                    values = [float(draw.randrange(50)) for _ in range(draw.randrange(1, 20))]
                    counts = [float(draw.randrange(1, 9)) for _ in values]
                    datum |= {"Values": values, "Counts": counts}
                    points = list(zip(values, counts, strict=True))
                case _:
                    datum["StatisticValues"] = {
                        "SampleCount": 4.0,
                        "Sum": 28.0,
                        "Minimum": 7.0,
                        "Maximum": 7.0,
                    }
                    points = [(7.0, 4.0)]
            raw.setdefault(int(NOON.timestamp()) + 60 * minute, []).extend(points)
            data.append(datum)
        await world.do(put_metric_data, Namespace="App", MetricData=data)
    answers = await read(world, [stat(name) for name in STATISTICS])
    for name, answer in zip(STATISTICS, answers, strict=True):
        meant = statistics.parse(name)
        expected = {}
        for start, points in sorted(raw.items()):
            value = statistics.evaluate(meant, [v for v, _ in points], [c for _, c in points])
            if value is not None:
                expected[start] = value
        assert answer.timestamps == tuple(expected), name
        assert answer.values == pytest.approx(tuple(expected.values()), rel=1e-9), name
    counted = {start: sum(c for _, c in points) for start, points in raw.items()}
    assert dict(zip(answers[0].timestamps, answers[0].sample_counts, strict=True)) == counted


async def test_percentiles_of_statistic_sets_only_where_their_values_are_known(world: World) -> None:
    spread = {"SampleCount": 3.0, "Sum": 12.0, "Minimum": 1.0, "Maximum": 9.0}
    one = {"SampleCount": 1.0, "Sum": 5.0, "Minimum": 5.0, "Maximum": 5.0}
    data = [
        {"MetricName": "m", "Timestamp": NOON, "StatisticValues": spread},
        {"MetricName": "m", "Timestamp": NOON, "Value": 2.0},
        {"MetricName": "m", "Timestamp": NOON + MINUTE, "StatisticValues": one},
    ]
    await world.do(put_metric_data, Namespace="App", MetricData=data)
    p50, average, count = await read(world, [stat("p50"), stat("Average"), stat("SampleCount")])
    start = int(NOON.timestamp())
    assert (p50.timestamps, p50.values) == ((start + 60,), (5.0,))
    assert average.values == (3.5, 5.0)
    assert count.values == (4.0, 1.0)


async def test_series_units_accounts_and_regions_are_apart(world: World) -> None:
    def datum(value: float, **more) -> dict[str, object]:
        return {"MetricName": "m", "Timestamp": NOON, "Value": value} | more

    a_b = [{"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}]
    ab_ = [{"Name": "a", "Value": "12"}, {"Name": "b", "Value": ""}]
    data = [
        datum(1.0), datum(2.0, Dimensions=a_b), datum(4.0, Dimensions=a_b[::-1]), datum(8.0, Unit="Bytes"),
        datum(16.0, Dimensions=[{"Name": "a", "Value": "12"}]), {**datum(32.0), "MetricName": "n"},
    ]  # fmt: skip
    assert ab_ != a_b
    await world.do(put_metric_data, Namespace="App", MetricData=data)
    await world.do(put_metric_data, Namespace="App", MetricData=[datum(64.0)], region="us-east-1")
    await world.do(put_metric_data, Namespace="App", MetricData=[datum(128.0)], account="222222222222")
    await world.do(put_metric_data, Namespace="Other", MetricData=[datum(256.0)])
    both = (("b", "2"), ("a", "1"))
    answers = await read(
        world,
        [stat("Sum"), stat("Sum", unit="None"), stat("Sum", unit="Bytes"), stat("Sum", unit="Percent"),
         stat("Sum", dimensions=both), stat("Sum", dimensions=(("a", "12"),)), stat("Sum", dimensions=(("a", "1"),)),
         stat("Sum", metric="n"), stat("p100")],
    )  # fmt: skip
    assert [each.values for each in answers] == [
        (9.0,),
        (1.0,),
        (8.0,),
        (),
        (6.0,),
        (16.0,),
        (),
        (32.0,),
        (8.0,),
    ]


async def test_a_series_is_read_alike_alone_with_others_and_over_long(world: World) -> None:
    """Three ways to ask the lake: a row a period, a row a series of several, a row a series of many periods."""
    draw = random.Random(7)
    data = [
        {
            "MetricName": "m",
            "Timestamp": NOON + timedelta(seconds=draw.randrange(300)),
            "StorageResolution": 1,
            "Values": [float(draw.randrange(9)) for _ in range(draw.randrange(1, 4))],
            "Unit": draw.choice(["Bytes", "None"]),
        }
        for _ in range(50)
    ]
    data.append({"MetricName": "other", "Timestamp": NOON, "Value": 1.0})
    await world.do(put_metric_data, Namespace="App", MetricData=data)
    world.clock.time = NOON + timedelta(hours=1)
    for name in ("Sum", "p50"):
        for unit in ("", "Bytes"):
            asked = stat(name, period=5, unit=unit)
            (alone,) = await read(world, [asked])
            (among, _) = await read(world, [asked, stat(name, metric="other", period=5, unit=unit)])
            (over_long,) = await read(world, [asked], NOON - timedelta(hours=1), NOON + timedelta(hours=9))
            assert len(alone.timestamps) > 10
            assert alone == among == over_long


async def test_high_resolution_and_the_grid_of_periods(world: World) -> None:
    data = [
        {
            "MetricName": "fast",
            "Timestamp": NOON + timedelta(seconds=s, milliseconds=700),
            "Value": 1.0,
            "StorageResolution": 1,
        }
        for s in range(0, 90, 3)
    ] + [{"MetricName": "slow", "Timestamp": NOON + timedelta(seconds=s), "Value": 1.0} for s in (0, 59, 60)]
    await world.do(put_metric_data, Namespace="App", MetricData=data)
    tens, seconds, slow, shifted = await read(
        world,
        [stat("Sum", metric="fast", period=10), stat("Sum", metric="fast", period=1),
         stat("Sum", metric="slow", period=10), stat("Sum", metric="fast", period=60)],
    )  # fmt: skip
    start = int(NOON.timestamp())
    assert tens.timestamps == tuple(start + s for s in range(0, 90, 10))
    assert tens.values == (4.0, 3.0, 3.0, 4.0, 3.0, 3.0, 4.0, 3.0, 3.0)
    assert len(seconds.timestamps) == 30
    assert (slow.timestamps, slow.values) == ((start, start + 60), (2.0, 1.0))
    assert shifted.values == (20.0, 10.0)
    at = NOON + timedelta(seconds=30)
    (moved,) = await read(world, [stat("Sum", metric="fast", period=60)], start=at, origin=at)
    assert (moved.timestamps, moved.values) == ((start + 30,), (20.0,))
    (cut,) = await read(world, [stat("Sum", metric="fast", period=60)], start=at, end=at + MINUTE / 2)
    assert (cut.timestamps, cut.values) == ((start,), (10.0,))


async def test_age_decides_which_detail_is_left_and_folding_changes_no_answer(world: World) -> None:
    """Data put at five ages, folded by the engine where it is old: what can be read is as if it never had been."""
    draw = random.Random(3)
    now = SystemClock().now().replace(minute=0, second=0, microsecond=0)  # the engine folds by the real time
    ages = [
        timedelta(hours=1),
        timedelta(hours=4),
        timedelta(days=16),
        timedelta(days=64),
        timedelta(days=456),
    ]
    raw: dict[timedelta, list[tuple[int, float]]] = {}
    for age in ages:
        world.clock.time = now - age
        data = []
        for n in range(150):
            time = now - age + timedelta(seconds=20 * n)
            values = [float(draw.randrange(9)) for _ in range(5)]
            data.append({"MetricName": "m", "Timestamp": time, "StorageResolution": 1, "Values": values})
            raw.setdefault(age, []).extend((int(time.timestamp()), value) for value in values)
        await world.do(put_metric_data, Namespace="App", MetricData=data)
    world.clock.time = now
    await world.lake._engine.command("OPTIMIZE TABLE cloudwatch_points FINAL")
    answer = await world.lake._engine.command("SELECT count() FROM cloudwatch_points")
    assert answer.rows[0][0] == 150 + 150 + 10 + 1  # ten times five minutes, one hour, nothing
    for age in ages:
        for period in (20, 60, 300, 3600):
            stats = [stat(name, period=period) for name in ("Sum", "p90", "SampleCount", "tm90", "Maximum")]
            answers = await read(world, stats, start=now - age, end=now - age + timedelta(hours=1))
            for asked, points in zip(stats, answers, strict=True):
                expected = {}
                if age < retention(period):
                    expected = by_definition(asked.stat, raw[age], period)
                assert points.timestamps == tuple(expected), (age, asked)
                assert points.values == pytest.approx(tuple(expected.values())), (age, asked)


def by_definition(name: str, samples: list[tuple[int, float]], period: int) -> dict[int, float | None]:
    periods: dict[int, list[float]] = {}
    for second, value in samples:
        periods.setdefault(second - second % period, []).append(value)
    meant = statistics.parse(name)
    return {start: statistics.evaluate(meant, v, [1.0] * len(v)) for start, v in sorted(periods.items())}


def test_start_is_rounded_as_documented() -> None:
    start = NOON.replace(hour=10, minute=32, second=34, microsecond=5)
    assert rounded_start(start, NOON, 60) == start.replace(second=0, microsecond=0)
    assert rounded_start(start, NOON, 10) == start.replace(second=30, microsecond=0)
    assert rounded_start(start, NOON, 1) == start.replace(microsecond=0)
    assert rounded_start(start, NOON + timedelta(days=1), 1) == start.replace(second=0, microsecond=0)
    assert rounded_start(start, NOON + timedelta(days=20), 60) == start.replace(
        minute=30, second=0, microsecond=0
    )
    assert rounded_start(start, NOON + timedelta(days=70), 60) == start.replace(
        minute=0, second=0, microsecond=0
    )


async def test_the_tables_are_opened_again_without_a_step(tmp_path: Path) -> None:
    """The engine's spelling of a folding TTL is recognised as the declared one."""
    for expected in (2, 0):
        lake = await open_lake(
            path=tmp_path / "lake", tables=[POINTS, METRICS], clock=SystemClock(), flush_seconds=0.001
        )
        await lake.close()
        assert len(lake.steps) == expected
