"""CloudWatch Logs through boto3, on a real server."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

REGION_ARN = "arn:aws:logs:us-east-1:000000000000:log-group"


@pytest.fixture
def logs(client):
    return client("logs")


def now() -> int:
    return int(time.time() * 1000)


@pytest.fixture
def group(logs, request):
    """A group of the test's own with a stream ``s``."""
    name = f"/test/{request.node.name.replace('[', '-').replace(']', '')}"
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    return name


def put(logs, group: str, *events: tuple[int, str], stream: str = "s") -> dict[str, Any]:
    return logs.put_log_events(
        logGroupName=group,
        logStreamName=stream,
        logEvents=[{"timestamp": time, "message": message} for time, message in events],
    )


def refused(call, **params) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_groups_are_made_described_and_deleted(logs) -> None:
    logs.create_log_group(logGroupName="/app/web", tags={"team": "a"})
    logs.create_log_group(logGroupName="/app/api")
    assert refused(logs.create_log_group, logGroupName="/app/web")[0] == "ResourceAlreadyExistsException"
    assert refused(logs.create_log_group, logGroupName="aws/x")[0] == "InvalidParameterException"
    assert refused(logs.create_log_group, logGroupName="no spaces")[0] == "InvalidParameterException"
    first = logs.describe_log_groups(logGroupNamePrefix="/app/", limit=1)
    assert [g["logGroupName"] for g in first["logGroups"]] == ["/app/api"]
    second = logs.describe_log_groups(logGroupNamePrefix="/app/", limit=1, nextToken=first["nextToken"])
    (web,) = second["logGroups"]
    assert "nextToken" not in second
    assert web["arn"] == f"{REGION_ARN}:/app/web:*" and web["logGroupArn"] == f"{REGION_ARN}:/app/web"
    assert web["storedBytes"] == 0 and web["metricFilterCount"] == 0 and "retentionInDays" not in web
    found = logs.describe_log_groups(logGroupNamePattern="APP/W")["logGroups"]
    assert [g["logGroupName"] for g in found] == ["/app/web"]
    both = refused(logs.describe_log_groups, logGroupNamePattern="a", logGroupNamePrefix="a")
    assert both[0] == "InvalidParameterException"
    assert refused(logs.describe_log_groups, nextToken="x")[0] == "InvalidParameterException"
    listed = logs.list_log_groups(logGroupNamePattern="^/app/web|nothing")["logGroups"]
    assert [g["logGroupName"] for g in listed] == ["/app/web"]
    logs.delete_log_group(logGroupName="/app/web")
    assert refused(logs.delete_log_group, logGroupName="/app/web") == (
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )
    logs.delete_log_group(logGroupName="/app/api")


