"""EventBridge as an unmodified boto3 sees it, with queues of the estate and a receiver on a real socket."""

from __future__ import annotations

import json

import boto3

from messaging_kit import ACCOUNT, put, refused, rule
from triptych.testing.server import ServerProcess


def test_rules_buses_and_targets_are_kept(client) -> None:
    events = client("events", region="eu-west-2")
    bus = events.create_event_bus(Name="orders", Tags=[{"Key": "a", "Value": "b"}])["EventBusArn"]
    assert bus == f"arn:aws:events:eu-west-2:{ACCOUNT}:event-bus/orders"
    assert refused(events.create_event_bus, Name="orders") == (
        "ResourceAlreadyExistsException",
        "Event bus orders already exists.",
    )
    assert [b["Name"] for b in events.list_event_buses()["EventBuses"]] == ["default", "orders"]
    pattern = '{"source": ["x"]}'
    arn = events.put_rule(Name="r", EventBusName="orders", EventPattern=pattern, Description="d")["RuleArn"]
    assert arn == f"arn:aws:events:eu-west-2:{ACCOUNT}:rule/orders/r"
    queue_arn = f"arn:aws:sqs:eu-west-2:{ACCOUNT}:q"
    target = {"Id": "1", "Arn": queue_arn, "RetryPolicy": {"MaximumRetryAttempts": 3}}
    assert events.put_targets(Rule="r", EventBusName="orders", Targets=[target])["FailedEntryCount"] == 0
    assert events.list_targets_by_rule(Rule="r", EventBusName="orders")["Targets"] == [target]
    assert events.list_rule_names_by_target(TargetArn=queue_arn, EventBusName=bus)["RuleNames"] == ["r"]
    events.disable_rule(Name="r", EventBusName="orders")
    described = events.describe_rule(Name="r", EventBusName="orders")
    assert (described["State"], described["EventPattern"], described["Description"]) == (
        "DISABLED",
        pattern,
        "d",
    )
    assert refused(events.delete_rule, Name="r", EventBusName="orders") == (
        "ValidationException",
        "Rule can't be deleted since it has targets.",
    )
    failed = events.remove_targets(Rule="r", EventBusName="orders", Ids=["1", "2"])["FailedEntries"]
    assert [entry["TargetId"] for entry in failed] == ["2"]
    assert (
        refused(events.delete_event_bus, Name="orders")[1] == "Event bus can't be deleted since it has rules."
    )
    events.delete_rule(Name="r", EventBusName="orders")
    assert events.list_rules(EventBusName="orders")["Rules"] == []
    assert events.list_tags_for_resource(ResourceARN=bus)["Tags"] == [{"Key": "a", "Value": "b"}]
    events.delete_event_bus(Name="orders")
    assert refused(events.describe_event_bus, Name="orders") == (
        "ResourceNotFoundException",
        "Event bus orders does not exist.",
    )


