"""What a state change sets off: which actions an alarm may have, what they are told, and the job that performs one.

An action is performed at least once; whether it worked is in the alarm's history, as on AWS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from botocore.loaders import Loader

from triptych.control.store import Job
from triptych.jobs.kind import Retry
from triptych.kernel.arn import Arn
from triptych.kernel.errors import ServiceError, unbuilt
from triptych.services.cloudwatch.alarms.metric_input import invalid
from triptych.services.cloudwatch.alarms.transition import ACTION
from triptych.services.contract import Ctx, JobKind

__all__ = ["PERFORM", "checked_actions", "lambda_event", "notification", "subject"]

PRINCIPAL = "cloudwatch.amazonaws.com"
_VENDORS = frozenset({"sns", "lambda", "automate", "swf", "autoscaling", "ssm", "ssm-incidents", "aiops"})
_COMPOSITE_VENDORS = frozenset({"sns", "lambda", "ssm", "ssm-incidents", "aiops"})
_EC2 = {"stop": "StopInstances", "terminate": "TerminateInstances", "reboot": "RebootInstances"}
"""``arn:aws:automate:<region>:ec2:<what>``: ``ec2`` stands where other ARNs have the account."""
_SUBJECT_CHARACTERS = 100
"""SNS quota."""
_TRANSIENT = frozenset(
    {"ServiceUnavailable", "InternalFailure", "InternalError", "Throttling", "ThrottlingException"}
)


def checked_actions(params: Mapping[str, Any], *, region: str, composite: bool) -> dict[str, tuple[str, ...]]:
    """The three lists of action ARNs. Raises ServiceError as CloudWatch does; what it would accept is accepted, and
    what cannot be performed here fails in the alarm's history."""
    lists = {
        "ok_actions": params.get("OKActions") or (),
        "alarm_actions": params.get("AlarmActions") or (),
        "insufficient_data_actions": params.get("InsufficientDataActions") or (),
    }
    for actions in lists.values():
        for action in actions:
            _check(action, region=region, composite=composite)
    return {name: tuple(actions) for name, actions in lists.items()}


def _check(action: str, *, region: str, composite: bool) -> None:
    try:
        arn = Arn.parse(action)
    except ValueError as error:
        raise invalid(f"Invalid arn syntax: {action}") from error
    if not arn.partition or not arn.resource or any(char.isspace() for char in action):
        raise invalid(f"Invalid arn syntax: {action}")
    if arn.service not in _VENDORS:
        raise invalid(f"Unsupported AWS vendor {arn.service}")
    if composite and arn.service not in _COMPOSITE_VENDORS:
        raise invalid(f"Unsupported AWS vendor {arn.service} for a composite alarm")
    if arn.service == "lambda" and not arn.resource.startswith("function:"):
        raise invalid(f"Invalid arn syntax: {action}")
    if arn.service != "ssm-incidents" and arn.region != region:
        raise invalid(f"Invalid region {arn.region} specified. Only {region} is supported.")


async def _perform(ctx: Ctx, job: Job) -> None:
    body = job.body
    message: str | None = None
    try:
        message = await _deliver(ctx, body)
    except ServiceError as error:
        if error.code in _TRANSIENT:
            raise
        _record(ctx, body, message, error=error.message)
    else:
        _record(ctx, body, message, error="")


async def _dead(ctx: Ctx, job: Job, reason: str) -> None:
    _record(ctx, job.body, None, error=reason)


async def _deliver(ctx: Ctx, body: Mapping[str, Any]) -> str | None:
    """Perform the action; what was published, if that is what the action does. Raises ServiceError."""
    action = body["action"]
    arn = Arn.parse(action)
    if arn.service == "sns":
        text = msgspec.json.encode(notification(body, account=ctx.account, region=ctx.region)).decode()
        params = {"TopicArn": action, "Subject": subject(body, region=ctx.region), "Message": text}
        source = body["alarm"]["alarmArn"]
        await ctx.call("sns", "Publish", params, principal=PRINCIPAL, region=arn.region, source_arn=source)
        return msgspec.json.encode({"default": text}).decode()
    if arn.service == "lambda":
        payload = msgspec.json.encode(lambda_event(body, account=ctx.account, region=ctx.region))
        params = {"FunctionName": action, "InvocationType": "Event", "Payload": payload}
        await ctx.call("lambda", "Invoke", params, principal=PRINCIPAL, region=arn.region)
        return None
    if arn.service == "automate" and arn.account == "ec2" and arn.resource in _EC2:
        await ctx.call("ec2", _EC2[arn.resource], {"InstanceIds": [_instance(body)]}, principal=PRINCIPAL)
        return None
    if arn.service == "autoscaling":
        await ctx.call("autoscaling", "ExecutePolicy", {"PolicyName": action}, principal=PRINCIPAL)
        return None
    raise unbuilt(f"the alarm action {action}")


def _instance(body: Mapping[str, Any]) -> str:
    for dimension in body["alarm"].get("dimensions") or ():
        if dimension["name"] == "InstanceId":
            return str(dimension["value"])
    raise ServiceError("ValidationError", "The alarm's metric has no InstanceId dimension.")