def test_tags_in_both_apis(logs, group) -> None:
    arn = f"{REGION_ARN}:{group}"
    logs.tag_log_group(logGroupName=group, tags={"a": "1", "b": "2"})
    logs.tag_resource(resourceArn=arn, tags={"b": "3", "c": "4"})
    assert logs.list_tags_log_group(logGroupName=group)["tags"] == {"a": "1", "b": "3", "c": "4"}
    logs.untag_log_group(logGroupName=group, tags=["a"])
    logs.untag_resource(resourceArn=arn, tagKeys=["c"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "3"}
    assert refused(logs.tag_resource, resourceArn=arn, tags={"aws:x": "y"})[0] == "InvalidParameterException"
    many = {f"k{i}": "" for i in range(50)}
    assert refused(logs.tag_resource, resourceArn=arn, tags=many)[0] == "TooManyTagsException"
    assert refused(logs.list_tags_for_resource, resourceArn=arn + "x")[0] == "ResourceNotFoundException"


def test_a_protected_group_stays(logs, group) -> None:
    logs.put_log_group_deletion_protection(logGroupIdentifier=group, deletionProtectionEnabled=True)
    assert refused(logs.delete_log_group, logGroupName=group)[0] == "ValidationException"
    logs.put_log_group_deletion_protection(logGroupIdentifier=group, deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName=group)


def test_a_new_group_or_stream_of_an_old_name_is_empty(logs, group) -> None:
    put(logs, group, (now(), "old"))
    logs.create_log_stream(logGroupName=group, logStreamName="other")
    put(logs, group, (now(), "kept"), stream="other")
    logs.delete_log_stream(logGroupName=group, logStreamName="s")
    assert [e["message"] for e in logs.filter_log_events(logGroupName=group)["events"]] == ["kept"]
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    assert logs.get_log_events(logGroupName=group, logStreamName="s")["events"] == []
    logs.delete_log_group(logGroupName=group)
    logs.create_log_group(logGroupName=group)
    assert logs.filter_log_events(logGroupName=group)["events"] == []
    assert logs.describe_log_streams(logGroupName=group)["logStreams"] == []


def test_retention_hides_and_rejects(logs, group) -> None:
    start = now()
    day = 24 * 3600 * 1000
    put(logs, group, (start - 2 * day, "two days old"))
    put(logs, group, (start, "new"))
    code, message = refused(logs.put_retention_policy, logGroupName=group, retentionInDays=2)
    assert code == "InvalidParameterException" and "retentionInDays" in message
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    assert [e["message"] for e in logs.filter_log_events(logGroupName=group)["events"]] == ["new"]
    (described,) = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert described["retentionInDays"] == 1 and described["storedBytes"] == len("new") + 26
    answer = put(logs, group, (start - 2 * day, "a"), (start - 2 * day + 1, "b"))
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 2}
    logs.delete_retention_policy(logGroupName=group)
    assert len(logs.filter_log_events(logGroupName=group)["events"]) == 2