def test_what_eventbridge_refuses(client) -> None:
    events = client("events")
    text = '{ "detail": { "slug": "x" } }'
    assert refused(events.put_rule, Name="bad", EventPattern=text) == (
        "InvalidEventPatternException",
        'Event pattern is not valid. Reason: "slug" must be an object or an array\n'
        f' at [Source: (String)"{text}"; line: 1, column: 24]',
    )
    assert refused(events.put_rule, Name="bad")[1] == (
        "Parameter(s) EventPattern or ScheduleExpression must be specified."
    )
    assert refused(events.describe_rule, Name="nobody") == (
        "ResourceNotFoundException",
        "Rule nobody does not exist on EventBus default.",
    )
    rule(client, "strict", {"source": ["nothing"]})
    function = {"Id": "f", "Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"}
    code, message = refused(events.put_targets, Rule="strict", Targets=[function])
    assert code == "NotImplemented" and "lambda" in message
    queue_arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
    both = {"Id": "b", "Arn": queue_arn, "Input": "{}", "InputPath": "$.detail"}
    assert refused(events.put_targets, Rule="strict", Targets=[both])[1] == (
        "Only one of Input, InputPath, or InputTransformer must be provided for target b."
    )
    assert refused(events.put_events, Entries=[{"Source": "s"}] * 11)[0] == "ValidationException"
    big = {"Source": "s", "DetailType": "d", "Detail": json.dumps({"x": "y" * 1_048_576})}
    assert refused(events.put_events, Entries=[big]) == (
        "ValidationException",
        "Total size of the entries in the request is over the limit.",
    )
    answer = events.put_events(
        Entries=[
            {"DetailType": "d", "Detail": "{}"},
            {"Source": "aws.s3", "DetailType": "d", "Detail": "{}"},
            {"Source": "s", "DetailType": "d", "Detail": "[]"},
            {"Source": "s", "DetailType": "d", "Detail": "{}", "EventBusName": "nobody"},
            {"Source": "s", "DetailType": "d", "Detail": "{}"},
        ]
    )
    assert answer["FailedEntryCount"] == 4
    assert [(e.get("ErrorCode"), e.get("ErrorMessage")) for e in answer["Entries"]] == [
        ("InvalidArgument", "Parameter Source is not valid. Reason: Source is a required argument."),
        ("NotAuthorizedForSourceException", "Not authorized for the source."),
        ("MalformedDetail", "Detail is malformed."),
        ("ResourceNotFoundException", "Event bus nobody does not exist."),
        (None, None),
    ]


def test_a_pattern_can_be_tried(client) -> None:
    events = client("events")
    event = {
        "id": "1",
        "account": "1",
        "source": "s",
        "time": "t",
        "region": "r",
        "resources": [],
        "detail-type": "d",
    }
    pattern = '{"detail": {"n": [{"numeric": [">", 5]}]}}'
    for number, verdict in ((5, False), (6, True)):
        text = json.dumps(event | {"detail": {"n": number}})
        assert events.test_event_pattern(EventPattern=pattern, Event=text)["Result"] is verdict
    assert refused(events.test_event_pattern, EventPattern=pattern, Event="{}")[0] == "ValidationException"
    assert (
        refused(events.test_event_pattern, EventPattern="[]", Event="{}")[0] == "InvalidEventPatternException"
    )


def test_events_reach_queues_as_they_are_and_transformed(client, queue, taken) -> None:
    whole_url, whole = queue("whole")
    part_url, part = queue("part")
    made_url, made = queue("made")
    transformer = {
        "InputPathsMap": {"who": "$.detail.who", "list": "$.detail.list"},
        "InputTemplate": '{"who": <who>, "text": "<who> has <list>", "rule": "<aws.events.rule-name>", "none": 1}',
    }
    rule(
        client,
        "to-queues",
        {"source": ["my.app"], "detail": {"level": ["high"]}},
        {"Arn": whole},
        {"Arn": part, "InputPath": "$.detail.list[1]"},
        {"Arn": made, "InputTransformer": transformer},
    )
    put(client, {"level": "low"})
    event_id = put(
        client, {"level": "high", "who": 'A "quoted" name', "list": [1, {"x": 2}]}, Resources=["arn:r"]
    )
    (message,) = taken(whole_url)
    event = json.loads(message["Body"])
    assert (event["id"], event["source"], event["detail-type"]) == (event_id, "my.app", "T")
    assert (event["account"], event["region"], event["resources"]) == (ACCOUNT, "us-east-1", ["arn:r"])
    assert json.loads(taken(part_url)[0]["Body"]) == {"x": 2}
    assert json.loads(taken(made_url)[0]["Body"]) == {
        "who": 'A "quoted" name',
        "text": 'A "quoted" name has [1,{"x":2}]',
        "rule": "to-queues",
        "none": 1,
    }


