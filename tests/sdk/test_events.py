"""SNS and EventBridge as an unmodified boto3 sees them, with queues of the estate and a receiver on a real socket."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from triptych.testing.server import ServerProcess

ACCOUNT = "000000000000"


def refused(call, **params) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**params)
    found = error.value.response["Error"]
    return found["Code"], found["Message"]


class Receiver:
    """Remembers what it was sent; answers the statuses it was told to, then 200."""

    def __init__(self) -> None:
        received, statuses = self.received, self.statuses = [], []
        self.refusing = False
        self.answer: dict = {}
        paths, arrivals = self.paths, self.arrivals = [], []  # arrivals: on the monotonic clock
        self.headers: dict[str, str] = {}
        """Of every answer that is no 200."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                arrivals.append(time.monotonic())
                paths.append(self.path)
                received.append((dict(self.headers.items()), body))
                status = statuses.pop(0) if statuses else 503 if receiver.refusing else 200
                self.send_response(status)
                for name, value in receiver.headers.items() if status != 200 else ():
                    self.send_header(name, value)
                answer = json.dumps(receiver.answer).encode() if receiver.answer else b""
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_PUT = do_POST  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"

    def documents(self, kind: str) -> list[dict]:
        return [
            json.loads(body)
            for headers, body in list(self.received)
            if headers["x-amz-sns-message-type"] == kind
        ]


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.http.serve_forever, daemon=True)
    thread.start()
    yield receiver
    receiver.http.shutdown()
    receiver.http.server_close()
    thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def authority() -> Iterator[Receiver]:
    """An authorization endpoint; its ``answer`` is the token."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def queue(client):
    """``queue(name)`` -> (url, arn) of a new queue."""

    def make(name: str, **attributes: str) -> tuple[str, str]:
        sqs = client("sqs")
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]

    return make


@pytest.fixture
def taken(client, eventually):
    """``taken(url, 2)``: the bodies of as many messages, taken off the queue."""

    def take(url: str, count: int = 1) -> list[dict]:
        found: list[dict] = []

        def look() -> bool:
            for message in (
                client("sqs")
                .receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
                .get("Messages", [])
            ):
                client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                found.append(message)
            return len(found) >= count

        eventually(look, what=f"{count} messages")
        return found

    return take


def test_topics_and_their_attributes(client) -> None:
    sns = client("sns")
    arn = sns.create_topic(
        Name="news", Attributes={"DisplayName": "News"}, Tags=[{"Key": "a", "Value": "b"}]
    )["TopicArn"]
    assert arn == f"arn:aws:sns:us-east-1:{ACCOUNT}:news"
    assert sns.create_topic(Name="news")["TopicArn"] == arn
    code, message = refused(sns.create_topic, Name="news", Attributes={"DisplayName": "Other"})
    assert (code, message) == (
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
    )
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "News"
    sns.set_topic_attributes(TopicArn=arn, AttributeName="SignatureVersion", AttributeValue="2")
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["SignatureVersion"] == "2"
    sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    sns.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "c", "Value": "d"}]
    assert {"TopicArn": arn} in sns.list_topics()["Topics"]
    assert refused(sns.create_topic, Name="a b") == ("InvalidParameter", "Invalid parameter: Topic Name")
    sns.delete_topic(TopicArn=arn)
    sns.delete_topic(TopicArn=arn)
    assert refused(sns.get_topic_attributes, TopicArn=arn) == ("NotFound", "Topic does not exist")


def test_lists_go_on_where_they_stopped(client) -> None:
    sns = client("sns", region="eu-west-3")
    names = {f"topic-{number:03}" for number in range(103)}
    for name in names:
        sns.create_topic(Name=name)
    first = sns.list_topics()
    second = sns.list_topics(NextToken=first["NextToken"])
    assert (len(first["Topics"]), len(second["Topics"]), "NextToken" in second) == (100, 3, False)
    assert {t["TopicArn"].rpartition(":")[2] for t in first["Topics"] + second["Topics"]} == names
    assert refused(sns.list_topics, NextToken="bogus")[0] == "InvalidParameter"


def test_a_queue_gets_what_its_filter_wants(client, queue, taken) -> None:
    sns = client("sns")
    arn = sns.create_topic(Name="filtered")["TopicArn"]
    url, queue_arn = queue("filtered")
    subscription = sns.subscribe(
        TopicArn=arn,
        Protocol="sqs",
        Endpoint=queue_arn,
        Attributes={"FilterPolicy": json.dumps({"level": ["high"], "size": [{"numeric": [">", 5]}]})},
    )["SubscriptionArn"]

    def publish(text: str, level: str, size: str) -> str:
        attributes = {
            "level": {"DataType": "String", "StringValue": level},
            "size": {"DataType": "Number", "StringValue": size},
        }
        return sns.publish(TopicArn=arn, Message=text, Subject="S", MessageAttributes=attributes)["MessageId"]

    publish("low", "low", "9")
    publish("small", "high", "5")
    wanted = publish("this", "high", "6")
    (message,) = taken(url)
    document = json.loads(message["Body"])
    assert (document["Type"], document["MessageId"], document["Message"]) == ("Notification", wanted, "this")
    assert document["MessageAttributes"]["size"] == {"Type": "Number", "Value": "6"}
    sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="FilterPolicyScope", AttributeValue="MessageBody"
    )
    sns.set_subscription_attributes(
        SubscriptionArn=subscription,
        AttributeName="FilterPolicy",
        AttributeValue='{"a": {"b": [{"exists": true}]}}',
    )
    sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="true"
    )
    sns.publish(TopicArn=arn, Message='{"a": 1}')
    sns.publish(
        TopicArn=arn,
        Message='{"a": {"b": 1}}',
        MessageAttributes={"bin": {"DataType": "Binary", "BinaryValue": b"\x00\x01"}},
    )
    (message,) = taken(url)
    assert message["Body"] == '{"a": {"b": 1}}'
    assert message["MessageAttributes"]["bin"]["BinaryValue"] == b"\x00\x01"
    sns.unsubscribe(SubscriptionArn=subscription)
    assert refused(sns.get_subscription_attributes, SubscriptionArn=subscription) == (
        "NotFound",
        "Subscription does not exist",
    )


def test_an_owned_subscription_is_not_ended_by_a_link(client, receiver, eventually) -> None:
    sns = client("sns")
    arn = sns.create_topic(Name="owned")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=receiver.url)
    (request,) = eventually(lambda: receiver.documents("SubscriptionConfirmation"), what="the request")
    subscription = sns.confirm_subscription(
        TopicArn=arn, Token=request["Token"], AuthenticateOnUnsubscribe="true"
    )["SubscriptionArn"]
    attributes = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert attributes["ConfirmationWasAuthenticated"] == "true"
    sns.publish(TopicArn=arn, Message="m")
    (message,) = eventually(lambda: receiver.documents("Notification"), what="the message")
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(message["UnsubscribeURL"])
    with refusal.value as answer:
        assert (answer.status, json.load(answer)["code"]) == (403, "AuthorizationError")
    sns.unsubscribe(SubscriptionArn=subscription)
    assert sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"] == []


@pytest.mark.parametrize("version", ["1", "2"])
def test_an_endpoint_confirms_and_verifies_what_it_gets(
    client, server, receiver, eventually, version: str
) -> None:
    sns = client("sns")
    arn = sns.create_topic(Name=f"signed-{version}", Attributes={"SignatureVersion": version})["TopicArn"]
    answer = sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=receiver.url)
    assert answer["SubscriptionArn"] == "pending confirmation"
    sns.publish(TopicArn=arn, Message="too early")
    (request,) = eventually(
        lambda: receiver.documents("SubscriptionConfirmation"), what="the request to confirm"
    )
    _verify(request, ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"))
    assert refused(sns.confirm_subscription, TopicArn=arn, Token="0" * 128) == (
        "InvalidParameter",
        "Invalid parameter: Token",
    )
    with urllib.request.urlopen(request["SubscribeURL"]) as reply:
        confirmed = json.load(reply)["SubscriptionArn"]
    assert confirmed.startswith(arn)
    again = sns.confirm_subscription(TopicArn=arn, Token=request["Token"])
    assert again["SubscriptionArn"] == confirmed
    receiver.statuses += [500, 503]
    sns.publish(TopicArn=arn, Message="hello", Subject="greeting")
    eventually(lambda: len(receiver.documents("Notification")) == 3, what="two failures and a success")
    first, _, last = receiver.documents("Notification")
    assert first["MessageId"] == last["MessageId"]
    assert last["Message"] == "hello"
    _verify(last, ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"))
    with urllib.request.urlopen(last["UnsubscribeURL"]):
        assert sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"] == []


def _verify(document: dict, names: tuple[str, ...]) -> None:
    text = "".join(f"{name}\n{document[name]}\n" for name in names)
    with urllib.request.urlopen(document["SigningCertURL"]) as reply:
        certificate = x509.load_pem_x509_certificate(reply.read())
    digest = {"1": hashes.SHA1, "2": hashes.SHA256}[document["SignatureVersion"]]()
    certificate.public_key().verify(
        base64.b64decode(document["Signature"]), text.encode(), padding.PKCS1v15(), digest
    )


def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue(
    client, receiver, eventually, queue, taken
) -> None:
    sns = client("sns")
    arn = sns.create_topic(Name="hopeless")["TopicArn"]
    url, queue_arn = queue("hopeless-letters")
    sns.subscribe(
        TopicArn=arn,
        Protocol="http",
        Endpoint=receiver.url,
        Attributes={
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": queue_arn}),
            "DeliveryPolicy": json.dumps({"healthyRetryPolicy": {"numRetries": 1}}),
            "RawMessageDelivery": "true",
        },
    )
    (request,) = eventually(
        lambda: receiver.documents("SubscriptionConfirmation"), what="the request to confirm"
    )
    sns.confirm_subscription(TopicArn=arn, Token=request["Token"])
    receiver.statuses += [500, 500, 500]
    sns.publish(TopicArn=arn, Message="lost?")
    (message,) = taken(url)
    assert message["Body"] == "lost?"
    assert [body for _, body in receiver.received[1:]] == [b"lost?"] * 2


def test_fifo_topics_keep_order_and_drop_repeats(client, queue, taken) -> None:
    sns = client("sns")
    arn = sns.create_topic(Name="line.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    url, queue_arn = queue("line.fifo", FifoQueue="true")
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"})
    assert refused(sns.publish, TopicArn=arn, Message="x")[1] == (
        "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
    )
    answers = [
        sns.publish(TopicArn=arn, Message=str(n), MessageGroupId="g", MessageDeduplicationId=f"d{n}")
        for n in range(5)
    ]
    again = sns.publish(TopicArn=arn, Message="0", MessageGroupId="g", MessageDeduplicationId="d0")
    assert again["MessageId"] == answers[0]["MessageId"]
    numbers = [int(answer["SequenceNumber"]) for answer in answers]
    assert numbers == sorted(set(numbers))
    assert [message["Body"] for message in taken(url, 5)] == ["0", "1", "2", "3", "4"]


def test_batches_accept_and_refuse_one_by_one(client, queue, taken) -> None:
    sns = client("sns")
    arn = sns.create_topic(Name="batched")["TopicArn"]
    url, queue_arn = queue("batched")
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"})
    answer = sns.publish_batch(
        TopicArn=arn,
        PublishBatchRequestEntries=[
            {"Id": "a", "Message": "one"},
            {"Id": "b", "Message": "two", "Subject": "x\n"},
        ],
    )
    assert [entry["Id"] for entry in answer["Successful"]] == ["a"]
    (failed,) = answer["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("b", "InvalidParameter", True)
    assert [message["Body"] for message in taken(url)] == ["one"]
    entry = {"Id": "a", "Message": "m"}
    assert (
        refused(sns.publish_batch, TopicArn=arn, PublishBatchRequestEntries=[entry, entry])[0]
        == "BatchEntryIdsNotDistinct"
    )


def test_what_sns_refuses(client) -> None:
    sns = client("sns")
    arn = sns.create_topic(Name="strict")["TopicArn"]
    queue_arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
    attribute = {"x": {"DataType": "Strang", "StringValue": "y"}}
    assert refused(sns.publish, TopicArn=arn, Message="") == (
        "InvalidParameter",
        "Invalid parameter: Empty message",
    )
    assert refused(sns.publish, TopicArn=arn, Message="x" * 262_145) == (
        "InvalidParameter",
        "Invalid parameter: Message too long",
    )
    assert (
        refused(sns.publish, TopicArn=arn, Message="m", MessageAttributes=attribute)[0]
        == "ParameterValueInvalid"
    )
    assert refused(sns.publish, TopicArn=arn, Message="[]", MessageStructure="json")[1] == (
        "Invalid parameter: Message Structure - JSON message body failed to parse"
    )
    assert refused(sns.subscribe, TopicArn=arn, Protocol="fax", Endpoint="1")[1] == (
        "Invalid parameter: Amazon SNS does not support this protocol string: fax"
    )
    code, message = refused(sns.subscribe, TopicArn=arn, Protocol="email", Endpoint="a@b.c")
    assert (code, "set host and from_address in [smtp]" in message) == ("NotImplemented", True)
    assert (
        refused(sns.subscribe, TopicArn=arn, Protocol="sqs", Endpoint="q")[1]
        == "Invalid parameter: SQS endpoint ARN"
    )
    code, message = refused(
        sns.subscribe,
        TopicArn=arn,
        Protocol="sqs",
        Endpoint=queue_arn,
        Attributes={"FilterPolicy": '{"a": "x"}'},
    )
    assert code == "InvalidParameter"
    assert message.startswith('Invalid parameter: FilterPolicy: "a" must be an object or an array')


# EventBridge.


def put(client, detail: dict, *, source: str = "my.app", kind: str = "T", **more) -> str:
    entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail), **more}
    answer = client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0, answer
    return answer["Entries"][0]["EventId"]


def rule(client, name: str, pattern: dict, *targets: dict, **more) -> str:
    events = client("events")
    arn = events.put_rule(Name=name, EventPattern=json.dumps(pattern), **more)["RuleArn"]
    where = {"EventBusName": more["EventBusName"]} if "EventBusName" in more else {}
    if targets:
        events.put_targets(
            Rule=name, Targets=[{"Id": str(n), **target} for n, target in enumerate(targets)], **where
        )
    return arn


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


def test_events_are_posted_to_api_destinations(client, receiver, eventually) -> None:
    events = client("events")
    connection = events.create_connection(
        Name="partner",
        AuthorizationType="API_KEY",
        AuthParameters={
            "ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "secret"},
            "InvocationHttpParameters": {
                "HeaderParameters": [
                    {"Key": "x-more", "Value": "shown"},
                    {"Key": "x-hidden", "Value": "h", "IsValueSecret": True},
                ],
                "BodyParameters": [{"Key": "tenant", "Value": "t1"}],
            },
        },
    )
    assert connection["ConnectionState"] == "AUTHORIZED"
    described = events.describe_connection(Name="partner")["AuthParameters"]
    assert described["ApiKeyAuthParameters"] == {"ApiKeyName": "x-key"}
    assert "Value" not in described["InvocationHttpParameters"]["HeaderParameters"][1]
    destination = events.create_api_destination(
        Name="partner",
        ConnectionArn=connection["ConnectionArn"],
        InvocationEndpoint=receiver.url + "orders/*/events",
        HttpMethod="POST",
    )["ApiDestinationArn"]
    target = {
        "Arn": destination,
        "InputPath": "$.detail",
        "HttpParameters": {"PathParameterValues": ["a/b"], "QueryStringParameters": {"q": "1"}},
    }
    rule(client, "to-partner", {"source": ["partner"]}, target)
    receiver.statuses += [500, 429]
    put(client, {"n": 1}, source="partner")
    eventually(lambda: len(receiver.received) == 3, what="two failures and a success")
    headers, body = receiver.received[-1]
    assert json.loads(body) == {"n": 1, "tenant": "t1"}
    assert (headers["x-key"], headers["x-more"], headers["x-hidden"]) == ("secret", "shown", "h")
    assert receiver.paths == ["/orders/a%2Fb/events?q=1"] * 3
    assert [d["Name"] for d in events.list_api_destinations()["ApiDestinations"]] == ["partner"]
    events.deauthorize_connection(Name="partner")
    assert events.describe_connection(Name="partner")["ConnectionState"] == "DEAUTHORIZED"
    events.delete_api_destination(Name="partner")
    events.delete_connection(Name="partner")
    assert refused(events.describe_connection, Name="partner")[0] == "ResourceNotFoundException"


def test_an_api_destination_gets_no_more_than_its_rate_and_is_left_alone_as_long_as_it_asks(
    client, receiver, eventually
) -> None:
    events = client("events")
    key = {"ApiKeyName": "x-key", "ApiKeyValue": "secret"}
    connection = events.create_connection(
        Name="slow", AuthorizationType="API_KEY", AuthParameters={"ApiKeyAuthParameters": key}
    )
    destination = events.create_api_destination(
        Name="slow",
        ConnectionArn=connection["ConnectionArn"],
        InvocationEndpoint=receiver.url,
        HttpMethod="POST",
        InvocationRateLimitPerSecond=4,
    )["ApiDestinationArn"]
    rule(client, "to-slow", {"source": ["slow"]}, {"Arn": destination, "InputPath": "$.detail"})
    began = time.monotonic()
    for n in range(8):
        put(client, {"n": n}, source="slow")
    eventually(lambda: len(receiver.received) == 8, what="all of them", seconds=60)
    assert {json.loads(body)["n"] for _, body in receiver.received} == set(range(8))
    # However late one comes, none comes early: the n-th not before its turn.
    early = [n for n, at in enumerate(receiver.arrivals) if at - began < n / 4]
    assert early == []
    receiver.headers = {"Retry-After": "2"}
    receiver.statuses += [429]
    put(client, {"n": 8}, source="slow")
    eventually(lambda: len(receiver.received) == 10, what="the second attempt", seconds=60)
    refused_at, taken_at = receiver.arrivals[-2:]
    assert taken_at - refused_at >= 2


def _oauth(authority: Receiver, **more) -> dict:
    return {
        "ClientParameters": {"ClientID": "me", "ClientSecret": "hush-hush"},
        "AuthorizationEndpoint": authority.url + "token",
        "HttpMethod": "POST",
        "OAuthHttpParameters": {"BodyParameters": [{"Key": "audience", "Value": "orders"}]},
    } | more


def test_oauth_tokens_are_fetched_kept_and_renewed(client, server, receiver, authority, eventually) -> None:
    events = client("events")
    authority.answer = {"access_token": "token-first", "expires_in": 3600}
    made = events.create_connection(
        Name="oauth",
        AuthorizationType="OAUTH_CLIENT_CREDENTIALS",
        AuthParameters={"OAuthParameters": _oauth(authority)},
    )
    assert made["ConnectionState"] == "AUTHORIZING"

    def authorized() -> bool:
        return events.describe_connection(Name="oauth")["ConnectionState"] == "AUTHORIZED"

    eventually(authorized, what="the connection")
    shown = events.describe_connection(Name="oauth")["AuthParameters"]["OAuthParameters"]
    assert shown["ClientParameters"] == {"ClientID": "me"}
    headers, body = authority.received[0]
    assert body == b"grant_type=client_credentials&audience=orders"
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"me:hush-hush").decode()
    destination = events.create_api_destination(
        Name="oauth",
        ConnectionArn=made["ConnectionArn"],
        InvocationEndpoint=receiver.url + "in",
        HttpMethod="POST",
    )["ApiDestinationArn"]
    once = {"MaximumRetryAttempts": 0}
    rule(client, "to-oauth", {"source": ["oauth"]}, {"Arn": destination, "RetryPolicy": once})

    def tokens(count: int) -> list[str]:
        eventually(lambda: len(receiver.received) >= count, what=f"{count} calls")
        return [headers["Authorization"] for headers, _ in receiver.received]

    for n in range(2):
        put(client, {"n": n}, source="oauth")
    assert tokens(2) == ["Bearer token-first"] * 2
    assert len(authority.received) == 1, "the token was kept"
    authority.answer = {"access_token": "token-second", "expires_in": "3600"}
    receiver.statuses += [401]
    put(client, {"n": 2}, source="oauth")
    assert tokens(4)[2:] == ["Bearer token-first", "Bearer token-second"], (
        "renewed when it was refused, in the same attempt"
    )
    authority.answer = {"access_token": "token-third"}
    new = {"ClientParameters": {"ClientSecret": "hush-hush-2"}}
    events.update_connection(Name="oauth", AuthParameters={"OAuthParameters": new})
    eventually(authorized, what="the connection")
    put(client, {"n": 3}, source="oauth")
    assert tokens(5)[4] == "Bearer token-third"
    assert (
        authority.received[-1][0]["Authorization"] == "Basic " + base64.b64encode(b"me:hush-hush-2").decode()
    )
    stored = b"".join(file.read_bytes() for file in server.data_dir.glob("control.db*"))
    assert not [secret for secret in (b"hush-hush", b"token-") if secret in stored]
    events.delete_connection(Name="oauth")


def test_a_connection_whose_credential_is_refused_says_so(client, authority, eventually) -> None:
    events = client("events")
    authority.statuses += [503, 400]
    parameters = _oauth(authority, HttpMethod="PUT")
    events.create_connection(
        Name="refused",
        AuthorizationType="OAUTH_CLIENT_CREDENTIALS",
        AuthParameters={"OAuthParameters": parameters},
    )

    def found() -> str:
        described = events.describe_connection(Name="refused")
        return described["ConnectionState"] == "DEAUTHORIZED" and described["StateReason"]

    assert "HTTP_400" in eventually(found, what="the refusal")
    assert len(authority.received) == 2, "503 was tried again"
    code, _ = refused(
        events.create_connection,
        Name="wrong",
        AuthorizationType="OAUTH_CLIENT_CREDENTIALS",
        AuthParameters={"OAuthParameters": _oauth(authority, AuthorizationEndpoint="ftp://x")},
    )
    assert code == "ValidationException"


def test_archives_keep_events_and_replays_send_them_again(client, queue, taken, eventually) -> None:
    events = client("events")
    bus = events.create_event_bus(Name="kept")["EventBusArn"]
    url, queue_arn = queue("replayed")
    other_url, other_arn = queue("not-replayed")
    archive = events.create_archive(
        ArchiveName="kept", EventSourceArn=bus, EventPattern='{"detail": {"n": [{"numeric": ["<", 3]}]}}'
    )["ArchiveArn"]
    wanted = rule(client, "all", {"source": ["my.app"]}, {"Arn": queue_arn}, EventBusName="kept")
    rule(client, "others", {"source": ["my.app"]}, {"Arn": other_arn}, EventBusName="kept")
    ids = [put(client, {"n": n}, EventBusName="kept") for n in range(5)]
    eventually(
        lambda: events.describe_archive(ArchiveName="kept")["EventCount"] == 3, what="three archived events"
    )
    taken(url, 5), taken(other_url, 5)
    now = dt.datetime.now(dt.UTC)
    asked = {
        "ReplayName": "again",
        "EventSourceArn": archive,
        "EventStartTime": now - dt.timedelta(hours=1),
        "EventEndTime": now + dt.timedelta(hours=1),
        "Destination": {"Arn": bus, "FilterArns": [wanted]},
    }
    assert events.start_replay(**asked)["State"] == "STARTING"
    assert refused(events.start_replay, **asked)[0] == "ResourceAlreadyExistsException"
    again = [json.loads(message["Body"]) for message in taken(url, 3)]
    assert sorted(event["id"] for event in again) == sorted(ids[:3])
    assert {event["replay-name"] for event in again} == {"again"}
    eventually(
        lambda: events.describe_replay(ReplayName="again")["State"] == "COMPLETED",
        what="the end of the replay",
    )
    assert "Messages" not in client("sqs").receive_message(QueueUrl=other_url)
    assert events.describe_archive(ArchiveName="kept")["EventCount"] == 3, (
        "replayed events are not archived again"
    )
    assert refused(events.cancel_replay, ReplayName="again")[0] == "IllegalStatusException"
    assert (
        refused(events.disable_rule, Name="Events-Archive-kept", EventBusName="kept")[0]
        == "ManagedRuleException"
    )
    events.delete_archive(ArchiveName="kept")
    assert refused(events.describe_archive, ArchiveName="kept") == (
        "ResourceNotFoundException",
        "Archive kept does not exist.",
    )


def test_events_start_automations_and_are_written_to_log_groups(client, eventually) -> None:
    logs, ssm, s3 = client("logs"), client("ssm"), client("s3")
    logs.create_log_group(logGroupName="/events/all")
    content = {
        "schemaVersion": "0.3",
        "parameters": {"Bucket": {"type": "String"}},
        "mainSteps": [
            {
                "name": "make",
                "action": "aws:executeAwsApi",
                "inputs": {"Service": "s3", "Api": "CreateBucket", "Bucket": "{{ Bucket }}"},
            }
        ],
    }
    ssm.create_document(Name="MakeBucket", DocumentType="Automation", Content=json.dumps(content))
    transformer = {"InputPathsMap": {"name": "$.detail.bucket"}, "InputTemplate": '{"Bucket": [<name>]}'}
    rule(
        client,
        "to-automation",
        {"source": ["wish"]},
        {
            "Arn": f"arn:aws:ssm:us-east-1:{ACCOUNT}:automation-definition/MakeBucket:$DEFAULT",
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r",
            "InputTransformer": transformer,
        },
    )
    group = {"Arn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/events/all"}
    rule(client, "automations", {"source": ["aws.ssm"], "detail-type": [{"prefix": "EC2 Automation"}]}, group)
    put(client, {"bucket": "wished-for"}, source="wish")
    eventually(lambda: "wished-for" in [b["Name"] for b in s3.list_buckets()["Buckets"]], what="the bucket")

    def told() -> list[dict]:
        found = logs.filter_log_events(logGroupName="/events/all")["events"]
        return [json.loads(each["message"])["detail"] for each in found]

    eventually(
        lambda: any(d["Status"] == "Success" and "StepName" not in d for d in told()),
        what="its end in the log",
    )
    assert {(d.get("StepName"), d["Status"]) for d in told()} >= {("make", "Success"), (None, "Success")}


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
        ComparisonOperator="GreaterThanThreshold",
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
