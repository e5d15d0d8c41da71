"""AWS::CloudWatch::Alarm: a metric alarm's definition, not its state. Its id is its ARN. Names lower whole runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from triptych.services.config.resource_type import Call, Case, Replies, Resource, ResourceType, Touch
from triptych.services.config.resource_types._api_shapes import configuration, epoch, lower_run, pages

_ALARM = "Alarm"
_SHAPE = ("cloudwatch", "DescribeAlarms", "MetricAlarms[]")
_METRIC = {"AlarmTypes": ["MetricAlarm"], "MaxRecords": 100}
# An alarm goes on and off without anybody configuring it.
_STATE = (
    "evaluationState",
    "stateReason",
    "stateReasonData",
    "stateTransitionedTimestamp",
    "stateUpdatedTimestamp",
    "stateValue",
)


async def _listing(call: Call) -> AsyncIterator[tuple[str, Replies | None]]:
    async for alarm in pages(call, "cloudwatch", "DescribeAlarms", _METRIC, entries="MetricAlarms"):
        yield alarm["AlarmArn"], {_ALARM: alarm}


async def _describe(call: Call, alarm_arn: str) -> Replies | None:
    name = alarm_arn.partition(":alarm:")[2]
    params = {"AlarmTypes": ["MetricAlarm"], "AlarmNames": [name]}
    reply = await call("cloudwatch", "DescribeAlarms", params)
    for alarm in reply.get("MetricAlarms") or ():
        return {_ALARM: alarm}
    return None


def _resource(_account: str, _region: str, alarm_arn: str, replies: Replies) -> Resource:
    alarm = replies[_ALARM]
    shown = configuration(
        _SHAPE,
        alarm,
        rename=lower_run,
        time=epoch,
        nulls="alarmDescription creationId datapointsToAlarm evaluateLowSampleCountPercentile extendedStatistic "
        "metricName namespace period statistic threshold thresholdMetricId treatMissingData unit",
        lists="okactions alarmActions insufficientDataActions dimensions",
    )
    return Resource(
        name=alarm["AlarmName"],
        arn=alarm_arn,
        availability_zone="Not Applicable",
        configuration={name: value for name, value in shown.items() if name not in _STATE},
    )


_ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:cpu: high"

_CASES = (
    Case(
        name="an alarm with actions",
        resource_id=_ARN,
        replies={
            "DescribeAlarms": {
                "MetricAlarms": [
                    {
                        "AlarmName": "cpu: high",
                        "AlarmArn": _ARN,
                        "AlarmConfigurationUpdatedTimestamp": datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
                        "ActionsEnabled": True,
                        "OKActions": [],
                        "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:alerts"],
                        "InsufficientDataActions": [],
                        "StateValue": "ALARM",
                        "StateReason": "Threshold crossed",
                        "StateUpdatedTimestamp": datetime(2026, 11, 20, 11, 40, tzinfo=UTC),
                        "MetricName": "CPUUtilization",
                        "Namespace": "AWS/EC2",
                        "Statistic": "Average",
                        "Dimensions": [{"Name": "InstanceId", "Value": "i-1"}],
                        "Period": 60,
                        "EvaluationPeriods": 3,
                        "Threshold": 90.0,
                        "ComparisonOperator": "GreaterThanThreshold",
                    }
                ]
            }
        },
        expected=Resource(
            name="cpu: high",
            arn="arn:aws:cloudwatch:us-east-1:123456789012:alarm:cpu: high",
            availability_zone="Not Applicable",
            configuration={
                "alarmDescription": None,
                "creationId": None,
                "datapointsToAlarm": None,
                "evaluateLowSampleCountPercentile": None,
                "extendedStatistic": None,
                "metricName": "CPUUtilization",
                "namespace": "AWS/EC2",
                "period": 60,
                "statistic": "Average",
                "threshold": 90.0,
                "thresholdMetricId": None,
                "treatMissingData": None,
                "unit": None,
                "okactions": [],
                "alarmActions": ["arn:aws:sns:us-east-1:123456789012:alerts"],
                "insufficientDataActions": [],
                "dimensions": [{"name": "InstanceId", "value": "i-1"}],
                "alarmName": "cpu: high",
                "alarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:cpu: high",
                "alarmConfigurationUpdatedTimestamp": 1795174633000,
                "actionsEnabled": True,
                "evaluationPeriods": 3,
                "comparisonOperator": "GreaterThanThreshold",
            },
        ),
    ),
    Case(
        name="deleted",
        resource_id="arn:aws:cloudwatch:us-east-1:123456789012:alarm:gone",
        replies={"DescribeAlarms": {"MetricAlarms": []}},
        expected=None,
    ),
)

TYPE = ResourceType(
    name="AWS::CloudWatch::Alarm",
    listing=_listing,
    describe=_describe,
    resource=_resource,
    # The calls name alarms, and an id is an ARN.
    touched_by={
        ("cloudwatch", operation): Touch(relist=True)
        for operation in ("DeleteAlarms", "DisableAlarmActions", "EnableAlarmActions", "PutMetricAlarm")
    },
    beyond_schema=("configuration.metrics.",),
    cases=_CASES,
)