def test_events_go_on_to_topics_and_other_buses_with_the_same_id(client, queue, taken) -> None:
    events, sns = client("events"), client("sns")
    url, queue_arn = queue("end-of-the-line")
    topic = sns.create_topic(Name="from-events")["TopicArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"}
    )
    bus = events.create_event_bus(Name="second")["EventBusArn"]
    rule(client, "first-hop", {"source": ["hop"]}, {"Arn": bus})
    rule(client, "second-hop", {"source": ["hop"]}, {"Arn": topic}, EventBusName="second")
    rule(
        client,
        "and-back",
        {"source": ["hop"]},
        {"Arn": bus.replace("second", "default")},
        EventBusName="second",
    )
    event_id = put(client, {}, source="hop")
    # The ring of buses ends with the chain of causes, and not before.
    found = [json.loads(message["Body"]) for message in taken(url, 9)]
    assert {event["id"] for event in found} == {event_id}


def test_what_happens_on_the_plane_is_an_event(client, queue, taken) -> None:
    events, s3 = client("events"), client("s3")
    url, queue_arn = queue("api-calls")
    all_url, all_arn = queue("all-api-calls")
    pattern = {"source": ["aws.s3"], "detail": {"requestParameters": {"bucketName": ["watched-bucket"]}}}
    rule(client, "calls", pattern, {"Arn": queue_arn})
    rule(
        client, "all-calls", pattern, {"Arn": all_arn}, State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    )
    s3.create_bucket(Bucket="watched-bucket")
    s3.get_bucket_versioning(Bucket="watched-bucket")
    s3.put_bucket_versioning(Bucket="watched-bucket", VersioningConfiguration={"Status": "Enabled"})
    found = [json.loads(message["Body"]) for message in taken(url, 2)]
    assert {event["detail"]["eventName"] for event in found} == {"CreateBucket", "PutBucketVersioning"}
    for event in found:
        assert (event["detail-type"], event["detail"]["eventSource"]) == (
            "AWS API Call via CloudTrail",
            "s3.amazonaws.com",
        )
    every = {json.loads(message["Body"])["detail"]["eventName"] for message in taken(all_url, 3)}
    assert every == {"CreateBucket", "GetBucketVersioning", "PutBucketVersioning"}
    for name in ("calls", "all-calls"):
        events.disable_rule(Name=name)


def test_another_account_is_let_in_as_policies_say(client, queue, taken) -> None:
    theirs = "222222222222"

    def as_them(service: str):
        return client(service, key=theirs)

    bus = client("events").create_event_bus(Name="open")["EventBusArn"]
    url, queue_arn = queue("open")
    rule(client, "open", {"source": ["my.app"]}, {"Arn": queue_arn}, EventBusName="open")
    entry = {"Source": "my.app", "DetailType": "T", "Detail": "{}", "EventBusName": bus}
    (answer,) = as_them("events").put_events(Entries=[entry])["Entries"]
    assert answer["ErrorCode"] == "AccessDeniedException"
    assert answer["ErrorMessage"].startswith(
        f"User: arn:aws:iam::{theirs}:root is not authorized to perform: "
    )
    client("events").put_permission(
        EventBusName="open", StatementId="them", Action="events:PutEvents", Principal=theirs
    )
    put(as_them, {}, EventBusName=bus)
    (event,) = [json.loads(message["Body"]) for message in taken(url)]
    assert (event["account"], event["source"]) == (theirs, "my.app")

    # A topic lets in one rule of theirs, not them.
    topic = client("sns").create_topic(Name="open")["TopicArn"]
    raw = {"RawMessageDelivery": "true"}
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes=raw)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
        "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:events:us-east-1:{theirs}:rule/out"}},
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)
    assert refused(as_them("sns").publish, TopicArn=topic, Message="m")[0] == "AuthorizationError"
    rule(as_them, "out", {"source": ["my.app"]}, {"Arn": topic})
    sent = put(as_them, {"n": 1})
    (message,) = taken(url)
    assert json.loads(message["Body"])["id"] == sent


