"""What PutMetricData takes and refuses, with AWS's codes and words; what ListMetrics then shows."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from cloudwatch_world import NOON, World
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.services.cloudwatch.list_metrics import list_metrics
from triptych.services.cloudwatch.put_metric_data import points_of, put_metric_data, rows_of_values
from triptych.services.cloudwatch.series import Scope, Series, number, rows_of

SET = {"SampleCount": 2.0, "Sum": 3.0, "Minimum": 1.0, "Maximum": 2.0}


def datum(**members) -> dict[str, object]:
    return {"MetricName": "m"} | members


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        ([], "MissingParameter", "The parameter MetricData is required."),
        ([datum()], "MissingParameter", "At least one of the parameters MetricData.member.1.Value, MetricData.member.1.Values "
         "and MetricData.member.1.StatisticValues must be specified."),
        ([datum(Values=[])], "MissingParameter", "The parameter MetricData.member.1.Values is required."),
        ([datum(Value=1.0, Counts=[1.0])], "MissingParameter",
         "The parameter MetricData.member.1.Values is required when MetricData.member.1.Counts is specified."),
        ([datum(Value=1.0, StatisticValues=SET)], "InvalidParameterCombination",
         "The parameters MetricData.member.1.Value and MetricData.member.1.StatisticValues are mutually exclusive and you "
         "have specified both."),
        ([datum(Value=1.0), datum(Value=math.inf)], "InvalidParameterValue",
         "The value ∞ for parameter MetricData.member.2.Value is invalid."),
        ([datum(Value=-math.inf)], "InvalidParameterValue", "The value -∞ for parameter MetricData.member.1.Value is invalid."),
        ([datum(Value=2.0**361)], "InvalidParameterValue",
         f"The value {2.0**361!r} for parameter MetricData.member.1.Value is invalid."),
        ([datum(Values=[1.0, math.nan])], "InvalidParameterValue",
         "The value NaN for parameter MetricData.member.1.Values is invalid."),
        ([datum(Values=[1.0], Counts=[-1.0])], "InvalidParameterValue",
         "The value -1.0 for parameter MetricData.member.1.Counts is invalid."),
        ([datum(Values=[1.0], Counts=[1.0, 2.0])], "InvalidParameterValue",
         "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size."),
        ([datum(Values=[1.0] * 151)], "InvalidParameterValue",
         "The collection MetricData.member.1.Values must not have a size greater than 150."),
        ([datum(Value=1.0)] * 1001, "InvalidParameterValue",
         "The collection MetricData must not have a size greater than 1000."),
        ([datum(Value=1.0, StorageResolution=30)], "InvalidParameterValue",
         "The parameter MetricData.member.1.StorageResolution must be 1 or 60."),
        ([datum(StatisticValues=SET | {"Sum": math.nan})], "InvalidParameterValue",
         "The value NaN for parameter MetricData.member.1.StatisticValues.Sum is invalid."),
        ([datum(StatisticValues=SET | {"Minimum": 9.0})], "InvalidParameterValue",
         "The parameter MetricData.member.1.StatisticValues.Minimum must be less than or equal to the parameter "
         "MetricData.member.1.StatisticValues.Maximum."),
        ([datum(Value=1.0, Timestamp=NOON - timedelta(days=14, seconds=1))], "InvalidParameterValue",
         "The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks."),
        ([datum(Value=1.0, Timestamp=NOON + timedelta(hours=2, seconds=1))], "InvalidParameterValue",
         "The parameter MetricData.member.1.Timestamp must specify a time no more than two hours in the future."),
        ([datum(Value=1.0, Dimensions=[{"Name": ":a", "Value": "1"}])], "InvalidParameterValue",
         "The value :a for parameter MetricData.member.1.Dimensions.member.1.Name is invalid."),
        ([datum(Value=1.0, Dimensions=[{"Name": "a", "Value": "ü"}])], "InvalidParameterValue",
         "The value ü for parameter MetricData.member.1.Dimensions.member.1.Value is invalid."),
        ([datum(Value=1.0, Dimensions=[{"Name": "a", "Value": "1"}, {"Name": "a", "Value": "2"}])], "InvalidParameterValue",
         "The parameter MetricData.member.1.Dimensions.member.2.Name repeats the dimension a."),
    ],
)  # fmt: skip
def test_refused(data: list[dict[str, object]], code: str, message: str) -> None:
    with pytest.raises(ServiceError) as caught:
        points_of("App", data, NOON)
    assert (caught.value.code, caught.value.message) == (code, message)


def test_the_edges_are_taken() -> None:
    taken = points_of(
        "App",
        [
            datum(Value=2.0**360, Timestamp=NOON - timedelta(days=14)),
            datum(Value=-(2.0**360), Timestamp=NOON + timedelta(hours=2)),
            datum(Values=[0.5] * 150, Counts=[0.0] * 149 + [2.0]),
            datum(Values=[3.0], Counts=[0.0]),  # nothing came, nothing is kept
            datum(StatisticValues=SET | {"SampleCount": 0.0}),
            datum(
                Value=7.0,
                Dimensions=[{"Name": f"n{i}", "Value": "v"} for i in range(30)],
                StorageResolution=1,
            ),
        ],
        NOON,
    )
    assert [(p.samples, p.total) for p in taken] == [
        (1.0, 2.0**360),
        (1.0, -(2.0**360)),
        (2.0, 1.0),
        (1.0, 7.0),
    ]


def test_a_series_number_never_changes() -> None:
    # The lake holds these numbers: one that changed would hide every point there is.
    assert number(Series("App", "m", ())) == 1281506246845941544
    assert number(Series("App", "m", (("a", "1"), ("b", "2")))) == 2784404391123662938
    assert number(Series("App", "m", (("a", "12"),))) != number(Series("App", "m", (("a1", "2"),)))


SCOPE = Scope("1" * 12, "eu-west-1")

DATA = st.fixed_dictionaries(
    {"MetricName": st.sampled_from(["m", "n"])},
    optional={
        "Value": st.one_of(st.floats(), st.sampled_from([2.0**360, -(2.0**360), 0.0, 1.5])),
        "Unit": st.sampled_from(["Count", "None"]),
        "Timestamp": st.sampled_from([timedelta(), timedelta(days=-14), timedelta(hours=2), timedelta(seconds=-61)]).map(
            lambda before: NOON + before
        ),
        "Dimensions": st.lists(
            st.fixed_dictionaries({"Name": st.sampled_from("abü:"), "Value": st.sampled_from("xy")}), max_size=2
        ),
    },
)  # fmt: skip
RESOLUTIONS = st.sampled_from(
    [{}, {"StorageResolution": 1}, {"StorageResolution": 60}, {"StorageResolution": 30}]
)
ODD = st.sampled_from(
    [
        {"Values": [1.0, 2.0]},
        {"StorageResolution": 1},
        {"StatisticValues": SET},
        {"Counts": [1.0]},
        {"Timestamp": NOON - timedelta(days=15)},
        {"Value": math.nan},
        {},
    ]
)


@settings(deadline=None)
@given(st.lists(DATA, min_size=1, max_size=4), RESOLUTIONS, ODD)
def test_data_of_one_value_are_told_alike_in_bulk(
    data: list[dict[str, object]], resolution: dict[str, object], odd: dict[str, object]
) -> None:
    data = [each | resolution for each in data]
    data[-1] |= odd
    quick = rows_of_values("App", data, NOON, SCOPE)
    if quick is None:
        return
    slow = rows_of(points_of("App", data, NOON), SCOPE)
    assert quick.table.schema == slow.table.schema
    assert quick.table.to_pylist() == slow.table.to_pylist()
    assert quick.metrics == slow.metrics


@pytest.mark.parametrize(
    ("members", "plain"),
    [
        ({"Value": 1.0}, True),
        (
            {"Value": 1.0, "Unit": "Count", "Timestamp": NOON, "Dimensions": [{"Name": "a", "Value": "x"}]},
            True,
        ),
        ({"Value": None}, False),
        ({"Values": [1.0]}, False),
        ({"Value": 1.0, "StorageResolution": 60}, True),
        ({"Value": 1.0, "StorageResolution": 1}, False),  # the other is of 60
    ],
)
def test_which_data_go_in_bulk(members: dict[str, object], plain: bool) -> None:
    """The test above would hold if nothing did."""
    rows = rows_of_values("App", [datum(Value=2.0), datum() | members], NOON, SCOPE)
    assert (rows is not None) == plain


def test_too_many_data_do_not_go_in_bulk() -> None:
    assert rows_of_values("App", [datum(Value=1.0)] * (limits.METRIC_DATA + 1), NOON, SCOPE) is None


async def test_whole_calls_are_refused_or_stored(world: World) -> None:
    """One bad datum refuses them all."""
    good, bad = datum(Value=1.0), datum(Value=math.nan)
    for params in (
        {"Namespace": "App", "MetricData": [good, bad]},
        {"Namespace": "AWS/EC2", "MetricData": [good]},
        {"Namespace": "App", "MetricData": [good], "EntityMetricData": [{"MetricData": [good]}]},
    ):
        with pytest.raises(ServiceError):
            await world.do(put_metric_data, **params)
    assert (await world.do(list_metrics))["Metrics"] == []


async def test_list_metrics_filters_pages_and_forgets(world: World) -> None:
    names = [f"m{n:04}" for n in range(limits.METRIC_LIST_PAGE + 20)]
    hosts = [[{"Name": "Host", "Value": f"h{n % 2}"}] for n in range(len(names))]
    data = [{"MetricName": n, "Value": 1.0, "Dimensions": h} for n, h in zip(names, hosts, strict=True)]
    await world.do(put_metric_data, Namespace="App", MetricData=data)
    await world.do(put_metric_data, Namespace="App", MetricData=data[:5])  # known already: no second line
    other = [{"Name": "Host", "Value": "h1"}, {"Name": "Zone", "Value": "z"}]
    await world.do(put_metric_data, Namespace="Other", MetricData=[datum(Value=1.0, Dimensions=other)])

    first = await world.do(list_metrics, Namespace="App")
    second = await world.do(list_metrics, Namespace="App", NextToken=first["NextToken"])
    assert [m["MetricName"] for m in first["Metrics"] + second["Metrics"]] == names
    assert "NextToken" not in second
    with pytest.raises(ServiceError):
        await world.do(list_metrics, Namespace="Other", NextToken=first["NextToken"])

    async def found(**filters) -> int:
        return len((await world.do(list_metrics, **filters))["Metrics"])

    assert await found(MetricName="m0007") == 1
    assert await found(Namespace="App", Dimensions=[{"Name": "Host", "Value": "h1"}]) == 260
    assert await found(Dimensions=[{"Name": "Zone"}]) == 1
    assert await found(Dimensions=[{"Name": "Zone", "Value": "h1"}]) == 0
    assert await found(Dimensions=[{"Name": "Host", "Value": "h1"}, {"Name": "Zone", "Value": "z"}]) == 1
    with pytest.raises(ServiceError):
        await found(IncludeLinkedAccounts=True)
    assert (await world.do(list_metrics, region="us-east-1"))["Metrics"] == []

    world.clock.time += timedelta(hours=4)
    await world.do(put_metric_data, Namespace="App", MetricData=data[:3])
    assert await found(RecentlyActive="PT3H") == 3
    assert await found(RecentlyActive="PT3H", Namespace="Other") == 0
    assert await found(Namespace="Other") == 1
    world.clock.time += timedelta(days=13, hours=22)
    assert await found(Namespace="Other") == 0
    await world.do(put_metric_data, Namespace="App", MetricData=data[:2])  # another day: listed anew
    assert await found() == 2
