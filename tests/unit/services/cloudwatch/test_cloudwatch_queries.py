"""GetMetricData and GetMetricStatistics: what is refused, how answers are cut into pages, what labels say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cloudwatch_world import NOON, World

from triptych.kernel.errors import ServiceError
from triptych.lake.engine import TooMuch
from triptych.query.metric_math import Series
from triptych.services.cloudwatch import labels
from triptych.services.cloudwatch.get_metric_data import get_metric_data
from triptych.services.cloudwatch.get_metric_statistics import get_metric_statistics
from triptych.services.cloudwatch.metric_queries import parsed
from triptych.services.cloudwatch.metric_stat import MetricStat
from triptych.services.cloudwatch.put_metric_data import put_metric_data

MINUTE = timedelta(minutes=1)


def metric(name: str = "m", *, period: int = 60, stat: str = "Sum", **more: Any) -> dict[str, Any]:
    return {"Metric": {"Namespace": "App", "MetricName": name}, "Period": period, "Stat": stat} | more


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([], "The parameter MetricDataQueries is required."),
        ([{"Id": "a", "MetricStat": metric()}] * 2, "The values for parameter id in MetricDataQueries are not unique."),
        ([{"Id": "A", "MetricStat": metric()}], "The value A for parameter MetricDataQueries.member.1.Id is invalid."),
        ([{"Id": "a"}], "Either MetricDataQueries.member.1.Expression or MetricDataQueries.member.1.MetricStat must"),
        ([{"Id": "a", "MetricStat": metric(), "Expression": "1"}], "The parameters MetricDataQueries.member.1.Expression and"),
        ([{"Id": "a", "MetricStat": metric(stat="Mean")}],
         "The value Mean for parameter MetricDataQueries.member.1.MetricStat.Stat is not a valid statistic."),
        ([{"Id": "a", "MetricStat": metric(period=7)}], "The parameter MetricDataQueries.member.1.MetricStat.Period must be"),
        ([{"Id": "a", "MetricStat": metric() | {"Metric": {}}}],
         "The parameter MetricDataQueries.member.1.MetricStat.Metric.Namespace is required."),
        ([{"Id": "a", "MetricStat": metric(), "ReturnData": False}], "At least one of the MetricDataQueries must"),
        ([{"Id": "a", "MetricStat": metric(), "AccountId": "9"}], "The parameter MetricDataQueries.member.1.AccountId must be 1"),
        ([{"Id": "a", "Expression": "b + 1"}, {"Id": "b", "Expression": "a + 1"}], "The expressions a, b use each other in a circle."),
        ([{"Id": "a", "Expression": "a * 2"}], "The expressions a use each other in a circle."),
        ([{"Id": "a", "Expression": "x * 2"}], "Error in expression 'a': The following ids were not found: ['x']"),
        ([{"Id": "a", "Expression": "SUM("}], "Error in expression 'a': "),
        ([{"Id": "a", "Expression": " select AVG(x) FROM y"}], "Error in expression 'a': Period must not be null"),
        ([{"Id": "a", "Expression": "SELECT AVG(x) FORM y", "Period": 60}], "Error in expression 'a': Expected FROM, not 'FORM', did you mean FROM? [14]"),
        ([{"Id": each, "Expression": "SELECT AVG(x) FROM y", "Period": 60} for each in "ab"], "MetricDataQueries may have one Metrics Insights query, and a, b are 2."),
    ],
)  # fmt: skip
def test_queries_refused(queries: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ServiceError) as caught:
        parsed(queries, account="1")
    assert caught.value.code == "ValidationError"
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"StartTime": NOON, "EndTime": NOON}, "ValidationError"),
        ({"StartTime": NOON, "EndTime": NOON - MINUTE}, "ValidationError"),
        ({"MaxDatapoints": 100_801}, "ValidationError"),
        ({"LabelOptions": {"Timezone": "Berlin"}}, "ValidationError"),
        ({"NextToken": "mine"}, "InvalidNextToken"),
        ({"MetricDataQueries": [{"Id": "a", "Expression": "AVG(b)"}, {"Id": "b", "MetricStat": metric()}]}, "ValidationError"),
        ({"MetricDataQueries": [{"Id": "a", "MetricStat": metric(period=1)}] , "StartTime": NOON - timedelta(hours=2),
          "EndTime": NOON + timedelta(days=30)}, "ValidationError"),
    ],
)  # fmt: skip
async def test_data_refused(world: World, given: dict[str, Any], code: str) -> None:
    params = {
        "MetricDataQueries": [{"Id": "a", "MetricStat": metric()}],
        "StartTime": NOON,
        "EndTime": NOON + MINUTE,
    }
    with pytest.raises(ServiceError) as caught:
        await world.do(get_metric_data, **(params | given))
    assert caught.value.code == code


async def test_pages_lie_end_to_end_in_both_directions(world: World) -> None:
    data = [
        {"MetricName": n, "Timestamp": NOON + i * MINUTE, "Value": float(i)} for n in "ab" for i in range(5)
    ]
    await world.do(put_metric_data, Namespace="App", MetricData=data)
    names = ("a", "b", "none")
    params: dict[str, Any] = {
        "MetricDataQueries": [{"Id": f"q{n}", "MetricStat": metric(n)} for n in names],
        "StartTime": NOON,
        "EndTime": NOON + timedelta(hours=1),
        "MaxDatapoints": 3,
    }
    for scan_by, expected in (
        ("TimestampAscending", [0.0, 1, 2, 3, 4]),
        ("TimestampDescending", [4.0, 3, 2, 1, 0]),
    ):
        found: dict[str, list[float]] = {}
        statuses, token = [], None
        while True:
            more = {"NextToken": token} if token else {}
            answer = await world.do(get_metric_data, **params, ScanBy=scan_by, **more)
            for each in answer["MetricDataResults"]:
                assert len(each["Timestamps"]) == len(each["Values"])
                found.setdefault(each["Id"], []).extend(each["Values"])
                statuses.append((each["Id"], each["StatusCode"]))
            token = answer.get("NextToken")
            if not token:
                break
        assert found == {"qa": expected, "qb": expected, "qnone": []}
        assert statuses == [
            ("qa", "PartialData"), ("qnone", "Complete"), ("qa", "Complete"), ("qb", "PartialData"), ("qb", "PartialData"),
            ("qb", "Complete"),
        ]  # fmt: skip


async def test_statistics_by_unit_and_their_refusals(world: World) -> None:
    data = [
        {"MetricName": "m", "Timestamp": NOON, "Value": 1.0, "Unit": "Bytes"},
        {"MetricName": "m", "Timestamp": NOON, "Value": 2.0, "Unit": "Count"},
        {
            "MetricName": "m",
            "Timestamp": NOON,
            "StatisticValues": {"SampleCount": 3.0, "Sum": 9.0, "Minimum": 1.0, "Maximum": 5.0},
        },
    ]
    await world.do(put_metric_data, Namespace="App", MetricData=data)
    params = {
        "Namespace": "App",
        "MetricName": "m",
        "StartTime": NOON,
        "EndTime": NOON + timedelta(hours=1),
        "Period": 60,
    }
    answer = await world.do(get_metric_statistics, **params, Statistics=["Sum", "SampleCount"])
    assert [(p["Unit"], p["Sum"], p["SampleCount"]) for p in answer["Datapoints"]] == [
        ("Bytes", 1.0, 1.0), ("Count", 2.0, 1.0), ("None", 9.0, 3.0)
    ]  # fmt: skip
    answer = await world.do(get_metric_statistics, **params, ExtendedStatistics=["p50", "tm90"])
    assert [(p["Unit"], p["ExtendedStatistics"]) for p in answer["Datapoints"]] == [
        ("Bytes", {"p50": 1.0, "tm90": 1.0}), ("Count", {"p50": 2.0, "tm90": 2.0})
    ]  # fmt: skip
    answer = await world.do(get_metric_statistics, **params, Statistics=["Sum"], Unit="Count")
    assert [p["Sum"] for p in answer["Datapoints"]] == [2.0]
    for more, code in (
        ({}, "InvalidParameterCombination"),
        ({"Statistics": ["Sum"], "ExtendedStatistics": ["p50"]}, "InvalidParameterCombination"),
        ({"ExtendedStatistics": ["p101"]}, "InvalidParameterValue"),
        ({"ExtendedStatistics": ["Sum"]}, "InvalidParameterValue"),
        ({"Statistics": ["Sum"], "Period": 61}, "InvalidParameterValue"),
        ({"Statistics": ["Sum"], "EndTime": NOON}, "InvalidParameterCombination"),
        ({"Statistics": ["Sum"], "EndTime": NOON + timedelta(days=2)}, "InvalidParameterCombination"),
    ):
        with pytest.raises(ServiceError) as caught:
            await world.do(get_metric_statistics, **(params | more))
        assert caught.value.code == code, more


async def test_math_search_and_messages(world: World) -> None:
    data = [
        {"MetricName": "Requests", "Timestamp": NOON + i * MINUTE, "Value": float(i), "Dimensions": [{"Name": "Host", "Value": h}]}
        for i in range(3) for h in ("a", "b")
    ]  # fmt: skip
    await world.do(put_metric_data, Namespace="App", MetricData=data)
    at_host = {
        "Metric": {
            "Namespace": "App",
            "MetricName": "Requests",
            "Dimensions": [{"Name": "Host", "Value": "a"}],
        }
    }
    queries = [
        {"Id": "total", "Expression": "SUM(all)"},
        {"Id": "all", "Expression": "SEARCH('{App,Host} Requests', 'Sum', 60)", "ReturnData": False},
        {"Id": "share", "Expression": "m / m", "Label": "share of ${PROP('Region')}"},
        {"Id": "m", "MetricStat": metric() | at_host, "ReturnData": False},
        {"Id": "each", "Expression": "all * 10"},
        {
            "Id": "hosts",
            "Expression": "SORT(all, SUM, DESC, 1)",
            "Label": "${PROP('Dim.Host')} ${PROP('Stat')}",
        },
    ]
    answer = await world.do(
        get_metric_data,
        MetricDataQueries=queries,
        StartTime=NOON,
        EndTime=NOON + timedelta(hours=1),
        ScanBy="TimestampAscending",
    )
    shown = [(each["Id"], each["Label"], each["Values"]) for each in answer["MetricDataResults"]]
    assert shown == [
        ("total", "total", [0.0, 2.0, 4.0]), ("share", "share of eu-central-1", [1.0, 1.0]),
        ("each", "Requests a", [0.0, 10.0, 20.0]), ("each", "Requests b", [0.0, 10.0, 20.0]),
        ("hosts", "a Sum", [0.0, 1.0, 2.0]),
    ]  # fmt: skip
    dropped = {each["Id"]: each.get("Messages", []) for each in answer["MetricDataResults"]}
    assert [each["Code"] for each in dropped["share"]] == ["ArithmeticError"]
    assert dropped["total"] == []


LATENCY = Series(
    (0, 3600, 90_060),
    (1.0, 3.5, 2.0),
    "Latency",
    properties=MetricStat("App", "Latency", (("Host", "a"),), 60, "p90").properties,
)


@pytest.mark.parametrize(
    ("label", "filled"),
    [
        ("${LABEL}: ${MIN}/${MAX} ${AVG} ${SUM} ${FIRST}-${LAST} n=${DATAPOINT_COUNT}", "Latency: 1/3.5 2.167 6.5 1-2 n=3"),
        ("${MIN_MAX_RANGE} ${FIRST_LAST_RANGE}", "2.5 1"),
        ("${MIN_TIME} ${MAX_TIME} ${FIRST_TIME} ${LAST_TIME}", "01:30 02:30 01:30 02:31"),
        ("${MIN_MAX_TIME_RANGE}, ${FIRST_LAST_TIME_RANGE}", "1h, 1d 1h 1m"),
        ("${MIN_TIME_RELATIVE}, ${FIRST_TIME_RELATIVE}", "1d 1h 1m 30s, 1d 1h 1m 30s"),
        ("${MAX_TIME_RELATIVE}, ${LAST_TIME_RELATIVE}", "1d 1m 30s, 30s"),
        ("${PROP('Dim.Host')} ${PROP('Stat')} ${PROP('Period')} ${PROP('Region')}", "a p90 60 eu"),
        ("${PROP('Namespace')} ${PROP('MetricName')} ${PROP('AccountId')}", "App Latency 1"),
        ("${PROP('Dim.None')} ${UNKNOWN} $ {}", "-- ${UNKNOWN} $ {}"),
    ],
)  # fmt: skip
def test_labels(label: str, filled: str) -> None:
    zone = labels.zone("+0130")
    assert zone == timezone(timedelta(hours=1, minutes=30))
    now = datetime.fromtimestamp(90_090, UTC)
    properties = {"Region": "eu", "AccountId": "1"}
    assert labels.filled(label, LATENCY, properties=properties, zone=zone, now=now) == filled


def test_labels_of_series_without_points_or_of_the_future() -> None:
    long_ago = datetime.fromtimestamp(60, UTC)
    nothing = Series((), (), "m")
    assert labels.filled("${MAX}", nothing, properties={}, zone=UTC, now=long_ago) == "--"
    assert labels.filled("${MAX_TIME_RELATIVE}", LATENCY, properties={}, zone=UTC, now=long_ago) == "59m"
    ahead = datetime.fromtimestamp(90_060, UTC)
    assert labels.filled("${LAST_TIME_RELATIVE}", LATENCY, properties={}, zone=UTC, now=ahead) == "0s"
    assert labels.zone("-2500") is None


async def test_asking_too_much_is_the_callers_error(world: World) -> None:
    class Overwhelmed:
        async def select(self, *_: object, **__: object) -> list[dict[str, Any]]:
            raise TooMuch("memory")

    ctx = replace(world.ctx(), runtime=replace(world.runtime, lake=Overwhelmed()))
    queries = [{"Id": "a", "MetricStat": metric()}]
    with pytest.raises(ServiceError) as caught:
        await get_metric_data(
            ctx, {"MetricDataQueries": queries, "StartTime": NOON - MINUTE, "EndTime": NOON}
        )
    assert caught.value.code == "LimitExceeded"


async def test_bands_of_expressions_are_told_from_what_they_were(world: World) -> None:
    start = NOON - timedelta(hours=3)
    data = [
        {"MetricName": "a", "Timestamp": start + i * MINUTE, "Value": float(10 + i % 7)} for i in range(180)
    ]
    await world.do(put_metric_data, Namespace="App", MetricData=data)
    queries = [
        {"Id": "m1", "MetricStat": metric("a"), "ReturnData": False},
        {"Id": "e1", "Expression": "m1 + 100", "ReturnData": False},
        {"Id": "e2", "Expression": "SUM(METRICS()) + 100", "ReturnData": False},
        {"Id": "q1", "Expression": "SELECT SUM(a) FROM App", "Period": 60, "ReturnData": False},
    ]
    found = []
    for name in ("m1", "e1", "e2", "q1"):
        answer = await world.do(
            get_metric_data,
            MetricDataQueries=[*queries, {"Id": "band", "Expression": f"ANOMALY_DETECTION_BAND({name}, 1)"}],
            StartTime=NOON,
            EndTime=NOON + 2 * MINUTE,
        )
        lower, upper = answer["MetricDataResults"]
        assert lower["Id"] == upper["Id"] == "band"
        assert lower["Timestamps"] == upper["Timestamps"] == [NOON + MINUTE, NOON]
        found.append([*lower["Values"], *upper["Values"]])
    assert found[0] == pytest.approx([13 - 2.9652, 13 - 2.9652, 13 + 2.9652, 13 + 2.9652])
    assert found[3] == found[0]
    assert found[1] == found[2] == pytest.approx([value + 100 for value in found[0]])


async def test_a_band_of_a_band_is_refused(world: World) -> None:
    queries = [
        {"Id": "m1", "MetricStat": metric("a")},
        {"Id": "e1", "Expression": "LAST(ANOMALY_DETECTION_BAND(m1))"},
        {"Id": "e2", "Expression": "ANOMALY_DETECTION_BAND(e1)"},
    ]
    with pytest.raises(ServiceError, match="there is no model of such an expression"):
        await world.do(get_metric_data, MetricDataQueries=queries, StartTime=NOON, EndTime=NOON + MINUTE)