def test_what_cannot_be_delivered_is_dead_lettered(client, queue, taken) -> None:
    url, letters = queue("dead-letters")
    missing = f"arn:aws:sqs:us-east-1:{ACCOUNT}:no-such-queue"
    arn = rule(
        client, "to-nowhere", {"source": ["lost"]}, {"Arn": missing, "DeadLetterConfig": {"Arn": letters}}
    )
    event_id = put(client, {"n": 1}, source="lost")
    (message,) = taken(url)
    assert json.loads(message["Body"])["id"] == event_id
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert (attributes["RULE_ARN"], attributes["TARGET_ARN"]) == (arn, missing)
    assert "NonExistentQueue" in attributes["ERROR_CODE"]


def test_what_was_accepted_survives_kill_9(tmp_path, receiver, eventually) -> None:
    server = ServerProcess(tmp_path)
    server.start()
    made = {
        name: boto3.client(
            name,
            endpoint_url=server.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        for name in ("events", "sns")
    }
    try:
        topic = made["sns"].create_topic(Name="killed")["TopicArn"]
        patience = {"DeliveryPolicy": json.dumps({"healthyRetryPolicy": {"numRetries": 50}})}
        made["sns"].subscribe(TopicArn=topic, Protocol="http", Endpoint=receiver.url, Attributes=patience)
        (request,) = eventually(
            lambda: receiver.documents("SubscriptionConfirmation"), what="the request to confirm"
        )
        made["sns"].confirm_subscription(TopicArn=topic, Token=request["Token"])
        rule(made.__getitem__, "killed", {"source": ["my.app"]}, {"Arn": topic})
        receiver.refusing = True
        accepted = {put(made.__getitem__, {"n": n}) for n in range(20)}
        server.kill()
        receiver.refusing = False
        server.start()

        def events() -> list[str]:
            return [json.loads(document["Message"])["id"] for document in receiver.documents("Notification")]

        eventually(lambda: accepted <= set(events()), what="every accepted event", seconds=60)
        assert set(events()) == accepted
    finally:
        server.stop()


def test_a_compliance_change_and_an_alarm_arrive_through_both(client, queue, taken) -> None:
    """What the demo shows: EventBridge and SNS, to one queue."""
    sns, cloudwatch, config, s3 = client("sns"), client("cloudwatch"), client("config"), client("s3")
    url, queue_arn = queue("news-of-the-plane")
    topic = sns.create_topic(Name="news-of-the-plane")["TopicArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"}
    )
    kinds = ["CloudWatch Alarm State Change", "Config Rules Compliance Change"]
    rule(client, "news", {"detail-type": kinds}, {"Arn": queue_arn}, {"Arn": topic})
    cloudwatch.put_metric_alarm(
        AlarmName="loud", Namespace="N", MetricName="M", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore",
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName="loud", StateValue="ALARM", StateReason="by hand")
    role = f"arn:aws:iam::{ACCOUNT}:role/config"
    recording = {"allSupported": True}
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": role, "recordingGroup": recording}
    )
    s3.create_bucket(Bucket="history")
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "history"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    config.put_config_rule(
        ConfigRule={
            "ConfigRuleName": "versioned",
            "Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"},
        }
    )
    s3.create_bucket(Bucket="unversioned")
    found: list[tuple[str, str]] = []
    while not all([k for k, _ in found].count(kind) >= 2 for kind in kinds):
        for message in taken(url):
            event = json.loads(message["Body"])
            found.append((event["detail-type"], event["id"]))
            if event["detail-type"] == kinds[0]:
                assert event["detail"]["state"]["value"] == "ALARM"
                assert event["resources"][0].endswith(":alarm:loud")
            else:
                assert event["detail"]["configRuleName"] == "versioned"
                assert event["detail"]["newEvaluationResult"]["complianceType"] == "NON_COMPLIANT"
    assert len(set(found)) < len(found), "the queue and the topic got the same event"