def test_what_put_log_events_refuses(logs, group) -> None:
    start = now()
    hour = 3600 * 1000
    answer = put(logs, group, (start, "kept"), (start + 3 * hour, "too new"))
    assert answer["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    answer = put(
        logs, group, (start - 14 * 24 * hour - 1000, "too old"), (start - 14 * 24 * hour + hour, "kept too")
    )
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    found = logs.filter_log_events(logGroupName=group)["events"]
    assert [e["message"] for e in found] == ["kept too", "kept"]

    def code(*events: tuple[int, str], **more: str) -> str:
        batch = [{"timestamp": t, "message": m} for t, m in events]
        params = {"logGroupName": group, "logStreamName": "s", "logEvents": batch} | more
        return ": ".join(refused(logs.put_log_events, **params))

    assert "chronological order" in code((start, "b"), (start - 1, "a"))
    assert "24 hours" in code((start - 25 * hour, "a"), (start, "b"))
    assert "Upload too large: 1048577 bytes exceeds limit of 1048576" in code((start, "x" * (1_048_576 - 25)))
    assert code((start, "x"), logStreamName="t").startswith(
        "ResourceNotFoundException: The specified log stream"
    )
    assert code((start, "x"), logGroupName="t").startswith(
        "ResourceNotFoundException: The specified log group"
    )
    put(logs, group, (start, "é" * ((1_048_576 - 26) // 2)))
    token = {"sequenceToken": "anything"}
    batch = [{"timestamp": start, "message": "x"}]
    assert logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=batch, **token)[
        "nextSequenceToken"
    ]


def test_an_empty_message_is_refused(server, group) -> None:
    unchecked = boto3.client(
        "logs",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )
    batch = [{"timestamp": now(), "message": ""}]
    code, message = refused(unchecked.put_log_events, logGroupName=group, logStreamName="s", logEvents=batch)
    assert code == "InvalidParameterException" and "logEvents.1.member.message" in message


def test_get_log_events_walks_both_ways(logs, group) -> None:
    start = now() - 10_000
    put(logs, group, *((start + i, f"m{i}") for i in range(7)))

    def get(**params: Any) -> tuple[list[str], str, str]:
        answer = logs.get_log_events(logGroupName=group, logStreamName="s", limit=3, **params)
        return (
            [e["message"] for e in answer["events"]],
            answer["nextForwardToken"],
            answer["nextBackwardToken"],
        )

    seen, forward, backward = get()
    assert seen == ["m4", "m5", "m6"]
    assert forward.startswith("f/") and backward.startswith("b/")
    assert get(nextToken=forward)[:2] == ([], forward)
    older, _, further = get(nextToken=backward)
    assert older == ["m1", "m2", "m3"]
    oldest, onward, end = get(nextToken=further)
    assert oldest == ["m0"]
    nothing, again, same = get(nextToken=end)
    assert (nothing, same) == ([], end)
    assert get(nextToken=again)[0] == ["m0", "m1", "m2"]
    assert get(nextToken=onward)[0] == ["m1", "m2", "m3"]
    head, onward, _ = get(startFromHead=True)
    assert head == ["m0", "m1", "m2"]
    put(logs, group, (start + 100, "late"))
    assert get(nextToken=forward, startFromHead=True)[0] == ["late"]
    # From the end a step back shows the last page again.
    _, end, back = get(nextToken=get(nextToken=forward)[1])
    assert get(nextToken=back)[0] == ["m5", "m6", "late"]
    assert get(startTime=start + 2, endTime=start + 4, startFromHead=True)[0] == ["m2", "m3"]
    params = {"logGroupName": group, "logStreamName": "s", "nextToken": "nonsense"}
    assert refused(logs.get_log_events, **params)[0] == "InvalidParameterException"


def test_an_empty_stream_can_be_followed(logs, group) -> None:
    params = {"logGroupName": group, "logStreamName": "s", "startFromHead": True}
    empty = logs.get_log_events(**params)
    assert empty["events"] == []
    assert (
        logs.get_log_events(nextToken=empty["nextForwardToken"], **params)["nextForwardToken"]
        == empty["nextForwardToken"]
    )
    put(logs, group, (now(), "first"))
    assert [
        e["message"] for e in logs.get_log_events(nextToken=empty["nextForwardToken"], **params)["events"]
    ] == ["first"]


def test_filter_log_events(logs, group) -> None:
    start = now() - 60_000
    for name in ("web-1", "web-2", "db"):
        logs.create_log_stream(logGroupName=group, logStreamName=name)
    put(logs, group, (start, "GET / 200"), (start + 20, "GET /x 500"), stream="web-1")
    put(
        logs,
        group,
        (start + 10, "GET / 404"),
        (start + 30, '{"level": "error", "took": 12.5}'),
        stream="web-2",
    )
    put(logs, group, (start + 5, "ERROR slow query"), stream="db")

    def found(**params: Any) -> list[str]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, **params)
        return [event["message"] for page in pages for event in page["events"]]

    everything = found()
    assert everything == [
        "GET / 200",
        "ERROR slow query",
        "GET / 404",
        "GET /x 500",
        '{"level": "error", "took": 12.5}',
    ]
    assert found(PaginationConfig={"PageSize": 2}) == everything
    assert found(startFromHead=False, startTime=start, PaginationConfig={"PageSize": 2}) == everything[::-1]
    assert found(logStreamNames=["web-1", "db"]) == ["GET / 200", "ERROR slow query", "GET /x 500"]
    assert found(logStreamNamePrefix="web") == [m for m in everything if "slow" not in m]
    assert found(startTime=start + 5, endTime=start + 10) == ["ERROR slow query", "GET / 404"]
    assert found(filterPattern="GET -404") == ["GET / 200", "GET /x 500"]
    assert found(filterPattern='{ $.took > 12 && $.level = "err*" }') == everything[-1:]
    assert found(filterPattern="[method, path, status >= 400]", PaginationConfig={"PageSize": 1}) == [
        "GET / 404",
        "GET /x 500",
    ]
    assert found(filterPattern="%(?:500)%".replace("(?:", "").replace(")", "")) == ["GET /x 500"]
    code, message = refused(logs.filter_log_events, logGroupName=group, filterPattern="{ $.a == 1 }")
    assert code == "InvalidParameterException" and "Invalid filter pattern" in message
    bad = {"logStreamNames": ["db"], "logStreamNamePrefix": "d"}
    assert refused(logs.filter_log_events, logGroupName=group, **bad)[0] == "InvalidParameterException"
    assert (
        refused(logs.filter_log_events, logGroupName=group, logStreamNames=["no"])[0]
        == "ResourceNotFoundException"
    )
    answer = logs.filter_log_events(logGroupIdentifier=f"{REGION_ARN}:{group}", limit=1)
    assert answer["searchedLogStreams"] == [] and len(answer["events"][0]["eventId"]) == 56
    other = {"logGroupName": group, "filterPattern": "GET", "nextToken": answer["nextToken"]}
    assert refused(logs.filter_log_events, **other)[0] == "InvalidParameterException"


def test_pages_are_bounded_in_bytes(logs, group) -> None:
    start = now()
    for i in range(3):
        put(logs, group, (start + i, str(i) + "x" * 600_000))
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    assert [[e["message"][0] for e in page["events"]] for page in pages] == [["0"], ["1"], ["2"]]
    assert len(logs.get_log_events(logGroupName=group, logStreamName="s")["events"]) == 1


def test_streams_are_described_by_name_and_by_last_event(logs, group) -> None:
    start = now()
    for name in ("a", "b"):
        logs.create_log_stream(logGroupName=group, logStreamName=name)
    put(logs, group, (start - 100, "1"), (start - 50, "2"), stream="b")
    put(logs, group, (start - 70, "3"), stream="a")

    def names(**params: Any) -> list[str]:
        pages = logs.get_paginator("describe_log_streams").paginate(logGroupName=group, **params)
        return [stream["logStreamName"] for page in pages for stream in page["logStreams"]]

    assert names(PaginationConfig={"PageSize": 1}) == ["a", "b", "s"]
    assert names(descending=True, PaginationConfig={"PageSize": 2}) == ["s", "b", "a"]
    assert names(orderBy="LastEventTime", descending=True, PaginationConfig={"PageSize": 1}) == [
        "b",
        "a",
        "s",
    ]
    assert names(logStreamNamePrefix="b") == ["b"]
    params = {"logGroupName": group, "orderBy": "LastEventTime", "logStreamNamePrefix": "b"}
    assert refused(logs.describe_log_streams, **params)[0] == "InvalidParameterException"
    _, b, s = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert (b["firstEventTimestamp"], b["lastEventTimestamp"]) == (start - 100, start - 50)
    assert b["lastIngestionTime"] >= start and b["storedBytes"] == 0
    assert b["arn"] == f"{REGION_ARN}:{group}:log-stream:b"
    assert "lastEventTimestamp" not in s
    code = refused(logs.create_log_stream, logGroupName=group, logStreamName="a")[0]
    assert code == "ResourceAlreadyExistsException"


def test_test_metric_filter(logs) -> None:
    lines = [
        '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534',
        '127.0.0.1 - frank [10/Oct/2000:13:35:22 -0700] "GET /apache_pb.gif HTTP/1.0" 500 5324',
    ]
    answer = logs.test_metric_filter(filterPattern="[..., status > 400, size]", logEventMessages=lines)
    (match,) = answer["matches"]
    assert match["eventNumber"] == 2 and match["eventMessage"] == lines[1]
    assert match["extractedValues"]["$size"] == "5324" and match["extractedValues"]["$3"] == "frank"
    assert len(logs.test_metric_filter(filterPattern="", logEventMessages=lines)["matches"]) == 2
    assert (
        refused(logs.test_metric_filter, filterPattern="a:b", logEventMessages=["x"])[0]
        == "InvalidParameterException"
    )


def test_volume_is_not_recorded_but_its_failures_are(logs, group, client, eventually) -> None:
    put(logs, group, (now(), "x"))
    refused(
        logs.put_log_events,
        logGroupName="gone",
        logStreamName="s",
        logEvents=[{"timestamp": 1, "message": "m"}],
    )

    def recorded() -> list[str]:
        attributes = [{"AttributeKey": "EventSource", "AttributeValue": "logs.amazonaws.com"}]
        events = client("cloudtrail").lookup_events(LookupAttributes=attributes)["Events"]
        return [event["EventName"] for event in events]

    eventually(lambda: "CreateLogGroup" in recorded(), what="the record of CreateLogGroup")


def transformation(**more: Any) -> list[dict[str, Any]]:
    return [{"metricName": "Taken", "metricNamespace": "Web", "metricValue": "1"} | more]


def test_metric_filters_are_checked_and_described(logs, group) -> None:
    def put_filter(name: str = "f", pattern: str = "ERROR", **more: Any) -> None:
        logs.put_metric_filter(
            logGroupName=group,
            filterName=name,
            filterPattern=pattern,
            metricTransformations=transformation(**more),
        )

    def code(**more: Any) -> str:
        return refused(put_filter, **more)[0]

    put_filter(
        "b", pattern="[ip, ..., took]", metricValue="$took", dimensions={"Ip": "$ip"}, unit="Milliseconds"
    )
    put_filter("a", pattern="{ $.x = 1 }", metricValue="$.deep[0].y", defaultValue=0.0)
    put_filter("a", pattern="{ $.x = 2 }", metricValue="$.deep[0].y", defaultValue=0.0)
    assert code(pattern="a:b") == "InvalidParameterException"
    assert code(metricValue="many") == "InvalidParameterException"
    assert code(metricValue="$.x") == "InvalidParameterException"
    assert code(pattern="[a, b]", metricValue="$c") == "InvalidParameterException"
    assert code(pattern="[a, b]", dimensions={"D": "$a"}, defaultValue=1.0) == "InvalidParameterException"
    assert (
        code(pattern="[a, b, c, d]", dimensions={k: f"${k}" for k in "abcd"}) == "InvalidParameterException"
    )
    first = logs.describe_metric_filters(logGroupName=group, limit=1)
    assert [f["filterName"] for f in first["metricFilters"]] == ["a"]
    assert first["metricFilters"][0]["filterPattern"] == "{ $.x = 2 }"
    second = logs.describe_metric_filters(logGroupName=group, limit=1, nextToken=first["nextToken"])
    (b,) = second["metricFilters"]
    assert b["metricTransformations"] == transformation(
        metricValue="$took", dimensions={"Ip": "$ip"}, unit="Milliseconds"
    )
    assert len(logs.describe_metric_filters(metricName="Taken", metricNamespace="Web")["metricFilters"]) == 2
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["metricFilterCount"] == 2
    logs.delete_metric_filter(logGroupName=group, filterName="a")
    assert (
        refused(logs.delete_metric_filter, logGroupName=group, filterName="a")[0]
        == "ResourceNotFoundException"
    )
    for i in range(5):
        put_filter(f"r{i}", pattern="%a+%")
    assert code(pattern="%b%") == "LimitExceededException"
    logs.delete_log_group(logGroupName=group)
    assert logs.describe_metric_filters(metricName="Taken", metricNamespace="Web")["metricFilters"] == []


def test_events_become_metrics(logs, group, client, eventually) -> None:
    cloudwatch = client("cloudwatch")
    logs.put_metric_filter(
        logGroupName=group,
        filterName="took",
        filterPattern="{ $.took > 10 }",
        metricTransformations=transformation(
            metricValue="$.took", dimensions={"Path": "$.path"}, unit="Milliseconds"
        ),
    )
    time_ = now()
    put(
        logs,
        group,
        *(
            (time_, f'{{"took": {took}, "path": "{path}"}}')
            for took, path in [(5, "/"), (20, "/"), (30, "/"), (40, "/x")]
        ),
        (time_, '{"took": 50}'),
        (time_, "plain"),
    )
    embedded = {
        "_aws": {
            "Timestamp": time_,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Emf",
                    "Dimensions": [["Fn"]],
                    "Metrics": [{"Name": "Latency", "Unit": "Seconds"}],
                }
            ],
        },
        "Fn": "resize",
        "Latency": [0.5, 1.5],
    }
    put(logs, group, (time_, json.dumps(embedded)))

    def summed(namespace: str, name: str, **dimensions: str) -> list[tuple[float, float, str]]:
        answer = cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=[{"Name": k, "Value": v} for k, v in dimensions.items()],
            StartTime=(time_ - 120_000) / 1000,
            EndTime=(time_ + 120_000) / 1000,
            Period=60,
            Statistics=["Sum", "SampleCount"],
        )
        return [(point["Sum"], point["SampleCount"], point["Unit"]) for point in answer["Datapoints"]]

    assert eventually(lambda: summed("Web", "Taken", Path="/"), what="the metric") == [
        (50.0, 2.0, "Milliseconds")
    ]
    assert summed("Web", "Taken", Path="/x") == [(40.0, 1.0, "Milliseconds")]
    assert eventually(lambda: summed("Emf", "Latency", Fn="resize"), what="EMF") == [(2.0, 2.0, "Seconds")]


