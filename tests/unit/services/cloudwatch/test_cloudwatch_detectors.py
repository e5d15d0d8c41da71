"""Anomaly detectors: what is kept of them, what is refused, and that models are trained as they say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cloudwatch_world import NOON, World

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.services.cloudwatch.detectors import (
    delete_anomaly_detector,
    describe_anomaly_detectors,
    put_anomaly_detector,
)
from triptych.services.cloudwatch.get_metric_data import get_metric_data
from triptych.services.cloudwatch.put_metric_data import put_metric_data

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def single(name: str = "m", stat: str = "Average", **dimensions: str) -> dict[str, Any]:
    listed = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    return {"Namespace": "App", "MetricName": name, "Dimensions": listed, "Stat": stat}


async def described(world: World, **filters: Any) -> list[dict[str, Any]]:
    """All pages, the smallest there are."""
    found, token = [], {}
    while True:
        answer = await world.do(describe_anomaly_detectors, MaxResults=1, **filters, **token)
        found += answer["AnomalyDetectors"]
        if "NextToken" not in answer:
            return found
        token = {"NextToken": answer["NextToken"]}


async def fill(world: World, name: str, values: list[float], *, until: int = 0) -> None:
    """Values of the minutes up to so many before noon."""
    first = NOON - (len(values) + until) * MINUTE
    data = [
        {"MetricName": name, "Timestamp": first + place * MINUTE, "Value": value}
        for place, value in enumerate(values)
    ]
    await world.do(put_metric_data, Namespace="App", MetricData=data)


async def upper(world: World, name: str) -> list[float]:
    answer = await world.do(
        get_metric_data,
        MetricDataQueries=[
            {
                "Id": "m1",
                "MetricStat": {
                    "Metric": {"Namespace": "App", "MetricName": name},
                    "Period": 60,
                    "Stat": "Average",
                },
                "ReturnData": False,
            },
            {"Id": "band", "Expression": "LAST(ANOMALY_DETECTION_BAND(m1, 1))"},
        ],
        StartTime=NOON,
        EndTime=NOON + MINUTE,
    )
    (result,) = answer["MetricDataResults"]
    return result["Values"]


async def test_a_detector_is_described_as_it_was_put(world: World) -> None:
    configuration = {
        "ExcludedTimeRanges": [{"StartTime": NOON - 2 * HOUR, "EndTime": NOON - HOUR}],
        "MetricTimezone": "Europe/Berlin",
        "AdaptationSpeed": "FAST",
        "OutlierFilteringStrength": "MODERATE",
    }
    made = await world.do(
        put_anomaly_detector,
        SingleMetricAnomalyDetector=single(Host="a"),
        Configuration=configuration,
        MetricCharacteristics={"PeriodicSpikes": True},
    )
    assert await described(world) == [
        {
            "AnomalyDetectorId": made["AnomalyDetectorId"],
            **single(Host="a"),
            "Configuration": configuration,
            "MetricCharacteristics": {"PeriodicSpikes": True},
            "StateValue": "PENDING_TRAINING",
            "SingleMetricAnomalyDetector": single(Host="a"),
        }
    ]
    # Put again, in the old way, it is the same one with what is said now.
    again = await world.do(put_anomaly_detector, **single(Host="a"))
    assert again == made
    (found,) = await described(world)
    assert found["Configuration"] == {"ExcludedTimeRanges": []}
    assert "MetricCharacteristics" not in found
    assert (await world.do(describe_anomaly_detectors, region="eu-west-1"))["AnomalyDetectors"] == []


async def test_detectors_are_found_by_what_they_are_of(world: World) -> None:
    ids = {}
    for name, dimensions in (("a", {}), ("b", {"Host": "x"}), ("b", {"Host": "x", "App": "y"})):
        made = await world.do(put_anomaly_detector, SingleMetricAnomalyDetector=single(name, **dimensions))
        ids[name + "".join(dimensions)] = made["AnomalyDetectorId"]

    async def found(**filters: Any) -> set[str]:
        wanted = {value: key for key, value in ids.items()}
        return {wanted[each["AnomalyDetectorId"]] for each in await described(world, **filters)}

    assert await found() == {"a", "bHost", "bHostApp"}
    assert await found(MetricName="b") == {"bHost", "bHostApp"}
    assert await found(Namespace="App", MetricName="a") == {"a"}
    assert await found(Namespace="Other") == set()
    assert await found(Dimensions=[{"Name": "App", "Value": "y"}]) == {"bHostApp"}
    assert await found(AnomalyDetectorIds=[ids["a"], "nobody"]) == {"a"}
    assert await found(AnomalyDetectorTypes=["SINGLE_METRIC", "METRIC_MATH"]) == {"a", "bHost", "bHostApp"}
    assert await found(AnomalyDetectorTypes=["METRIC_MATH"]) == set()


async def test_its_state_is_told_by_the_data_there_are(world: World) -> None:
    for name, minutes in (("none", 0), ("some", 110), ("enough", 180)):
        await world.do(put_anomaly_detector, **single(name))
        if minutes:
            await fill(world, name, [1.0] * minutes)
    await world.do(
        put_anomaly_detector,
        **single("enough", "Sum"),
        Configuration={"ExcludedTimeRanges": [{"StartTime": NOON - 3 * HOUR, "EndTime": NOON - HOUR}]},
    )
    assert [(each["MetricName"], each["Stat"], each["StateValue"]) for each in await described(world)] == [
        ("enough", "Average", "TRAINED"),
        ("enough", "Sum", "TRAINED_INSUFFICIENT_DATA"),
        ("none", "Average", "PENDING_TRAINING"),
        ("some", "Average", "TRAINED_INSUFFICIENT_DATA"),
    ]


async def test_models_are_trained_as_the_detector_of_their_statistic_says(world: World) -> None:
    await fill(world, "m", [10.0] * 180 + [90.0] * 200)
    (expected,) = await upper(world, "m")
    assert expected > 85
    outage = {"ExcludedTimeRanges": [{"StartTime": NOON - 200 * MINUTE, "EndTime": NOON}]}
    await world.do(put_anomaly_detector, **single("m", "Sum"), Configuration=outage)
    assert await upper(world, "m") == [expected]
    made = await world.do(put_anomaly_detector, **single("m"), Configuration=outage)
    assert await upper(world, "m") == pytest.approx([10.01])
    await world.do(delete_anomaly_detector, AnomalyDetectorId=made["AnomalyDetectorId"])
    assert await upper(world, "m") == [expected]


async def test_a_detector_is_deleted_once(world: World) -> None:
    await world.do(put_anomaly_detector, **single())
    made = await world.do(put_anomaly_detector, **single("other"))
    await world.do(delete_anomaly_detector, SingleMetricAnomalyDetector=single())
    await world.do(delete_anomaly_detector, AnomalyDetectorId=made["AnomalyDetectorId"])
    assert await described(world) == []
    for named in (single(), made):
        with pytest.raises(ServiceError) as refused:
            await world.do(delete_anomaly_detector, **named)
        assert (refused.value.code, refused.value.status) == ("ResourceNotFoundException", 404)
        assert refused.value.fields["ResourceType"] == "AnomalyDetector"


RANGE = {"StartTime": NOON, "EndTime": NOON + HOUR}


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({}, "MissingParameter", "The parameter Namespace is required."),
        ({"SingleMetricAnomalyDetector": {"Namespace": "App", "Stat": "Sum"}}, "MissingParameter", "The parameter SingleMetricAnomalyDetector.MetricName is required."),
        (single() | {"SingleMetricAnomalyDetector": single()}, "InvalidParameterCombination", "SingleMetricAnomalyDetector cannot be given together with"),
        ({"SingleMetricAnomalyDetector": single() | {"AccountId": "9"}}, "InvalidParameterValue", "The parameter SingleMetricAnomalyDetector.AccountId must be"),
        (single(stat="p101"), "InvalidParameterValue", "The value p101 for parameter Stat is not supported."),
        ({"MetricMathAnomalyDetector": {"MetricDataQueries": []}}, "NotImplemented", "Triptych does not implement anomaly detectors of metric math"),
        (single() | {"Configuration": {"MetricTimezone": "Europe/Nowhere"}}, "InvalidParameterValue", "The value Europe/Nowhere for parameter Configuration.MetricTimezone"),
        (single() | {"Configuration": {"MetricTimezone": "../../etc/passwd"}}, "InvalidParameterValue", "The value ../../etc/passwd for"),
        (single() | {"Configuration": {"OutlierFilteringStrength": "STRICT"}}, "NotImplemented", "Triptych does not implement OutlierFilteringStrength STRICT"),
        (single() | {"Configuration": {"ExcludedTimeRanges": [RANGE, RANGE | {"EndTime": NOON}]}}, "InvalidParameterValue", "The parameter Configuration.ExcludedTimeRanges.member.2.EndTime"),
        (single() | {"Configuration": {"ExcludedTimeRanges": [RANGE] * 11}}, "InvalidParameterValue", "The collection Configuration.ExcludedTimeRanges must not"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused(
    world: World, params: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(ServiceError) as refused:
        await world.do(put_anomaly_detector, **params)
    assert refused.value.code == code
    assert refused.value.message.startswith(message)
    assert await described(world) == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"MaxResults": limits.ANOMALY_DETECTOR_PAGE + 1}, "InvalidParameterValue"),
        ({"NextToken": "mine"}, "InvalidNextToken"),
        ({"AnomalyDetectorIds": ["x"], "MetricName": "m"}, "InvalidParameterCombination"),
    ],
)
async def test_listings_that_cannot_be(world: World, params: dict[str, Any], code: str) -> None:
    with pytest.raises(ServiceError) as refused:
        await world.do(describe_anomaly_detectors, **params)
    assert refused.value.code == code


async def test_there_is_room_for_so_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ANOMALY_DETECTORS", 2)
    for name in "ab":
        await world.do(put_anomaly_detector, **single(name))
    with pytest.raises(ServiceError) as refused:
        await world.do(put_anomaly_detector, **single("c"))
    assert refused.value.code == "LimitExceededException"
    await world.do(put_anomaly_detector, **single("a"))
