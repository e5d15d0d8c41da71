"""An alarm in the shapes others read: the API's members, the history's document, EventBridge's configuration."""

from __future__ import annotations

from typing import Any

from triptych.services.cloudwatch.alarms.definition import Alarm, AlarmState
from triptych.services.cloudwatch.alarms.reason import stamp

__all__ = ["configuration", "described", "history_document", "state_document"]


def described(alarm: Alarm, state: AlarmState) -> dict[str, Any]:
    """A member of DescribeAlarms' MetricAlarms or CompositeAlarms."""
    members: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmArn": alarm.arn,
        "AlarmDescription": alarm.description,
        "AlarmConfigurationUpdatedTimestamp": alarm.configured,
        "ActionsEnabled": alarm.actions_enabled,
        "OKActions": list(alarm.ok_actions),
        "AlarmActions": list(alarm.alarm_actions),
        "InsufficientDataActions": list(alarm.insufficient_data_actions),
        "StateValue": state.value,
        "StateReason": state.reason,
        "StateReasonData": state.reason_data or None,
        "StateUpdatedTimestamp": state.updated,
        "StateTransitionedTimestamp": state.transitioned,
    }
    members |= _metric(alarm) if alarm.metric is not None else _composite(alarm, state)
    return {name: value for name, value in members.items() if value is not None}


def _metric(alarm: Alarm) -> dict[str, Any]:
    watch = alarm.metric
    assert watch is not None
    members: dict[str, Any] = {
        "EvaluationPeriods": watch.evaluation_periods,
        "DatapointsToAlarm": watch.datapoints_to_alarm,
        "Threshold": watch.threshold,
        "ThresholdMetricId": watch.threshold_metric or None,
        "ComparisonOperator": watch.comparison,
        "TreatMissingData": watch.treat_missing_data or None,
        "EvaluateLowSampleCountPercentile": watch.low_sample_count or None,
    }
    if watch.aligned:
        members["EvaluationWindow"] = {"WallClockWindow": {}}
    if watch.metrics:
        return members | {"Metrics": list(watch.metrics)}
    return members | {
        "MetricName": watch.metric_name,
        "Namespace": watch.namespace,
        "Statistic": watch.statistic or None,
        "ExtendedStatistic": watch.extended_statistic or None,
        "Dimensions": [{"Name": name, "Value": value} for name, value in watch.dimensions],
        "Period": watch.period,
        "Unit": watch.unit or None,
    }


def _composite(alarm: Alarm, state: AlarmState) -> dict[str, Any]:
    watch = alarm.composite
    assert watch is not None
    members: dict[str, Any] = {"AlarmRule": watch.rule}
    if watch.suppressor:
        members |= {
            "ActionsSuppressor": watch.suppressor,
            "ActionsSuppressorWaitPeriod": watch.wait_seconds,
            "ActionsSuppressorExtensionPeriod": watch.extension_seconds,
            "ActionsSuppressedBy": state.suppressed_by or None,
            "ActionsSuppressedReason": state.suppressed_reason or None,
        }
    return members


def history_document(alarm: Alarm, state: AlarmState) -> dict[str, Any]:
    """``createdAlarm``, ``updatedAlarm`` and ``deletedAlarm`` of a ConfigurationUpdate's HistoryData."""
    members = described(alarm, state)
    document: dict[str, Any] = {}
    for name, value in members.items():
        if name in {"StateReason", "StateReasonData", "StateTransitionedTimestamp"} or name.startswith(
            "ActionsSuppressed"
        ):
            continue
        key = "okactions" if name == "OKActions" else name[0].lower() + name[1:]
        document[key] = _document_value(name, value)
    return document


def _document_value(name: str, value: Any) -> Any:
    if name.endswith("Timestamp"):
        return stamp(value)
    if name == "Dimensions":
        return [{"value": each["Value"], "name": each["Name"]} for each in value]
    if name in {"Metrics", "EvaluationWindow"}:
        return lowered(value)
    return value


def lowered(value: Any) -> Any:
    """The same with member names in lower camel case."""
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: lowered(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [lowered(each) for each in value]
    return value


def state_document(state: AlarmState) -> dict[str, Any]:
    """``state`` and ``previousState`` of an alarm event."""
    members = {
        "value": state.value,
        "reason": state.reason,
        "reasonData": state.reason_data,
        "timestamp": stamp(state.updated),
        "actionsSuppressedBy": state.suppressed_by,
        "actionsSuppressedReason": state.suppressed_reason,
    }
    return {name: value for name, value in members.items() if value}


def configuration(alarm: Alarm, *, id: str) -> dict[str, Any]:  # noqa: A002 - the event's word
    """``configuration`` of an alarm event; ``id`` names the one metric of an alarm without a Metrics list."""
    shown: dict[str, Any] = {"description": alarm.description} if alarm.description is not None else {}
    if alarm.composite is not None:
        shown["alarmRule"] = alarm.composite.rule
        if alarm.composite.suppressor:
            shown |= {
                "actionsSuppressor": alarm.composite.suppressor,
                "actionsSuppressorWaitPeriod": alarm.composite.wait_seconds,
                "actionsSuppressorExtensionPeriod": alarm.composite.extension_seconds,
            }
        return shown
    watch = alarm.metric
    assert watch is not None
    if watch.metrics:
        shown["metrics"] = [_event_query(query) for query in watch.metrics]
        return shown
    stat: dict[str, Any] = {
        "metric": _event_metric(watch.namespace, watch.metric_name, dict(watch.dimensions)),
        "period": watch.period,
        "stat": watch.statistic or watch.extended_statistic,
    }
    if watch.unit:
        stat["unit"] = watch.unit
    shown["metrics"] = [{"id": id, "metricStat": stat, "returnData": True}]
    return shown


def _event_query(query: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = lowered({k: v for k, v in query.items() if k != "MetricStat"})
    shown["returnData"] = query.get("ReturnData", True)
    if stat := query.get("MetricStat"):
        metric = stat["Metric"]
        dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", ())}
        shown["metricStat"] = lowered({k: v for k, v in stat.items() if k != "Metric"})
        shown["metricStat"]["metric"] = _event_metric(
            metric.get("Namespace", ""), metric.get("MetricName", ""), dimensions
        )
    return shown


def _event_metric(namespace: str, name: str, dimensions: dict[str, str]) -> dict[str, Any]:
    return {"namespace": namespace, "name": name, "dimensions": dimensions}