def records_of(client, stream: str) -> list[dict[str, Any]]:
    kinesis = client("kinesis")
    found = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        for record in kinesis.get_records(ShardIterator=iterator)["Records"]:
            found.append(json.loads(gzip.decompress(record["Data"])))
    return found


def test_subscriptions_deliver_in_the_envelope(logs, group, client, eventually) -> None:
    client("kinesis").create_stream(StreamName="logs", ShardCount=1)
    arn = "arn:aws:kinesis:us-east-1:000000000000:stream/logs"
    eventually(
        lambda: (
            client("kinesis").describe_stream(StreamName="logs")["StreamDescription"]["StreamStatus"]
            == "ACTIVE"
        ),
        what="the stream",
    )
    role = "arn:aws:iam::000000000000:role/to-kinesis"
    given = {
        "logGroupName": group,
        "filterName": "sub",
        "filterPattern": "[level=ERROR, what]",
        "roleArn": role,
    }
    logs.put_subscription_filter(destinationArn=arn, **given)
    (control,) = eventually(lambda: records_of(client, "logs"), what="the control message")
    assert control["messageType"] == "CONTROL_MESSAGE" and control["logEvents"][0]["message"].startswith(
        "CWL CONTROL"
    )
    time_ = now()
    put(logs, group, (time_, "ERROR one"), (time_ + 1, "INFO two"), (time_ + 2, "ERROR three"))
    data = eventually(lambda: records_of(client, "logs")[1:], what="the data")
    assert [m["messageType"] for m in data] == ["DATA_MESSAGE"]
    (message,) = data
    assert (message["owner"], message["logGroup"], message["logStream"]) == ("000000000000", group, "s")
    assert message["subscriptionFilters"] == ["sub"]
    assert [e["message"] for e in message["logEvents"]] == ["ERROR one", "ERROR three"]
    assert message["logEvents"][0]["extractedFields"] == {"level": "ERROR", "what": "one"}
    listed = logs.filter_log_events(logGroupName=group, filterPattern="ERROR")["events"]
    assert [e["id"] for e in message["logEvents"]] == [e["eventId"] for e in listed]

    (described,) = logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    assert described["destinationArn"] == arn and described["distribution"] == "ByLogStream"
    gone = given | {"destinationArn": arn + "x"}
    code, text = refused(logs.put_subscription_filter, **gone)
    assert code == "InvalidParameterException" and "Could not deliver test message" in text
    function = given | {"destinationArn": "arn:aws:lambda:us-east-1:000000000000:function:f"}
    assert refused(logs.put_subscription_filter, **function) == (
        "InvalidParameterException",
        "Lambda functions cannot be destinations yet: Triptych does not run them.",
    )
    logs.put_subscription_filter(destinationArn=arn, **(given | {"filterName": "second"}))
    third = given | {"filterName": "third", "destinationArn": arn}
    assert refused(logs.put_subscription_filter, **third)[0] == "LimitExceededException"
    logs.delete_subscription_filter(logGroupName=group, filterName="second")
    missing = refused(logs.delete_subscription_filter, logGroupName=group, filterName="second")
    assert missing[0] == "ResourceNotFoundException"


