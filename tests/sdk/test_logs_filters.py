"""Metric filters, embedded metrics and subscriptions through boto3, on a real server."""

from __future__ import annotations

import gzip
import json
from typing import Any

from logs_kit import now, put, refused


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