def _record(ctx: Ctx, body: Mapping[str, Any], message: str | None, *, error: str) -> None:
    alarm = body["alarm"]
    ctx.fact(
        "AlarmActed",
        alarm["alarmArn"],
        {
            "alarmName": alarm["alarmName"],
            "alarmType": body["alarmType"],
            "action": body["action"],
            "stateUpdateTimestamp": int(
                datetime.fromisoformat(body["state"]["timestamp"]).timestamp() * 1000
            ),
            "publishedMessage": message,
            "error": error,
        },
    )


PERFORM = JobKind(name=ACTION, handle=_perform, retry=Retry(max_attempts=6), concurrency=16, dead=_dead)


def subject(body: Mapping[str, Any], *, region: str) -> str:
    """``ALARM: "name" in US East (N. Virginia)``, the name cut where SNS would refuse it."""
    name, state, where = body["alarm"]["alarmName"], body["state"]["value"], region_name(region)
    room = _SUBJECT_CHARACTERS - len(f'{state}: "" in {where}')
    shown = name if len(name) <= room else name[: max(0, room - 3)] + "..."
    return f'{state}: "{shown}" in {where}'


def notification(body: Mapping[str, Any], *, account: str, region: str) -> dict[str, Any]:
    """The message an SNS topic gets; source: "Notify users on alarm changes" and messages of the real service."""
    alarm, state = body["alarm"], body["state"]
    message: dict[str, Any] = {
        "AlarmName": alarm["alarmName"],
        "AlarmDescription": alarm.get("alarmDescription"),
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": alarm["alarmConfigurationUpdatedTimestamp"],
        "NewStateValue": state["value"],
        "NewStateReason": state.get("reason", ""),
        "StateChangeTime": state["timestamp"],
        "Region": region_name(region),
        "AlarmArn": alarm["alarmArn"],
        "OldStateValue": body["previousState"]["value"],
        "OKActions": alarm["okactions"],
        "AlarmActions": alarm["alarmActions"],
        "InsufficientDataActions": alarm["insufficientDataActions"],
    }
    if body["alarmType"] == "CompositeAlarm":
        data = msgspec.json.decode(state.get("reasonData") or "{}")
        children = data.get("triggeringAlarms", []) if isinstance(data, dict) else []
        message["AlarmRule"] = alarm["alarmRule"]
        message["TriggeringChildren"] = [
            {
                "Arn": child["arn"],
                "State": {"Value": child["state"]["value"], "Timestamp": child["state"]["timestamp"]},
            }
            for child in children
        ]
    else:
        message["Trigger"] = _trigger(alarm)
    return message


def _trigger(alarm: Mapping[str, Any]) -> dict[str, Any]:
    trigger: dict[str, Any] = {}
    if metrics := alarm.get("metrics"):
        trigger["Metrics"] = [_metric(query) for query in metrics]
    else:
        trigger |= {"MetricName": alarm["metricName"], "Namespace": alarm["namespace"]}
        if extended := alarm.get("extendedStatistic"):
            trigger |= {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": extended}
        else:
            trigger |= {"StatisticType": "Statistic", "Statistic": _SHOUTED[alarm["statistic"]]}
        trigger |= {"Unit": alarm.get("unit"), "Dimensions": alarm["dimensions"]}
    if "period" in alarm:
        trigger["Period"] = alarm["period"]
    trigger["EvaluationPeriods"] = alarm["evaluationPeriods"]
    if "datapointsToAlarm" in alarm:
        trigger["DatapointsToAlarm"] = alarm["datapointsToAlarm"]
    trigger["ComparisonOperator"] = alarm["comparisonOperator"]
    if "threshold" in alarm:
        trigger["Threshold"] = alarm["threshold"]
    else:
        trigger["ThresholdMetricId"] = alarm["thresholdMetricId"]
    return trigger | {
        "TreatMissingData": alarm.get("treatMissingData", "missing"),
        "EvaluateLowSampleCountPercentile": alarm.get("evaluateLowSampleCountPercentile", ""),
    }


_SHOUTED = {
    "SampleCount": "SAMPLE_COUNT",
    "Average": "AVERAGE",
    "Sum": "SUM",
    "Minimum": "MINIMUM",
    "Maximum": "MAXIMUM",
}


def _metric(query: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name[0].upper() + name[1:]: value for name, value in query.items() if name != "metricStat"}
    if stat := query.get("metricStat"):
        metric = stat["metric"]
        shown["MetricStat"] = {
            "Metric": {
                "Dimensions": metric.get("dimensions", []),
                "MetricName": metric["metricName"],
                "Namespace": metric["namespace"],
            },
            "Period": stat["period"],
            "Stat": stat["stat"],
        }
    return shown


def lambda_event(body: Mapping[str, Any], *, account: str, region: str) -> dict[str, Any]:
    """What a function is invoked with."""
    alarm = body["alarm"]
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm["alarmArn"],
        "accountId": account,
        "time": body["state"]["timestamp"],
        "region": region,
        "alarmData": {
            "alarmName": alarm["alarmName"],
            "state": body["state"],
            "previousState": body["previousState"],
            "configuration": body["configuration"],
        },
    }


@lru_cache(maxsize=1)
def _regions() -> Mapping[str, str]:
    partitions: Sequence[Mapping[str, Any]] = Loader().load_data("endpoints")["partitions"]
    return {
        region: described["description"]
        for partition in partitions
        for region, described in partition["regions"].items()
    }


def region_name(region: str) -> str:
    """``US East (N. Virginia)``; a region AWS does not have is called by its code."""
    return _regions().get(region, region)