def test_a_subscription_delivers_to_firehose(logs, group, client, eventually) -> None:
    """Firehose puts what it gets into its bucket, a gzip member for each message."""
    s3, firehose = client("s3"), client("firehose")
    s3.create_bucket(Bucket="from-firehose")
    role = "arn:aws:iam::000000000000:role/to-firehose"
    arn = firehose.create_delivery_stream(
        DeliveryStreamName="logs",
        S3DestinationConfiguration={"RoleARN": role, "BucketARN": "arn:aws:s3:::from-firehose"},
    )["DeliveryStreamARN"]
    logs.put_subscription_filter(
        logGroupName=group, filterName="sub", filterPattern="ERROR", destinationArn=arn, roleArn=role
    )

    def delivered(kind: str) -> list[dict[str, Any]]:
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket="from-firehose").get("Contents", [])]
        bodies = [s3.get_object(Bucket="from-firehose", Key=key)["Body"].read() for key in keys]
        messages = [json.loads(gzip.decompress(body)) for body in bodies]
        return [message for message in messages if message["messageType"] == kind]

    (control,) = eventually(lambda: delivered("CONTROL_MESSAGE"), what="the control message")
    assert "Firehose" in control["logEvents"][0]["message"]
    time_ = now()
    put(logs, group, (time_, "ERROR one"), (time_ + 1, "INFO two"), (time_ + 2, "ERROR three"))
    (message,) = eventually(lambda: delivered("DATA_MESSAGE"), what="the data")
    assert (message["owner"], message["logGroup"], message["logStream"]) == ("000000000000", group, "s")
    assert [event["message"] for event in message["logEvents"]] == ["ERROR one", "ERROR three"]
    gone = {"logGroupName": group, "filterName": "gone", "filterPattern": "", "roleArn": role}
    code, text = refused(logs.put_subscription_filter, destinationArn=f"{arn}x", **gone)
    assert code == "InvalidParameterException" and "Could not deliver test message" in text


