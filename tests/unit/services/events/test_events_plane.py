"""Facts as events, in AWS's shape."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from triptych.kernel.fact import Fact, FactKind
from triptych.services.plane_events import Seen, automation_events, events_of

ARN = "arn:aws:ssm:eu-west-1:1:automation-execution/x"


def fact(kind: FactKind, body: dict[str, Any], *, name: str = "f1", subject: str = "s") -> Fact:
    when = datetime(2026, 3, 4, 5, 6, 7, 89_000, tzinfo=UTC)
    return Fact(id=name, kind=kind, account="1", region="eu-west-1", time=when, subject=subject, body=body)


def call(**more: Any) -> dict[str, Any]:
    return {
        "service": "s3", "operation": "DeleteBucket", "event_source": "s3.amazonaws.com", "api_version": "2006-03-01",
        "request_id": "r", "identity": {"kind": "Root", "account": "1"}, "source_ip": "1.2.3.4", "user_agent": "u",
        "host": "h", "read_only": False, "status": 204, "parameters": {"Bucket": "b"}, **more,
    }  # fmt: skip


def test_api_calls() -> None:
    (found,) = events_of(fact("ApiCall", call()))
    event = found.event
    assert (event["source"], event["detail-type"]) == ("aws.s3", "AWS API Call via CloudTrail")
    assert (event["time"], event["account"], event["region"]) == ("2026-03-04T05:06:07Z", "1", "eu-west-1")
    assert event["detail"]["eventName"] == "DeleteBucket"
    assert event["detail"]["requestParameters"]["bucketName"] == "b"
    assert not found.only_reads
    assert events_of(fact("ApiCall", call()))[0].event["id"] == event["id"], "a repeat has the same id"
    assert events_of(fact("ApiCall", call(), name="f2"))[0].event["id"] != event["id"]


def test_reads_are_marked_and_data_events_are_none() -> None:
    read = call(operation="GetBucketVersioning", read_only=True)
    assert [found.only_reads for found in events_of(fact("ApiCall", read))] == [True]
    assert (
        events_of(fact("ApiCall", call(operation="PutObject", parameters={"Bucket": "b", "Key": "k"}))) == []
    )
    ours = {"kind": "AWSService", "account": "1", "invoked_by": "events.amazonaws.com"}
    assert events_of(fact("ApiCall", read | {"identity": ours})) == []


def test_global_services_are_recorded_in_us_east_1() -> None:
    body = call(
        service="iam", operation="CreateUser", event_source="iam.amazonaws.com", parameters={"UserName": "u"}
    )
    (found,) = events_of(fact("ApiCall", body))
    assert (found.region, found.event["region"], found.event["source"]) == (
        "us-east-1",
        "us-east-1",
        "aws.iam",
    )


def test_items_and_verdicts() -> None:
    item = {"ARN": "arn:item", "resourceId": "b", "configurationItemStatus": "OK"}
    (found,) = events_of(fact("ItemChanged", {"item": item, "diff": {"changeType": "UPDATE"}}))
    assert (found.event["source"], found.event["detail-type"]) == (
        "aws.config",
        "Config Configuration Item Change",
    )
    assert found.event["resources"] == ["arn:item"]
    assert found.event["detail"] == {
        "recordVersion": "1.3",
        "messageType": "ConfigurationItemChangeNotification",
        "configurationItemDiff": {"changeType": "UPDATE"},
        "notificationCreationTime": "2026-03-04T05:06:07.089Z",
        "configurationItem": item,
    }
    body = {
        "rule": "r",
        "resource": "x",
        "configRuleName": "r",
        "messageType": "ComplianceChangeNotification",
    }
    (found,) = events_of(fact("ComplianceChanged", body))
    assert found.event["detail-type"] == "Config Rules Compliance Change"
    assert found.event["detail"] == {"configRuleName": "r", "messageType": "ComplianceChangeNotification"}


def test_alarms() -> None:
    body = {
        "alarmName": "a", "number": 3, "alarmType": "MetricAlarm", "state": {"value": "ALARM"},
        "previousState": {"value": "OK"}, "configuration": {"metrics": []},
    }  # fmt: skip
    (found,) = events_of(fact("AlarmStateChanged", body, subject="arn:alarm"))
    assert (found.event["source"], found.event["detail-type"]) == (
        "aws.cloudwatch",
        "CloudWatch Alarm State Change",
    )
    assert found.event["resources"] == ["arn:alarm"]
    assert set(found.event["detail"]) == {"alarmName", "state", "previousState", "configuration"}


def test_automations_tell_each_change_once() -> None:
    def body(status: str, *steps: str) -> dict[str, Any]:
        times = {"ExecutionStartTime": "2016-11-29T19:43:23+00:00"}
        ended = times | {"ExecutionEndTime": "2016-11-29T19:43:25+00:00"}
        return {
            "AutomationExecutionId": "x",
            "DocumentName": "Doc",
            "Status": status,
            "StepExecutions": [
                {"StepName": f"s{n}", "Action": "aws:sleep", "StepStatus": step}
                | ({} if step == "Pending" else times if step == "InProgress" else ended)
                for n, step in enumerate(steps)
            ],
        }

    told: list[tuple[str, str]] = []
    seen: Seen | None = None
    ids = set()
    for number, (status, *steps) in enumerate(
        [
            ("InProgress", "InProgress", "Pending"),
            ("InProgress", "InProgress", "Pending"),
            ("InProgress", "Success", "InProgress"),
            ("Success", "Success", "Success"),
        ]
    ):
        found, seen = automation_events(
            fact("AutomationChanged", body(status, *steps), name=str(number), subject=ARN), seen
        )
        for each in found:
            told.append((each.event["detail"].get("StepName", "execution"), each.event["detail"]["Status"]))
            ids.add(each.event["id"])
            assert each.event["resources"][0] == ARN
        last = found
    assert told == [
        ("s0", "InProgress"),
        ("execution", "InProgress"),
        ("s0", "Success"),
        ("s1", "InProgress"),
        ("s1", "Success"),
        ("execution", "Success"),
    ]
    assert len(ids) == len(told)
    assert last[-1].event["detail"] == {
        "ExecutionId": "x", "Definition": "Doc", "Status": "Success", "StartTime": "Nov 29, 2016 7:43:23 PM",
        "EndTime": "Nov 29, 2016 7:43:25 PM", "Time": 2.0,
    }  # fmt: skip
