"""The models alarms judge by: of the past of what is judged, remembered for an hour, trained as detectors say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from cloudwatch_world import ACCOUNT, NOON, REGION, World

from triptych.console.alarms.backtest import Draft, backtest
from triptych.services.cloudwatch.alarms.metric_input import metric_watch
from triptych.services.cloudwatch.alarms.source import LakeSource
from triptych.services.cloudwatch.detectors import put_anomaly_detector
from triptych.services.cloudwatch.points import Points
from triptych.services.cloudwatch.put_metric_data import put_metric_data

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
METRIC = {"Namespace": "App", "MetricName": "m"}


def alarm(periods: int = 1) -> dict[str, Any]:
    return {
        "AlarmName": "odd",
        "Metrics": [
            {"Id": "m1", "MetricStat": {"Metric": METRIC, "Period": 60, "Stat": "Average"}},
            {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 1)"},
        ],
        "ThresholdMetricId": "ad1",
        "ComparisonOperator": "GreaterThanUpperThreshold",
        "EvaluationPeriods": periods,
    }


async def put(world: World, start: datetime, values: list[float]) -> None:
    data = [
        {"MetricName": "m", "Timestamp": start + place * MINUTE, "Value": value}
        for place, value in enumerate(values)
    ]
    for place in range(0, len(data), 1000):
        await world.do(put_metric_data, Namespace="App", MetricData=data[place : place + 1000])


async def looked(world: World, at: datetime, *, back: timedelta = 3 * MINUTE) -> Points:
    return await LakeSource().compute(
        world.runtime,
        account=ACCOUNT,
        region=REGION,
        watch=metric_watch(alarm()),
        start=at - back,
        end=at,
        origin=at,
    )


async def test_a_model_is_remembered_until_the_hour_after(world: World) -> None:
    await put(world, NOON - 4 * HOUR, [10.0 + place % 7 for place in range(6 * 60)])
    at = NOON + 59 * MINUTE + 30 * timedelta(seconds=1)
    before = (await looked(world, at)).limits
    assert len(set(before)) == 1
    await put(world, NOON - 12 * HOUR, [500.0] * 480)
    assert (await looked(world, at)).limits == before
    after = (await looked(world, at + HOUR)).limits
    assert after[0][1] > 400


async def test_a_detector_changes_them_at_once(world: World) -> None:
    await put(world, NOON - 4 * HOUR, [10.0] * 300)
    await put(world, NOON - 13 * HOUR, [500.0] * 540)
    at = NOON + 30 * MINUTE
    assert (await looked(world, at)).limits[0][1] > 400
    outage = {"StartTime": NOON - 13 * HOUR, "EndTime": NOON - 4 * HOUR}
    await world.do(
        put_anomaly_detector,
        **METRIC,
        Stat="Average",
        Configuration={"ExcludedTimeRanges": [outage]},
    )
    assert (await looked(world, at)).limits == ((pytest.approx(9.99), pytest.approx(10.01)),) * 3


async def test_a_rehearsal_learns_as_it_goes(world: World) -> None:
    """Over seven hours the first models know only 10, the last mostly 90."""
    await put(world, NOON - 12 * HOUR, [10.0] * 300 + [90.0] * 420)
    found = await looked(world, NOON, back=7 * HOUR)
    assert len(found.timestamps) == 7 * 60
    assert found.limits[0] == (pytest.approx(9.99), pytest.approx(10.01))
    assert found.limits[-1][0] < 90 < found.limits[-1][1]


async def test_a_young_metric_has_no_limits_and_then_some(world: World) -> None:
    await put(world, NOON - 2 * HOUR, [10.0] * 200)
    assert await looked(world, NOON + 30 * MINUTE) == Points()
    await put(world, NOON - 4 * HOUR, [10.0] * 120)
    assert (await looked(world, NOON + 30 * MINUTE)).values == (10.0, 10.0, 10.0)


async def test_a_draft_is_tried_on_the_past(world: World) -> None:
    """Ten hours of which the first three make no model; a quarter of an hour was odd."""
    await put(world, NOON - 10 * HOUR, [10.0] * 500 + [30.0] * 15 + [10.0] * 85)
    found = await backtest(world.ctx(), Draft(alarm=alarm(3), days=0.4))
    changes = [(each["from"], each["to"]) for each in found.transitions]
    assert changes == [("INSUFFICIENT_DATA", "OK"), ("OK", "ALARM"), ("ALARM", "OK")]
    went = [datetime.fromtimestamp(each["t"] / 1000, NOON.tzinfo) for each in found.transitions]
    odd = NOON - 10 * HOUR + 500 * MINUTE
    assert went[1:] == [odd + 3 * MINUTE, odd + 16 * MINUTE]
    assert found.alarm_seconds == 13 * 60
    assert " were greater than the upper thresholds [10.01" in found.transitions[1]["reason"]