@pytest.fixture
def tailing(server):
    """A client that does not put ``stream-`` before the host's name, as the AWS guides say for custom endpoints."""
    return boto3.client(
        "logs",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(inject_host_prefix=False, read_timeout=20),
    )


def test_a_live_tail_shows_events_as_they_arrive(logs, group, tailing) -> None:
    put(logs, group, (now(), "ERROR before the session"))
    arn = f"{REGION_ARN}:{group}"
    logs.create_log_stream(logGroupName=group, logStreamName="other")
    answer = tailing.start_live_tail(
        logGroupIdentifiers=[arn], logStreamNames=["s"], logEventFilterPattern="ERROR"
    )
    stream = iter(answer["responseStream"])
    start = next(stream)["sessionStart"]
    assert start["logGroupIdentifiers"] == [arn] and start["logEventFilterPattern"] == "ERROR"
    for number in range(3):
        put(logs, group, (now(), f"ERROR {number}"), (now(), f"INFO {number}"))
        put(logs, group, (now(), f"ERROR elsewhere {number}"), stream="other")
    shown: list[dict[str, Any]] = []
    for event in stream:
        update = event["sessionUpdate"]
        assert update["sessionMetadata"] == {"sampled": False}
        shown += update["sessionResults"]
        if len(shown) >= 3:
            break
    answer["responseStream"].close()
    assert [each["message"] for each in shown] == ["ERROR 0", "ERROR 1", "ERROR 2"]
    assert {(each["logStreamName"], each["logGroupIdentifier"]) for each in shown} == {("s", arn)}


