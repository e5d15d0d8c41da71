"""CloudWatch Logs through boto3, on a real server: groups, streams, events in and out."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from logs_kit import REGION_ARN, now, put, refused


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
