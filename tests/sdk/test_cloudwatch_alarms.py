"""Alarms over the wire, with an unmodified client, on the clock on the wall."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

TOPIC = "arn:aws:sns:us-east-1:000000000000:told"


def put(client, name: str, **changes) -> None:
    params = {
        "AlarmName": name,
        "Namespace": "Sdk",
        "MetricName": name,
        "Statistic": "Maximum",
        "Period": 10,
        "EvaluationPeriods": 2,
        "DatapointsToAlarm": 1,
        "Threshold": 10.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    client("cloudwatch").put_metric_alarm(**(params | changes))


def test_an_alarm_goes_off_and_says_why(client, eventually):
    cloudwatch = client("cloudwatch")
    put(client, "heat", AlarmActions=[TOPIC])
    cloudwatch.put_composite_alarm(AlarmName="any", AlarmRule='ALARM("heat") OR ALARM(heat)')
    now = datetime.now(UTC)
    cloudwatch.put_metric_data(
        Namespace="Sdk",
        MetricData=[
            {
                "MetricName": "heat",
                "Value": 99,
                "Timestamp": now + timedelta(seconds=s),
                "StorageResolution": 1,
            }
            for s in range(-10, 30)
        ],
    )

    def state(name: str) -> dict:
        reply = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        return [*reply["MetricAlarms"], *reply["CompositeAlarms"]][0]

    eventually(lambda: state("heat")["StateValue"] == "ALARM", what="the alarm")
    alarm = state("heat")
    assert "out of the last 2 datapoints [99.0 (" in alarm["StateReason"]
    assert json.loads(alarm["StateReasonData"])["statistic"] == "Maximum"
    eventually(lambda: state("any")["StateValue"] == "ALARM", what="the composite alarm")
    assert state("any")["StateReason"].startswith(f"{alarm['AlarmArn']} transitioned to ALARM at ")

    def history(**filters) -> list[dict]:
        pages = cloudwatch.get_paginator("describe_alarm_history").paginate(
            AlarmName="heat", ScanBy="TimestampAscending", PaginationConfig={"PageSize": 1}, **filters
        )
        return [item for page in pages for item in page["AlarmHistoryItems"]]

    acted = eventually(lambda: history(HistoryItemType="Action"), what="the action's end")
    # SNS is not there yet: the action fails, and says so.
    assert acted[0]["HistorySummary"].startswith(f"Failed to execute action {TOPIC}. Received error: ")
    kinds = [item["HistoryItemType"] for item in history()]
    assert kinds[0] == "ConfigurationUpdate"
    assert kinds.count("StateUpdate") >= 1
    newest = cloudwatch.describe_alarm_history(AlarmName="heat", MaxRecords=1)["AlarmHistoryItems"]
    assert newest[0]["Timestamp"] >= acted[0]["Timestamp"]
    composite = cloudwatch.describe_alarm_history(AlarmTypes=["CompositeAlarm"])["AlarmHistoryItems"]
    assert {item["AlarmName"] for item in composite} == {"any"}
    with pytest.raises(ClientError, match="Cannot delete heat as there are composite alarm"):
        cloudwatch.delete_alarms(AlarmNames=["heat"])
    cloudwatch.delete_alarms(AlarmNames=["heat", "any"])
    assert cloudwatch.describe_alarms(AlarmNames=["heat"])["MetricAlarms"] == []


def test_an_alarm_on_a_select(client):
    cloudwatch = client("cloudwatch")
    rest = {
        "AlarmName": "fleet", "EvaluationPeriods": 1, "Threshold": 10.0, "ComparisonOperator": "GreaterThanThreshold",
    }  # fmt: skip
    query = {"Id": "q", "Expression": "SELECT MAX(heat) FROM SCHEMA(Sdk, Host)", "Period": 60}
    cloudwatch.put_metric_alarm(Metrics=[query], **rest)
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["fleet"])["MetricAlarms"]
    assert alarm["Metrics"] == [query]
    grouped = query | {"Expression": query["Expression"] + " GROUP BY Host"}
    with pytest.raises(ClientError, match="does not implement alarms on several time series") as refused:
        cloudwatch.put_metric_alarm(Metrics=[grouped], **rest)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    cloudwatch.delete_alarms(AlarmNames=["fleet"])


def test_errors_over_the_wire(client):
    with pytest.raises(ClientError) as refused:
        put(client, "bad", Period=45)
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == (
        "ValidationError",
        "Period must be 10, 20, 30 or a multiple of 60",
    )
    with pytest.raises(ClientError) as refused:
        client("cloudwatch").set_alarm_state(AlarmName="nobody", StateValue="OK", StateReason="")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFound"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_lag_is_a_metric(client, eventually):
    """Alarms say themselves whether they are on time."""
    put(client, "watched")
    now = datetime.now(UTC)

    def lags() -> list[float]:
        reply = client("cloudwatch").get_metric_statistics(
            Namespace="Triptych/Alarms",
            MetricName="EvaluationLag",
            Statistics=["Maximum"],
            Period=60,
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=5),
        )
        return [point["Maximum"] for point in reply["Datapoints"]]

    assert min(eventually(lags, what="a lag")) >= 0


def test_anomaly_detection(client):
    """Five hours of the past, put now: a model of them, a band, an alarm, and a detector that leaves some out."""
    cloudwatch = client("cloudwatch")
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    cloudwatch.put_metric_data(
        Namespace="Sdk",
        MetricData=[
            {"MetricName": "odd", "Value": 500 if ago <= 5 else 10 + ago % 7, "Timestamp": minute - timedelta(minutes=ago)}
            for ago in range(-3, 300)
        ],
    )  # fmt: skip
    metric = {"Namespace": "Sdk", "MetricName": "odd"}
    queries = [
        {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Average"}},
        {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 4)", "Label": "odd (expected)"},
    ]
    reply = cloudwatch.get_metric_data(
        MetricDataQueries=queries, StartTime=minute - timedelta(minutes=5), EndTime=minute
    )
    points, lower, upper = reply["MetricDataResults"]
    assert [each["Id"] for each in reply["MetricDataResults"]] == ["m1", "ad1", "ad1"]
    assert len(points["Values"]) == len(lower["Values"]) == len(upper["Values"]) == 5
    assert all(low < 10 for low in lower["Values"])
    assert all(16 < high < 100 for high in upper["Values"])
    cloudwatch.put_metric_alarm(
        AlarmName="odd",
        Metrics=queries,
        ThresholdMetricId="ad1",
        ComparisonOperator="LessThanLowerOrGreaterThanUpperThreshold",
        EvaluationPeriods=2,
    )

    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["odd"])["MetricAlarms"]
    assert (alarm["ThresholdMetricId"], alarm["Metrics"]) == ("ad1", queries)
    assert "Threshold" not in alarm

    detector = metric | {"Stat": "Average", "Dimensions": []}
    made = cloudwatch.put_anomaly_detector(
        SingleMetricAnomalyDetector=detector,
        Configuration={
            "ExcludedTimeRanges": [{"StartTime": minute - timedelta(days=1), "EndTime": minute}],
            "MetricTimezone": "America/New_York",
        },
    )
    (found,) = cloudwatch.describe_anomaly_detectors(MetricName="odd")["AnomalyDetectors"]
    assert found["SingleMetricAnomalyDetector"] == detector
    assert found["AnomalyDetectorId"] == made["AnomalyDetectorId"]
    assert found["StateValue"] in ("PENDING_TRAINING", "TRAINED_INSUFFICIENT_DATA")
    reply = cloudwatch.get_metric_data(
        MetricDataQueries=queries, StartTime=minute - timedelta(minutes=5), EndTime=minute
    )
    assert [each["Values"] for each in reply["MetricDataResults"][1:]] == [[], []]
    cloudwatch.delete_anomaly_detector(SingleMetricAnomalyDetector=detector)
    with pytest.raises(cloudwatch.exceptions.ResourceNotFoundException):
        cloudwatch.delete_anomaly_detector(AnomalyDetectorId=made["AnomalyDetectorId"])