def test_a_quiet_live_tail_sends_empty_updates_and_refuses_nonsense(group, tailing) -> None:
    answer = tailing.start_live_tail(logGroupIdentifiers=[f"{REGION_ARN}:{group}"])
    stream = iter(answer["responseStream"])
    assert "sessionStart" in next(stream)
    assert next(stream)["sessionUpdate"]["sessionResults"] == []
    answer["responseStream"].close()
    assert refused(tailing.start_live_tail, logGroupIdentifiers=["nothing"])[0] == "ResourceNotFoundException"
    bad = {"logGroupIdentifiers": [group], "logEventFilterPattern": "a:b"}
    assert refused(tailing.start_live_tail, **bad)[0] == "InvalidParameterException"
    two = {"logGroupIdentifiers": [group, group], "logStreamNames": ["s"]}
    assert refused(tailing.start_live_tail, **two)[0] == "InvalidParameterException"


def second_cli() -> list[str]:
    """The AWS CLI v2, which no package index has: a program of the machine's."""
    found = shutil.which("aws", path=os.environ.get("PATH", "") + ":/usr/local/bin:/usr/bin")
    for program in dict.fromkeys(filter(None, (found, "/usr/local/bin/aws", "/usr/bin/aws"))):
        if Path(program).exists():
            environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
            said = subprocess.run(
                [program, "--version"], capture_output=True, text=True, env=environment, check=False
            )
            if said.stdout.startswith("aws-cli/2"):
                return [program]
    return []


