"""The alarms' API: what is kept, what is found, what is refused and how."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from alarm_bench import ACCOUNT, REGION, START, TOPIC, Bench
from triptych.kernel import limits
from triptych.kernel.context import Cause
from triptych.kernel.errors import ServiceError, unbuilt
from triptych.kernel.fact import Fact
from triptych.services.cloudwatch.alarms.history import item, row
from triptych.services.timeline import summary
from triptych.wire.model import operation_model
from triptych.wire.validate import validate

ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm"


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = await Bench(tmp_path).open()
    yield bench
    await bench.close()


async def test_an_alarm_is_described_as_it_was_put(bench: Bench):
    await bench.alarm(
        AlarmDescription="hot",
        Dimensions=[{"Name": "Host", "Value": "b"}, {"Name": "App", "Value": "a"}],
        DatapointsToAlarm=1,
        TreatMissingData="breaching",
        Unit="Percent",
        Tags=[{"Key": "team", "Value": "red"}],
    )
    reply = await bench.do("DescribeAlarms", AlarmNames=["cpu"])
    (alarm,) = reply["MetricAlarms"]
    assert reply["CompositeAlarms"] == []
    expected = {
        "AlarmName": "cpu",
        "AlarmArn": f"{ARN}:cpu",
        "AlarmDescription": "hot",
        "AlarmConfigurationUpdatedTimestamp": START,
        "ActionsEnabled": True,
        "OKActions": [TOPIC],
        "AlarmActions": [TOPIC],
        "InsufficientDataActions": [],
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation",
        "StateUpdatedTimestamp": START,
        "StateTransitionedTimestamp": START,
        "MetricName": "cpu",
        "Namespace": "N",
        "Statistic": "Average",
        "Dimensions": [{"Name": "App", "Value": "a"}, {"Name": "Host", "Value": "b"}],
        "Period": 60,
        "Unit": "Percent",
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "Threshold": 10.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "breaching",
    }
    assert alarm == expected
    tags = await bench.do("ListTagsForResource", ResourceARN=alarm["AlarmArn"])
    assert tags == {"Tags": [{"Key": "team", "Value": "red"}]}


BAD = [
    ({"Period": 45}, "Period must be 10, 20, 30 or a multiple of 60"),
    ({"Period": 1800, "EvaluationPeriods": 49}, "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400) for alarms using period < 3600"),
    ({"Period": 3600, "EvaluationPeriods": 169}, "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800) for alarms using period >= 3600"),
    ({"DatapointsToAlarm": 2}, "DatapointsToAlarm must be less than or equal to EvaluationPeriods"),
    ({"Threshold": None}, "PutMetricAlarm request should have valid Threshold parameter"),
    ({"ComparisonOperator": None}, "PutMetricAlarm request should have valid ComparisonOperator parameter"),
    ({"ExtendedStatistic": "p99"}, "PutMetricAlarm request can not be made with both Statistic and ExtendedStatistic parameters. Only one of them should be present"),
    ({"Statistic": None, "ExtendedStatistic": "p101"}, "The value p101 for parameter ExtendedStatistic is not supported."),
    ({"TreatMissingData": "maybe"}, "The value maybe for parameter TreatMissingData is not supported. Supported values are [breaching, notBreaching, ignore, missing]."),
    ({"EvaluateLowSampleCountPercentile": "ignore"}, "Option EvaluateLowSampleCountPercentile can not be applied with statistic Average. This option is enabled only for percentile statistics."),
    ({"AlarmActions": ["topic"]}, "Invalid arn syntax: topic"),
    ({"AlarmActions": ["arn:aws:s3:::bucket"]}, "Unsupported AWS vendor s3"),
    ({"AlarmActions": ["arn:aws:ssm:us-east-1:111122223333:document/Heal"], "Period": 7}, "Period must be 10, 20, 30 or a multiple of 60"),
    ({"AlarmActions": ["arn:aws:sns:eu-west-1:111122223333:told"]}, "Invalid region eu-west-1 specified. Only us-east-1 is supported."),
    ({"AlarmName": "a\tb"}, "AlarmName must not contain ASCII control characters"),
    ({"Dimensions": [{"Name": "A", "Value": "1"}, {"Name": "A", "Value": "2"}]}, "No duplicate dimension names are allowed in one metric"),
    ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "ComparisonOperators for ranges require ThresholdMetricId to be set"),
    ({"ThresholdMetricId": "ad1"}, "Threshold and ThresholdMetricId cannot both be set"),
    ({"ThresholdMetricId": "ad1", "Threshold": None}, "ThresholdMetricId requires a ComparisonOperator for ranges"),
    ({"ComparisonOperator": "LessThanLowerThreshold", "Threshold": None, "ThresholdMetricId": "ad1"}, "ThresholdMetricId ad1 is not the Id of an element of the metrics list."),
    ({"Metrics": [{"Id": "m1", "Expression": "1"}]}, "Scalar metric parameters must not be set if list of Metrics is set."),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), BAD)
async def test_put_metric_alarm_refuses(bench: Bench, changes, message):
    with pytest.raises(ServiceError) as refused:
        await bench.alarm(**changes)
    assert (refused.value.code, refused.value.message) == ("ValidationError", message)
    assert (await bench.do("DescribeAlarms"))["MetricAlarms"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 5}},
        {"EvaluationWindow": {"WallClockWindow": {"Timezone": "Europe/Berlin"}}},
    ],
)
async def test_what_is_unbuilt_is_refused_by_name(bench: Bench, changes):
    with pytest.raises(ServiceError) as refused:
        await bench.alarm(**changes)
    assert (refused.value.code, refused.value.status) == ("NotImplemented", 501)


GROUPED = "SELECT SUM(x) FROM N GROUP BY Host"


def select(text: str = "SELECT SUM(x) FROM N", **changes) -> dict:
    query = {"Id": "q", "Expression": text, "Period": 60} | changes
    return {name: value for name, value in query.items() if value is not None}


def metric(name: str, **changes) -> dict:
    stat = {"Metric": {"Namespace": "N", "MetricName": name}, "Period": 60, "Stat": "Sum"} | changes
    return {"Id": name, "MetricStat": stat, "ReturnData": False}


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([metric("a"), metric("b")], "Exactly one element of the metrics list should return data."),
        ([{"Id": "e", "Expression": "a + b"}, metric("a")], "b"),
        ([{"Id": "e", "Expression": "a +"}, metric("a")], ""),
        ([{"Id": "e", "Expression": "METRICS()"}, metric("a"), metric("b")], "one time series"),
        ([{"Id": "e", "Expression": "5"}, metric("a")], "time series"),
        ([{"Id": "e", "Expression": "f", "ReturnData": True}, {"Id": "f", "Expression": "e", "ReturnData": False}, metric("a")], "circle"),
        ([{"Id": "e", "Expression": "SUM(SEARCH('x', 'Sum', 60))"}, metric("a")], "SEARCH is not supported on Metric Alarms."),
        ([{"Id": "E", "Expression": "a"}, metric("a")], "lowercase"),
        ([{"Id": "a", "Expression": "a"}, metric("a")], "unique"),
        ([{"Id": "e", "Expression": "a"}, metric("a", Period=45)], "Period must be 10, 20, 30 or a multiple of 60"),
        ([{"Id": "e", "Expression": "a"}, metric("a", Stat="p101")], "The value p101 for parameter Stat is not supported."),
        ([{"Id": "e", "Expression": "1"} | metric("a")], "mutually exclusive"),
        ([{"Id": f"e{n}", "Expression": "a", "ReturnData": n == 0} for n in range(11)] + [metric("a")], "Too many expressions in alarm, maximum is 10"),
        ([select(Period=None)], "Period must not be null"),
        ([{"Id": "e", "Expression": "q * 2", "Period": 60}, select(Period=None, ReturnData=False)], "Period must not be null"),
        ([select(Period=30)], "Period must be a multiple of 60 for a Metrics Insights query"),
        ([select(Period=10_860)], "the latest three hours (EvaluationPeriods * Period must be <= 10800)"),
        ([select("SELECT SUM(x) FORM y")], "Error in expression 'q': Expected FROM, not 'FORM', did you mean FROM? [14]"),
        ([select(), select(Id="r", ReturnData=False)], "The Metrics list may have one Metrics Insights query, and q, r are 2."),
        ([{"Id": "e", "Expression": "SORT(q, MAX, DESC)"}, select(GROUPED, ReturnData=False)], "one time series"),
        ([{"Id": "e", "Expression": "METRICS()"}, select(ReturnData=False)], "one time series"),
    ],
)  # fmt: skip
async def test_metrics_lists_are_checked(bench: Bench, queries, message):
    single = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))
    with pytest.raises(ServiceError) as refused:
        await bench.alarm(**single, Metrics=queries)
    assert refused.value.code == "ValidationError"
    assert message in refused.value.message


BAND = {
    **dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period", "Threshold")),
    "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
    "ThresholdMetricId": "ad",
}


def band(expression: str = "ANOMALY_DETECTION_BAND(a, 2)", **changes) -> dict:
    return {"Id": "ad", "Expression": expression} | changes


@pytest.mark.parametrize(
    "queries",
    [
        [metric("a") | {"ReturnData": True}, band()],
        [metric("a") | {"ReturnData": True}, band(ReturnData=False)],
        [metric("a"), band()],
        [metric("a"), {"Id": "e", "Expression": "a * 2"}, band("ANOMALY_DETECTION_BAND(e)")],
    ],
)
async def test_an_alarm_on_a_model_is_described_as_it_was_put(bench: Bench, queries):
    await bench.alarm(**BAND, Metrics=queries)
    (alarm,) = (await bench.do("DescribeAlarms"))["MetricAlarms"]
    assert (alarm["ThresholdMetricId"], alarm["Metrics"]) == ("ad", queries)
    assert alarm["ComparisonOperator"] == "LessThanLowerOrGreaterThanUpperThreshold"
    assert "Threshold" not in alarm


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Metrics": [metric("a"), metric("b"), band()]}, "Exactly one element of the metrics list should return data beside the anomaly detection band."),
        ({"Metrics": [metric("a"), band("a * 2")]}, "ThresholdMetricId ad is not an ANOMALY_DETECTION_BAND"),
        ({"Metrics": [metric("a"), band("LAST(ANOMALY_DETECTION_BAND(a))")]}, "ThresholdMetricId ad is not an ANOMALY_DETECTION_BAND"),
        ({"Metrics": [metric("a"), metric("ad") | {"ReturnData": True}]}, "ThresholdMetricId ad is not an ANOMALY_DETECTION_BAND"),
        ({"Metrics": [metric("a"), band("ANOMALY_DETECTION_BAND(a + 1)")]}, "takes the Id of a metric"),
        ({"Metrics": [metric("a", Period=30), band()]}, "models are of periods of a minute and more"),
        ({"Metrics": [metric("a"), band()], "AlarmActions": ["arn:aws:autoscaling:us-east-1:111122223333:scalingPolicy:x"]}, "Alarms based on anomaly detection models cannot have Auto Scaling actions"),
    ],
)  # fmt: skip
async def test_alarms_on_models_are_checked(bench: Bench, changes, message):
    with pytest.raises(ServiceError) as refused:
        await bench.alarm(**BAND, **changes)
    assert refused.value.code == "ValidationError"
    assert message in refused.value.message


async def test_an_alarm_on_a_model_tells_its_topic_the_band(bench: Bench):
    queries = [metric("a") | {"ReturnData": True}, band()]
    await bench.alarm(**BAND, Metrics=queries)
    await bench.do("SetAlarmState", AlarmName="cpu", StateValue="ALARM", StateReason="drill")
    await bench.settle()
    (told,) = [params for name, params in bench.calls if name == "sns:Publish"]
    trigger = msgspec.json.decode(told["Message"])["Trigger"]
    assert trigger["ThresholdMetricId"] == "ad"
    assert "Threshold" not in trigger
    assert [query["Id"] for query in trigger["Metrics"]] == ["a", "ad"]


SINGLE = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))


async def test_an_alarm_on_several_time_series_is_refused_by_name(bench: Bench):
    with pytest.raises(
        ServiceError, match=r"alarms on several time series: .* \(such as MAX\(q\)\)"
    ) as refused:
        await bench.alarm(**SINGLE, Metrics=[select(GROUPED)])
    assert (refused.value.code, refused.value.status) == ("NotImplemented", 501)
    worst = [{"Id": "e", "Expression": "MAX(q)"}, select(GROUPED, ReturnData=False)]
    await bench.alarm(**SINGLE, Metrics=worst)
    (alarm,) = (await bench.do("DescribeAlarms"))["MetricAlarms"]
    assert alarm["Metrics"] == worst


async def test_alarms_on_queries_have_a_quota_of_their_own(bench: Bench, monkeypatch):
    monkeypatch.setattr(limits, "METRICS_INSIGHTS_ALARMS", 1)
    await bench.alarm("first", **SINGLE, Metrics=[select()])
    await bench.alarm("first", **SINGLE, Metrics=[select()], Threshold=2.0)
    await bench.alarm("other")
    with pytest.raises(ServiceError) as refused:
        await bench.alarm("second", **SINGLE, Metrics=[select()])
    assert refused.value.code == "LimitExceeded"


async def test_an_update_keeps_the_state_and_ignores_tags(bench: Bench):
    await bench.alarm()
    await bench.do("SetAlarmState", AlarmName="cpu", StateValue="ALARM", StateReason="test")
    await bench.clock.advance(5)
    await bench.alarm(Threshold=20.0, Tags=[{"Key": "late", "Value": "1"}])
    (alarm,) = (await bench.do("DescribeAlarms"))["MetricAlarms"]
    assert (alarm["StateValue"], alarm["Threshold"]) == ("ALARM", 20.0)
    assert alarm["AlarmConfigurationUpdatedTimestamp"] == START + timedelta(seconds=5)
    assert await bench.do("ListTagsForResource", ResourceARN=alarm["AlarmArn"]) == {"Tags": []}
    error = await bench.refused("PutCompositeAlarm", AlarmName="cpu", AlarmRule="TRUE")
    assert error.code == "ValidationError"


async def test_listing_filters_and_pages(bench: Bench):
    for number in range(25):
        await bench.alarm(f"web-{number:02d}", Tags=None)
    await bench.alarm("db", AlarmActions=None)
    await bench.do("PutCompositeAlarm", AlarmName="web-all", AlarmRule="ALARM(web-00) OR ALARM(web-01)")
    await bench.do("SetAlarmState", AlarmName="web-03", StateValue="OK", StateReason="")

    async def names(**filters) -> list[str]:
        found, token = [], None
        while True:
            more = {"NextToken": token} if token else {}
            reply = await bench.do("DescribeAlarms", MaxRecords=10, **filters, **more)
            page = [*reply["MetricAlarms"], *reply["CompositeAlarms"]]
            assert len(page) <= 10
            found += [alarm["AlarmName"] for alarm in page]
            token = reply.get("NextToken")
            if token is None:
                return found

    assert await names() == ["db", *(f"web-{n:02d}" for n in range(25))]
    assert (await names(AlarmNamePrefix="web-", AlarmTypes=["MetricAlarm", "CompositeAlarm"]))[
        -1
    ] == "web-all"
    assert await names(AlarmTypes=["CompositeAlarm"]) == ["web-all"]
    assert await names(StateValue="OK") == ["web-03"]
    assert len(await names(ActionPrefix="arn:aws:sns")) == 26
    assert await names(AlarmNames=["db", "nobody", "web-07"]) == ["db", "web-07"]
    assert await names(ChildrenOfAlarmName="web-all") == ["web-00", "web-01"]
    assert await names(ParentsOfAlarmName="web-01") == ["web-all"]
    assert await names(ParentsOfAlarmName="web-02") == []
    assert (await bench.refused("DescribeAlarms", NextToken="nonsense")).code == "InvalidNextToken"
    assert (
        await bench.refused("DescribeAlarms", ParentsOfAlarmName="a", StateValue="OK")
    ).code == "ValidationError"


async def test_alarms_for_a_metric(bench: Bench):
    await bench.alarm("one", MetricName="cpu")
    await bench.alarm("two", MetricName="cpu", Period=300)
    await bench.alarm("three", MetricName="cpu", Dimensions=[{"Name": "Host", "Value": "a"}])
    await bench.alarm("four", MetricName="memory")

    async def names(**filters) -> list[str]:
        reply = await bench.do("DescribeAlarmsForMetric", Namespace="N", MetricName="cpu", **filters)
        return [alarm["AlarmName"] for alarm in reply["MetricAlarms"]]

    assert await names() == ["one", "two"]
    assert await names(Period=300) == ["two"]
    assert await names(Dimensions=[{"Name": "Host", "Value": "a"}]) == ["three"]
    assert await names(Statistic="Sum") == []


async def test_deleting(bench: Bench):
    await bench.alarm("a", Tags=[{"Key": "k", "Value": "v"}])
    await bench.alarm("b")
    await bench.do("PutCompositeAlarm", AlarmName="c", AlarmRule="ALARM(a)")
    await bench.do(
        "PutCompositeAlarm", AlarmName="d", AlarmRule="FALSE", ActionsSuppressor=f"{ARN}:b",
        ActionsSuppressorWaitPeriod=0, ActionsSuppressorExtensionPeriod=0,
    )  # fmt: skip
    held = await bench.refused("DeleteAlarms", AlarmNames=["a"])
    assert held.message == "Cannot delete a as there are composite alarm(s) depending on it."
    held = await bench.refused("DeleteAlarms", AlarmNames=["a", "b"])
    assert held.message == "Cannot delete a,b as there are composite alarm(s) depending on them."
    assert (await bench.refused("DeleteAlarms", AlarmNames=["c", "d"])).code == "ValidationError"
    await bench.do("DeleteAlarms", AlarmNames=["a", "c", "nobody"])
    left = await bench.do("DescribeAlarms", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert [alarm["AlarmName"] for alarm in left["MetricAlarms"] + left["CompositeAlarms"]] == ["b", "d"]
    await bench.tick()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"AlarmRule": "ALARM(a) AND"}, "Error in AlarmRule [Unsupported token '<EOF>' at char 12, must be: '(', 'NOT', AT_LEAST, TRUE or FALSE, ALARM, OK, or INSUFFICIENT_DATA]"),
        ({"AlarmRule": "ALARM(nobody) OR OK(a)"}, "Could not save the composite alarm as alarms [nobody] in the alarm rule do not exist"),
        ({"AlarmRule": "ALARM(x)"}, "A composite alarm cannot have a child relation with itself via its AlarmRule"),
        ({"ActionsSuppressorWaitPeriod": 5}, "ActionsSuppressorWaitPeriod requires an ActionSuppressor"),
        ({"ActionsSuppressor": "a", "ActionsSuppressorExtensionPeriod": 5}, "ActionsSuppressorWaitPeriod must not be null"),
        ({"ActionsSuppressor": "arn:aws:sns:us-east-1:111122223333:t"}, "ActionsSuppressor must be a valid CloudWatch Alarm ARN or an Alarm name"),
        ({"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]}, "Unsupported AWS vendor automate for a composite alarm"),
    ],
)  # fmt: skip
async def test_put_composite_alarm_refuses(bench: Bench, changes, message):
    await bench.alarm("a")
    error = await bench.refused(
        "PutCompositeAlarm", **({"AlarmName": "x", "AlarmRule": "ALARM(a)"} | changes)
    )
    assert (error.code, error.message) == ("ValidationError", message)


async def test_a_cycle_can_be_made_and_stops_evaluation(bench: Bench):
    await bench.alarm("a")
    await bench.do("PutCompositeAlarm", AlarmName="x", AlarmRule="ALARM(a)")
    await bench.do("PutCompositeAlarm", AlarmName="y", AlarmRule="ALARM(x)")
    await bench.settle()
    await bench.do("PutCompositeAlarm", AlarmName="x", AlarmRule="NOT ALARM(y)")
    await bench.settle()
    before = len(await bench.changes())
    assert (await bench.refused("DeleteAlarms", AlarmNames=["x"])).message.startswith("Cannot delete x")
    await bench.do("SetAlarmState", AlarmName="a", StateValue="ALARM", StateReason="")
    await bench.settle()
    assert len(await bench.changes()) == before + 1
    await bench.do("PutCompositeAlarm", AlarmName="x", AlarmRule="FALSE")
    await bench.settle()
    await bench.do("DeleteAlarms", AlarmNames=["y"])


async def test_set_alarm_state(bench: Bench):
    await bench.alarm()
    missing = await bench.refused("SetAlarmState", AlarmName="x", StateValue="OK", StateReason="")
    assert (missing.code, missing.status) == ("ResourceNotFound", 404)
    bad = await bench.refused(
        "SetAlarmState", AlarmName="cpu", StateValue="OK", StateReason="", StateReasonData="{"
    )
    assert bad.code == "InvalidFormat"
    for _ in range(2):
        await bench.do(
            "SetAlarmState",
            AlarmName="cpu",
            StateValue="ALARM",
            StateReason="drill",
            StateReasonData='{"a":1}',
        )
    await bench.settle()
    assert await bench.changes() == [("cpu", "ALARM", 0)]
    assert [message[1] for message in bench.published()] == ["ALARM"]


async def test_disabled_actions_are_not_performed(bench: Bench):
    await bench.alarm()
    await bench.do("DisableAlarmActions", AlarmNames=["cpu", "nobody"])
    await bench.do("SetAlarmState", AlarmName="cpu", StateValue="ALARM", StateReason="")
    await bench.settle()
    assert bench.published() == []
    await bench.do("EnableAlarmActions", AlarmNames=["cpu"])
    await bench.do("SetAlarmState", AlarmName="cpu", StateValue="OK", StateReason="")
    await bench.settle()
    assert [message[1] for message in bench.published()] == ["OK"]


async def test_the_message_a_topic_gets(bench: Bench):
    await bench.alarm(DatapointsToAlarm=1)
    bench.source.load("cpu", [99])
    await bench.pass_(60)
    ((call, params),) = bench.calls
    assert (call, params["TopicArn"], params["Subject"]) == (
        "sns:Publish", TOPIC, 'ALARM: "cpu" in US East (N. Virginia)',
    )  # fmt: skip
    message = msgspec.json.decode(params["Message"])
    assert message == {
        "AlarmName": "cpu",
        "AlarmDescription": None,
        "AWSAccountId": ACCOUNT,
        "AlarmConfigurationUpdatedTimestamp": "2026-11-20T12:00:00.000+0000",
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold Crossed: 1 out of the last 1 datapoints [99.0 (20/11/26 12:00:00)] was greater "
        "than the threshold (10.0) (minimum 1 datapoint for OK -> ALARM transition).",
        "StateChangeTime": "2026-11-20T12:01:00.000+0000",
        "Region": "US East (N. Virginia)",
        "AlarmArn": f"{ARN}:cpu",
        "OldStateValue": "INSUFFICIENT_DATA",
        "OKActions": [TOPIC],
        "AlarmActions": [TOPIC],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "cpu",
            "Namespace": "N",
            "StatisticType": "Statistic",
            "Statistic": "AVERAGE",
            "Unit": None,
            "Dimensions": [],
            "Period": 60,
            "EvaluationPeriods": 1,
            "DatapointsToAlarm": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 10.0,
            "TreatMissingData": "missing",
            "EvaluateLowSampleCountPercentile": "",
        },
    }


async def test_a_failed_action_is_in_the_history(bench: Bench):
    bench.answer = unbuilt("sns:Publish")
    await bench.alarm()
    await bench.do("SetAlarmState", AlarmName="cpu", StateValue="ALARM", StateReason="drill")
    await bench.settle()
    (acted,) = await bench.facts("AlarmActed")
    kept = row(acted)
    assert kept is not None
    shown = item(kept | {"time": kept["time"]})
    assert shown["HistoryItemType"] == "Action"
    assert shown["HistorySummary"] == (
        f'Failed to execute action {TOPIC}. Received error: "Triptych does not implement sns:Publish. '
        'docs/parity.md lists what it does."'
    )
    data = msgspec.json.decode(shown["HistoryData"])
    assert (data["actionState"], data["notificationResource"]) == ("Failed", TOPIC)
    assert data["stateUpdateTimestamp"] == int(START.timestamp() * 1000)


@pytest.mark.parametrize(
    ("action", "call", "params"),
    [
        (f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:heal", "lambda:Invoke", {"InvocationType": "Event"}),
        (f"arn:aws:automate:{REGION}:ec2:stop", "ec2:StopInstances", {"InstanceIds": ["i-1"]}),
        (f"arn:aws:automate:{REGION}:ec2:reboot", "ec2:RebootInstances", {"InstanceIds": ["i-1"]}),
        (f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:x:autoScalingGroupName/g:policyName/p", "autoscaling:ExecutePolicy", {}),
    ],
)  # fmt: skip
async def test_other_actions(bench: Bench, action, call, params):
    await bench.alarm(AlarmActions=[action], Dimensions=[{"Name": "InstanceId", "Value": "i-1"}])
    await bench.do("SetAlarmState", AlarmName="cpu", StateValue="ALARM", StateReason="drill")
    await bench.settle()
    ((called, given),) = bench.calls
    assert called == call
    assert params.items() <= given.items()
    if call == "lambda:Invoke":
        event = msgspec.json.decode(given["Payload"])
        assert event["alarmArn"] == f"{ARN}:cpu"
        assert event["alarmData"]["state"]["value"] == "ALARM"
        assert event["alarmData"]["configuration"]["metrics"][0]["metricStat"]["stat"] == "Average"


async def test_history_items_of_every_kind_fit_the_model(bench: Bench):
    await bench.alarm(AlarmDescription="d" * 1024, AlarmActions=[TOPIC] * 5)
    await bench.alarm(AlarmDescription="e" * 1024, Threshold=1.0, AlarmActions=[TOPIC] * 5)
    bench.source.load("cpu", [99])
    await bench.pass_(60)
    await bench.do("DeleteAlarms", AlarmNames=["cpu"])
    facts: list[Fact] = []
    for kind in ("AlarmConfigured", "AlarmStateChanged", "AlarmActed"):
        facts += await bench.facts(kind)
    items = [item(kept) for fact in facts if (kept := row(fact))]
    summaries = [each["HistorySummary"] for each in items]
    assert summaries[:4] == [
        'Alarm "cpu" created',
        'Alarm "cpu" updated',
        'Alarm "cpu" deleted',
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
    ]
    assert summaries[4] == f"Successfully executed action {TOPIC}"
    for each in items:
        assert 1 <= len(each["HistoryData"]) <= 4095
        assert msgspec.json.decode(each["HistoryData"])
        assert len(each["HistorySummary"]) <= 255
    created = msgspec.json.decode(items[0]["HistoryData"])
    assert created["type"] == "Create"
    assert created["createdAlarm"]["alarmArn"] == f"{ARN}:cpu"
    assert created["createdAlarm"]["okactions"] == [TOPIC]
    assert created["createdAlarm"]["dimensions"] == []
    change = msgspec.json.decode(items[3]["HistoryData"])
    assert change["oldState"]["stateValue"] == "INSUFFICIENT_DATA"
    assert change["newState"]["stateReasonData"]["recentDatapoints"] == [99.0]
    for fact in facts:
        assert summary(fact).startswith(("alarm cpu", "action"))


async def test_what_an_action_does_is_a_consequence_of_the_change(bench: Bench):
    await bench.alarm()
    bench.source.load("cpu", [99])
    await bench.pass_(60)
    (change,) = await bench.facts("AlarmStateChanged")
    (acted,) = await bench.facts("AlarmActed")
    assert acted.cause == Cause(parent=change.id, origin=change.id)


def test_answers_fit_the_model():
    """The names we answer with are the model's."""
    shape = operation_model("cloudwatch", "DescribeAlarms").output_shape
    assert set(shape.members) >= {"MetricAlarms", "CompositeAlarms", "NextToken"}
    with pytest.raises(ServiceError):
        validate(
            operation_model("cloudwatch", "PutMetricAlarm"), {"AlarmName": "a", "AlarmActions": ["arn"] * 6}
        )