class Tail:
    """A command line that follows a group; whatever it prints, on both of its outputs, line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: queue.Queue[str] = queue.Queue()
        self._shown = ""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)

    def shows(self, text: str, meanwhile: Callable[[], object], seconds: float = 120) -> None:
        """``meanwhile`` is done again and again until the text is printed."""
        deadline = time.monotonic() + seconds
        while text not in self._shown and time.monotonic() < deadline and self._process.poll() is None:
            meanwhile()
            with contextlib.suppress(queue.Empty):
                self._shown += self._lines.get(timeout=1)
        assert text in self._shown, f"it printed {self._shown!r} and ended with {self._process.poll()}"


@contextlib.contextmanager
def following(server, *arguments: str, program: Sequence[str] = ()) -> Iterator[Tail]:
    # The first command line, where a test imports it, leaves AWS_DATA_PATH behind, which breaks the second.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "PYTHONUNBUFFERED": "1",
    }
    if program:  # it has a Python of its own
        environment.pop("PYTHONPATH", None)
        # Older ones do not know AWS_ENDPOINT_URL.
        arguments = (*arguments, "--endpoint-url", server.url)
    command = [*(program or (sys.executable, "-m", "awscli")), *arguments]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield Tail(process)
        finally:
            process.terminate()


def test_the_command_line_follows_a_live_tail(logs, group, server) -> None:
    with following(
        server, "logs", "start-live-tail", "--log-group-identifiers", f"{REGION_ARN}:{group}"
    ) as tail:
        tail.shows("hello from the tail", lambda: put(logs, group, (now(), "hello from the tail")))


def test_the_command_line_tails_and_follows(logs, group, server) -> None:
    program = second_cli()
    if not program:
        pytest.skip("there is no AWS CLI v2 here (aws logs tail is not in v1)")
    put(logs, group, (now(), "before anybody looked"))
    with following(server, "logs", "tail", group, "--follow", "--since", "5m", program=program) as tail:
        tail.shows("before anybody looked", lambda: None)
        tail.shows("while it follows", lambda: put(logs, group, (now(), "while it follows")))


def test_polling_as_logs_tail_follow_does(logs, group) -> None:
    """``aws logs tail --follow`` (the second command line's) asks FilterLogEvents again from its last event's time."""
    seen: dict[str, str] = {}
    since = now() - 60_000
    for number in range(4):
        put(logs, group, (now(), f"a{number}"), (now(), f"b{number}"))
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=since, interleaved=True, PaginationConfig={"PageSize": 3}
        )
        for page in pages:
            for event in page["events"]:
                since = max(since, event["timestamp"])
                seen.setdefault(event["eventId"], event["message"])
    assert list(seen.values()) == [f"{letter}{number}" for number in range(4) for letter in "ab"]
